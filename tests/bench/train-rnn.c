// Training RNNs of both zoos at the paper's size, of every cell, and what a snapshot costs: 2 x 32 units, batch 32; languages of 4 tokens,
// 41 positions; images of 50 tiles of 16 pixels.
#include "families/language.h"
#include "families/smnist.h"

#include "base/memory.h"
#include "bench.h"

enum { SAMPLES = 0 /* as many as train-rnn */, STRINGS = 1000, IMAGES = 24000, ROLLOUTS = 100, IMAGE_SET = 60000 };

static void run_step(void *context) {
    if (!trainee_update(context))
        abort();
}

static void run_performance(void *context) {
    trainee_performance(context, SAMPLES);
}

static void run_rollouts(void *context) {
    struct rollouts r = trainee_rollouts(context, ROLLOUTS);
    rollouts_free(&r);
}

// Multiply-adds that a forward pass needs, for B rows of T positions, H units a layer, GH gates: at t = 0 no recurrence, since h is zero;
// the first layer's product with one-hot inputs is a look-up. Backward needs as many for the gradients of the layers' inputs (but for the
// first one's) and as many for those of the weights; a multiply-add is two operations.
static double step_flops(const struct trainee *t, int batch, int positions, bool one_hot) {
    const double units = t->arch.hidden, gates = t->arch.cell->gates * units, layers = t->arch.layers;
    const double first = one_hot ? 0 : positions * t->arch.input * gates;
    const double inputs = (layers - 1) * positions * units * gates, recurrence = layers * (positions - 1) * units * gates;
    const double readout = positions * units * t->arch.output;
    return 2 * batch * (2 * first + 3 * (inputs + recurrence + readout));
}

static void bench_languages(double peak) {
    const struct language language = {.tokens = 4, .offsets = {0, 1, -1, 2}, .length = language_default_length(4, 10), .max_n = 10};
    struct trainee *t = trainee_of_language(&language, &train_paper_recipe, 1, 1);
    const double flops = step_flops(t, train_paper_recipe.batch, language.length - 1, true);
    if (!bench_options.repeat)
        printf("languages: a training step needs %.1f MFLOP\n", 1e-6 * flops);

    // Untrained, the RNN hardly ever ends a string; a few hundred steps make sampling what it is in a zoo.
    bench_measure("training step", run_step, t, flops, peak);
    while (t->step < 500)
        run_step(t);
    bench_measure("training step, after 500", run_step, t, flops, peak);
    bench_measure_rate("sampling and judging 1,000 strings", run_performance, t, STRINGS, "strings/s");
    bench_measure_rate("100 rollouts with log-probabilities", run_rollouts, t, ROLLOUTS, "rollouts/s");
    trainee_free(t);
}

// The same task, learnt by RNNs of every cell.
static void bench_cells(double peak) {
    const struct language language = {.tokens = 4, .offsets = {0, 1, -1, 2}, .length = language_default_length(4, 10), .max_n = 10};
    for (int i = 0; cell_at(i); i++) {
        struct train_recipe recipe = train_paper_recipe;
        char name[64];
        recipe.cell = cell_at(i);
        struct trainee *t = trainee_of_language(&language, &recipe, 1, 1);
        snprintf(name, sizeof name, "step of %s", recipe.cell->name);
        bench_measure(name, run_step, t, step_flops(t, recipe.batch, language.length - 1, true), peak);
        trainee_free(t);
    }
}

static void run_rotation(void *context) {
    free(image_rotate_all(context, 33));
}

// Of what is on an image, speed doesn't depend.
static void bench_images(double peak) {
    const size_t pixels = (size_t)IMAGE_SET * IDX_SIDE * IDX_SIDE;
    uint8_t *noise = memory_alloc(pixels), *labels = memory_calloc(IMAGE_SET, 1);
    for (size_t i = 0; i < pixels; i++)
        noise[i] = (uint8_t)(i * i >> 4);
    struct image_set images = {.count = IMAGE_SET, .side = IDX_SIDE, .pixels = noise, .labels = labels};
    const struct smnist task = {.data = "noise", .tile = SMNIST_DEFAULT_TILE, .rotation = 33};
    struct trainee *t;
    struct error error;
    if (trainee_of_smnist(&t, &task, &images, &train_paper_recipe, 1, 1, &error) != STATUS_OK)
        abort();
    const double flops = step_flops(t, train_paper_recipe.batch, smnist_steps(&task), false);
    if (!bench_options.repeat)
        printf("images: a training step needs %.1f MFLOP\n", 1e-6 * flops);

    bench_measure_rate("turning 60,000 images", run_rotation, &images, IMAGE_SET, "images/s");
    bench_measure("training step on images", run_step, t, flops, peak);
    bench_measure_rate("judging by 2 x 12,000 images", run_performance, t, IMAGES, "images/s");
    bench_measure_rate("100 rollouts with logits", run_rollouts, t, ROLLOUTS, "rollouts/s");
    trainee_free(t);
    free(noise);
    free(labels);
}

int main(int argc, char **argv) {
    bench_read_options(argc, argv);
    const double peak = bench_peak();
    bench_languages(peak);
    bench_cells(peak);
    bench_images(peak);
    return 0;
}
