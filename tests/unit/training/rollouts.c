#include "training/rollouts.h"

#include "../records/decoded.h"
#include "zoo.h"

// A record in memory.
static struct rnn_record record_of(struct decoded *d, const struct zoo_record *r) {
    struct rnn_record record;
    struct error error;
    packer_clear(d->packer);
    zoo_pack(d->packer, r);
    CHECK(rnn_record_view(decoded_root(d), &record, &error) == STATUS_OK, "%s", error.text);
    return record;
}

// Column b of the batch is rollout b of the record, time-major.
static void test_tokens(void) {
    struct decoded d = decoded_new();
    struct rollout_batch batch = {0};
    struct error error;
    const int lengths[] = {9, 5, 12}, columns[] = {3, 5, 2}; // grows, shrinks
    for (int k = 0; k < 3; k++) {
        int B = columns[k], T = lengths[k] - 1;
        struct rnn_record r = record_of(&d, &(struct zoo_record){.run = 1, .rollouts = 5, .length = lengths[k]});
        for (int b = 0; b < B; b++)
            CHECK(rollout_batch_load(&batch, &r, (uint64_t)(4 - b), b, B, &error) == STATUS_OK, "%s", error.text);
        CHECK(batch.steps == T && batch.columns == B && !batch.continuous);
        for (int b = 0; b < B; b++)
            for (int t = 0; t < T; t++) {
                int32_t pair[2];
                float logits[4];
                uint64_t at = (uint64_t)((4 - b) * (T + 1) + t);
                CHECK(array_to_ints(&r.inputs, at, 2, pair, &error) == STATUS_OK);
                array_to_floats(&r.logits, (uint64_t)(((4 - b) * T + t) * 4), 4, logits);
                CHECK(batch.tokens[t * B + b] == pair[0] && batch.labels[t * B + b] == pair[1]);
                CHECK(memcmp(batch.targets + (t * B + b) * 4, logits, sizeof logits) == 0);
            }
    }
    rollout_batch_free(&batch);
    rollout_batch_free(&batch);
    decoded_free(&d);
}

static struct rnn_record continuous(const float *inputs, const float *logits) {
    return (struct rnn_record){
        .arch = {.cell = &cell_lstm, .input = 2, .hidden = 5, .layers = 1, .output = 3},
        .has_rollouts = true,
        .inputs = {.dtype = DTYPE_F4, .rank = 3, .shape = {1, 2, 2}, .count = 4, .data = (const uint8_t *)inputs},
        .logits = {.dtype = DTYPE_F4, .rank = 3, .shape = {1, 2, 3}, .count = 6, .data = (const uint8_t *)logits},
    };
}

static void test_continuous(void) {
    const float inputs[] = {0.5f, -1, 2, 3}, logits[] = {0, 5, 1, 7, 2, 3};
    struct rnn_record r = continuous(inputs, logits);
    struct rollout_batch batch = {0};
    struct error error;
    CHECK(rollouts_check(&r, &error) == STATUS_OK);
    for (int b = 0; b < 2; b++)
        CHECK(rollout_batch_load(&batch, &r, 0, b, 2, &error) == STATUS_OK);
    CHECK(batch.continuous && batch.steps == 2);
    CHECK(batch.labels[0] == 1 && batch.labels[1] == 1 && batch.labels[2] == 0 && batch.labels[3] == 0, "the RNN's answers");
    const float expected[] = {0.5f, -1, 0.5f, -1, 2, 3, 2, 3};
    CHECK(memcmp(batch.inputs, expected, sizeof expected) == 0);
    rollout_batch_free(&batch);
}

static void test_refusals(void) {
    struct decoded d = decoded_new(), other = decoded_new();
    struct rollout_batch batch = {0};
    struct error error = {0};
    struct rnn_record r = record_of(&d, &(struct zoo_record){.run = 1, .rollouts = 2}),
                      longer = record_of(&other, &(struct zoo_record){.run = 2, .rollouts = 2, .length = 10});
    CHECK(rollout_batch_load(&batch, &r, 0, 0, 2, &error) == STATUS_OK);
    CHECK(rollout_batch_load(&batch, &longer, 0, 1, 2, &error) == STATUS_DATA && strstr(error.text, "lengths"), "%s", error.text);
    const float numbers[6] = {0};
    struct rnn_record kind = continuous(numbers, numbers);
    kind.logits.shape[1] = 8;
    CHECK(rollout_batch_load(&batch, &kind, 0, 1, 2, &error) == STATUS_DATA);
    for (int bad = 4; bad < 256; bad += 251) { // a token that rnn_record_view has let pass
        r = record_of(&d, &(struct zoo_record){.run = 1, .rollouts = 2, .bad_token = bad});
        CHECK(rollout_batch_load(&batch, &r, 0, 0, 2, &error) == STATUS_DATA && strstr(error.text, "token"), "%s", error.text);
    }

    r = record_of(&d, &(struct zoo_record){.run = 1});
    CHECK(rollouts_check(&r, &error) == STATUS_DATA && strstr(error.text, "no rollouts"), "%s", error.text);
    r = record_of(&d, &(struct zoo_record){.run = 1, .rollouts = 1});
    CHECK(rollouts_check(&r, &error) == STATUS_OK);
    r.arch.output = 3; // a tagger
    r.arch.reads = RNN_READS_TOKENS;
    CHECK(rollouts_check(&r, &error) == STATUS_OK, "%s", error.text);
    r.arch.input = 257;
    CHECK(rollouts_check(&r, &error) == STATUS_DATA && strstr(error.text, "257 tokens"), "%s", error.text);
    kind.arch.output = 256;
    CHECK(rollouts_check(&kind, &error) == STATUS_DATA && strstr(error.text, "256 outputs"), "%s", error.text);
    rollout_batch_free(&batch);
    decoded_free(&d);
    decoded_free(&other);
}

int main(void) {
    test_tokens();
    test_continuous();
    test_refusals();
    return check_report("training/rollouts");
}
