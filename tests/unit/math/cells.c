// The steps of cells, of each instruction set, against a naive twin in double precision.
#include "math/kernels.h"

#include "buffers.h"

// --- One step of an LSTM ---

static void check_lstm_values(const struct kernels *kernel, int rows, int hidden) {
    const size_t n = (size_t)rows * hidden, ldg = 4 * hidden + 1, size = rows ? (rows - 1) * ldg + 4 * hidden : 0;
    float *x = random_floats(size, 3), *c_prev = random_floats(n, 1), *dh = random_floats(n, 1), *dc0 = random_floats(n, 1);
    for (int with_previous = 0; with_previous < 2; with_previous++) {
        const float *previous = with_previous ? c_prev : NULL;
        float *gates = copy_of(x, size), *dgates = filled(size, 0), *dc = copy_of(dc0, n), *c = filled(n, 0), *tc = filled(n, 0),
              *h = filled(n, 0);
        kernel->lstm_forward(gates, ldg, c, tc, h, previous, rows, hidden);
        kernel->lstm_backward(dgates, dc, dh, gates, ldg, tc, previous, rows, hidden);
        double worst = 0;
        for (int r = 0; r < rows; r++)
            for (int j = 0; j < hidden; j++) {
                const float *row = x + r * ldg + j, *d = dgates + r * ldg + j;
                const size_t e = (size_t)r * hidden + j;
                const double i = exact_sigmoid(row[0]), f = exact_sigmoid(row[hidden]), g = tanh(row[2 * hidden]),
                             o = exact_sigmoid(row[3 * hidden]);
                const double cp = previous ? previous[e] : 0, cell = f * cp + i * g, t = tanh(cell),
                             dcell = dc0[e] + dh[e] * o * (1 - t * t);
                const double difference[] = {c[e] - cell,
                                             tc[e] - t,
                                             h[e] - o * t,
                                             dc[e] - dcell * f,
                                             d[0] - dcell * g * i * (1 - i),
                                             d[hidden] - dcell * cp * f * (1 - f),
                                             d[2 * hidden] - dcell * i * (1 - g * g),
                                             d[3 * hidden] - dh[e] * t * o * (1 - o)};
                for (int q = 0; q < 8; q++)
                    worst = fabs(difference[q]) <= worst ? worst : fabs(difference[q]);
            }
        CHECK(worst <= 1e-6, "%s lstm %dx%d: %g", kernel->name, rows, hidden, worst);
        float *in_place = copy_of(gates, size), *dc_again = copy_of(dc0, n);
        kernel->lstm_backward(in_place, dc_again, dh, in_place, ldg, tc, previous, rows, hidden);
        for (int r = 0; r < rows; r++)
            CHECK(same(in_place + r * ldg, dgates + r * ldg, 4 * hidden) && same(dc_again, dc, n), "%s lstm_backward in place",
                  kernel->name);
        float *all[] = {gates, dgates, dc, c, tc, h, in_place, dc_again};
        for (int q = 0; q < 8; q++)
            free(all[q]);
    }
    free(x);
    free(c_prev);
    free(dh);
    free(dc0);
}

// --- One step of a GRU ---

