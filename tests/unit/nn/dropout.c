#include "nn/dropout.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

enum { N = 200001 };
static float x[N], y[N];

// Ones through dropout: the share of zeros, and the mean.
static void test_rate(float rate) {
    struct dropout d = {.rate = rate, .key = 5};
    double sum = 0, zeros = 0, pairs = 0, others = 0;
    for (int i = 0; i < N; i++)
        x[i] = 1;
    dropout_apply(&d, x, N);
    for (int i = 0; i < N; i++) {
        others += x[i] != 0 && x[i] != dropout_factor(&d);
        sum += x[i];
        zeros += x[i] == 0;
        pairs += i > 0 && x[i] == 0 && x[i - 1] == 0;
    }
    CHECK(others == 0);
    double deviation = sqrt(rate * (1 - rate) / N);
    CHECK_CLOSE(zeros / N, rate, 5 * deviation);
    CHECK_CLOSE(sum / N, 1, 5 * deviation / (1 - rate));
    CHECK_CLOSE(pairs / N, rate * rate, 5 * rate / sqrt(N)); // neighbours know nothing of each other
    CHECK_CLOSE(dropout_factor(&d), 1 / (1 - rate), 1e-4 / (1 - rate));
}

// The factor of an element depends on its position alone, wherever a stretch begins.
static void test_positions(void) {
    struct dropout d = {.rate = 0.3f, .key = 9};
    dropout_mask(&d, x, 0, 1000);
    for (size_t first = 0; first < 200; first += 7)
        for (size_t n = 0; n < 700; n += 31) {
            y[n] = -1;
            dropout_mask(&d, y, first, n);
            CHECK(memcmp(y, x + first, n * sizeof *y) == 0 && y[n] == -1, "%zu from %zu", n, first);
        }
}

// The same key gives the same mask; other keys and sites other ones.
static void test_keys(void) {
    struct dropout a = {.rate = 0.5f, .key = 1}, b = {.rate = 0.5f, .key = 2}, first = dropout_at(&a, 0), second = dropout_at(&a, 1);
    const struct dropout *others[] = {&b, &first, &second};
    dropout_mask(&a, x, 0, 6400);
    dropout_mask(&a, y, 0, 6400);
    CHECK(memcmp(x, y, 6400 * sizeof *x) == 0 && first.rate == a.rate);
    for (int i = 0; i < 3; i++) {
        int equal = 0;
        dropout_mask(others[i], y, 0, 6400);
        for (int k = 0; k < 6400; k++)
            equal += x[k] == y[k];
        CHECK(abs(equal - 3200) < 5 * 40, "%d", equal);
    }
    dropout_mask(&first, x, 0, 6400);
    CHECK(memcmp(x, y, 6400 * sizeof *x) != 0);
}

static void test_off(void) {
    struct dropout d = {.rate = 0, .key = 1};
    for (int i = 0; i < 100; i++)
        x[i] = y[i] = (float)i;
    dropout_apply(&d, x, 100);
    CHECK(memcmp(x, y, 100 * sizeof *x) == 0 && dropout_factor(&d) == 1);
    dropout_mask(&d, x, 3, 90);
    for (int i = 0; i < 90; i++)
        CHECK(x[i] == 1);
    x[0] = NAN;
    d.rate = 0.9f;
    dropout_apply(&d, x, 1);
    CHECK(isnan(x[0]), "NaN must not become 0");
}

int main(void) {
    test_rate(0.1f);
    test_rate(0.5f);
    test_rate(0.9f);
    test_positions();
    test_keys();
    test_off();
    return check_report("nn/dropout");
}
