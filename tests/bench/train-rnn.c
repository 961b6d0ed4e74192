// Training, sampling and rollouts of a zoo RNN at the paper's size: 4 tokens, 2 x 32, batch 32, 41 positions.
#include "zoo/train.h"

#include "base/memory.h"
#include "bench.h"

enum { STRINGS = 1000, ROLLOUTS = 100 };

struct training {
    struct trainee *trainee;
    uint8_t *rows;
    float *log_p;
};

static void run_step(void *context) {
    const struct training *t = context;
    if (!trainee_update(t->trainee))
        abort();
}

static void run_performance(void *context) {
    const struct training *t = context;
    trainee_performance(t->trainee, STRINGS);
}

static void run_rollouts(void *context) {
    const struct training *t = context;
    trainee_rollouts(t->trainee, ROLLOUTS, t->rows, t->log_p);
}

// Multiply-adds that a forward pass needs, for B strings of T positions, H units a layer, 4H gates: from the first layer only the
// recurrence, since its product with one-hot inputs is a look-up; at t = 0 no recurrence, since h is zero. Backward needs as many for the
// gradients of the layers' inputs and as many for those of the weights; a multiply-add is two operations.
static double step_flops(const struct trainee *t, int batch, int positions) {
    const double units = t->arch.hidden, gates = 4 * units, layers = t->arch.layers;
    const double inputs = (layers - 1) * positions * units * gates, recurrence = layers * (positions - 1) * units * gates;
    const double readout = positions * units * t->arch.output;
    return 2 * 3 * batch * (inputs + recurrence + readout);
}

int main(int argc, char **argv) {
    bench_read_options(argc, argv);
    const double peak = bench_peak();
    const struct language language = {.tokens = 4, .offsets = {0, 1, -1, 2}, .length = language_default_length(4, 10), .max_n = 10};
    const int positions = language.length - 1;
    struct training t = {.trainee = trainee_new(&language, &train_paper_recipe, 1, 1)};
    t.rows = memory_alloc((size_t)ROLLOUTS * (size_t)language.length);
    t.log_p = memory_alloc((size_t)ROLLOUTS * (size_t)positions * (size_t)t.trainee->arch.output * sizeof *t.log_p);
    const double flops = step_flops(t.trainee, train_paper_recipe.batch, positions);
    if (!bench_options.repeat)
        printf("a training step needs %.1f MFLOP\n", 1e-6 * flops);

    // Untrained, the RNN hardly ever ends a string; a few hundred steps make sampling what it is in a zoo.
    bench_measure("training step", run_step, &t, flops, peak);
    while (t.trainee->step < 500)
        run_step(&t);
    bench_measure("training step, after 500", run_step, &t, flops, peak);
    bench_measure_rate("sampling and judging 1,000 strings", run_performance, &t, STRINGS, "strings/s");
    bench_measure_rate("100 rollouts with log-probabilities", run_rollouts, &t, ROLLOUTS, "rollouts/s");
    trainee_free(t.trainee);
    free(t.rows);
    free(t.log_p);
    return 0;
}
