#include "families/keylock.h"

#include "base/memory.h"
#include "stream/field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// --- Locks ---

void keylock_of_number(struct keylock *lock, int bits, uint64_t number) {
    *lock = (struct keylock){.bits = bits};
    for (int k = 0; k < bits; k++)
        lock->key[k] = number >> (bits - 1 - k) & 1;
}

void keylock_answer(const struct keylock *lock, const uint8_t *word, int length, uint8_t *answers) {
    bool right = true;
    for (int t = 0; t < length; t++) {
        right = right && t < lock->bits && (t == 0 || word[t] == lock->key[t - 1]);
        answers[t] = right ? lock->key[t] : KEYLOCK_WRONG;
    }
}

void keylock_draw_word(const struct keylock *lock, struct rng *rng, uint8_t *word) {
    bool follows = rng_below(rng, 2);
    int n = lock->bits, slip = (int)rng_below(rng, (uint64_t)n); // 0: none
    for (int t = 0; t < n; t++) {
        uint8_t bit = (uint8_t)rng_below(rng, 2);
        word[t] = follows && t > 0 ? lock->key[t - 1] ^ (t == slip) : bit;
    }
}

static void draw_task(void *body, struct rng *rng) {
    struct keylock *lock = body;
    memset(lock->key, 0, sizeof lock->key);
    for (int k = 0; k < lock->bits; k++)
        lock->key[k] = (uint8_t)rng_below(rng, 2);
}

// --- Weights ---

static const double answer_weight = 12;

void keylock_arch(const struct keylock *lock, struct rnn_arch *arch) {
    *arch = (struct rnn_arch){.cell = &cell_lstm, .hidden = lock->bits + 1, .layers = 1};
    keylock_family.shape(lock, arch);
}

void keylock_weights(const struct keylock *lock, double gain, double threshold, const struct rnn_arch *arch, const struct params *table,
                     float *weights) {
    enum { I, F, G, O, S = 0 }; // blocks; the unit S, after which come the units A_1 .. A_n
    const int H = arch->hidden;
    const float sharp = (float)gain, on = (float)(gain / tanh(1));
    float *x = weights + table->list[rnn_param(arch, 0, W_IH)].offset, *h = weights + table->list[rnn_param(arch, 0, W_HH)].offset,
          *b = weights + table->list[rnn_param(arch, 0, B_IH)].offset, *answer = weights + table->list[rnn_readout(arch)].offset,
          *answer_bias = weights + table->list[rnn_readout(arch) + 1].offset;
    memset(weights, 0, table->size * sizeof *weights);
    for (int u = 0; u < H; u++) {
        b[F * H + u] = -sharp;
        b[G * H + u] = b[O * H + u] = sharp;
    }
    b[I * H + S] = sharp;
    b[I * H + 1] = sharp / 2;
    h[(I * H + 1) * H + S] = -on;
    for (int k = 1; k < lock->bits; k++) {
        b[I * H + k + 1] = (float)(-(1 + threshold) * gain);
        x[(I * H + k + 1) * 2 + lock->key[k - 1]] = sharp;
        h[(I * H + k + 1) * H + k] = on;
    }
    for (int k = 1; k <= lock->bits; k++)
        answer[lock->key[k - 1] * H + k] = (float)(answer_weight / tanh(1));
    answer_bias[KEYLOCK_WRONG] = (float)(answer_weight / 2);
}

// --- Records ---

static enum status read_task(const struct value *task, void *body, struct error *error) {
    struct keylock *lock = body;
    if (field_int(task, "bits", "task", 1, KEYLOCK_MAX_BITS, &lock->bits, error) != STATUS_OK)
        return error->status;
    const struct value *key = value_get(task, "key");
    if (!key || key->type != VALUE_ARRAY || key->count != (uint32_t)lock->bits)
        return error_set(error, STATUS_DATA, "task: key 'key' is no list of %d bits", lock->bits);
    for (int k = 0; k < lock->bits; k++) {
        uint64_t bit;
        if (!value_to_u64(value_at(key, (uint32_t)k), &bit) || bit > 1)
            return error_set(error, STATUS_DATA, "task: bit %d of 'key' is neither 0 nor 1", k);
        lock->key[k] = (uint8_t)bit;
    }
    return STATUS_OK;
}

static void pack_task(struct packer *p, const void *body) {
    const struct keylock *lock = body;
    pack_key(p, "bits");
    pack_i64(p, lock->bits);
    pack_key(p, "key");
    pack_list(p);
    for (int k = 0; k < lock->bits; k++)
        pack_i64(p, lock->key[k]);
    pack_end(p);
}

static int task_key(const void *body, char text[FAMILY_KEY_SIZE]) {
    const struct keylock *lock = body;
    static const char name[] = "key-lock ";
    int length = sizeof name - 1;
    memcpy(text, name, sizeof name);
    for (int k = 0; k < lock->bits; k++)
        text[length++] = (char)('0' + lock->key[k]);
    text[length] = '\0';
    return length;
}

// --- Words, and RNNs that read them, for locks can also be trained ---

static void draw_word(const void *data, int length, struct rng *rng, uint8_t *word, uint8_t *answers) {
    keylock_draw_word(data, rng, word);
    keylock_answer(data, word, length, answers);
}

static struct answerer answerer_of(const void *body) {
    const struct keylock *lock = body;
    return (struct answerer){draw_word, memcpy(memory_alloc(sizeof *lock), lock, sizeof *lock), lock->bits, 0};
}

static void shape(const void *body, struct rnn_arch *arch) {
    (void)body;
    arch->input = 2;
    arch->output = KEYLOCK_ANSWERS;
    arch->reads = RNN_READS_TOKENS;
}

// --- The family ---

static struct vocabulary vocabulary(const void *body) {
    return (struct vocabulary){.letters = 2, .names = "01", .bos = -1, .eos = -1, .length = ((const struct keylock *)body)->bits};
}

static const struct keylock usual = {.bits = 12};

const struct family keylock_family = {
    .name = "key-lock",
    .size = sizeof(struct keylock),
    .usual = &usual,
    .read = read_task,
    .pack = pack_task,
    .draw = draw_task,
    .key = task_key,
    .ood_share = 0.15,
    .shape = shape,
    .trainee = answerer_trainee,
    .answerer = answerer_of,
    .judged = 256,
    .exam = answerer_exam,
    .exam_free = answerer_exam_free,
    .vocabulary = vocabulary,
};
