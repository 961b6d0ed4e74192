// Encoder, emulator, decoder and predictor records; those that are accepted are used on the rnn and embedding records that follow them, as
// the filters use them.
#include "fuzz.h"

#include "base/memory.h"
#include "records/loader.h"
#include "training/decoder.h"
#include "training/emulation_batch.h"
#include "training/prediction.h"

enum { MOST_WEIGHTS = 1 << 13, MOST_STEPS = 64 };

struct models {
    struct encoder *encoder;
    struct emulator *emulator;
    struct decoder *decoder;
    struct predictor *predictor;
};

// Only what is quick is used; all else is merely read.
static bool quick(const struct encoder *e) {
    return e && e->table.size <= MOST_WEIGHTS && e->config.length * e->config.probes <= MOST_STEPS && e->config.channels <= MOST_STEPS;
}

// --- Models ---

// What was accepted is written so that it is accepted again.
static void reread(const struct packer *p, void *(*read)(const struct model_record *record, struct error *error), void (*release)(void *)) {
    struct value_nodes nodes = {0};
    struct model_record record;
    struct error error;
    size_t size;
    const uint8_t *bytes = packer_bytes(p, &size);
    FUZZ_CHECK(value_decode(bytes, size, 0, &nodes, &error) == STATUS_OK);
    FUZZ_CHECK(model_record_read(nodes.node, &record, &error) == STATUS_OK);
    void *again = read(&record, &error);
    FUZZ_CHECK(again);
    release(again);
    free(nodes.node);
}

static void *read_encoder(const struct model_record *record, struct error *error) {
    struct encoder *e;
    return encoder_read(record, &e, error) == STATUS_OK ? e : NULL;
}

static void *read_emulator(const struct model_record *record, struct error *error) {
    struct emulator *e;
    return emulator_read(record, &e, error) == STATUS_OK ? e : NULL;
}

static void *read_decoder(const struct model_record *record, struct error *error) {
    struct decoder *d;
    return decoder_read(record, &d, error) == STATUS_OK ? d : NULL;
}

static void *read_predictor(const struct model_record *record, struct error *error) {
    struct predictor *p;
    return predictor_read(record, &p, error) == STATUS_OK ? p : NULL;
}

static void release_encoder(void *e) {
    encoder_free(e);
}

static void release_emulator(void *e) {
    emulator_free(e);
}

static void release_decoder(void *d) {
    decoder_free(d);
}

static void release_predictor(void *p) {
    predictor_free(p);
}

static void take_encoder(struct models *m, const struct model_record *record, struct packer *p, struct error *error) {
    struct encoder *e = read_encoder(record, error);
    if (!e)
        return;
    encoder_pack(p, e);
    reread(p, read_encoder, release_encoder);
    encoder_free(m->encoder);
    m->encoder = e;
}

static void take_emulator(struct models *m, const struct model_record *record, struct packer *p, struct error *error) {
    struct emulator *e = read_emulator(record, error);
    if (!e)
        return;
    emulator_pack(p, e);
    reread(p, read_emulator, release_emulator);
    emulator_free(m->emulator);
    m->emulator = e;
}

static void take_decoder(struct models *m, const struct model_record *record, struct packer *p, struct error *error) {
    struct decoder *d = read_decoder(record, error);
    if (!d)
        return;
    decoder_pack(p, d);
    reread(p, read_decoder, release_decoder);
    decoder_free(m->decoder);
    m->decoder = d;
}

static void take_predictor(struct models *m, const struct model_record *record, struct packer *p, struct error *error) {
    static const struct predictor_losses losses = {.train = 0.5, .validation = 0.5, .ood = 0.5};
    struct predictor *predictor = read_predictor(record, error);
    if (!predictor)
        return;
    for (int a = 0; a < predictor->answers; a++)
        FUZZ_CHECK(predictor->mean[a] - predictor->mean[a] == 0 && predictor->deviation[a] > 0);
    predictor_pack(p, predictor, &losses);
    reread(p, read_predictor, release_predictor);
    predictor_free(m->predictor);
    m->predictor = predictor;
}

static void take_model(struct models *m, const struct model_record *record) {
    struct packer *p = packer_new();
    struct error error = {0};
    if (strcmp(record->kind, "encoder") == 0)
        take_encoder(m, record, p, &error);
    else if (strcmp(record->kind, "emulator") == 0)
        take_emulator(m, record, p, &error);
    else if (strcmp(record->kind, "decoder") == 0)
        take_decoder(m, record, p, &error);
    else if (strcmp(record->kind, "predictor") == 0)
        take_predictor(m, record, p, &error);
    FUZZ_CHECK(error.status == STATUS_OK || (error.status == STATUS_DATA && error.text[0]));
    packer_free(p);
}

