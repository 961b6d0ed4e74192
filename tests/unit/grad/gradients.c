// Central differences for every differentiable operation: each leaf of each case by itself. The table names the operations that a case
// covers; one that is declared in a header but not in the table fails the test.
#include "encoders/encoder.h"
#include "grad/gradcheck.h"
#include "nn/activation.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "nn/lstm.h"
#include "training/emulator.h"
#include "training/predictor.h"
#include "training/rollouts.h"
#include "zoo/interrogate.h"

#include "../check.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FLOATS = 1 << 20, MAX_LEAVES = 64 };

// A case takes its leaves from one flat vector; the first pass finds out which there are.
struct point {
    struct tensor *(*build)(struct tape *tape, struct point *p);
    int variant;
    float *x, *grad;
    size_t used, start[MAX_LEAVES], size[MAX_LEAVES];
    int leaves;
};

static float x_memory[MAX_FLOATS], grad_memory[MAX_FLOATS], constants[4096];

static void fill(float *x, size_t n, float scale, const char *purpose) {
    struct rng rng = rng_make(7, n, purpose);
    for (size_t i = 0; i < n; i++)
        x[i] = scale * rng_normal(&rng);
}

static size_t take(struct point *p, size_t n) {
    size_t at = p->used;
    p->start[p->leaves] = at;
    p->size[p->leaves++] = n;
    p->used += n;
    return at;
}

static struct tensor *leaf(struct tape *tape, struct point *p, int rows, int cols) {
    size_t at = take(p, (size_t)rows * (size_t)cols);
    return tape_leaf(tape, rows, cols, p->x + at, p->grad + at);
}

// All parameters of a table, each a leaf by itself.
static struct weights leaves_of(struct point *p, const struct params *table) {
    size_t at = p->used;
    for (int i = 0; i < table->count; i++)
        take(p, table->list[i].size);
    return (struct weights){table, p->x + at, p->grad + at};
}

// loss = sum of x times fixed numbers
struct score_saved {
    struct tensor *x, *loss;
};

static void score_backward(void *saved) {
    const struct score_saved *s = saved;
    for (size_t i = 0; i < tensor_size(s->x); i++)
        s->x->grad[i] += s->loss->grad[0] * constants[i];
}

static struct tensor *score(struct tape *tape, struct tensor *x) {
    struct tensor *loss = tape_tensor(tape, 1, 1, x->grad);
    double sum = 0;
    for (size_t i = 0; i < tensor_size(x); i++)
        sum += (double)x->value[i] * constants[i];
    loss->value[0] = (float)sum;
    struct score_saved *s = arena_alloc(&tape->arena, sizeof *s);
    *s = (struct score_saved){x, loss};
    tape_record(tape, score_backward, s);
    return loss;
}

static const uint8_t tokens[] = {0, 3, 1, 1, 2, 0, 3, 3, 1, 0, 2, 2};
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
    return score(tape, add(tape, c, c));
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

enum { T = 4, BATCH = 3, IN = 4, H = 5 };

static struct tensor *build_lstm_sequence(struct tape *tape, struct point *p) {
    struct params table = {0};
    lstm_params(&table, "", "", IN, H);
    lstm_params(&table, "", "", H, H);
    struct tensor *x = leaf(tape, p, T * BATCH, IN);
    struct weights w = leaves_of(p, &table);
    struct tensor *y = lstm_sequence(tape, &w, 4, lstm_sequence(tape, &w, 0, x, T), T);
    params_free(&table);
    return score(tape, y);
}

static struct tensor *build_lstm_sequence_tokens(struct tape *tape, struct point *p) {
    struct params table = {0};
    lstm_params(&table, "", "", IN, H);
    struct weights w = leaves_of(p, &table);
    struct tensor *y = lstm_sequence_tokens(tape, &w, 0, tokens, T, BATCH);
    params_free(&table);
    return score(tape, y);
}

// variant = the number of steps at which the opening is added
static struct tensor *build_lstm_sequence_table(struct tape *tape, struct point *p) {
    struct params table = {0};
    lstm_params(&table, "", "", IN, H);
    struct tensor *rows = leaf(tape, p, 6, 4 * H), *opening = p->variant ? leaf(tape, p, BATCH, 4 * H) : NULL;
    struct weights w = leaves_of(p, &table);
    struct tensor *y = lstm_sequence_table(tape, &w, 0, rows, opening, p->variant, tokens, T, BATCH);
    params_free(&table);
    return score(tape, y);
}

// A stack of layers, each step's input made from the answer before; the first input is used again at every step, and one step more is
// allowed than made.
static struct tensor *build_lstm_step(struct tape *tape, struct point *p) {
    struct params table = {0};
    int layers = p->variant;
    for (int l = 0; l < layers; l++)
        lstm_params(&table, "", "", H, H);
    struct tensor *x = leaf(tape, p, BATCH, H), *shared = x, *outputs[T];
    struct weights w = leaves_of(p, &table);
    struct lstm_run *run[4];
    for (int l = 0; l < layers; l++)
        run[l] = lstm_begin(tape, &w, 4 * l, T + 1, BATCH);
    for (int t = 0; t < T; t++) {
        for (int l = 0; l < layers; l++)
            x = add(tape, lstm_step(run[l], x), shared);
        outputs[t] = x;
    }
    params_free(&table);
    return score(tape, concat_rows(tape, outputs, T));
}

