#include "math/neighbours.h"

#include <math.h>

bool neighbours_near(const struct neighbours *n, double distance) {
    return n->count < n->k || distance < n->list[n->k - 1].distance;
}

void neighbours_offer(struct neighbours *n, uint64_t index, double distance) {
    if (!neighbours_near(n, distance))
        return;
    int at = n->count < n->k ? n->count++ : n->k - 1;
    for (; at > 0 && distance < n->list[at - 1].distance; at--)
        n->list[at] = n->list[at - 1];
    n->list[at] = (struct neighbour){index, distance};
}

double neighbours_distance(const float *a, const float *b, size_t size) {
    double sum = 0;
    for (size_t i = 0; i < size; i++) {
        double d = (double)a[i] - (double)b[i];
        sum += d * d;
    }
    return sqrt(sum);
}

double neighbours_nearest(const float *z, const float *rows, size_t count, size_t size, const unsigned char *skip) {
    double least = INFINITY;
    for (size_t i = 0; i < count; i++)
        if (!skip || !skip[i])
            least = fmin(least, neighbours_distance(z, rows + i * size, size));
    return least;
}
