// The kernels and matrix products at the shapes of the emulator's and the encoders' training steps.
#include "math/kernels.h"

#include "base/memory.h"
#include "base/rng.h"
#include "bench.h"
#include "math/blas.h"

static double peak;

static float *random_floats(size_t n) {
    struct rng rng = rng_make(1, n, "bench");
    float *x = memory_alloc(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = rng_uniform(&rng, -1, 1);
    return x;
}

// --- Matrix products ---

struct product {
    enum transpose ta, tb;
    int m, n, k;
    float *a, *b, *c;
};

static void run_kernel(void *context) {
    const struct product *p = context;
    const size_t lda = p->ta == PLAIN ? p->k : p->m;
    kernels()->gemm(p->c, p->n, NULL, 0, p->a, p->ta == PLAIN ? lda : 1, p->ta == PLAIN ? 1 : lda, p->b, p->n, p->m, p->n, p->k);
}

static void run_ours(void *context) {
    const struct product *p = context;
    blas_sgemm(p->ta, p->tb, p->m, p->n, p->k, p->a, p->ta == PLAIN ? p->k : p->m, p->b, p->tb == PLAIN ? p->n : p->k, 0, p->c, p->n);
}

static void run_blis(void *context) {
    const struct product *p = context;
    blas_sgemm_blis(p->ta, p->tb, p->m, p->n, p->k, p->a, p->ta == PLAIN ? p->k : p->m, p->b, p->tb == PLAIN ? p->n : p->k, 0, p->c, p->n);
}

static void bench_product(enum transpose ta, enum transpose tb, int m, int n, int k) {
    struct product p = {ta, tb, m, n, k, random_floats((size_t)m * k), random_floats((size_t)k * n), random_floats((size_t)m * n)};
    char name[64];
    const struct {
        const char *name;
        void (*run)(void *context);
    } engines[] = {{"kernel", run_kernel}, {"blas_sgemm", run_ours}, {"blis", run_blis}};
    for (int i = tb == PLAIN ? 0 : 1; i < 3; i++) {
        snprintf(name, sizeof name, "%c%c %dx%dx%d %s", ta == PLAIN ? 'N' : 'T', tb == PLAIN ? 'N' : 'T', m, n, k, engines[i].name);
        bench_print(name, bench_run(engines[i].run, &p), 2.0 * m * n * k, peak);
    }
    free(p.a);
    free(p.b);
    free(p.c);
}

static void bench_products(void) {
    static const int small[][3] = {{1, 128, 32},  {2, 128, 32},  {4, 128, 32},    {8, 128, 32},  {32, 128, 32},
                                   {32, 128, 64}, {32, 32, 128}, {1312, 128, 32}, {64, 256, 64}, {2624, 256, 64}};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        bench_product(PLAIN, PLAIN, small[i][0], small[i][1], small[i][2]);
    bench_product(PLAIN, TRANSPOSED, 32, 128, 32);
    bench_product(PLAIN, TRANSPOSED, 1312, 128, 32);
    bench_product(TRANSPOSED, PLAIN, 128, 32, 1312);
    bench_product(TRANSPOSED, PLAIN, 256, 64, 2624);
    bench_product(PLAIN, PLAIN, 64, 1024, 256);
    bench_product(PLAIN, TRANSPOSED, 64, 1024, 256);
    bench_product(PLAIN, PLAIN, 2624, 1024, 256);
    bench_product(PLAIN, TRANSPOSED, 2624, 1024, 256);
    bench_product(PLAIN, PLAIN, 2624, 256, 1024);
    bench_product(TRANSPOSED, PLAIN, 1024, 256, 2624);
    bench_product(PLAIN, PLAIN, 1024, 1024, 1024);
}

// --- Everything else: time for each element ---

struct vectors {
    void (*function)(float *y, const float *x, size_t n);
    size_t n;
    int rows, hidden;
    float *x, *y, *gates, *c, *tanh_c, *h;
};

static void run_elementwise(void *context) {
    const struct vectors *v = context;
    v->function(v->y, v->x, v->n);
}

// The gates become activations, which are as good an input as any for the next run.
static void run_forward(void *context) {
    const struct vectors *v = context;
    kernels()->lstm_forward(v->gates, 4 * v->hidden, v->c, v->tanh_c, v->h, v->x, v->rows, v->hidden);
}

static void run_backward(void *context) {
    const struct vectors *v = context;
    memcpy(v->c, v->x, (size_t)v->rows * v->hidden * sizeof *v->c); // else it shrinks to denormal numbers
    kernels()->lstm_backward(v->y, v->c, v->h, v->gates, 4 * v->hidden, v->tanh_c, v->x, v->rows, v->hidden);
}

static void run_gru_forward(void *context) {
    const struct vectors *v = context;
    kernels()->gru_forward(v->gates, 4 * v->hidden, v->h, v->x, v->rows, v->hidden);
}

static void run_gru_backward(void *context) {
    const struct vectors *v = context;
    kernels()->gru_backward(v->y, NULL, v->h, v->gates, 4 * v->hidden, v->x, v->rows, v->hidden);
}

static void run_transpose(void *context) {
    const struct vectors *v = context;
    kernels()->transpose(v->y, v->rows, v->x, v->hidden, v->rows, v->hidden);
}

static void run_adamw(void *context) {
    const struct vectors *v = context;
    kernels()->adamw(v->y, v->c, v->h, v->x, v->n, 1, 1e-5f, 0.9f, 0.999f, 1e-3f, 1, 1e-8f);
}

static void run_sum_squares(void *context) {
    const struct vectors *v = context;
    *v->y = (float)kernels()->sum_squares(v->x, v->n);
}

static void run_softmax(void *context) {
    const struct vectors *v = context;
    kernels()->softmax(v->y, NULL, v->x, v->rows, v->hidden);
}

static void bench_elements(const char *name, void (*run)(void *), struct vectors *v, double elements) {
    char text[64];
    const struct bench_time time = bench_run(run, v);
    snprintf(text, sizeof text, "%s (%.3f ns an element)", name, 1e9 * time.median / elements);
    bench_print(text, time, 0, peak);
}

int main(void) {
    peak = bench_peak();
    printf("kernels: %s\n", kernels()->name);
    bench_products();
    const size_t n = 1 << 16;
    struct vectors v = {
        kernels()->sigmoid, 4096, 32, 32, random_floats(n), random_floats(n), random_floats(n), random_floats(n), random_floats(n),
        random_floats(n)};
    bench_elements("sigmoid 4096", run_elementwise, &v, 4096);
    v.function = kernels()->tanh;
    bench_elements("tanh 4096", run_elementwise, &v, 4096);
    v.function = kernels()->exp;
    bench_elements("exp 4096", run_elementwise, &v, 4096);
    bench_elements("lstm_forward 32x32", run_forward, &v, 32 * 32);
    bench_elements("lstm_backward 32x32", run_backward, &v, 32 * 32);
    bench_elements("gru_forward 32x32", run_gru_forward, &v, 32 * 32);
    bench_elements("gru_backward 32x32", run_gru_backward, &v, 32 * 32);
    bench_elements("sum_squares 4096", run_sum_squares, &v, 4096);
    bench_elements("softmax 32x32", run_softmax, &v, 32 * 32);
    v.rows = 64, v.hidden = 256;
    bench_elements("lstm_forward 64x256", run_forward, &v, 64 * 256);
    bench_elements("lstm_backward 64x256", run_backward, &v, 64 * 256);
    bench_elements("gru_forward 64x256", run_gru_forward, &v, 64 * 256);
    bench_elements("gru_backward 64x256", run_gru_backward, &v, 64 * 256);
    bench_elements("transpose 64x256", run_transpose, &v, 64 * 256);
    v.rows = v.hidden = 256;
    bench_elements("transpose 256x256", run_transpose, &v, 256 * 256);
    for (size_t i = 0; i < n; i++)
        v.h[i] *= v.h[i]; // second moments
    v.n = n;
    bench_elements("adamw 65536", run_adamw, &v, n);
    float *all[] = {v.x, v.y, v.gates, v.c, v.tanh_c, v.h};
    for (int i = 0; i < 6; i++)
        free(all[i]);
    return 0;
}
