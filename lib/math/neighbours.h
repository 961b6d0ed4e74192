// The nearest of many vectors: exact, one candidate after the other.
#ifndef MATH_NEIGHBOURS_H
#define MATH_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct neighbour {
    uint64_t index; // the candidate's
    double distance;
};

// The k nearest so far, the nearest first; of equally near ones the first that came. list has room for k.
struct neighbours {
    struct neighbour *list;
    int k, count;
};

bool neighbours_near(const struct neighbours *n, double distance); // would a candidate at this distance be among them?
void neighbours_offer(struct neighbours *n, uint64_t index, double distance);

double neighbours_distance(const float *a, const float *b, size_t size); // Euclidean

// The distance from z [size] to the nearest of `count` rows; rows for which skip [count] is set are passed over (skip may be NULL).
// Infinite when none is left.
double neighbours_nearest(const float *z, const float *rows, size_t count, size_t size, const unsigned char *skip);

#endif
