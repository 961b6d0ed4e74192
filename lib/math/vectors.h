// Vectors of floats, measured in double precision: sums over many weights, which float sums would round. Not for hot loops.
#ifndef MATH_VECTORS_H
#define MATH_VECTORS_H

#include <stddef.h>

double vectors_dot(const float *x, const float *y, size_t n);
double vectors_norm(const float *x, size_t n);                             // Euclidean
double vectors_cosine(const float *x, const float *y, size_t n);           // 0 when one of them is zero
double vectors_squared_distance(const float *x, const float *y, size_t n); // Euclidean

void vectors_sort(float *x, size_t n); // ascending, in place

#endif
