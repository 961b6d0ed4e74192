// Somebody who answers in an RNN's stead, whose weights nobody knows: a program behind a pipe, a device. It is asked one input at a time,
// in sequences that each begin anew. Letters: I inputs, O outputs, M sequences, K steps.
#ifndef RNN_ORACLE_H
#define RNN_ORACLE_H

#include <stdbool.h>

struct oracle {
    int input, output; // I, O
    // Begins a new sequence, and answers [O] (raw outputs) to the next inputs [I] of the present one. False when that failed: then nothing
    // more is asked, and the answers are zeros. What went wrong is for the oracle to keep.
    bool (*reset)(struct oracle *oracle);
    bool (*answer)(struct oracle *oracle, const float *inputs, float *answers);
    bool failed;
};

// M sequences that are known beforehand: answers [K,M,O] to inputs [K,M,I].
void oracle_sequences(struct oracle *oracle, const float *inputs, float *answers, int steps, int sequences);

// M sequences side by side, each input depending on answers before it: answers [M,O] to the inputs of step t. inputs[k] [M,I] are those of
// steps k = 0 .. t. As the oracle reads one sequence only, it is told the beginning of each of them again, when there are several.
void oracle_step(struct oracle *oracle, const float *const *inputs, float *answers, int t, int sequences);

#endif
