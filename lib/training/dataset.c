#include "training/dataset.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/note.h"
#include "base/table.h"
#include "records/skipped.h"
#include "stream/mapping.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 32 };

struct dataset_internal {
    struct mapping map;
    size_t capacity, meta_capacity, meta_nodes_capacity, skipped_capacity;
    struct value_nodes *meta_nodes; // [meta_count], one each: meta records outlive the reading
};

static enum status add_meta(struct dataset *d, const struct value *meta, struct error *error) {
    struct dataset_internal *in = d->internal;
    size_t count = (size_t)d->meta_count;
    d->metas = memory_room(d->metas, count, &in->meta_capacity, sizeof *d->metas);
    in->meta_nodes = memory_room(in->meta_nodes, count, &in->meta_nodes_capacity, sizeof *in->meta_nodes);
    struct value_nodes *nodes = &in->meta_nodes[d->meta_count];
    *nodes = (struct value_nodes){0};
    if (value_decode(meta->bytes, meta->length, MAX_DEPTH, nodes, error) != STATUS_OK)
        return error->status;
    d->metas[d->meta_count++] = nodes->node;
    return STATUS_OK;
}

static void skip_item(struct dataset *d, const struct reader *r, const struct error *error) {
    d->skipped = memory_room(d->skipped, (size_t)d->skipped_count, &d->internal->skipped_capacity, sizeof *d->skipped);
    d->skipped[d->skipped_count++] = (struct dataset_skipped){r->offset, r->record->length, memory_strdup(error->text)};
    d->hash = hash_mix(d->hash ^ r->offset);
}

