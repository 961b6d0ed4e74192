#include "cli/interrogatorfile.h"

#include "base/memory.h"
#include "records/embedding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void blame(struct cli *cli, const struct interrogator *m, enum status status) {
    if (status != STATUS_OK)
        status = error_prefix(cli_error(cli), "%s", m->name);
    cli_check(cli, status);
}

// Beside the build (build/bin, pipelines/language) or the installation (bin, share/rnnpipe).
static char *own_path(struct cli *cli) {
    static const char *const places[] = {"../../pipelines/language/interrogator.mp", "../share/rnnpipe/interrogator.mp",
                                         "../../../pipelines/language/interrogator.mp"};
    char program[2048], *path = memory_alloc(4096);
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = 0;
    char *end = strrchr(program, '/');
    if (end)
        end[1] = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, 4096, "%s%s", program, places[i]);
        if (access(path, R_OK) == 0)
            return path;
    }
    cli_check(cli,
              error_set(cli_error(cli), STATUS_NO_INPUT, "the interrogator that comes with rnnpipe is not found: --model has to name one"));
    return path;
}

static void read_model(struct cli *cli, struct interrogator *m, const struct value *root) {
    struct model_record record;
    bool encoder = value_is(value_get(root, "kind"), "encoder") && !m->encoder;
    bool emulator = value_is(value_get(root, "kind"), "emulator") && !m->emulator;
    bool predictor = value_is(value_get(root, "kind"), "predictor");
    if (!encoder && !emulator && !predictor)
        return;
    blame(cli, m, model_record_read(root, &record, cli_error(cli)));
    if (encoder)
        blame(cli, m, encoder_read(&record, &m->encoder, cli_error(cli)));
    if (emulator)
        blame(cli, m, emulator_read(&record, &m->emulator, cli_error(cli)));
    if (predictor && m->predictors == INTERROGATOR_PREDICTORS)
        blame(cli, m, error_set(cli_error(cli), STATUS_DATA, "more than %d predictors", INTERROGATOR_PREDICTORS));
    if (predictor)
        blame(cli, m, predictor_read(&record, &m->predictor[m->predictors++], cli_error(cli)));
}

// Calibrations belong to predictors by their target.
static void read_rest(struct cli *cli, struct interrogator *m, const struct value *root) {
    if (value_is(value_get(root, "kind"), "index") && !m->index.count)
        blame(cli, m, zoo_index_read(&m->index, root, cli_error(cli)));
    for (int i = 0; value_is(value_get(root, "kind"), "calibration") && i < m->predictors; i++)
        if (value_is(value_get(root, "target"), m->predictor[i]->property.name))
            blame(cli, m, calibration_read(&m->calibration[i], root, cli_error(cli)));
}

static void check(struct cli *cli, const struct interrogator *m, bool calibrated) {
    if (!m->encoder)
        blame(cli, m, error_set(cli_error(cli), STATUS_DATA, "no encoder record in it"));
    int Z = m->encoder->config.z;
    struct encoder_identity id = encoder_identity(m->encoder);
    for (int i = 0; i < m->predictors; i++) {
        if (m->predictor[i]->config.z != Z)
            blame(cli, m, error_set(cli_error(cli), STATUS_DATA, "a predictor of embeddings of another size"));
        blame(cli, m, predictor_knows(m->predictor[i], &id, cli_error(cli)));
        if (calibrated && !(m->calibration[i].temperature > 0))
            blame(cli, m,
                  error_set(cli_error(cli), STATUS_DATA, "the predictor of '%s' is not calibrated: describe --fit does it",
                            m->predictor[i]->property.name));
    }
    if ((m->emulator && m->emulator->config.z != Z) || (m->index.count && m->index.size != Z))
        blame(cli, m, error_set(cli_error(cli), STATUS_DATA, "emulator or index are of embeddings of another size"));
    if (m->emulator)
        blame(cli, m, emulator_fits(m->emulator, &m->encoder->arch, cli_error(cli)));
}

struct interrogator *interrogator_open(struct cli *cli, const char *path, bool calibrated) {
    struct interrogator *m = memory_calloc(1, sizeof *m);
    char *own = path ? NULL : own_path(cli);
    struct reader *in = cli_reader(cli, path ? path : own);
    m->name = memory_strdup(in->name);
    while (cli_read_model(cli, in)) {
        if (in->event == READER_META && !calibrated)
            cli_keep_source(cli, in->record); // it is to be calibrated: what comes out is made from it
        if (in->event != READER_DATA || value_is(value_get(in->record, "kind"), "log"))
            continue;
        size_t old = (size_t)m->record_count * sizeof *m->records;
        m->records = memory_realloc(m->records, old, old + sizeof *m->records);
        m->records[m->record_count++] = value_clone(in->record);
    }
    for (int i = 0; i < m->record_count; i++) // not earlier: by now the stream is known to be whole
        read_model(cli, m, m->records[i]);
    for (int i = 0; i < m->record_count; i++)
        read_rest(cli, m, m->records[i]);
    check(cli, m, calibrated);
    reader_close(in);
    free(own);
    return m;
}

