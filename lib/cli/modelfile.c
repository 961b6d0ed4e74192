#include "cli/modelfile.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"encoder", "emulator", "decoder", "predictor"};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct models {
    struct value **record; // [count]
    int count;
};

struct modelfile {
    struct cli *cli;
    char *name;
    struct models models[KINDS];
};

static void add(struct models *models, const struct value *record) {
    size_t size = (size_t)models->count * sizeof *models->record;
    models->record = memory_realloc(models->record, size, size + sizeof *models->record);
    models->record[models->count++] = value_clone(record);
}

static void keep(struct modelfile *m, const struct reader *in) {
    for (int k = 0; k < KINDS && in->event == READER_DATA; k++)
        if (value_is(value_get(in->record, "kind"), kinds[k]))
            add(&m->models[k], in->record);
}

struct modelfile *modelfile_open(struct cli *cli, const char *path, enum model_use use) {
    struct modelfile *m = memory_calloc(1, sizeof *m);
    struct reader *in = cli_reader(cli, path);
    m->cli = cli;
    m->name = memory_strdup(in->name);
    while (cli_read_model(cli, in)) {
        if (in->event == READER_META && use == MODEL_CONTINUED)
            cli_keep_source(cli, in->record);
        keep(m, in);
    }
    reader_close(in);
    return m;
}

void modelfile_close(struct modelfile *m) {
    if (!m)
        return;
    for (int k = 0; k < KINDS; k++) {
        for (int i = 0; i < m->models[k].count; i++)
            free(m->models[k].record[i]);
        free(m->models[k].record);
    }
    free(m->name);
    free(m);
}

bool modelfile_at(struct modelfile *m, const char *kind, int index, struct model_record *out) {
    for (int k = 0; k < KINDS; k++)
        if (index < m->models[k].count && strcmp(kinds[k], kind) == 0) {
            modelfile_check(m, model_record_read(m->models[k].record[index], out, cli_error(m->cli)));
            return true;
        }
    return false;
}

bool modelfile_find(struct modelfile *m, const char *kind, struct model_record *out) {
    return modelfile_at(m, kind, 0, out);
}

struct encoder *modelfile_encoder(struct modelfile *m) {
    struct model_record record;
    struct encoder *encoder = NULL;
    if (modelfile_find(m, "encoder", &record))
        modelfile_check(m, encoder_read(&record, &encoder, cli_error(m->cli)));
    return encoder;
}

struct encoder *modelfile_wanted_encoder(struct modelfile *m) {
    struct encoder *encoder = modelfile_encoder(m);
    if (!encoder)
        modelfile_missing(m, "encoder");
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
