// Central differences for every differentiable operation: each leaf of each case by itself. The table names the operations that a case
// covers; one that is declared in a header but not in the table fails the test.
#include "encoders/encoder.h"
#include "nn/activation.h"
#include "nn/dws.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "nn/transformer.h"
#include "training/decoder.h"
#include "training/emulator.h"
#include "training/predictor.h"
#include "training/rollouts.h"
#include "rnn/interrogate.h"
#include "rnn/symmetry.h"

#include "../alike.h"
#include "point.h"
#include "recurrent_cases.h"

#include <glob.h>

// Evenly spread in [-1, 1): any n numbers in a row are at least 0.7 / n apart, so that small steps don't change the order of quantiles.
static void spread(float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(2 * fmod((double)i * 0.6180339887498949, 1) - 1);
}

static const uint8_t labels[] = {4, 3, LOSS_IGNORE, 1, 2, 0};

static struct tensor *build_linear(struct tape *tape, struct point *p) {
    struct tensor *x = leaf(tape, p, 5, 3), *w = leaf(tape, p, 4, 3), *b = leaf(tape, p, 1, 4);
    return score(tape, linear(tape, x, w, b));
}

static struct tensor *build_linear_tokens(struct tape *tape, struct point *p) {
    struct tensor *w = leaf(tape, p, 5, 4), *b = leaf(tape, p, 1, 5);
    return score(tape, linear_tokens(tape, tokens, 12, w, b));
}

static struct tensor *build_mlp(struct tape *tape, struct point *p) {
    struct params table = {0};
    int first = mlp_params(&table, "mlp", 3, 6, p->variant, 4);
    struct tensor *x = leaf(tape, p, 5, 3);
    struct weights w = leaves_of(p, &table);
    struct tensor *y = mlp(tape, &w, first, p->variant, x);
    params_free(&table);
    return score(tape, y);
}

static struct tensor *build_activation(struct tape *tape, struct point *p) {
    return score(tape, activation(tape, (enum activation)p->variant, leaf(tape, p, 5, 7)));
}

// Also with both operands the same tensor.
static struct tensor *build_add(struct tape *tape, struct point *p) {
    struct tensor *a = leaf(tape, p, 3, 5), *b = leaf(tape, p, 3, 5), *c = add(tape, a, b);
    return score(tape, add(tape, c, stretch(tape, c, -1, 2)));
}

static struct tensor *build_repeat_row(struct tape *tape, struct point *p) {
    return score(tape, repeat_row(tape, leaf(tape, p, 1, 5), 4));
}

static struct tensor *build_unit_rows(struct tape *tape, struct point *p) {
    return score(tape, unit_rows(tape, leaf(tape, p, 3, 5)));
}

static struct tensor *build_concat_rows(struct tape *tape, struct point *p) {
    struct tensor *a = leaf(tape, p, 1, 4), *b = leaf(tape, p, 3, 4), *parts[] = {a, b, a};
    return score(tape, concat_rows(tape, parts, 3));
}

// Views of one tensor, overlapping and in another shape, all used.
static struct tensor *build_views(struct tape *tape, struct point *p) {
    struct tensor *x = activation(tape, ACTIVATION_SIGMOID, leaf(tape, p, 4, 6));
    struct tensor *parts[] = {tape_rows(tape, x, 1, 3), tape_reshape(tape, tape_rows(tape, x, 0, 2), 2, 6),
                              tape_reshape(tape, tape_reshape(tape, x, 8, 3), 4, 6)};
    return score(tape, unit_rows(tape, concat_rows(tape, parts, 3)));
}

// A result of two parts, one of them used twice.
static struct tensor *build_parts(struct tape *tape, struct point *p) {
    struct tensor *x = leaf(tape, p, 4, 6), *z[3];
    for (int i = 0; i < 2; i++) {
        tape_part_begin(tape);
        struct tensor *y = unit_rows(tape, activation(tape, ACTIVATION_SIGMOID, tape_rows(tape, x, 2 * i, 2)));
        z[i] = tape_part_end(tape, add(tape, y, tape_rows(tape, x, 1, 2)));
    }
    z[2] = z[0];
    return score(tape, unit_rows(tape, concat_rows(tape, z, 3)));
}

