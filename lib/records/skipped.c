#include "records/skipped.h"

#include "base/utf8.h"
#include "stream/field.h"

#include <stdlib.h>

void skipped_pack(struct packer *p, const struct value *record, const char *reason) {
    char *text = utf8_repaired(reason);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "skipped");
    pack_rest(p, record, (const char *const[]){"kind", "weights", "rollouts", "reason", NULL});
    pack_key(p, "reason");
    pack_str(p, text);
    pack_end(p);
    free(text);
}
