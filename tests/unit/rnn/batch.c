#include "rnn/batch.h"

#include "../alike.h"
#include "../check.h"
#include "rnn/symmetry.h"

#include <stdlib.h>
#include <string.h>

enum { B = 3 };
static const struct rnn_arch arch = {.cell = &cell_lstm, .input = 3, .hidden = 5, .layers = 2, .output = 4};

// Weights that tell where they come from, and a batch of them.
struct sample {
    struct params table;
    float *weights[B], *grads[B];
    struct rnn rnns[B];
    struct rnn_batch batch;
};

static void sample_init(struct sample *s, bool gradients) {
    *s = (struct sample){0};
    rnn_params(&s->table, &arch);
    for (size_t b = 0; b < B; b++) {
        s->weights[b] = malloc(s->table.size * sizeof(float));
        s->grads[b] = malloc(s->table.size * sizeof(float));
        for (size_t i = 0; i < s->table.size; i++) {
            s->weights[b][i] = (float)(1000 * b + i);
            s->grads[b][i] = 1;
        }
    }
    s->batch = alike(s->rnns, &arch, &s->table, B, (const float *const *)s->weights, gradients ? s->grads : NULL);
}

static void sample_free(struct sample *s) {
    for (int b = 0; b < B; b++) {
        free(s->weights[b]);
        free(s->grads[b]);
    }
    params_free(&s->table);
}

static void test_values(const int *index) {
    struct sample s;
    sample_init(&s, false);
    struct tape tape = {0};
    tape_reset(&tape, true);
    struct tensor *x = rnn_batch_tensor(&tape, &s.batch, index);
    size_t P = s.table.size, wrong = 0;
    CHECK(x->rows == B && (size_t)x->cols == P && !x->grad && tape.count == 0, "weights are constants");
    for (size_t i = 0; i < B * P; i++)
        wrong += x->value[i] != (float)(1000 * (i / P) + (index ? (size_t)index[i % P] : i % P));
    CHECK(wrong == 0, "%zu", wrong);
    tape_free(&tape);
    sample_free(&s);
}

// Gradients are added where the weights come from, also when the batch itself is gone by then.
static void test_gradients(const int *index) {
    struct sample s;
    sample_init(&s, true);
    struct tape tape = {0};
    tape_reset(&tape, true);
    struct rnn rnns[B];
    memcpy(rnns, s.rnns, sizeof rnns);
    struct tensor *x = rnn_batch_tensor(&tape, &(struct rnn_batch){rnns, B}, index);
    memset(rnns, 0, sizeof rnns);
    for (size_t i = 0; i < tensor_size(x); i++)
        x->grad[i] = 2 * x->value[i];
    tape_backward(&tape);
    size_t wrong = 0;
    for (size_t b = 0; b < B; b++)
        for (size_t i = 0; i < s.table.size; i++)
            wrong += s.grads[b][i] != 1 + 2 * s.weights[b][i];
    CHECK(wrong == 0, "%zu", wrong);
    tape_reset(&tape, false);
    CHECK(!rnn_batch_tensor(&tape, &s.batch, index)->grad, "inference");
    tape_free(&tape);
    sample_free(&s);
}

int main(void) {
    int *index = malloc(rnn_size(&arch) * sizeof *index);
    struct rng rng = rng_make(1, 0, "test");
    symmetry_random_index(index, &arch, &rng);
    test_values(NULL);
    test_values(index);
    test_gradients(NULL);
    test_gradients(index);
    free(index);
    return check_report("rnn/batch");
}
