#include "base/error.h"

#include "../check.h"

#include <string.h>

int main(void) {
    struct error e = {0};
    CHECK(error_set(&e, STATUS_DATA, "%s", "column 3") == STATUS_DATA && e.status == STATUS_DATA);
    // The error's own text may be among what its new text is made of.
    CHECK(error_set(&e, STATUS_USAGE, "--by '%s': %s", "x", e.text) == STATUS_USAGE && strcmp(e.text, "--by 'x': column 3") == 0, "%s",
          e.text);
    CHECK(error_prefix(&e, "%s", "a") == STATUS_USAGE && strcmp(e.text, "a: --by 'x': column 3") == 0, "%s", e.text);
    CHECK(error_set(NULL, STATUS_IO, "%s", "nobody") == STATUS_IO);
    return check_report("base/error");
}