static void check_gru_values(const struct kernels *kernel, int rows, int hidden) {
    const size_t n = (size_t)rows * hidden, ldg = 4 * hidden + 1, size = rows ? (rows - 1) * ldg + 4 * hidden : 0;
    float *x = random_floats(size, 3), *h_prev = random_floats(n, 1), *dh = random_floats(n, 1), *dh0 = random_floats(n, 1);
    for (int with_previous = 0; with_previous < 2; with_previous++) {
        const float *previous = with_previous ? h_prev : NULL;
        float *gates = copy_of(x, size), *dgates = filled(size, 0), *dprev = copy_of(dh0, n), *h = filled(n, 0);
        kernel->gru_forward(gates, ldg, h, previous, rows, hidden);
        kernel->gru_backward(dgates, with_previous ? dprev : NULL, dh, gates, ldg, previous, rows, hidden);
        double worst = 0;
        for (int row = 0; row < rows; row++)
            for (int j = 0; j < hidden; j++) {
                const float *in = x + row * ldg + j, *d = dgates + row * ldg + j;
                const size_t e = (size_t)row * hidden + j;
                const double r = exact_sigmoid(in[0]), z = exact_sigmoid(in[hidden]), a = in[3 * hidden], c = tanh(in[2 * hidden] + r * a),
                             hp = previous ? previous[e] : 0, dn = dh[e] * (1 - z) * (1 - c * c);
                const double difference[] = {h[e] - ((1 - z) * c + z * hp),
                                             gates[row * ldg + 3 * hidden + j] - a,
                                             d[0] - dn * a * r * (1 - r),
                                             d[hidden] - dh[e] * (hp - c) * z * (1 - z),
                                             d[2 * hidden] - dn,
                                             d[3 * hidden] - dn * r,
                                             dprev[e] - (dh0[e] + (previous ? dh[e] * z : 0))};
                for (int q = 0; q < 7; q++)
                    worst = fabs(difference[q]) <= worst ? worst : fabs(difference[q]);
            }
        CHECK(worst <= 1e-6, "%s gru %dx%d: %g", kernel->name, rows, hidden, worst);
        float *in_place = copy_of(gates, size), *again = copy_of(dh0, n), *states = copy_of(h_prev, n), *start = copy_of(x, size);
        kernel->gru_backward(in_place, with_previous ? again : NULL, dh, in_place, ldg, previous, rows, hidden);
        for (int row = 0; row < rows; row++)
            CHECK(same(in_place + row * ldg, dgates + row * ldg, 4 * hidden) && same(again, dprev, n), "%s gru_backward in place",
                  kernel->name);
        kernel->gru_forward(start, ldg, states, with_previous ? states : NULL, rows, hidden);
        CHECK(same(states, h, n), "%s gru_forward in place", kernel->name);
        float *all[] = {gates, dgates, dprev, h, in_place, again, states, start};
        for (int q = 0; q < 8; q++)
            free(all[q]);
    }
    free(x);
    free(h_prev);
    free(dh);
    free(dh0);
}

// --- Activations and their backward ---

static void check_activations(const struct kernels *kernel, int n) {
    float *x = random_floats(n, 2), *dy = random_floats(n, 1), *y = filled(n + 1, 7), *dx = filled(n + 1, 7);
    if (n > 4) {
        x[1] = 0;
        x[2] = INFINITY;
        x[3] = -INFINITY;
        x[4] = NAN;
    }
    kernel->relu(y, x, n);
    kernel->relu_backward(dx, dy, y, n);
    for (int i = 0; i < n; i++)
        CHECK(isnan(x[i]) ? isnan(y[i]) : y[i] == (x[i] > 0 ? x[i] : 0) && dx[i] == (x[i] > 0 ? dy[i] : 0), "%s relu(%g) = %g, %g",
              kernel->name, x[i], y[i], dx[i]);
    CHECK(y[n] == 7 && dx[n] == 7, "%s relu of %d writes beyond its end", kernel->name, n);
    kernel->tanh(y, x, n);
    kernel->tanh_backward(dx, dy, y, n);
    for (int i = 0; i < n; i++)
        CHECK(isnan(x[i]) ? isnan(dx[i]) : fabs(dx[i] - dy[i] * (1 - (double)y[i] * y[i])) <= 1e-6, "%s tanh_backward %d of %d",
              kernel->name, i, n);
    CHECK(dx[n] == 7, "%s tanh_backward of %d writes beyond its end", kernel->name, n);
    float *in_place = copy_of(y, n);
    kernel->tanh_backward(in_place, dy, in_place, n);
    CHECK(same(in_place, dx, n), "%s tanh_backward in place", kernel->name);
    float *all[] = {x, dy, y, dx, in_place};
    for (int q = 0; q < 5; q++)
        free(all[q]);
}

int main(void) {
    rng = rng_make(1, 2, "kernels");
    for (int isa = 0; kernels_available(isa); isa++) {
        const struct kernels *kernel = kernels_available(isa);
        for (int i = 0; i < SIZES; i++) {
            check_activations(kernel, sizes[i]);
            for (int j = 0; j < SIZES; j++) {
                check_lstm_values(kernel, sizes[i] % 10, sizes[j]);
                check_gru_values(kernel, sizes[i] % 10, sizes[j]);
            }
        }
    }
    return check_report("math/cells");
}