// --- Their use ---

static void embed(const struct models *m, const struct rnn_record *rnn) {
    struct encoder *e = m->encoder;
    struct error error;
    if (encoder_fits(e, &rnn->arch, &error) != STATUS_OK)
        return;
    struct rnn_loader l;
    rnn_loader_init(&l, 2);
    if (rnn_loader_load(&l, 0, rnn, &error) == STATUS_OK && rnn_loader_load(&l, 1, rnn, &error) == STATUS_OK) {
        struct tape tape = {0};
        struct weights w = {&e->table, e->values, NULL};
        struct rnn_batch batch = rnn_loader_batch(&l, 2);
        struct tensor *z = encoder_embed(&tape, e, &w, &batch, NULL, NULL, NULL);
        FUZZ_CHECK(z->rows == 2 && z->cols == e->config.z);
        FUZZ_CHECK(memcmp(z->value, z->value + z->cols, (size_t)z->cols * sizeof *z->value) == 0);
        tape_free(&tape);
    }
    rnn_loader_free(&l);
}

static void judge(const struct models *m, const struct value *record) {
    enum criterion criterion = (enum criterion)(m->emulator->seed % CRITERION_COUNT);
    struct judge_options options = {.criterion = criterion, .rollouts = 2, .clones = 2, .seed = 1};
    struct judge *j = judge_new(m->emulator, &options);
    struct emulation_batch *b = emulation_batch_new(m->encoder, j, NULL);
    struct error error;
    if (emulation_batch_add(b, record, &error) == STATUS_OK)
        emulation_batch_run(b);
    if (b->count && emulation_batch_judge(b, 0, &error) == STATUS_OK)
        FUZZ_CHECK(b->count == 1);
    emulation_batch_free(b);
    judge_free(j);
}

static void predict(const struct models *m, const struct encoder *encoder, const struct value *record) {
    struct prediction_batch *b = prediction_batch_new(encoder, (const struct predictor *const *)&m->predictor, 1, "label");
    struct error error;
    if (prediction_batch_add(b, record, &error) == STATUS_OK)
        prediction_batch_run(b);
    if (b->count && prediction_batch_end(b, 0, &error) == STATUS_OK)
        FUZZ_CHECK(b->count == 1);
    prediction_batch_free(b);
}

static void decode(const struct models *m, const struct value *record) {
    struct tape tape = {0};
    struct error error;
    size_t size = m->decoder->rnn_table.size;
    float *weights = memory_alloc(size * sizeof *weights);
    if (decoder_decode(m->decoder, record, &tape, weights, &error) == STATUS_OK)
        FUZZ_CHECK(weights[0] - weights[0] == 0 && weights[size - 1] - weights[size - 1] == 0);
    free(weights);
    tape_free(&tape);
}

static void use(struct models *m, const struct value *record) {
    struct rnn_record rnn;
    struct error error;
    if (rnn_record_read(record, &rnn, &error) != STATUS_OK)
        return;
    bool with_encoder = quick(m->encoder), with_emulator = m->emulator && m->emulator->table.size <= MOST_WEIGHTS;
    if (with_encoder && rnn.weights)
        embed(m, &rnn);
    if (with_encoder && with_emulator && rnn.weights && m->encoder->config.z == m->emulator->config.z)
        judge(m, record);
    if (with_encoder && m->predictor && rnn.weights && m->encoder->config.z == m->predictor->config.z)
        predict(m, m->encoder, record);
    if (m->predictor && value_get(record, "z"))
        predict(m, NULL, record);
    if (m->decoder && m->decoder->table.size <= MOST_WEIGHTS && value_get(record, "z"))
        decode(m, record);
}

static void visit(void *context, const struct value *record) {
    struct model_record model;
    struct error error;
    if (value_is(value_get(record, "kind"), "rnn") || value_is(value_get(record, "kind"), "embedding"))
        use(context, record);
    else if (model_record_read(record, &model, &error) == STATUS_OK)
        take_model(context, &model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct models m = {0};
    fuzz_records(data, size, visit, &m);
    encoder_free(m.encoder);
    emulator_free(m.emulator);
    decoder_free(m.decoder);
    predictor_free(m.predictor);
    return 0;
}
