// Images of the second zoo: turning all that MNIST has, once for each RNN, and cutting them into sequences, a batch for each training step.
#include "families/smnist.h"

#include "base/memory.h"
#include "bench.h"

enum { COUNT = 60000, PIXELS = IDX_SIDE * IDX_SIDE, BATCH = 32 };

struct work {
    struct image_set set;
    struct smnist task;
    float *sequences; // [T,BATCH,I]
};

static void run_copy(void *context) {
    const struct work *w = context;
    uint8_t *copy = memory_alloc((size_t)COUNT * PIXELS);
    memcpy(copy, w->set.pixels, (size_t)COUNT * PIXELS);
    __asm__ volatile("" : : "r"(copy) : "memory"); // or else the compiler leaves out a copy that nobody reads
    free(copy);
}

static void run_rotation(void *context) {
    const struct work *w = context;
    free(image_rotate_all(&w->set, w->task.rotation));
}

static void run_sequences(void *context) {
    const struct work *w = context;
    long inputs = smnist_inputs(&w->task);
    for (int b = 0; b < BATCH; b++)
        image_sequence(w->set.pixels + (size_t)(b * 997) * PIXELS, w->task.tile, w->sequences + b * inputs, BATCH * inputs);
}

int main(void) {
    struct work w = {.task = {.tile = SMNIST_DEFAULT_TILE, .rotation = 33.3}};
    uint8_t *pixels = memory_alloc((size_t)COUNT * PIXELS);
    struct rng rng = rng_make(1, 0, "bench");
    for (size_t i = 0; i < (size_t)COUNT * PIXELS; i++)
        pixels[i] = (uint8_t)rng_u64(&rng);
    w.set = (struct image_set){.count = COUNT, .side = IDX_SIDE, .pixels = pixels};
    w.sequences = memory_alloc((size_t)(smnist_steps(&w.task) * BATCH * smnist_inputs(&w.task)) * sizeof *w.sequences);

    bench_print_rate("copying 60,000 images to new memory", bench_run(run_copy, &w), COUNT * 1e-6, "million images/s");
    bench_print_rate("turning 60,000 images", bench_run(run_rotation, &w), COUNT * 1e-6, "million images/s");
    w.task.rotation = 90;
    bench_print_rate("turning 60,000 images by 90 degrees", bench_run(run_rotation, &w), COUNT * 1e-6, "million images/s");
    bench_print_rate("sequences of 32 images", bench_run(run_sequences, &w), BATCH * 1e-6, "million images/s");
    free(pixels);
    free(w.sequences);
    return 0;
}
