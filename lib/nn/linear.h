// Linear maps. Letters: R rows (batch, or time * batch), I inputs, O outputs.
#ifndef NN_LINEAR_H
#define NN_LINEAR_H

#include "nn/weights.h"

#include <stdint.h>

// y [R,O] = x [R,I] W^T + b; W [O,I], b [1,O] (torch.nn.Linear).
struct tensor *linear(struct tape *tape, struct tensor *x, struct tensor *w, struct tensor *b);

// The same for one-hot inputs: y[r] = W[:, token[r]] + b, a table look-up. tokens [R] must be < I and stay valid until backward.
struct tensor *linear_tokens(struct tape *tape, const uint8_t *tokens, int rows, struct tensor *w, struct tensor *b);

// A torch.nn.Sequential of linear maps with ReLU between them: `layers` hidden layers of width `hidden`, then one to `out`. Declares
// "NAME.0.weight", "NAME.0.bias", "NAME.2.weight", ... and returns the index of the first; all initialised uniform(-1/sqrt(fan in), ...).
int mlp_params(struct params *p, const char *name, int in, int hidden, int layers, int out);
struct tensor *mlp(struct tape *tape, const struct weights *w, int first, int layers, struct tensor *x);

// Declares one linear map, "NAME.weight" [out,in] and "NAME.bias" [out]; returns the index of the weight.
int linear_params(struct params *p, const char *name, int in, int out);
struct tensor *linear_at(struct tape *tape, const struct weights *w, int first,
                         struct tensor *x); // linear with parameters first, first + 1

#endif
