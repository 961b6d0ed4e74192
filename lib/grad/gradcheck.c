#include "grad/gradcheck.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double evaluate(struct tape *tape, gradcheck_function *f, void *context) {
    tape_reset(tape, false);
    return f(tape, context)->value[0];
}

double gradcheck(gradcheck_function *f, void *context, float *x, float *grad, int n, int directions, float h, double floor,
                 struct rng *rng) {
    struct tape tape = {0};
    size_t bytes = (size_t)n * sizeof(float);
    float *start = memory_alloc(bytes), *u = memory_alloc(bytes);
    memcpy(start, x, bytes);

    memset(grad, 0, bytes);
    tape_reset(&tape, true);
    f(&tape, context)->grad[0] = 1;
    tape_backward(&tape);
    double grad_norm = 0;
    for (int i = 0; i < n; i++)
        grad_norm += (double)grad[i] * grad[i];
    grad_norm = sqrt(grad_norm);

    double worst = 0;
    for (int d = 0; d < directions; d++) {
        double norm = 0, slope = 0;
        for (int i = 0; i < n; i++) {
            u[i] = rng_normal(rng);
            norm += (double)u[i] * u[i];
        }
        norm = sqrt(norm);
        for (int i = 0; i < n; i++) {
            u[i] = (float)(u[i] / norm);
            slope += (double)u[i] * grad[i];
        }
        double sides[2];
        for (int side = 0; side < 2; side++) {
            for (int i = 0; i < n; i++)
                x[i] = start[i] + (side ? h : -h) * u[i];
            sides[side] = evaluate(&tape, f, context);
        }
        memcpy(x, start, bytes);
        double difference = (sides[1] - sides[0]) / (2.0 * h);
        double scale = fmax(fmax(fabs(slope), grad_norm / sqrt(n)), floor);
        double error = fabs(slope - difference) / scale;
        if (error > worst || isnan(error))
            worst = error; // and a NaN stays, since nothing is greater
    }
    free(start);
    free(u);
    tape_free(&tape);
    return worst;
}
