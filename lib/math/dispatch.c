// Which set of kernels this CPU gets.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "math/kernels.h"

extern const struct kernels kernels_portable;
#ifdef KERNELS_X86
extern const struct kernels kernels_avx2, kernels_avx512;
#endif

static const struct kernels *available[4], *chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void) {
    int count = 0;
#ifdef KERNELS_X86
    const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq"))
        available[count++] = &kernels_avx512;
    if (avx2)
        available[count++] = &kernels_avx2;
#endif
    available[count] = &kernels_portable;
    chosen = available[0];
    const char *wanted = getenv("RNNPIPE_KERNELS");
    for (int i = 0; wanted && i <= count; i++)
        if (strcmp(available[i]->name, wanted) == 0)
            chosen = available[i];
}

const struct kernels *kernels(void) {
    pthread_once(&once, choose);
    return chosen;
}

const struct kernels *kernels_available(int index) {
    pthread_once(&once, choose);
    return available[index];
}