enum { NETWORKS = 2, GRID_ROWS = 3, GRID_COLS = 4, CHANNELS = 5, OUT = 6 };

static struct tensor *score_grid(struct tape *tape, const struct grid *g, bool with_x) {
    struct tensor *parts[] = {g->row_means, g->col_means, g->x};
    return score(tape, concat_rows(tape, parts, with_x ? 3 : 2));
}

static struct tensor *build_grid_of(struct tape *tape, struct point *p) {
    struct grid g = grid_of(tape, leaf(tape, p, NETWORKS * GRID_ROWS * GRID_COLS, CHANNELS), GRID_ROWS, GRID_COLS);
    return score_grid(tape, &g, true);
}

// variant: 1 with ReLU, 2 with nothing but the means used. Offsets keep all results far from ReLU's bend.
static struct tensor *build_grid_map(struct tape *tape, struct point *p) {
    struct tensor *x = leaf(tape, p, NETWORKS * GRID_ROWS * GRID_COLS, CHANNELS), *w = leaf(tape, p, OUT, CHANNELS);
    struct tensor *b = leaf(tape, p, 1, OUT);
    struct tensor *along_cols = leaf(tape, p, NETWORKS * GRID_COLS, OUT), *along_rows = leaf(tape, p, NETWORKS * GRID_ROWS, OUT);
    static float offsets[NETWORKS * OUT] = {8, -8, 8, 8, -8, 8, -8, 8, 8, -8, 8, 8};
    struct tensor *everywhere = add(tape, leaf(tape, p, NETWORKS, OUT), tape_leaf(tape, NETWORKS, OUT, offsets, NULL));
    const struct grid in = {GRID_ROWS, GRID_COLS, x, NULL, NULL};
    struct grid g = grid_map(tape, &in, w, b, along_cols, along_rows, everywhere, p->variant & 1, p->variant & 2);
    return score_grid(tape, &g, !(p->variant & 2));
}

static struct tensor *build_add_embedding(struct tape *tape, struct point *p) {
    return score(tape, add_embedding(tape, leaf(tape, p, 12, CHANNELS), leaf(tape, p, CHANNELS, 3), p->variant));
}

static struct tensor *build_groups(struct tape *tape, struct point *p) {
    struct tensor *x = leaf(tape, p, 12, CHANNELS);
    return score(tape, add_to_groups(tape, x, unit_rows(tape, group_means(tape, x, 4))));
}

static struct tensor *build_linear_parts(struct tape *tape, struct point *p) {
    struct tensor *a = leaf(tape, p, 5, 3), *b = leaf(tape, p, 5, 2), *parts[] = {a, b, a};
    return score(tape, linear_parts(tape, parts, 3, leaf(tape, p, OUT, 8), leaf(tape, p, 1, OUT)));
}

// Hidden units of a Transformer's feed-forward, half of them on and half of them off, far enough from the kink of ReLU for steps not to
// cross it.
static struct weights away_from_kinks(struct tape *tape, struct weights w) {
    float *value = arena_floats(&tape->arena, w.table->size);
    memcpy(value, w.value, w.table->size * sizeof *value);
    for (int i = 0; i < w.table->count; i++) {
        const struct param *param = &w.table->list[i];
        for (size_t k = 0; strstr(param->name, "linear1.bias") && k < param->size; k++)
            value[param->offset + k] += k % 2 ? 7 : -7;
    }
    return (struct weights){w.table, value, w.grad};
}

// variant = queries, + 100 with dropout
static struct tensor *build_transformer_layer(struct tape *tape, struct point *p) {
    enum { TOKENS = 7, WIDTH = 6, HEADS = 2 };
    struct params table = {0};
    transformer_params(&table, "layer", WIDTH);
    struct tensor *x = leaf(tape, p, BATCH * TOKENS, WIDTH);
    struct weights w = leaves_of(p, &table);
    w = away_from_kinks(tape, w);
    struct dropout dropout = {.rate = p->variant < 100 ? 0 : 0.3f, .key = 1};
    struct tensor *y = transformer_layer(tape, &w, 0, x, BATCH, HEADS, p->variant % 100, &dropout);
    params_free(&table);
    return score(tape, y);
}

