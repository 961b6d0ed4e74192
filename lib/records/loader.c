#include "records/loader.h"

#include "base/memory.h"

#include <stdlib.h>

void rnn_loader_init(struct rnn_loader *l, int capacity) {
    *l = (struct rnn_loader){.capacity = capacity};
    l->rnn = memory_calloc((size_t)capacity, sizeof *l->rnn);
    l->weights = memory_calloc((size_t)capacity, sizeof *l->weights);
    l->room = memory_calloc((size_t)capacity, sizeof *l->room);
}

void rnn_loader_free(struct rnn_loader *l) {
    for (int i = 0; i < l->capacity; i++)
        free(l->weights[i]);
    free(l->weights);
    free(l->room);
    free(l->rnn);
    rnn_forms_free(&l->forms);
    *l = (struct rnn_loader){0};
}

enum status rnn_loader_load(struct rnn_loader *l, int i, const struct rnn_record *record, struct error *error) {
    if (!record->weights) // no memory before they have come: arch merely declares how many there are
        return error_set(error, STATUS_DATA, "rnn record: key 'weights' is missing");
    const struct rnn_form *form = rnn_forms_of(&l->forms, &record->arch);
    if (l->room[i] < form->table.size) {
        free(l->weights[i]);
        l->weights[i] = memory_alloc(form->table.size * sizeof(float));
        l->room[i] = form->table.size;
    }
    l->rnn[i] = (struct rnn){.arch = &form->arch, .table = &form->table, .weights = l->weights[i]};
    return rnn_record_weights(record, &form->table, l->weights[i], error);
}

struct rnn_batch rnn_loader_batch(const struct rnn_loader *l, int count) {
    return (struct rnn_batch){l->rnn, count};
}
