// Elementwise and row-wise operations.
#ifndef NN_ACTIVATION_H
#define NN_ACTIVATION_H

#include "grad/tape.h"

enum activation { ACTIVATION_RELU, ACTIVATION_SIGMOID, ACTIVATION_SOFTMAX /* of each row */ };

struct tensor *activation(struct tape *tape, enum activation kind, struct tensor *x);
struct tensor *stretch(struct tape *tape, struct tensor *x, float low, float high); // low + (high - low) x: [0,1] to [low,high]
struct tensor *add(struct tape *tape, struct tensor *a, struct tensor *b);          // a + b, equal shapes
struct tensor *repeat_row(struct tape *tape, struct tensor *row, int rows);         // [1,C] -> [rows,C]
struct tensor *unit_rows(struct tape *tape, struct tensor *x); // each row divided by its Euclidean norm (no epsilon, as the reference)
struct tensor *concat_rows(struct tape *tape, struct tensor *const *parts, int count); // [R1,C], [R2,C], ... -> [R1+R2+...,C]

#endif