static struct tensor *build_cross_entropy(struct tape *tape, struct point *p) {
    return cross_entropy(tape, leaf(tape, p, 6, 5), labels);
}

static struct tensor *build_squared_error(struct tape *tape, struct point *p) {
    return p->variant ? relative_squared_error(tape, leaf(tape, p, 3, 5), constants, 0.3)
                      : squared_error(tape, leaf(tape, p, 3, 5), constants);
}

static struct tensor *build_binary_cross_entropy(struct tape *tape, struct point *p) {
    static const float targets[] = {0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 1};
    return binary_cross_entropy(tape, leaf(tape, p, 3, 4), targets);
}

static struct tensor *build_emulation_loss(struct tape *tape, struct point *p) {
    return emulation_loss(tape, (enum criterion)p->variant, leaf(tape, p, T * BATCH, 4), constants, tokens, T, NULL);
}

enum { SUBJECTS = 2 };
static const struct rnn_arch arch = {.cell = &cell_lstm, .input = 4, .hidden = 5, .layers = 2, .output = 4};

// The RNNs' weights are leaves like any others. All that points to them must outlive the pass.
struct subjects {
    const float *weights[SUBJECTS];
    float *grads[SUBJECTS];
    struct rnn rnns[SUBJECTS];
    struct rnn_batch batch;
};

static void subjects_init(struct subjects *s, struct point *p, const struct params *table) {
    for (int b = 0; b < SUBJECTS; b++) {
        struct weights w = leaves_of(p, table);
        s->weights[b] = w.value;
        s->grads[b] = w.grad;
    }
    s->batch = alike(s->rnns, &arch, table, SUBJECTS, s->weights, s->grads);
}

// Later inputs depend on earlier answers; variant = M.
static struct tensor *build_interrogation_step(struct tape *tape, struct point *p) {
    struct params table = {0};
    struct subjects s;
    rnn_params(&table, &arch);
    int M = p->variant, R = SUBJECTS * M;
    struct tensor *x = leaf(tape, p, R, arch.input), *answers[T];
    subjects_init(&s, p, &table);
    struct interrogation *it = interrogation_begin(tape, &s.batch, M, T);
    for (int t = 0; t < T; t++) {
        answers[t] = interrogation_step(it, x);
        x = add(tape, x, activation(tape, ACTIVATION_SOFTMAX, answers[t]));
    }
    params_free(&table);
    return score(tape, concat_rows(tape, answers, T));
}

static struct tensor *build_interrogation_sequence(struct tape *tape, struct point *p) {
    struct params table = {0};
    struct subjects s;
    rnn_params(&table, &arch);
    struct tensor *x = leaf(tape, p, T * p->variant, arch.input);
    subjects_init(&s, p, &table);
    struct tensor *y = interrogation_sequence(tape, &s.batch, x, p->variant);
    params_free(&table);
    return score(tape, y);
}

// Answers, and states of all layers.
static struct tensor *build_interrogation_states(struct tape *tape, struct point *p) {
    struct params table = {0};
    struct subjects s;
    rnn_params(&table, &arch);
    struct tensor *x = leaf(tape, p, T * p->variant, arch.input);
    subjects_init(&s, p, &table);
    int count = s.batch.count * arch.layers;
    struct tensor **states = arena_alloc(&tape->arena, (size_t)count * sizeof *states);
    struct tensor *y = interrogation_states(tape, &s.batch, x, p->variant, states);
    params_free(&table);
    return add(tape, score(tape, y), score(tape, concat_rows(tape, states, count)));
}

// variant: in another order
static struct tensor *build_rnn_batch_tensor(struct tape *tape, struct point *p) {
    struct params table = {0};
    struct subjects s;
    rnn_params(&table, &arch);
    subjects_init(&s, p, &table);
    int *index = NULL;
    if (p->variant) {
        struct rng rng = rng_make(7, 0, "permutation");
        index = arena_alloc(&tape->arena, table.size * sizeof *index);
        symmetry_random_index(index, &arch, &rng);
    }
    struct tensor *x = rnn_batch_tensor(tape, &s.batch, index);
    params_free(&table);
    return score(tape, x);
}

