// A unit test is a program: CHECK counts, check_report prints "name: N passed, N failed" and gives main's exit status.
#ifndef UNIT_CHECK_H
#define UNIT_CHECK_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

static int check_passed, check_failed;

#define CHECK(condition, ...)                                                                                                              \
    do {                                                                                                                                   \
        if (condition) {                                                                                                                   \
            check_passed++;                                                                                                                \
        } else {                                                                                                                           \
            check_failed++;                                                                                                                \
            fprintf(stderr, "%s:%d: failed: %s:", __FILE__, __LINE__, #condition);                                                         \
            fprintf(stderr, " " __VA_ARGS__);                                                                                              \
            fputc('\n', stderr);                                                                                                           \
        }                                                                                                                                  \
    } while (0)

// NaN fails.
#define CHECK_CLOSE(a, b, tolerance) CHECK(fabs((double)(a) - (double)(b)) <= (tolerance), "%.9g against %.9g", (double)(a), (double)(b))

static inline int check_report(const char *name) {
    printf("%s: %d passed, %d failed\n", name, check_passed, check_failed);
    return check_failed || !check_passed;
}

#endif
