#include "cli/modelfile.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"encoder", "emulator", "predictor"};
enum { KINDS = sizeof kinds / sizeof *kinds };

// A record copied from the reader, decoded anew where it lies now.
struct copy {
    uint8_t *bytes;
    struct value_nodes nodes;
};

struct modelfile {
    struct cli *cli;
    char *name;
    struct copy model[KINDS];
    struct copy *metas;
    int meta_count;
};

static struct copy copy_record(struct modelfile *m, const struct reader *in) {
    struct copy copy = {.bytes = memory_alloc(in->record->length)};
    memcpy(copy.bytes, in->record->bytes, in->record->length);
    cli_check_record(m->cli, in, value_decode(copy.bytes, in->record->length, 0, &copy.nodes, cli_error(m->cli)));
    return copy;
}

static void keep(struct modelfile *m, const struct reader *in) {
    if (in->event == READER_META) {
        size_t size = (size_t)m->meta_count * sizeof *m->metas;
        m->metas = memory_realloc(m->metas, size, size + sizeof *m->metas);
        m->metas[m->meta_count++] = copy_record(m, in);
    }
    for (int k = 0; in->event == READER_DATA && k < KINDS; k++)
        if (!m->model[k].bytes && value_is(value_get(in->record, "kind"), kinds[k]))
            m->model[k] = copy_record(m, in);
}

struct modelfile *modelfile_open(struct cli *cli, const char *path) {
    struct modelfile *m = memory_calloc(1, sizeof *m);
    struct reader *in = cli_reader(cli, path);
    m->cli = cli;
    m->name = memory_strdup(in->name);
    while (cli_read(cli, in))
        keep(m, in);
    reader_close(in);
    for (int i = 0; i < m->meta_count; i++)
        cli_add_sources(cli, (const struct value *const[]){m->metas[i].nodes.node}, 1);
    return m;
}

static void copy_free(struct copy *copy) {
    free(copy->bytes);
    free(copy->nodes.node);
}

void modelfile_close(struct modelfile *m) {
    if (!m)
        return;
    for (int k = 0; k < KINDS; k++)
        copy_free(&m->model[k]);
    for (int i = 0; i < m->meta_count; i++)
        copy_free(&m->metas[i]);
    free(m->metas);
    free(m->name);
    free(m);
}

bool modelfile_find(struct modelfile *m, const char *kind, struct model_record *out) {
    for (int k = 0; k < KINDS; k++)
        if (m->model[k].bytes && strcmp(kinds[k], kind) == 0) {
            modelfile_check(m, model_record_read(m->model[k].nodes.node, out, cli_error(m->cli)));
            return true;
        }
    return false;
}

struct encoder *modelfile_encoder(struct modelfile *m) {
    struct model_record record;
    struct encoder *encoder = NULL;
    if (modelfile_find(m, "encoder", &record))
        modelfile_check(m, encoder_read(&record, &encoder, cli_error(m->cli)));
    return encoder;
}

void modelfile_check(struct modelfile *m, enum status status) {
    if (status != STATUS_OK)
        status = error_prefix(cli_error(m->cli), "%s", m->name);
    cli_check(m->cli, status);
}

void modelfile_missing(struct modelfile *m, const char *kind) {
    modelfile_check(m, error_set(cli_error(m->cli), STATUS_DATA, "no %s record in it", kind));
    abort(); // not reached: the check exits
}
