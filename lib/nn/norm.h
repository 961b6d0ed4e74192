// Layer normalisation (Ba, Kiros and Hinton 2016), torch.nn.LayerNorm: for each row x [C], with its mean and its biased variance,
//     n = (x - mean) / sqrt(variance + 1e-5);  y = gain * n + bias.
// Letters: R rows, C columns; all matrices [R,C] dense, gain and bias [C].
#ifndef NN_NORM_H
#define NN_NORM_H

// x is replaced by n, which backward takes, and inverse [R] becomes 1 / sqrt(variance + 1e-5).
void norm_forward(float *y, float *x, float *inverse, const float *gain, const float *bias, int rows, int cols);

// y from n.
void norm_scale(float *y, const float *n, const float *gain, const float *bias, int rows, int cols);

// dy is replaced by dx; dgain and dbias (either may be NULL) are accumulated.
void norm_backward(float *dy, float *dgain, float *dbias, const float *n, const float *inverse, const float *gain, int rows, int cols);

#endif
