#include "training/clone.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const float *of(const struct emulator *e, const char *name) {
    return e->values + e->table.list[params_find(&e->table, name)].offset;
}

// y [rows] = W [rows,cols] x + b (which may be NULL)
static void affine(float *y, const float *w, const float *x, const float *b, int rows, int cols) {
    for (int r = 0; r < rows; r++) {
        double sum = b ? (double)b[r] : 0;
        for (int c = 0; c < cols; c++)
            sum += (double)w[r * cols + c] * (double)x[c];
        y[r] = (float)sum;
    }
}

// All but what the emulator's projections are folded into.
static void copy_rest(struct clone *c, const struct emulator *e) {
    for (int i = 0; i < c->table.count; i++) {
        const struct param *p = &c->table.list[i];
        const char *name = strcmp(p->name, "linear.weight") == 0 ? "output_projection.weight"
                           : strcmp(p->name, "linear.bias") == 0 ? "output_projection.bias"
                                                                 : p->name;
        if (i != rnn_param(&c->arch, 0, W_IH))
            memcpy(c->weights + p->offset, of(e, name), p->size * sizeof(float));
    }
}

bool clone_make(struct clone *out, const struct emulator *e, const float *z, int bos) {
    int H = e->config.hidden, I = e->arch.input, G = (int)cell_inputs(&cell_lstm, H);
    bool every = e->config.condition == CONDITION_EVERY;
    if (!every && bos < 0)
        return false;
    *out = (struct clone){.arch = e->arch};
    out->arch.cell = &cell_lstm;
    out->arch.hidden = H;
    out->arch.layers = e->config.layers;
    rnn_params(&out->table, &out->arch);
    out->weights = memory_calloc(out->table.size, sizeof(float));
    copy_rest(out, e);
    const float *w_ih = of(e, "lstm.weight_ih_l0"), *w_in = of(e, "input_projection.weight");
    float *x = memory_calloc((size_t)H, sizeof *x), *y = memory_calloc((size_t)G, sizeof *y);
    float *columns = out->weights + out->table.list[rnn_param(&out->arch, 0, W_IH)].offset;
    float *bias = out->weights + out->table.list[rnn_param(&out->arch, 0, B_IH)].offset;
    for (int i = 0; i < I; i++) {
        for (int h = 0; h < H; h++)
            x[h] = w_in[h * I + i];
        affine(y, w_ih, x, NULL, G, H);
        for (int g = 0; g < G; g++)
            columns[g * I + i] = y[g];
    }
    affine(y, w_ih, of(e, "input_projection.bias"), bias, G, H);
    memcpy(bias, y, (size_t)G * sizeof *bias);
    affine(x, of(e, "embedding_projection.weight"), z, of(e, "embedding_projection.bias"), H, e->config.z);
    affine(y, w_ih, x, NULL, G, H);
    for (int g = 0; g < G; g++)
        *(every ? &bias[g] : &columns[g * I + bos]) += y[g];
    free(x);
    free(y);
    return true;
}

void clone_free(struct clone *c) {
    params_free(&c->table);
    free(c->weights);
    *c = (struct clone){0};
}
