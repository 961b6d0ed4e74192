// An RNN as an interrogation runs it: its layers with the way back (layer.h has the way forward), its read-out, and the states of all
// steps. Letters: R rows, I inputs of a layer, H hidden units, G blocks, A blocks kept apart, W = (G+A)*H (see nn/cell.h), O outputs.
#ifndef RNN_SUBJECT_H
#define RNN_SUBJECT_H

#include "base/arena.h"
#include "rnn/layer.h"
#include "rnn/rnn.h"

struct subject_layer {
    struct layer forward;
    const float *w_ih, *w_hh;             // [GH,I], [GH,H], of the RNN
    float *dw_ih, *dw_hh, *db_ih, *db_hh; // gradients to add to; NULL: none wanted
};

// The read-out, y [R,O] = h W^T + b.
struct subject_head {
    int hidden, output;
    const float *w, *b; // [O,H], [O]
    float *w_t;         // [H,O]
    float *dw, *db;     // NULL: no gradient wanted
};

struct subject {
    const struct rnn_arch *arch;
    struct subject_layer *layer; // [layers]
    struct subject_head head;
};

// All is of the arena, but for the RNN's weights and gradients, which have to outlive the subject.
struct subject subject_of(struct arena *arena, const struct rnn *rnn);

// The way back through a layer, from the gates' gradients [R,W]. Added are the gradients of its inputs, dx [R,I], and of the states before,
// dh [R,H]; those of W_ih and both biases from the inputs x [R,I], and those of W_hh from the states before, h [R,H] (nothing happens when
// no gradients of weights are wanted).
void subject_inputs_backward(const struct subject_layer *v, const float *dgates, float *dx, int rows);
void subject_states_backward(const struct subject_layer *v, const float *dgates, float *dh, int rows);
void subject_weights_backward(const struct subject_layer *v, const float *dgates, const float *x, int rows);
void subject_recurrence_backward(const struct subject_layer *v, const float *dgates, const float *h, int rows);

void subject_answer(const struct subject_head *v, float *y, const float *h, int rows);
void subject_answer_backward(const struct subject_head *v, const float *dy, const float *h, float *dh, int rows); // adds to dh, dw, db

// One layer's states over T steps of R rows: all that the way back takes.
struct subject_states {
    const struct cell *cell;
    int rows, hidden;
    float *gates;         // [T,R,W]: pre-activations, then activations, then (on the way back) gradients of the former
    float *h, *c, *saved; // [T,R,H], [T,R,H], [T,R,saved*H]; NULL where the cell has none
    float *dh, *dc;       // [T,R,H], [R,H]; NULL when there is no way back
};

// Of all layers of an architecture.
struct subject_states *subject_states_new(struct arena *arena, const struct rnn_arch *arch, int steps, int rows, bool backward);

// The gates of step t, [R,W]; and [R,H] of step t of s->h, s->c or s->dh, which is NULL for step -1 and where there are none.
float *subject_gates(const struct subject_states *s, int t);
float *subject_state(const struct subject_states *s, float *states, int t);

// The cell's step t of all rows, and its way back.
void subject_step(const struct subject_states *s, int t);
void subject_step_backward(const struct subject_states *s, int t);

#endif