static enum status add_item(struct dataset *d, const struct reader *r, const struct dataset_sift *sift, struct error *error) {
    struct rnn_record record;
    enum status status = rnn_record_read(r->record, &record, error);
    if (status == STATUS_OK && sift)
        status = sift->usable(sift->context, &record, error);
    if (status == STATUS_DATA && sift) {
        skip_item(d, r, error);
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    d->items = memory_room(d->items, (size_t)d->count, &d->internal->capacity, sizeof *d->items);
    struct dataset_item *item = &d->items[d->count++];
    *item =
        (struct dataset_item){.offset = r->offset, .size = r->record->length, .run = record.run, .step = record.step, .task = record.task};
    item->task.value = NULL;
    memcpy(item->split, record.split, sizeof item->split); // one of split_names, which are short
    if (record.weights)
        item->form = rnn_forms_of(&d->forms, &record.arch);
    return STATUS_OK;
}

// Runs are numbers of one experiment: records that share run and step are one and the same, or files of several experiments.
static void note_duplicates(const struct dataset *d) {
    struct table seen = {0};
    int duplicates = 0, first = 0;
    for (int i = 0; i < d->count; i++)
        if ((*table_at(&seen, hash_mix(d->items[i].run) ^ d->items[i].step))++ == 1 && duplicates++ == 0)
            first = i;
    table_free(&seen);
    if (duplicates)
        note_once("%s: run %" PRIu64 ", step %" PRIu64 " is there more than once%s: which of them it is can't be told any more", d->name,
                  d->items[first].run, d->items[first].step, duplicates > 1 ? ", and so are others (rec-info counts them)" : "");
}

// A record without a split among others that have one is in none of them, and nobody would know.
static enum status check_splits(const struct dataset *d, struct error *error) {
    for (int i = 1; i < d->count; i++)
        if (!d->items[i].split[0] != !d->items[0].split[0]) {
            const struct dataset_item *with = &d->items[d->items[0].split[0] ? 0 : i], *without = &d->items[d->items[0].split[0] ? i : 0];
            return error_set(error, STATUS_DATA,
                             "%s: run %" PRIu64 ", step %" PRIu64 " has the split '%s', run %" PRIu64 ", step %" PRIu64
                             " has none: give all of them one (partition), or none",
                             d->name, with->run, with->step, with->split, without->run, without->step);
        }
    return STATUS_OK;
}

static enum status index_records(struct dataset *d, const char *kind, struct reader_limits limits, const struct dataset_sift *sift,
                                 struct error *error) {
    struct reader *r = reader_open_memory(d->bytes, d->size, d->name, limits);
    enum status status;
    while ((status = reader_next(r, error)) == STATUS_OK) {
        uint64_t crc;
        if (r->event == READER_META)
            status = add_meta(d, r->record, error);
        else if (r->event == READER_END && value_to_u64(value_get(r->record, "crc32"), &crc))
            d->hash = hash_mix(d->hash ^ crc);
        else if (r->event == READER_DATA && value_is(value_get(r->record, "kind"), kind))
            status = add_item(d, r, sift, error);
        if (status != STATUS_OK) {
            status = reader_blame(r, error);
            break;
        }
    }
    reader_close(r);
    if (status != STATUS_END)
        return status;
    if (d->count == 0 && d->skipped_count)
        return error_set(error, STATUS_DATA, "%s: none of the %d %s records could be used: %s", d->name, d->skipped_count, kind,
                         d->skipped[0].reason);
    if (d->count == 0)
        return error_set(error, STATUS_DATA, "%s: there is no %s record", d->name, kind);
    note_duplicates(d);
    return check_splits(d, error);
}

enum status dataset_open(struct dataset **out, const char *path, const char *kind, struct reader_limits limits, struct error *error) {
    return dataset_open_sifted(out, path, kind, limits, NULL, error);
}

enum status dataset_open_sifted(struct dataset **out, const char *path, const char *kind, struct reader_limits limits,
                                const struct dataset_sift *sift, struct error *error) {
    struct dataset *d = memory_calloc(1, sizeof *d);
    d->name = memory_strdup(strcmp(path, "-") == 0 ? "standard input" : path);
    d->internal = memory_calloc(1, sizeof *d->internal);
    enum status status = mapping_open(&d->internal->map, path, error);
    d->bytes = d->internal->map.bytes;
    d->size = d->internal->map.size;
    if (status == STATUS_OK)
        status = index_records(d, kind, limits, sift, error);
    if (status == STATUS_OK)
        *out = d;
    else
        dataset_close(d);
    return status;
}

void dataset_close(struct dataset *d) {
    if (!d)
        return;
    for (int i = 0; i < d->meta_count; i++)
        free(d->internal->meta_nodes[i].node);
    free(d->internal->meta_nodes);
    mapping_close(&d->internal->map);
    free(d->internal);
    for (int i = 0; i < d->skipped_count; i++)
        free(d->skipped[i].reason);
    free(d->skipped);
    rnn_forms_free(&d->forms);
    free(d->metas);
    free(d->items);
    free(d->name);
    free(d);
}

enum status dataset_read(const struct dataset *d, int index, struct value_nodes *nodes, struct rnn_record *out, struct error *error) {
    const struct dataset_item *item = &d->items[index];
    enum status status = value_decode(d->bytes + item->offset, item->size, MAX_DEPTH, nodes, error);
    if (status == STATUS_OK)
        status = rnn_record_view(nodes->node, out, error);
    if (status == STATUS_OK && item->form && !(out->weights && rnn_arch_equal(&out->arch, &item->form->arch)))
        status = error_set(error, STATUS_IO, "%s: has changed while it was read", d->name);
    enum status check = dataset_check(d, error); // the last word: it may have changed in the midst of this
    return check == STATUS_OK ? status : check;
}

enum status dataset_check(const struct dataset *d, struct error *error) {
    return mapping_check(&d->internal->map, d->name, error);
}

enum status dataset_pack_skipped(const struct dataset *d, int i, struct packer *p, struct error *error) {
    const struct dataset_skipped *s = &d->skipped[i];
    struct value_nodes nodes = {0};
    enum status status = value_decode(d->bytes + s->offset, s->size, MAX_DEPTH, &nodes, error);
    if (status == STATUS_OK)
        skipped_pack(p, nodes.node, s->reason);
    if (dataset_check(d, error) != STATUS_OK)
        status = error->status;
    free(nodes.node);
    return status;
}

int dataset_first(const struct dataset *d, const struct rnn_form *form) {
    int i = 0;
    while (d->items[i].form != form)
        i++;
    return i;
}

int dataset_select(const struct dataset *d, const char *split, int **list) {
    bool partitioned = false;
    for (int i = 0; i < d->count; i++)
        partitioned |= d->items[i].split[0] != 0;
    bool everything = !split || (!partitioned && strcmp(split, "train") == 0);
    *list = memory_alloc((size_t)d->count * sizeof **list);
    int count = 0;
    for (int i = 0; i < d->count; i++)
        if (everything || strcmp(d->items[i].split, split) == 0)
            (*list)[count++] = i;
    return count;
}