// variant = index of the kind in the registry, + 100 in training, where permutations and dropout are the same in each pass, + 200 with an
// echo, Gumbel noise, probabilities and recall, + 300 with statistics of gates, inputs and outputs apart
static struct tensor *build_encoder(struct tape *tape, struct point *p) {
    const struct encoder_type *type = encoder_type_at(p->variant % 100);
    struct rng rng = rng_make(3, 0, "training");
    struct encoder_config config = encoder_defaults(type, &arch);
    config.z = 4;
    config.hidden = config.mlp_hidden = 6;
    config.layers = 2;
    config.mlp_layers = 1;
    config.length = p->variant / 100 == 2 ? 3 : 4; // an echo makes differences grow from step to step
    config.probes = 2;
    config.channels = 3;
    config.probabilities = config.echo = config.gumbel = config.recall = p->variant / 100 == 2;
    config.per_gate = config.per_input = p->variant / 100 == 3;
    struct encoder *e = encoder_new(type, &config, &arch, 1);
    struct subjects s;
    struct weights w = away_from_kinks(tape, leaves_of(p, &e->table));
    subjects_init(&s, p, &e->rnn_table);
    struct tensor *z = encoder_embed(tape, e, &w, &s.batch, p->variant / 100 == 1 ? &rng : NULL, NULL, NULL);
    encoder_free(e);
    return score(tape, z);
}

// variant: condition, + 2 for continuous inputs
static struct tensor *build_emulator(struct tape *tape, struct point *p) {
    struct emulator *e = emulator_new(&(struct emulator_config){.z = 4, .hidden = 6, .layers = 2, .condition = p->variant % 2}, &arch, 1);
    struct tensor *z = leaf(tape, p, BATCH, 4), *inputs = p->variant < 2 ? NULL : leaf(tape, p, T * BATCH, arch.input);
    struct weights w = leaves_of(p, &e->table);
    struct tensor *logits = emulator_forward(tape, e, &w, z, inputs ? NULL : tokens, inputs, T);
    emulator_free(e);
    return score(tape, logits);
}

static struct tensor *build_rollout_batch_loss(struct tape *tape, struct point *p) {
    struct emulator *e = emulator_new(&(struct emulator_config){.z = 4, .hidden = 6, .layers = 1}, &arch, 1);
    struct rollout_batch rollouts = {
        .steps = T, .columns = BATCH, .tokens = (uint8_t *)tokens, .labels = (uint8_t *)tokens, .targets = constants};
    struct tensor *z = leaf(tape, p, BATCH, 4);
    struct weights w = leaves_of(p, &e->table);
    struct tensor *loss = rollout_batch_loss(tape, e, &w, z, &rollouts, CRITERION_KL, NULL);
    emulator_free(e);
    return loss;
}

// The weights of two RNNs from their embeddings, and both losses of them; mean and deviations are constants. variant: 0 what the weights
// are, 1 structure, 2 behaviour on tokens, 3 on numbers with answers that are numbers.
static struct tensor *build_decoder(struct tape *tape, struct point *p) {
    struct rnn_arch of = arch;
    if (p->variant == 3)
        of.reads = RNN_READS_NUMBERS, of.answers = RNN_ANSWERS_NUMBERS;
    struct decoder *d = decoder_new(&(struct decoder_config){.z = 3, .hidden = 4, .layers = 1}, &of, 1);
    struct rollout_batch rollouts = {.steps = T,
                                     .columns = BATCH,
                                     .tokens = (uint8_t *)tokens,
                                     .inputs = constants + 500,
                                     .targets = constants,
                                     .continuous = p->variant == 3};
    struct tensor *z = leaf(tape, p, 2, 3);
    struct weights w = away_from_kinks(tape, leaves_of(p, &d->table));
    for (int k = 0; k < d->rnn_table.count; k++)
        decoder_deviation(d)[k] = 0.2f + 0.1f * (float)(k % 3);
    struct tensor *y = decoder_forward(tape, d, &w, z), *weights = decoder_weights(tape, d, y), *loss;
    if (p->variant == 0)
        loss = score(tape, tape_reshape(tape, tape_rows(tape, weights, 0, 1), weights->cols, 1));
    else if (p->variant == 1)
        loss = decoder_structure(tape, d, y, (const float *const[]){constants, constants + 700});
    else
        loss = add(tape, decoder_behaviour(tape, d, tape_rows(tape, weights, 0, 1), &rollouts),
                   decoder_behaviour(tape, d, tape_rows(tape, weights, 1, 1), &rollouts));
    decoder_free(d);
    return loss;
}

