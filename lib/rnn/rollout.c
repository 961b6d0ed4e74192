#include "rnn/rollout.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

// Input t of rows first .. first + n - 1, side by side.
static void gather(uint8_t *tokens_out, float *numbers_out, const uint8_t *tokens, const float *numbers, size_t first, size_t n, size_t t,
                   size_t T, size_t I) {
    for (size_t i = 0; i < n; i++) {
        size_t at = (first + i) * T + t;
        if (tokens)
            tokens_out[i] = tokens[at];
        else
            memcpy(numbers_out + i * I, numbers + at * I, I * sizeof *numbers);
    }
}

void rollout_read(struct stepper *s, const struct rnn_arch *arch, const uint8_t *tokens, const float *numbers, int rows, int steps,
                  float *answers) {
    size_t I = (size_t)arch->input, O = (size_t)arch->output, T = (size_t)steps, R = (size_t)rows;
    uint8_t now[STEPPER_BLOCK];
    float *x = memory_alloc(STEPPER_BLOCK * I * sizeof *x);
    for (size_t first = 0, n; first < R; first += n) {
        n = R - first < STEPPER_BLOCK ? R - first : STEPPER_BLOCK;
        stepper_start(s, (int)n);
        for (size_t t = 0; t < T; t++) {
            gather(now, x, tokens, numbers, first, n, t, T, I);
            if (tokens)
                stepper_tokens(s, now);
            else
                stepper_numbers(s, x);
            for (size_t i = 0; i < n; i++)
                memcpy(answers + ((first + i) * T + t) * O, stepper_logits(s) + i * O, O * sizeof *answers);
        }
    }
    free(x);
}

void rollout_sample(struct stepper *s, const struct rnn_arch *arch, int first, int rows, int steps, struct rng *rng, uint8_t *tokens,
                    float *log_p) {
    int I = arch->input, kinds = first < 0 ? I : 1;
    size_t O = (size_t)arch->output, T = (size_t)steps;
    for (int kind = 0; kind < kinds && kind < rows; kind++) { // rows that begin alike, together; then each to its place
        int n = (rows - kind + kinds - 1) / kinds, begin = first < 0 ? kind : first;
        struct token_rows form = {.length = steps + 1, .bos = begin, .eos = begin};
        uint8_t *said = memory_alloc((size_t)n * (T + 1));
        float *p = memory_alloc((size_t)n * T * O * sizeof *p);
        stepper_sample(s, &form, n, (struct stepper_opening){0}, rng, said, p);
        for (int i = 0; i < n; i++) {
            size_t row = (size_t)(kind + i * kinds);
            memcpy(tokens + row * (T + 1), said + (size_t)i * (T + 1), T + 1);
            memcpy(log_p + row * T * O, p + (size_t)i * T * O, T * O * sizeof *p);
        }
        free(said);
        free(p);
    }
}
