// The checker itself: it sees wrong gradients, missing ones, and NaN.
#include "point.h"

// y = sum x^2, with a gradient that is wrong by a factor, or not a number.
static float wrong_factor;

static void wrong_backward(void *saved) {
    const struct score_saved *s = saved;
    for (size_t i = 0; i < tensor_size(s->x); i++)
        s->x->grad[i] += 2 * s->x->value[i] * wrong_factor;
}

static struct tensor *build_wrong(struct tape *tape, struct point *p) {
    struct tensor *x = leaf(tape, p, 3, 5), *loss = tape_tensor(tape, 1, 1, true);
    double sum = 0;
    for (size_t i = 0; i < tensor_size(x); i++)
        sum += p->variant && x->value[0] > x_memory[MAX_FLOATS - 1] ? NAN : (double)x->value[i] * x->value[i];
    loss->value[0] = (float)sum;
    struct score_saved *s = arena_alloc(&tape->arena, sizeof *s);
    *s = (struct score_saved){x, loss};
    tape_record(tape, wrong_backward, s);
    return loss;
}

static void test_checker(void) {
    struct point p = {.build = build_wrong, .x = x_memory, .grad = grad_memory};
    fill(x_memory, MAX_FLOATS, 1, "wrong");
    float before[15];
    memcpy(before, x_memory, sizeof before);
    struct rng rng = rng_make(7, 1, "directions");
    wrong_factor = 1;
    CHECK_CLOSE(gradcheck(point_build, &p, p.x, p.grad, 15, 5, 1e-2f, 1e-6, &rng), 0, 1e-3);
    CHECK(memcmp(before, x_memory, sizeof before) == 0, "x is not restored");
    wrong_factor = 1.05f;
    double error = gradcheck(point_build, &p, p.x, p.grad, 15, 5, 1e-2f, 1e-6, &rng);
    CHECK(error > 0.02 && error < 1, "%g", error);
    wrong_factor = 0;
    CHECK(gradcheck(point_build, &p, p.x, p.grad, 15, 5, 1e-2f, 1e-6, &rng) > 1, "a missing gradient");
    wrong_factor = NAN;
    CHECK(isnan(gradcheck(point_build, &p, p.x, p.grad, 15, 5, 1e-2f, 1e-6, &rng)), "a gradient that is NaN");
    wrong_factor = 1; // one value that is NaN, in the first direction only or later, must not be forgotten
    p.variant = 1;
    x_memory[MAX_FLOATS - 1] = x_memory[0] + 4e-3f;
    CHECK(isnan(gradcheck(point_build, &p, p.x, p.grad, 15, 20, 1e-2f, 1e-6, &rng)), "a value that is NaN");
}

int main(void) {
    test_checker();
    return check_report("grad/gradcheck");
}