static struct tensor *build_cross_entropy(struct tape *tape, struct point *p) {
    return cross_entropy(tape, leaf(tape, p, 6, 5), labels);
}

static struct tensor *build_squared_error(struct tape *tape, struct point *p) {
    return squared_error(tape, leaf(tape, p, 3, 5), constants);
}

static struct tensor *build_binary_cross_entropy(struct tape *tape, struct point *p) {
    static const float targets[] = {0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 1};
    return binary_cross_entropy(tape, leaf(tape, p, 3, 4), targets);
}

static struct tensor *build_emulation_loss(struct tape *tape, struct point *p) {
    return emulation_loss(tape, (enum criterion)p->variant, leaf(tape, p, T * BATCH, 4), constants, tokens, T, NULL);
}

enum { SUBJECTS = 2 };
static const struct rnn_arch arch = {.input = 4, .hidden = 5, .layers = 2, .output = 4};

// The RNNs' weights are leaves like any others. All that points to them must outlive the pass.
struct subjects {
    const float *weights[SUBJECTS];
    float *grads[SUBJECTS];
    struct rnn_batch batch;
};

static void subjects_init(struct subjects *s, struct point *p, const struct params *table) {
    for (int b = 0; b < SUBJECTS; b++) {
        struct weights w = leaves_of(p, table);
        s->weights[b] = w.value;
        s->grads[b] = w.grad;
    }
    s->batch = (struct rnn_batch){.arch = arch, .table = table, .count = SUBJECTS, .weights = s->weights, .grads = s->grads};
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

// variant = index of the kind in the registry
static struct tensor *build_encoder(struct tape *tape, struct point *p) {
    const struct encoder_type *type = encoder_type_at(p->variant);
    struct encoder_config config = encoder_defaults(type, &arch);
    config.z = 4;
    config.hidden = config.mlp_hidden = 6;
    config.layers = 2;
    config.mlp_layers = 1;
    config.length = 4;
    config.probes = 2;
    struct encoder *e = encoder_new(type, &config, &arch, 1);
    struct subjects s;
    struct weights w = leaves_of(p, &e->table);
    subjects_init(&s, p, &e->rnn_table);
    struct tensor *z = encoder_embed(tape, e, &w, &s.batch, NULL, NULL, NULL);
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
    struct tensor *loss = rollout_batch_loss(tape, e, &w, z, &rollouts, CRITERION_KL);
    emulator_free(e);
    return loss;
}

static struct tensor *build_predictor_loss(struct tape *tape, struct point *p) {
    static const double offsets[] = {-3, 0, 2, 1, 1, -2}, numbers[] = {0.1, 1, 0.5};
    const struct target *target = target_find(p->variant ? "accuracy" : "task");
    struct predictor *predictor = predictor_new(target, &(struct predictor_config){.z = 4, .hidden = 6, .layers = 1, .tokens = 3}, 1);
    struct tensor *z = leaf(tape, p, 3, 4);
    struct weights w = leaves_of(p, &predictor->table);
    struct tensor *loss = predictor_loss(tape, predictor, &w, z, p->variant ? numbers : offsets);
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
    {"add", "", build_add, 0, 2e-3},
    {"repeat_row", "", build_repeat_row, 0, 2e-3},
    {"unit_rows", "", build_unit_rows, 0, 2e-3},
    {"concat_rows", "one part twice", build_concat_rows, 0, 2e-3},
    {"tape_rows tape_reshape tape_leaf tape_tensor weights_leaf", "overlapping views", build_views, 0, 2e-3},
    {"lstm_sequence", "two layers", build_lstm_sequence, 0, 2e-3},
    {"lstm_sequence_tokens", "", build_lstm_sequence_tokens, 0, 2e-3},
    {"lstm_sequence_table", "table", build_lstm_sequence_table, 0, 2e-3},
    {"lstm_sequence_table", "opening at one step", build_lstm_sequence_table, 1, 2e-3},
    {"lstm_sequence_table", "opening at all steps", build_lstm_sequence_table, T, 2e-3},
    {"lstm_step", "one layer", build_lstm_step, 1, 2e-3},
    {"lstm_step", "three layers", build_lstm_step, 3, 2e-3},
    {"cross_entropy", "one row ignored", build_cross_entropy, 0, 2e-3},
    {"squared_error", "", build_squared_error, 0, 2e-3},
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
    {"emulator_forward", "tokens, bos", build_emulator, CONDITION_BOS, 2e-3},
    {"emulator_forward", "tokens, every", build_emulator, CONDITION_EVERY, 2e-3},
    {"emulator_forward", "continuous, bos", build_emulator, 2 + CONDITION_BOS, 2e-3},
    {"emulator_forward", "continuous, every", build_emulator, 2 + CONDITION_EVERY, 2e-3},
    {"rollout_batch_loss", "", build_rollout_batch_loss, 0, 2e-3},
    {"predictor_loss", "task", build_predictor_loss, 0, 5e-3},
    {"predictor_loss", "accuracy", build_predictor_loss, 1, 5e-3},
};
enum { CASES = sizeof cases / sizeof *cases };

static struct tensor *build(struct tape *tape, void *context) {
    struct point *p = context;
    p->used = 0;
    p->leaves = 0;
    return p->build(tape, p);
}

// The root mean square of all leaves' gradients: errors of leaves that hardly matter are seen relative to this. Also finds out which leaves
// there are.
static double typical_gradient(struct point *p) {
    struct tape tape = {0};
    memset(grad_memory, 0, sizeof grad_memory);
    tape_reset(&tape, true);
    build(&tape, p)->grad[0] = 1;
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
    double size = typical_gradient(&p), worst = 0, largest = 0;
    struct rng rng = rng_make(7, 0, "directions");
    for (int i = 0; i < p.leaves; i++) {
        size_t at = p.start[i], n = p.size[i];
        double error = gradcheck(build, &p, p.x + at, p.grad + at, (int)n, 6, 1e-2f, 0.2 * size, &rng);
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
    for (int i = 0; encoder_type_at(i); i++)
        check_case("encoder_embed", &(struct gradient_case){"encoder_embed", encoder_type_at(i)->name, build_encoder, i, 1e-2});
}

static bool is_covered(const char *operation) {
    size_t n = strlen(operation);
    for (int i = 0; i < CASES; i++)
        for (const char *at = cases[i].operations; (at = strstr(at, operation)); at += n)
            if ((at == cases[i].operations || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
                return true;
    return strcmp(operation, "encoder_embed") == 0;
}

// Every function of these layers that returns a tensor.
static void test_coverage(void) {
    static const char *const patterns[] = {"lib/grad/*.h", "lib/nn/*.h", "lib/zoo/*.h", "lib/encoders/encoder.h", "lib/training/*.h"};
    int seen = 0;
    glob_t files = {0};
    for (int i = 0; i < 5; i++)
        CHECK(glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &files) == 0, "run from the project's root");
    for (size_t i = 0; i < files.gl_pathc; i++) {
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

// y = sum x^2, with a gradient that is wrong by a factor, or not a number.
static float wrong_factor;

static void wrong_backward(void *saved) {
    const struct score_saved *s = saved;
    for (size_t i = 0; i < tensor_size(s->x); i++)
        s->x->grad[i] += 2 * s->x->value[i] * wrong_factor;
}

static struct tensor *build_wrong(struct tape *tape, struct point *p) {
    struct tensor *x = leaf(tape, p, 3, 5), *loss = tape_tensor(tape, 1, 1, true);
    double sum = 0;
    for (size_t i = 0; i < tensor_size(x); i++)
        sum += p->variant && x->value[0] > x_memory[MAX_FLOATS - 1] ? NAN : (double)x->value[i] * x->value[i];
    loss->value[0] = (float)sum;
    struct score_saved *s = arena_alloc(&tape->arena, sizeof *s);
    *s = (struct score_saved){x, loss};
    tape_record(tape, wrong_backward, s);
    return loss;
}

static void test_checker(void) {
    struct point p = {.build = build_wrong, .x = x_memory, .grad = grad_memory};
    fill(x_memory, MAX_FLOATS, 1, "wrong");
    float before[15];
    memcpy(before, x_memory, sizeof before);
    struct rng rng = rng_make(7, 1, "directions");
    wrong_factor = 1;
    CHECK_CLOSE(gradcheck(build, &p, p.x, p.grad, 15, 5, 1e-2f, 1e-6, &rng), 0, 1e-3);
    CHECK(memcmp(before, x_memory, sizeof before) == 0, "x is not restored");
    wrong_factor = 1.05f;
    double error = gradcheck(build, &p, p.x, p.grad, 15, 5, 1e-2f, 1e-6, &rng);
    CHECK(error > 0.02 && error < 1, "%g", error);
    wrong_factor = 0;
    CHECK(gradcheck(build, &p, p.x, p.grad, 15, 5, 1e-2f, 1e-6, &rng) > 1, "a missing gradient");
    wrong_factor = NAN;
    CHECK(isnan(gradcheck(build, &p, p.x, p.grad, 15, 5, 1e-2f, 1e-6, &rng)), "a gradient that is NaN");
    wrong_factor = 1; // one value that is NaN, in the first direction only or later, must not be forgotten
    p.variant = 1;
    x_memory[MAX_FLOATS - 1] = x_memory[0] + 4e-3f;
    CHECK(isnan(gradcheck(build, &p, p.x, p.grad, 15, 20, 1e-2f, 1e-6, &rng)), "a value that is NaN");
}

int main(void) {
    fill(constants, sizeof constants / sizeof *constants, 1, "constants");
    test_checker();
    test_operations();
    test_coverage();
    return check_report("grad/gradients");
}
