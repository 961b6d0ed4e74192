// Gradients of batches of RNNs of all cells and several sizes: into their inputs and into the weights of each.
#include "../check.h"
#include "encoders/encoder.h"
#include "nn/activation.h"
#include "point.h"
#include "rnn/forms.h"

enum { I = 4, O = 4, T = 4, M = 2, RNNS = 6, DIRECTIONS = 6 };

static const struct rnn_arch archs[RNNS] = {
    {.cell = &cell_gru, .input = I, .hidden = 3, .layers = 2, .output = O},
    {.cell = &cell_lstm, .input = I, .hidden = 5, .layers = 2, .output = O},
    {.cell = &cell_rnn_relu, .input = I, .hidden = 4, .layers = 2, .output = O},
    {.cell = &cell_rnn_tanh, .input = I, .hidden = 7, .layers = 3, .output = O},
    {.cell = &cell_gru, .input = I, .hidden = 4, .layers = 2, .output = O},
    {.cell = &cell_lstm, .input = I, .hidden = 2, .layers = 2, .output = O},
};

static struct rnn_forms forms;
static const struct encoder_type *type;    // of build_encoder
static const struct rnn_arch *encoder_for; // the architecture that it is made for

// Those of the RNNs that fit the encoder (NULL: all). Returns their number.
static int rnns_of(struct point *p, const struct encoder *e, struct rnn *rnns) {
    struct error error;
    int count = 0;
    for (int i = 0; i < RNNS; i++) {
        if (e && encoder_fits(e, &archs[i], &error) != STATUS_OK)
            continue;
        const struct rnn_form *form = rnn_forms_of(&forms, &archs[i]);
        struct weights w = leaves_of(p, &form->table);
        rnns[count++] = (struct rnn){.arch = &form->arch, .table = &form->table, .weights = w.value, .grad = w.grad};
    }
    return count;
}

// Later inputs depend on earlier answers.
static struct tensor *build_step(struct tape *tape, struct point *p) {
    struct rnn rnns[RNNS];
    struct tensor *answers[T], *x = leaf(tape, p, RNNS * M, I);
    struct rnn_batch batch = {rnns, rnns_of(p, NULL, rnns)};
    struct interrogation *it = interrogation_begin(tape, &batch, M, T);
    for (int t = 0; t < T; t++) {
        answers[t] = interrogation_step(it, x);
        x = add(tape, x, activation(tape, ACTIVATION_SIGMOID, answers[t]));
    }
    return score(tape, concat_rows(tape, answers, T));
}

static struct tensor *build_sequence(struct tape *tape, struct point *p) {
    struct rnn rnns[RNNS];
    struct tensor *x = leaf(tape, p, T * M, I);
    struct rnn_batch batch = {rnns, rnns_of(p, NULL, rnns)};
    return score(tape, interrogation_sequence(tape, &batch, x, M));
}

static struct tensor *build_encoder(struct tape *tape, struct point *p) {
    struct encoder_config config = encoder_defaults(type, encoder_for);
    config.z = 3;
    config.hidden = config.mlp_hidden = 6;
    config.layers = strcmp(type->name, "dws") == 0 ? 1 : 2; // ReLU is between its layers
    config.probes = config.heads = 2;
    config.mlp_layers = 0; // no kinks
    config.length = 3;
    config.channels = 3;
    struct encoder *e = encoder_new(type, &config, encoder_for, 1);
    struct rnn rnns[RNNS];
    struct weights w = leaves_of(p, &e->table);
    struct rnn_batch batch = {rnns, rnns_of(p, e, rnns)};
    CHECK(batch.count >= 2, "%s", type->name);
    struct tensor *z = encoder_embed(tape, e, &w, &batch, NULL, NULL, NULL);
    encoder_free(e);
    return score(tape, z);
}

// A ReLU's unit stays on one side of its kink: small weights, and biases of either sign.
static void away_from_kinks(struct point *p) {
    int at = 1; // the inputs come first
    for (int i = 0; i < RNNS; i++) {
        const struct params *table = &rnn_forms_of(&forms, &archs[i])->table;
        for (int k = 0; k < table->count; k++, at++)
            for (size_t n = 0; n < p->size[at] && archs[i].cell == &cell_rnn_relu; n++)
                if (strstr(table->list[k].name, "bias_ih"))
                    p->x[p->start[at] + n] = n % 2 ? 2 : -2;
                else
                    p->x[p->start[at] + n] *= 0.3f;
    }
}

// No two numbers so near that a step of differences changes their order, which quantiles are sensitive to.
static void apart(float *x, int n) {
    int *order = malloc((size_t)n * sizeof *order);
    struct rng rng = rng_make(7, 0, "order");
    rng_permutation(&rng, order, n);
    for (int i = 0; i < n; i++)
        x[i] = 0.02f * (float)(order[i] - n / 2);
    free(order);
}

static void check(const char *what, struct tensor *(*build)(struct tape *, struct point *), double tolerance) {
    struct point p = {.build = build, .x = x_memory, .grad = grad_memory};
    struct tape tape = {0};
    fill(x_memory, MAX_FLOATS, 0.5f, what);
    tape_reset(&tape, true);
    point_build(&tape, &p);
    if (build != build_encoder)
        away_from_kinks(&p);
    else if (strcmp(type->name, "stats") == 0)
        apart(p.x, (int)p.used);
    memset(grad_memory, 0, p.used * sizeof *grad_memory);
    tape_reset(&tape, true);
    struct tensor *loss = point_build(&tape, &p);
    loss->grad[0] = 1;
    tape_backward(&tape);
    double square = 0, worst = 0;
    for (size_t i = 0; i < p.used; i++)
        square += (double)p.grad[i] * p.grad[i];
    struct rng rng = rng_make(7, 0, "directions");
    for (int i = 0; i < p.leaves; i++) {
        double error = gradcheck(point_build, &p, p.x + p.start[i], p.grad + p.start[i], (int)p.size[i], DIRECTIONS, 4e-3f,
                                 0.2 * sqrt(square / (double)p.used), &rng);
        worst = error > worst || isnan(error) ? error : worst;
    }
    printf("%-24s %3d leaves, error %.1e\n", what, p.leaves, worst);
    CHECK(worst <= tolerance && square > 0, "%s: %g", what, worst);
    tape_free(&tape);
}

int main(void) {
    fill(constants, sizeof constants / sizeof *constants, 1, "constants");
    check("steps", build_step, 5e-3);
    check("sequence", build_sequence, 5e-3);
    for (int i = 0; encoder_type_at(i); i++)
        for (int k = 0; k < 2; k++) {
            type = encoder_type_at(i);
            encoder_for = &archs[k];
            if (type->bound != ARCH_ALL)
                check(type->name, build_encoder, 2e-2);
        }
    rnn_forms_free(&forms);
    return check_report("grad/mixed");
}