static struct tensor *build_predictor_loss(struct tape *tape, struct point *p) {
    static const double truths[][6] = {{0, 3, 5, 4, 4, 1}, {0.1, 1, 0.5}, {10, 200, 359, 180, 90, 0}, {0, 2, 1}};
    static const struct property properties[] = {
        {.kind = PROPERTY_CLASSES, .list = true, .answers = 2, .class_count = 6},
        {.kind = PROPERTY_NUMBER, .answers = 1},
        {.kind = PROPERTY_ANGLE, .list = true, .answers = 2},
        {.kind = PROPERTY_CLASSES, .answers = 1, .class_count = 3},
    };
    struct predictor *predictor = predictor_new(&properties[p->variant], &(struct predictor_config){.z = 4, .hidden = 6, .layers = 1}, 1);
    struct tensor *z = leaf(tape, p, 3, 4);
    struct weights w = leaves_of(p, &predictor->table);
    struct tensor *loss = predictor_loss(tape, predictor, &w, z, truths[p->variant]);
    predictor_free(predictor);
    return loss;
}

static const struct gradient_case {
    const char *operations, *what;
    struct tensor *(*build)(struct tape *tape, struct point *p);
    int variant;
    double tolerance;
} cases[] = {
    {"linear linear_at", "", build_linear, 0, 2e-3},
    {"linear_tokens", "", build_linear_tokens, 0, 2e-3},
    {"mlp linear_at", "no hidden layer", build_mlp, 0, 2e-3},
    {"mlp linear_at", "two hidden layers", build_mlp, 2, 5e-3},
    {"activation", "relu", build_activation, ACTIVATION_RELU, 2e-3},
    {"activation", "sigmoid", build_activation, ACTIVATION_SIGMOID, 2e-3},
    {"activation", "softmax", build_activation, ACTIVATION_SOFTMAX, 2e-3},
    {"add stretch", "", build_add, 0, 2e-3},
    {"repeat_row", "", build_repeat_row, 0, 2e-3},
    {"unit_rows", "", build_unit_rows, 0, 2e-3},
    {"concat_rows", "one part twice", build_concat_rows, 0, 2e-3},
    {"tape_rows tape_reshape tape_leaf tape_tensor weights_leaf", "overlapping views", build_views, 0, 2e-3},
    {"tape_part_end", "", build_parts, 0, 2e-3},
    {"grid_of", "", build_grid_of, 0, 2e-3},
    {"grid_map", "", build_grid_map, 0, 2e-3},
    {"grid_map", "relu", build_grid_map, 1, 2e-3},
    {"grid_map", "relu, means only", build_grid_map, 3, 2e-3},
    {"add_embedding", "of columns", build_add_embedding, 1, 2e-3},
    {"add_embedding", "of rows", build_add_embedding, 2, 2e-3},
    {"add_to_groups group_means", "", build_groups, 0, 2e-3},
    {"linear_parts", "one part twice", build_linear_parts, 0, 2e-3},
    {"recurrent_sequence", "two layers", build_recurrent_sequence, 0, 2e-3},
    {"recurrent_sequence_tokens", "", build_recurrent_sequence_tokens, 0, 2e-3},
    {"recurrent_sequence_table", "table", build_recurrent_sequence_table, 0, 2e-3},
    {"recurrent_sequence_table", "opening at one step", build_recurrent_sequence_table, 1, 2e-3},
    {"recurrent_sequence_table", "opening at all steps", build_recurrent_sequence_table, T, 2e-3},
    {"recurrent_step", "one layer", build_recurrent_step, 1, 2e-3},
    {"recurrent_step", "three layers", build_recurrent_step, 3, 2e-3},
    {"transformer_layer", "all tokens", build_transformer_layer, 7, 5e-3},
    {"transformer_layer", "the last token", build_transformer_layer, 1, 5e-3},
    {"transformer_layer", "dropout", build_transformer_layer, 107, 5e-3},
    {"cross_entropy", "one row ignored", build_cross_entropy, 0, 2e-3},
    {"squared_error", "", build_squared_error, 0, 2e-3},
    {"relative_squared_error", "", build_squared_error, 1, 2e-3},
    {"binary_cross_entropy", "", build_binary_cross_entropy, 0, 2e-3},
    {"emulation_loss", "total_variation", build_emulation_loss, CRITERION_TOTAL_VARIATION, 5e-3},
    {"emulation_loss", "kl", build_emulation_loss, CRITERION_KL, 2e-3},
    {"emulation_loss", "kl_reverse", build_emulation_loss, CRITERION_KL_REVERSE, 2e-3},
    {"emulation_loss", "js_div", build_emulation_loss, CRITERION_JS_DIV, 2e-3},
    {"emulation_loss", "ce", build_emulation_loss, CRITERION_CE, 2e-3},
    {"emulation_loss", "l2", build_emulation_loss, CRITERION_L2, 2e-3},
    {"emulation_loss", "cosine", build_emulation_loss, CRITERION_COSINE, 2e-3},
    {"interrogation_step", "M = 1", build_interrogation_step, 1, 2e-3},
    {"interrogation_step", "M = 3", build_interrogation_step, 3, 2e-3},
    {"interrogation_sequence", "M = 1", build_interrogation_sequence, 1, 2e-3},
    {"interrogation_sequence", "M = 3", build_interrogation_sequence, 3, 2e-3},
    {"interrogation_states", "M = 2", build_interrogation_states, 2, 2e-3},
    {"rnn_batch_tensor", "", build_rnn_batch_tensor, 0, 2e-3},
    {"rnn_batch_tensor", "permuted", build_rnn_batch_tensor, 1, 2e-3},
    {"emulator_forward", "tokens, bos", build_emulator, CONDITION_BOS, 2e-3},
    {"emulator_forward", "tokens, every", build_emulator, CONDITION_EVERY, 2e-3},
    {"emulator_forward", "continuous, bos", build_emulator, 2 + CONDITION_BOS, 2e-3},
    {"emulator_forward", "continuous, every", build_emulator, 2 + CONDITION_EVERY, 2e-3},
    {"rollout_batch_loss", "", build_rollout_batch_loss, 0, 2e-3},
    {"decoder_forward decoder_weights", "", build_decoder, 0, 2e-3},
    {"decoder_structure", "", build_decoder, 1, 1e-2},
    {"decoder_behaviour", "classes", build_decoder, 2, 5e-3},
    {"decoder_behaviour", "numbers", build_decoder, 3, 5e-3},
    {"predictor_loss", "classes", build_predictor_loss, 0, 5e-3},
    {"predictor_loss", "number", build_predictor_loss, 1, 5e-3},
    {"predictor_loss", "angles", build_predictor_loss, 2, 5e-3},
    {"predictor_loss", "class", build_predictor_loss, 3, 5e-3},
};
enum { CASES = sizeof cases / sizeof *cases };