void interrogator_close(struct interrogator *m) {
    encoder_free(m->encoder);
    emulator_free(m->emulator);
    for (int i = 0; i < m->predictors; i++)
        predictor_free(m->predictor[i]);
    zoo_index_free(&m->index);
    for (int i = 0; i < m->record_count; i++)
        free(m->records[i]);
    free(m->records);
    free(m->name);
    free(m);
}

static enum status add(struct embedded *e, const struct interrogator *m, const struct value *record, struct error *error) {
    struct encoder_identity id, own = encoder_identity(m->encoder);
    size_t Z = (size_t)e->size, n = (size_t)e->count;
    enum status status = encoder_identity_read(value_get(record, "encoder"), &id, error);
    if (status != STATUS_OK)
        return status;
    if (!encoder_identity_equal(&id, &own))
        return error_set(error, STATUS_DATA, "an embedding by another encoder than that of %s", m->name);
    e->z = memory_realloc(e->z, n * Z * sizeof *e->z, (n + 1) * Z * sizeof *e->z);
    if (embedding_z_read(record, e->size, e->z + n * Z, error) != STATUS_OK)
        return error->status;
    e->record = memory_realloc(e->record, n * sizeof *e->record, (n + 1) * sizeof *e->record);
    e->loss = memory_realloc(e->loss, n * sizeof *e->loss, (n + 1) * sizeof *e->loss);
    e->loss[n] = NAN;
    e->record[e->count++] = value_clone(record);
    return STATUS_OK;
}

// An emulation is that of the embedding before it of the same run and step.
static enum status add_loss(struct embedded *e, const struct interrogator *m, const struct value *record, struct error *error) {
    struct encoder_identity id, own = encoder_identity(m->encoder);
    double loss;
    uint64_t run = 0, step = 0, other;
    if (encoder_identity_read(value_get(record, "encoder"), &id, error) != STATUS_OK)
        return error->status;
    if (!encoder_identity_equal(&id, &own))
        return error_set(error, STATUS_DATA, "an emulation by another encoder than that of %s", m->name);
    if (!value_to_double(value_get(record, "loss"), &loss) || !isfinite(loss))
        return error_set(error, STATUS_DATA, "emulation record: key 'loss' is no finite number");
    const char *wanted = rnn_answers_classes(&m->encoder->arch) ? "total_variation" : "mse"; // by which clones are compared
    if (!value_is(value_get(record, "criterion"), wanted))
        return error_set(error, STATUS_DATA, "emulation record: its criterion is not %s, by which RNNs are compared with their clones",
                         wanted);
    value_to_u64(value_get(record, "run"), &run);
    value_to_u64(value_get(record, "step"), &step);
    for (int i = e->count - 1; i >= 0; i--)
        if (isnan(e->loss[i]) && value_to_u64(value_get(e->record[i], "run"), &other) && other == run &&
            value_to_u64(value_get(e->record[i], "step"), &other) && other == step) {
            e->loss[i] = loss;
            return STATUS_OK;
        }
    return error_set(error, STATUS_DATA, "emulation record: no embedding of run %llu, step %llu is before it", (unsigned long long)run,
                     (unsigned long long)step);
}

struct embedded interrogator_embeddings(struct cli *cli, const struct interrogator *m, const char *path) {
    struct embedded e = {.size = m->encoder->config.z};
    struct reader *in = cli_reader(cli, path);
    bool data = strcmp(path, "-") == 0;
    while (data ? cli_read(cli, in) : cli_read_model(cli, in)) {
        if (in->event == READER_META && data)
            cli_keep_source(cli, in->record);
        if (in->event == READER_DATA && value_is(value_get(in->record, "kind"), "embedding"))
            cli_check_record(cli, in, add(&e, m, in->record, cli_error(cli)));
        if (in->event == READER_DATA && value_is(value_get(in->record, "kind"), "emulation"))
            cli_check_record(cli, in, add_loss(&e, m, in->record, cli_error(cli)));
    }
    if (!e.count)
        cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "%s: no embedding record in it", in->name));
    reader_close(in);
    return e;
}

void embedded_free(struct embedded *e) {
    for (int i = 0; i < e->count; i++)
        free((void *)e->record[i]);
    free(e->record);
    free(e->z);
    free(e->loss);
    *e = (struct embedded){0};
}
