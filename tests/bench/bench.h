// Timing for the benchmarks: each figure is the median of several runs (BENCH_RUNS, fewer where a run is long), its spread the distance of
// the quartiles in percent of the median.
//   PROGRAM [--only PREFIX] [--repeat N] [--cpu]
// --only measures what has a name that starts so. --repeat prints a line "seconds share-of-peak" for each of N runs instead, for programs
// that compare (tests/bench/peer). --cpu takes the process's CPU time, of all threads, for a machine that is busy with other things.
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "math/kernels.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { BENCH_RUNS = 15, BENCH_SECONDS = 2 /* spent on a figure, about */ };

struct bench_time {
    double median, spread; // seconds; share of the median
};

static struct {
    const char *only; // NULL: all
    int repeat;       // 0: the usual lines
    bool cpu;
} bench_options;

static inline double bench_now(void) {
    struct timespec t;
    clock_gettime(bench_options.cpu ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline int bench_compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Times body(context), repeated so often that a run takes at least a millisecond. What takes seconds is run less often.
static inline struct bench_time bench_run(void (*body)(void *context), void *context) {
    int repeats = 1;
    double took;
    for (;; repeats *= 2) {
        const double start = bench_now();
        for (int i = 0; i < repeats; i++)
            body(context);
        took = bench_now() - start;
        if (took > 1e-3)
            break;
    }
    double seconds[BENCH_RUNS];
    const int runs = took > BENCH_SECONDS ? 1 : took > (double)BENCH_SECONDS / BENCH_RUNS ? 3 + (int)(BENCH_SECONDS / took) : BENCH_RUNS;
    for (int run = 0; run < runs && run < BENCH_RUNS; run++) {
        const double start = bench_now();
        for (int i = 0; i < repeats; i++)
            body(context);
        seconds[run] = (bench_now() - start) / repeats;
    }
    const int n = runs < BENCH_RUNS ? runs : BENCH_RUNS;
    qsort(seconds, n, sizeof *seconds, bench_compare);
    const double median = seconds[n / 2];
    return (struct bench_time){median, (seconds[n * 3 / 4] - seconds[n / 4]) / median};
}

static inline void bench_print_time(const char *name, struct bench_time time) {
    const int long_one = time.median >= 1e-3;
    printf("%-44s %10.3f %s  +-%4.1f%%", name, (long_one ? 1e3 : 1e6) * time.median, long_one ? "ms" : "us", 100 * time.spread);
}

// One line: name, median, spread, GF/s, share of the peak (GF/s of the cores in use, see bench_peak); flops 0 leaves out the last two.
static inline void bench_print(const char *name, struct bench_time time, double flops, double peak) {
    bench_print_time(name, time);
    if (flops > 0)
        printf("  %7.1f GF/s  %5.1f%% of peak", 1e-9 * flops / time.median, 1e-7 * flops / time.median / peak);
    putchar('\n');
}

// One line: name, median, spread, amount a second.
static inline void bench_print_rate(const char *name, struct bench_time time, double amount, const char *unit) {
    bench_print_time(name, time);
    printf("  %9.2f %s\n", amount / time.median, unit);
    fflush(stdout);
}

// --- Measurements that can be chosen by name ---

static inline void bench_read_options(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--cpu") == 0)
            bench_options.cpu = true;
        else if (i + 1 < argc && strcmp(argv[i], "--only") == 0)
            bench_options.only = argv[++i];
        else if (i + 1 < argc && strcmp(argv[i], "--repeat") == 0 && atoi(argv[i + 1]) > 0)
            bench_options.repeat = atoi(argv[++i]);
        else {
            fprintf(stderr, "usage: %s [--only PREFIX] [--repeat N] [--cpu]\n", argv[0]);
            exit(2);
        }
    }
}

static inline bool bench_wanted(const char *name) {
    return !bench_options.only || strncmp(name, bench_options.only, strlen(bench_options.only)) == 0;
}

// The first run is not timed: it fetches memory from the system.
static inline void bench_repeat(void (*body)(void *context), void *context, double flops, double peak) {
    body(context);
    for (int i = 0; i < bench_options.repeat; i++) {
        const double start = bench_now();
        body(context);
        const double seconds = bench_now() - start;
        printf("%.9f %.4f\n", seconds, 1e-9 * flops / seconds / peak);
    }
}

// bench_run and bench_print, if wanted.
static inline void bench_measure(const char *name, void (*body)(void *context), void *context, double flops, double peak) {
    if (!bench_wanted(name))
        return;
    if (bench_options.repeat)
        bench_repeat(body, context, flops, peak);
    else
        bench_print(name, bench_run(body, context), flops, peak);
    fflush(stdout);
}

// bench_run and bench_print_rate, if wanted.
static inline void bench_measure_rate(const char *name, void (*body)(void *context), void *context, double amount, const char *unit) {
    if (!bench_wanted(name))
        return;
    if (bench_options.repeat)
        bench_repeat(body, context, 0, 1);
    else
        bench_print_rate(name, bench_run(body, context), amount, unit);
}

// --- The multiply-add peak of one core: 12 independent sums in registers, the vectors of the kernels in use ---

enum { BENCH_SUMS = 12, BENCH_STEPS = 20000 };

#ifdef __x86_64__
__attribute__((target("avx512f"))) static inline void bench_multiply_add_512(void *context) {
    float *x = context;
    __m512 sum[BENCH_SUMS];
    const __m512 factor = _mm512_set1_ps(*x);
#pragma GCC unroll 12
    for (int j = 0; j < BENCH_SUMS; j++)
        sum[j] = _mm512_set1_ps((float)j);
    for (int i = 0; i < BENCH_STEPS; i++)
#pragma GCC unroll 12
        for (int j = 0; j < BENCH_SUMS; j++)
            sum[j] = _mm512_fmadd_ps(sum[j], factor, factor);
#pragma GCC unroll 12
    for (int j = 1; j < BENCH_SUMS; j++)
        sum[0] = _mm512_add_ps(sum[0], sum[j]);
    x[1] = _mm512_reduce_add_ps(sum[0]);
}

__attribute__((target("avx2,fma"))) static inline void bench_multiply_add_256(void *context) {
    float *x = context;
    __m256 sum[BENCH_SUMS];
    const __m256 factor = _mm256_set1_ps(*x);
#pragma GCC unroll 12
    for (int j = 0; j < BENCH_SUMS; j++)
        sum[j] = _mm256_set1_ps((float)j);
    for (int i = 0; i < BENCH_STEPS; i++)
#pragma GCC unroll 12
        for (int j = 0; j < BENCH_SUMS; j++)
            sum[j] = _mm256_fmadd_ps(sum[j], factor, factor);
#pragma GCC unroll 12
    for (int j = 1; j < BENCH_SUMS; j++)
        sum[0] = _mm256_add_ps(sum[0], sum[j]);
    _mm256_storeu_ps(x + 1, sum[0]);
}
#endif

static inline void bench_multiply_add_128(void *context) {
    typedef float vec4 __attribute__((vector_size(16)));
    float *x = context;
    vec4 sum[BENCH_SUMS] = {{0}};
    for (int i = 0; i < BENCH_STEPS; i++)
#pragma GCC unroll 12
        for (int j = 0; j < BENCH_SUMS; j++)
            sum[j] = sum[j] * *x + *x;
#pragma GCC unroll 12
    for (int j = 1; j < BENCH_SUMS; j++)
        sum[0] += sum[j];
    memcpy(x + 1, &sum[0], sizeof sum[0]);
}

// GF/s; prints it as the first line. Portable kernels leave products to BLIS, which knows the widest vectors.
static inline double bench_peak(void) {
    float x[16] = {0.5f};
    int lanes = 4;
    void (*body)(void *) = bench_multiply_add_128;
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f") && strcmp(kernels()->name, "avx2") != 0) {
        lanes = 16;
        body = bench_multiply_add_512;
    } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        lanes = 8;
        body = bench_multiply_add_256;
    }
#endif
    const struct bench_time time = bench_run(body, x);
    const double flops = 2.0 * lanes * BENCH_SUMS * BENCH_STEPS, peak = 1e-9 * flops / time.median;
    if (!bench_options.repeat)
        bench_print("multiply-add peak of one core", time, flops, peak);
    return peak;
}

#endif
