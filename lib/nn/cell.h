// The cells that recurrent layers are made of, each a value: what one step computes and what its parameters look like. Each cell is a file
// of its own (lstm.c, gru.c, rnn.c) with its equations; cell.c is the registry. Whatever runs layers (recurrent.h, rnn/stepper.h,
// rnn/interrogate.h) works with any cell. Letters: R rows (strings, or RNNs times strings), H hidden units, G blocks, A blocks kept apart.
//
// A layer has W_ih [G*H,I], W_hh [G*H,H], b_ih [G*H], b_hh [G*H], in G blocks of H rows. Its pre-activations are, in blocks of H columns,
//     the first G - A blocks:   W_ih x + b_ih + W_hh h + b_hh
//     the next A blocks:        W_ih x + b_ih                     (the last rows of W_ih)
//     A blocks more:            W_hh h + b_hh                     (the last rows of W_hh)
// so that without blocks kept apart a row of pre-activations is G*H numbers, all sums of both products.
#ifndef NN_CELL_H
#define NN_CELL_H

#include <stdbool.h>
#include <stddef.h>

// A layer's parameters, in the order in which tables of parameters have them.
enum rnn_part { W_IH, W_HH, B_IH, B_HH, RNN_PARTS };

// What one step works on. All matrices are dense; before the first step the states are zero, which NULL stands for.
struct cell_step {
    int rows, hidden;                 // R, H
    float *gates;                     // [R,(G+A)*H]: see cell.forward and cell.backward
    float *h, *c;                     // [R,H], the states after the step; c is NULL where a cell has one state only
    const float *h_before, *c_before; // [R,H], the states before it; in a run without backward they may be h and c themselves
    float *saved;                     // [R,saved*H]
    // backward only
    const float *dh;  // [R,H], the whole gradient of h
    float *dh_before; // [R,H] to add to what does not come through W_hh; NULL at the first step
    float *dc;        // [R,H], in: gradient of c from the step after; out: of c_before. NULL where there is no c
};

// What a unit's state may be multiplied by, when its weights are changed with it, so that the RNN computes the same function.
enum cell_symmetry { CELL_SIGNS /* by -1 */, CELL_SCALES /* by any positive number */ };

struct cell {
    const char *name;   // in records and options: "lstm"
    const char *prefix; // of the parameters' names, as the attribute of a PyTorch module: "lstm"
    const char *blocks; // a letter for each of the G blocks, in PyTorch's order: "ifgo"
    int gates;          // G
    int apart;          // A <= G
    int states;         // 1: h; 2: h and c
    int saved;          // so many further numbers a unit pass from forward to backward
    int candidate;      // the one block whose rows are multiplied together with a unit's state; the others are gates
    enum cell_symmetry symmetry;

    // gates: pre-activations, which are replaced by the activations (the last A blocks stay). Writes h, c and saved.
    void (*forward)(const struct cell_step *step);
    // gates: what forward left there, replaced by the gradients of the pre-activations. The states are those that forward saw and wrote.
    void (*backward)(const struct cell_step *step);
};

extern const struct cell cell_lstm, cell_gru, cell_rnn_tanh, cell_rnn_relu;

const struct cell *cell_find(const char *name); // NULL: there is none of that name
const struct cell *cell_at(int index);          // the registry, in order; NULL after the last
const char *cell_names(void);                   // all names, as "lstm|gru", for options and messages

// Floats in a row of pre-activations, (G+A)*H, and in one of W_ih x, G*H.
size_t cell_width(const struct cell *cell, int hidden);
size_t cell_inputs(const struct cell *cell, int hidden);

#endif