// The root mean square of all leaves' gradients: errors of leaves that hardly matter are seen relative to this. Also finds out which leaves
// there are.
static double typical_gradient(struct point *p) {
    struct tape tape = {0};
    memset(grad_memory, 0, sizeof grad_memory);
    tape_reset(&tape, true);
    point_build(&tape, p)->grad[0] = 1;
    tape_backward(&tape);
    tape_free(&tape);
    double square = 0;
    for (size_t i = 0; i < p->used; i++)
        square += (double)grad_memory[i] * grad_memory[i];
    return sqrt(square / (double)p->used);
}

static void check_case(const char *name, const struct gradient_case *c) {
    struct point p = {.build = c->build, .variant = c->variant, .x = x_memory, .grad = grad_memory};
    fill(x_memory, MAX_FLOATS, 0.7f, "point");
    if (strncmp(c->what, "stats", 5) == 0)
        spread(x_memory, MAX_FLOATS);
    // A short step where hundreds of ReLUs are near their kinks, and where answers are asked again and again.
    float h = strcmp(c->what, "matrix") == 0 ? 1e-3f : strcmp(c->what, "echo") == 0 ? 3e-3f : 1e-2f;
    double size = typical_gradient(&p), worst = 0, largest = 0;
    struct rng rng = rng_make(7, 0, "directions");
    for (int i = 0; i < p.leaves; i++) {
        size_t at = p.start[i], n = p.size[i];
        double error = gradcheck(point_build, &p, p.x + at, p.grad + at, (int)n, 6, h, 0.2 * size, &rng);
        worst = error > worst || isnan(error) ? error : worst;
        for (size_t k = 0; k < n; k++)
            largest = fmax(largest, fabs(p.grad[at + k]));
    }
    printf("%-24.24s %-20s %2d leaves, error %.1e, largest gradient %.1e\n", name, c->what, p.leaves, worst, largest);
    CHECK(worst <= c->tolerance, "%s %s: %g", name, c->what, worst);
    CHECK(largest > 1e-3, "%s %s: gradients vanish", name, c->what);
}

