// Encoder filters with --model: embeddings of the RNNs of a zoo, or of a program that answers.
#include "base/memory.h"
#include "base/utf8.h"
#include "cli/ask.h"
#include "cli/batch.h"
#include "cli/encodefilter_internal.h"
#include "cli/modelfile.h"
#include "encoders/identity.h"
#include "records/loader.h"

#include <stdlib.h>
#include <string.h>

struct batch {
    const struct encoder *encoder;
    struct encoder_identity identity;
    struct packer **heads;  // [capacity] what an embedding record has of its rnn record, as a map
    struct rnn_loader rnns; // [capacity]
    struct rnn_name *of;    // [capacity], for messages
    int count, capacity;
    bool traces;
    struct encoder_trace trace;
    const struct tensor *z; // [count,Z] of those that ran
    struct tape tape;
};

static struct batch batch_new(const struct encode_settings *s, const struct encoder *e) {
    struct batch b = {.encoder = e, .identity = encoder_identity(e), .capacity = s->batch, .traces = s->traces};
    b.heads = memory_calloc((size_t)b.capacity, sizeof *b.heads);
    b.of = memory_calloc((size_t)b.capacity, sizeof *b.of);
    rnn_loader_init(&b.rnns, b.capacity);
    return b;
}

static void batch_free(struct batch *b) {
    for (int i = 0; i < b->capacity; i++)
        packer_free(b->heads[i]);
    free(b->heads);
    free(b->of);
    rnn_loader_free(&b->rnns);
    tape_free(&b->tape);
}

// Inputs or answers of record i, one tensor a step, as an array [K,M,cols].
static void pack_trace(struct packer *p, struct tensor **steps, const struct encoder *e, int i) {
    int K = e->config.length, M = e->config.probes, cols = steps[0]->cols;
    size_t size = (size_t)M * (size_t)cols;
    float *all = memory_alloc((size_t)K * size * sizeof *all);
    for (int t = 0; t < K; t++)
        memcpy(all + (size_t)t * size, steps[t]->value + (size_t)i * size, size * sizeof *all);
    pack_array(p, DTYPE_F4, 3, (uint64_t[]){(uint64_t)K, (uint64_t)M, (uint64_t)cols}, all);
    free(all);
}

static void pack_tail(struct packer *p, const struct encoder *e, const struct encoder_identity *identity, const struct tensor *z,
                      const struct encoder_trace *trace, int i) {
    pack_key(p, "encoder");
    encoder_identity_pack(p, identity);
    pack_key(p, "z");
    pack_array(p, DTYPE_F4, 1, (uint64_t[]){(uint64_t)z->cols}, z->value + (size_t)i * (size_t)z->cols);
    if (trace) {
        pack_key(p, "probes");
        pack_map(p);
        pack_key(p, "inputs");
        pack_trace(p, trace->inputs, e, i);
        pack_key(p, "answers");
        pack_trace(p, trace->answers, e, i);
        pack_end(p);
    }
    pack_end(p);
}

static enum status batch_add(void *of, const struct value *record, struct error *error) {
    static const char *const dropped[] = {"kind", "weights", "rollouts", "encoder", "z", "probes", NULL}; // the last three are written anew
    struct batch *b = of;
    struct rnn_record rnn;
    enum status status = rnn_record_read(record, &rnn, error);
    int i = b->count;
    if (status == STATUS_OK)
        status = encoder_fits(b->encoder, &rnn.arch, error);
    if (status == STATUS_OK)
        status = rnn_loader_load(&b->rnns, i, &rnn, error);
    if (status != STATUS_OK)
        return status;
    if (!b->heads[i])
        b->heads[i] = packer_new();
    b->of[i] = rnn_record_name(&rnn);
    packer_clear(b->heads[i]);
    pack_map(b->heads[i]);
    pack_key(b->heads[i], "kind");
    pack_str(b->heads[i], "embedding");
    pack_rest(b->heads[i], record, dropped);
    b->count++;
    return STATUS_OK;
}

