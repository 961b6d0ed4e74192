#include "rnn/oracle.h"

#include <stddef.h>
#include <string.h>

static void reset(struct oracle *o) {
    o->failed = o->failed || !o->reset(o);
}

static void ask(struct oracle *o, const float *inputs, float *answers) {
    o->failed = o->failed || !o->answer(o, inputs, answers);
    if (o->failed)
        memset(answers, 0, (size_t)o->output * sizeof *answers);
}

void oracle_sequences(struct oracle *o, const float *inputs, float *answers, int steps, int sequences) {
    size_t I = (size_t)o->input, O = (size_t)o->output, M = (size_t)sequences;
    for (size_t m = 0; m < M; m++) {
        reset(o);
        for (size_t k = 0; k < (size_t)steps; k++)
            ask(o, inputs + (k * M + m) * I, answers + (k * M + m) * O);
    }
}

void oracle_step(struct oracle *o, const float *const *inputs, float *answers, int t, int sequences) {
    size_t I = (size_t)o->input, O = (size_t)o->output;
    for (size_t m = 0; m < (size_t)sequences; m++) {
        bool again = sequences > 1 || t == 0;
        if (again)
            reset(o);
        for (int k = again ? 0 : t; k <= t; k++)
            ask(o, inputs[k] + m * I, answers + m * O);
    }
}
