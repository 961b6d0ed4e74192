#include "analysis/specimen.h"

#include "base/memory.h"

#include <stdlib.h>

enum status specimen_open(struct specimen *out, const struct rnn_record *record, struct error *error) {
    *out = (struct specimen){.arch = record->arch};
    rnn_params(&out->table, &out->arch);
    out->weights = memory_calloc(out->table.size, sizeof *out->weights);
    enum status status = rnn_record_weights(record, &out->table, out->weights, error);
    if (status == STATUS_OK)
        out->walker = walker_new(&out->arch, &out->table, out->weights);
    else
        specimen_close(out);
    return status;
}

void specimen_close(struct specimen *s) {
    walker_free(s->walker);
    free(s->weights);
    params_free(&s->table);
    *s = (struct specimen){0};
}