static void batch_run(void *of) {
    struct batch *b = of;
    const struct encoder *e = b->encoder;
    tape_reset(&b->tape, false);
    struct rnn_batch rnns = rnn_loader_batch(&b->rnns, b->count);
    struct weights w = {&e->table, e->values, NULL};
    size_t steps = b->traces ? (size_t)e->config.length * sizeof(struct tensor *) : 0;
    b->trace = (struct encoder_trace){arena_alloc(&b->tape.arena, steps), arena_alloc(&b->tape.arena, steps)};
    b->z = encoder_embed(&b->tape, e, &w, &rnns, NULL, b->traces ? &b->trace : NULL, NULL);
}

static enum status batch_write(void *of, int i, struct cli *cli, struct writer *out) {
    struct batch *b = of;
    if (encoder_check_norm(b->z, i, cli_error(cli)) != STATUS_OK)
        return rnn_name_prefix(b->of[i], cli_error(cli));
    pack_tail(b->heads[i], b->encoder, &b->identity, b->z, b->traces ? &b->trace : NULL, i);
    cli_commit(cli, out, b->heads[i]);
    return STATUS_OK;
}

static struct encoder *load_encoder(struct cli *cli, struct modelfile *m, const char *types) {
    struct model_record record;
    struct encoder *e = NULL;
    if (!modelfile_find(m, "encoder", &record))
        modelfile_missing(m, "encoder");
    if (!option_is_choice(types, record.type))
        modelfile_check(m, error_set(cli_error(cli), STATUS_DATA, "an encoder of type '%s', not %s", record.type, types));
    modelfile_check(m, encoder_read(&record, &e, cli_error(cli)));
    return e;
}

void encode_embed(struct cli *cli, const struct encode_settings *s, const char *types, struct reader *in, struct writer *out) {
    struct modelfile *model = modelfile_open(cli, s->model, MODEL_USED);
    struct encoder *e = load_encoder(cli, model, types);
    struct batch b = batch_new(s, e);
    char doing[64];
    snprintf(doing, sizeof doing, "type %s", e->type->name);
    const struct cli_batch batch = {.of = &b,
                                    .kind = "rnn",
                                    .doing = doing,
                                    .count = &b.count,
                                    .capacity = b.capacity,
                                    .add = batch_add,
                                    .run = batch_run,
                                    .write = batch_write};
    cli_batches(cli, &batch, in, out);
    batch_free(&b);
    encoder_free(e);
    modelfile_close(model);
}

// The embedding of whatever answers: what is known of it is how it is called.
void encode_ask(struct cli *cli, const struct encode_settings *s, const char *types, struct writer *out) {
    struct modelfile *model = modelfile_open(cli, s->model, MODEL_USED);
    struct encoder *e = load_encoder(cli, model, types);
    if (e->type->sees_states)
        cli_usage(cli, "--ask: the %s encoder sees hidden states, which a program does not tell", e->type->name);
    cli_catch_signals(); // so that the program is ended, too
    struct asked *asked;
    cli_check(cli, asked_start(&asked, s->ask, e->arch.input, e->arch.output, s->timeout, cli_error(cli)));
    struct tape tape = {0};
    struct rnn rnn = {.arch = &e->arch, .oracle = asked_oracle(asked)};
    struct weights w = {&e->table, e->values, NULL};
    size_t steps = (size_t)e->config.length * sizeof(struct tensor *);
    struct encoder_trace trace = {arena_alloc(&tape.arena, steps), arena_alloc(&tape.arena, steps)};
    struct tensor *z = encoder_embed(&tape, e, &w, &(struct rnn_batch){&rnn, 1}, NULL, s->traces ? &trace : NULL, NULL);
    cli_check(cli, asked_finish(asked, cli_error(cli)));
    if (encoder_check_norm(z, 0, cli_error(cli)) != STATUS_OK)
        cli_check(cli, error_prefix(cli_error(cli), "--ask"));
    cli_begin_segment(cli, out, NULL, 0);
    struct packer *p = writer_packer(out);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "embedding");
    pack_key(p, "run");
    pack_u64(p, 0);
    pack_key(p, "name");
    char *name = utf8_repaired(s->ask);
    pack_str(p, name);
    free(name);
    struct encoder_identity identity = encoder_identity(e);
    pack_tail(p, e, &identity, z, s->traces ? &trace : NULL, 0);
    cli_check(cli, writer_commit(out, cli_error(cli)));
    cli_check(cli, writer_end_segment(out, cli_error(cli)));
    tape_free(&tape);
    encoder_free(e);
    modelfile_close(model);
}