static void test_operations(void) {
    for (int i = 0; i < CASES; i++)
        check_case(cases[i].operations, &cases[i]);
    for (int i = 0; i < CASES; i++) // those of recurrent layers are of the first cell: now the others
        for (int c = 1; strncmp(cases[i].operations, "recurrent_", 10) == 0 && cell_at(c); c++) {
            struct gradient_case other = cases[i];
            other.what = cell_at(c)->name;
            other.variant += 100 * c;
            check_case(other.operations, &other);
        }
    for (int i = 0; encoder_type_at(i); i++) {
        check_case("encoder_embed", &(struct gradient_case){"encoder_embed", encoder_type_at(i)->name, build_encoder, i, 1e-2});
        check_case("encoder_embed in training",
                   &(struct gradient_case){"encoder_embed", encoder_type_at(i)->name, build_encoder, 100 + i, 1e-2});
        if (encoder_has_key(encoder_type_at(i), "echo"))
            check_case("encoder_embed", &(struct gradient_case){"encoder_embed", "echo", build_encoder, 200 + i, 2e-2});
        if (encoder_has_key(encoder_type_at(i), "per_gate"))
            check_case("encoder_embed", &(struct gradient_case){"encoder_embed", "stats of parts", build_encoder, 300 + i, 1e-2});
    }
}

static bool is_covered(const char *operation) {
    size_t n = strlen(operation);
    for (int i = 0; i < CASES; i++)
        for (const char *at = cases[i].operations; (at = strstr(at, operation)); at += n)
            if ((at == cases[i].operations || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
                return true;
    return strcmp(operation, "encoder_embed") == 0;
}

// Every public function of these layers that returns a tensor.
static void test_coverage(void) {
    static const char *const patterns[] = {"lib/grad/*.h",           "lib/nn/*.h",      "lib/rnn/*.h", "lib/families/*.h",
                                           "lib/encoders/encoder.h", "lib/training/*.h"};
    int seen = 0;
    glob_t files = {0};
    for (int i = 0; i < 5; i++)
        CHECK(glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &files) == 0, "run from the project's root");
    for (size_t i = 0; i < files.gl_pathc; i++) {
        if (strstr(files.gl_pathv[i], "_internal.h"))
            continue;
        char line[512], name[128];
        FILE *f = fopen(files.gl_pathv[i], "r");
        CHECK(f != NULL, "%s", files.gl_pathv[i]);
        while (f && fgets(line, sizeof line, f))
            if (sscanf(line, "struct tensor *%127[a-z_0-9](", name) == 1 && strchr(line, '(')) {
                seen++;
                CHECK(is_covered(name), "%s: no gradient check of %s", files.gl_pathv[i], name);
            }
        if (f)
            fclose(f);
    }
    CHECK(seen >= 20, "%d", seen);
    globfree(&files);
}

int main(void) {
    fill(constants, sizeof constants / sizeof *constants, 1, "constants");
    test_operations();
    test_coverage();
    return check_report("grad/gradients");
}
