#include "training/predictor.h"

#include "../check.h"
#include "../records/decoded.h"
#include "base/memory.h"
#include "families/language.h"
#include "families/smnist.h"
#include "grad/gradcheck.h"

#include <string.h>

// A sample of a loss: two embeddings with truths.
struct sample {
    struct predictor *predictor;
    float z[2 * 3], z_grad[2 * 3], *grad;
    double truth[2 * PREDICTOR_MAX_ANSWERS];
};

static struct sample sample_of(const char *target, int layers) {
    struct predictor_config config = {.z = 3, .hidden = 5, .layers = layers, .tokens = 3, .class_count = 3, .classes = {0, 100, 5000}};
    struct sample s = {.predictor = predictor_new(target_find(target), &config, 7), .z = {0.6f, -0.8f, 0.1f, -0.3f, 0.2f, 0.9f}};
    s.grad = memory_calloc(s.predictor->table.size, sizeof *s.grad);
    static const double truths[TARGET_COUNT][4] = {
        [TARGET_TASK] = {-3, 2, 0, 1}, [TARGET_STEP] = {5000, 0}, [TARGET_ACCURACY] = {0.25, 1}, [TARGET_ROTATION] = {350, 20}};
    memcpy(s.truth, truths[s.predictor->target - target_table], sizeof truths[0]);
    predictor_standardise(s.predictor, s.truth, 2);
    return s;
}

static void sample_free(struct sample *s) {
    predictor_free(s->predictor);
    free(s->grad);
}

static struct tensor *loss_of(struct tape *tape, void *context) {
    struct sample *s = context;
    struct weights w = {&s->predictor->table, s->predictor->values, s->grad};
    return predictor_loss(tape, s->predictor, &w, tape_leaf(tape, 2, 3, s->z, s->z_grad), s->truth);
}

static void test_gradients(void) {
    const char *const names[] = {"task", "accuracy", "rotation", "step"};
    for (int t = 0; t < 4; t++)
        for (int layers = 0; layers < 3; layers++) {
            struct sample s = sample_of(names[t], layers);
            struct rng rng = rng_make(1, 0, "check");
            double error = gradcheck(loss_of, &s, s.predictor->values, s.grad, (int)s.predictor->table.size, 20, 1e-3f, 1e-3, &rng);
            CHECK(error <= 5e-3, "%s, %d layers, weights: %g", names[t], layers, error);
            error = gradcheck(loss_of, &s, s.z, s.z_grad, 6, 20, 1e-2f, 1e-3, &rng);
            CHECK(error <= 5e-3, "%s, %d layers, z: %g", names[t], layers, error);
            sample_free(&s);
        }
}

// Without hidden layers the outputs are W z + b, and all can be computed by hand.
static void test_by_hand(void) {
    struct sample s = sample_of("task", 0);
    struct predictor *p = s.predictor;
    CHECK(p->answers == 2 && p->table.count == 2 && p->table.size == 12 * 3 + 12 && strcmp(p->table.list[0].name, "mlp.0.weight") == 0);
    double loss = 0, logits[2][12];
    for (int b = 0; b < 2; b++)
        for (int o = 0; o < 12; o++) {
            double y = p->values[36 + o];
            for (int i = 0; i < 3; i++)
                y += (double)p->values[o * 3 + i] * s.z[b * 3 + i];
            bool one = (int)s.truth[b * 2 + o / 6] + 3 == o % 6;
            loss -= log(one ? 1 / (1 + exp(-y)) : 1 / (1 + exp(y))) / 24;
            logits[b][o] = y;
        }
    struct tape tape = {0};
    tape_reset(&tape, true);
    CHECK_CLOSE(loss_of(&tape, &s)->value[0], loss, 1e-6);

    double predicted[4];
    tape_reset(&tape, false);
    predictor_predict(&tape, p, tape_leaf(&tape, 2, 3, s.z, NULL), predicted);
    for (int a = 0; a < 4; a++)
        for (int c = 0; c < 6; c++)
            CHECK(logits[a / 2][a % 2 * 6 + (int)predicted[a] + 3] >= logits[a / 2][a % 2 * 6 + c] - 1e-6);

    s.z[0] = NAN; // must not come out as an offset
    tape_reset(&tape, false);
    predictor_predict(&tape, p, tape_leaf(&tape, 2, 3, s.z, NULL), predicted);
    CHECK(isnan(predicted[0]) && isnan(predicted[1]) && isfinite(predicted[2]));
    tape_free(&tape);
    sample_free(&s);
}

// Without hidden layers: [W z + b] of sample b.
static double output(const struct predictor *p, const struct sample *s, int b, int o) {
    const float *w = p->values + 3 * o, *bias = p->values + p->table.list[1].offset, *z = s->z + 3 * b;
    return (double)w[0] * z[0] + (double)w[1] * z[1] + (double)w[2] * z[2] + bias[o];
}

static void predict(const struct predictor *p, const struct sample *s, double *predicted) {
    struct tape tape = {0};
    tape_reset(&tape, false);
    predictor_predict(&tape, p, tape_leaf(&tape, 2, 3, (float *)s->z, NULL), predicted);
    tape_free(&tape);
}

static double loss_value(struct sample *s) {
    struct tape tape = {0};
    tape_reset(&tape, false);
    double loss = loss_of(&tape, s)->value[0];
    tape_free(&tape);
    return loss;
}

static void test_numbers_by_hand(void) {
    struct sample s = sample_of("rotation", 0);
    struct predictor *p = s.predictor;
    CHECK(p->mean == 185 && p->deviation == 165, "%g %g", p->mean, p->deviation);
    double loss = 0, predicted[2], after[2];
    predict(p, &s, predicted);
    for (int b = 0; b < 2; b++) {
        double y = output(p, &s, b, 0);
        CHECK_CLOSE(predicted[b], 185 + 165 * y, 1e-4);
        loss += (y - (b ? -1 : 1)) * (y - (b ? -1 : 1)) / 2;
    }
    CHECK_CLOSE(loss_value(&s), loss, 1e-6);

    predictor_unstandardise(p); // the same answers, and the weights alone give them
    predict(p, &s, after);
    for (int b = 0; b < 2; b++) {
        CHECK_CLOSE(after[b], predicted[b], 1e-3);
        CHECK_CLOSE(after[b], output(p, &s, b, 0), 1e-3);
    }
    CHECK(p->mean == 0 && p->deviation == 1);
    predictor_standardise(p, (double[]){0.1, 0.1, 0.1}, 3); // no deviation to divide by
    CHECK_CLOSE(p->mean, 0.1, 1e-12);
    CHECK(p->deviation == 1);
    sample_free(&s);
}

static void test_steps_by_hand(void) {
    struct sample s = sample_of("step", 0);
    struct predictor *p = s.predictor;
    double loss = 0, predicted[2];
    CHECK(p->answers == 1 && p->table.size == 3 * 3 + 3 && p->mean == 0 && p->deviation == 1);
    predict(p, &s, predicted);
    for (int b = 0; b < 2; b++) {
        double sum = 0;
        int best = 0;
        for (int c = 0; c < 3; c++) {
            sum += exp(output(p, &s, b, c));
            best = output(p, &s, b, c) > output(p, &s, b, best) ? c : best;
        }
        loss += (log(sum) - output(p, &s, b, b ? 0 : 2)) / 2;
        CHECK(predicted[b] == (double)p->config.classes[best], "%g", predicted[b]);
    }
    CHECK_CLOSE(loss_value(&s), loss, 1e-6);
    sample_free(&s);
}

static void test_classes(void) {
    const struct target *step = target_find("step");
    struct predictor_config config = {.z = 1};
    struct error error = {0};
    const int64_t steps[] = {200, 0, 100, 200, 0, 20000, 50}, ascending[] = {0, 50, 100, 200, 20000};
    for (int i = 0; i < 7; i++)
        CHECK(predictor_add_class(&config, step, (double)steps[i], &error) == STATUS_OK);
    CHECK(config.class_count == 5 && memcmp(config.classes, ascending, sizeof ascending) == 0, "%d classes", config.class_count);
    CHECK(predictor_add_class(&config, target_find("accuracy"), 0.5, &error) == STATUS_OK && config.class_count == 5);
    for (int i = 0; i < PREDICTOR_MAX_CLASSES - 5; i++)
        CHECK(predictor_add_class(&config, step, 30000 + i, &error) == STATUS_OK);
    CHECK(predictor_add_class(&config, step, 30000, &error) == STATUS_OK);
    CHECK(predictor_add_class(&config, step, 7, &error) == STATUS_DATA && strstr(error.text, "255"), "%s", error.text);
}

// --- Records ---

static void refused(const struct value *root, const char *text) {
    struct model_record record;
    struct predictor *p = NULL;
    struct error error = {0};
    enum status status = model_record_read(root, &record, &error);
    if (status == STATUS_OK)
        status = predictor_read(&record, &p, &error);
    CHECK(status == STATUS_DATA && strstr(error.text, text), "'%s' for '%s'", error.text, text);
    predictor_free(p);
}

static void test_record(const char *target) {
    struct predictor_config config = {.z = 4, .hidden = 6, .layers = 1, .tokens = 5, .class_count = 3, .classes = {0, 100, 5000}};
    struct predictor *p = predictor_new(target_find(target), &config, 9), *again = NULL;
    struct decoded d = decoded_new(), variant = decoded_new(), sizes = decoded_new();
    struct model_record record;
    struct error error = {0};
    p->step = 77;
    predictor_pack(d.packer, p, &(struct predictor_losses){.train = 0.5, .validation = 0.25, .ood = NAN});
    const struct value *root = decoded_root(&d), *metrics = value_get(root, "metrics");
    double loss;
    CHECK(value_is(value_get(root, "kind"), "predictor") && value_is(value_get(root, "target"), target));
    CHECK(value_to_double(value_get(metrics, "validation_loss"), &loss) && loss == 0.25 && !value_get(metrics, "ood_loss"));
    CHECK(!value_get(value_get(root, "config"), "tokens") == (strcmp(target, "task") != 0));
    CHECK(model_record_read(root, &record, &error) == STATUS_OK && predictor_read(&record, &again, &error) == STATUS_OK, "%s", error.text);
    CHECK(again && again->target == p->target && again->seed == 9 && again->step == 77 && again->answers == p->answers);
    CHECK(again && again->table.size == p->table.size && memcmp(again->values, p->values, p->table.size * sizeof(float)) == 0);

    CHECK(again && again->config.class_count == p->config.class_count && again->mean == 0 && again->deviation == 1);
    CHECK(again && memcmp(again->config.classes, p->config.classes, (size_t)p->config.class_count * sizeof *p->config.classes) == 0);

    refused(decoded_without(&variant, root, "target"), "target");
    refused(decoded_with_text(&variant, root, "target", "colour"), "colour");
    refused(decoded_without(&variant, root, "weights"), "weights");
    refused(decoded_without(&variant, root, "config"), "fewer weights"); // the defaults are larger
    const struct value *whole = value_get(root, "config");
    refused(decoded_with(&variant, root, "config", decoded_with_int(&sizes, whole, "hidden", 65536)),
            "fewer weights"); // and nothing is allocated
    refused(decoded_with(&variant, root, "config", decoded_with_int(&sizes, whole, "z", 3)), "shape");
    refused(decoded_with(&variant, root, "config", decoded_with_int(&sizes, whole, "layers", -1)), "layers");
    decoded_free(&d);
    decoded_free(&variant);
    decoded_free(&sizes);
    predictor_free(p);
    predictor_free(again);
}

static void classes_refused(const struct value *root, int count, const int *classes) {
    struct decoded list = decoded_new(), variant = decoded_new();
    pack_list(list.packer);
    for (int c = 0; c < count; c++)
        pack_i64(list.packer, classes ? classes[c] : c);
    pack_end(list.packer);
    refused(decoded_with(&variant, root, "classes", decoded_root(&list)), "classes");
    decoded_free(&list);
    decoded_free(&variant);
}

static void test_record_of_steps(void) {
    struct predictor_config config = {.z = 4, .hidden = 6, .layers = 1, .class_count = 3, .classes = {0, 100, 5000}};
    struct predictor *p = predictor_new(target_find("step"), &config, 9);
    struct decoded d = decoded_new(), variant = decoded_new();
    predictor_pack(d.packer, p, &(struct predictor_losses){NAN, NAN, NAN, 0});
    const struct value *root = decoded_root(&d);
    refused(decoded_without(&variant, root, "classes"), "classes");
    refused(decoded_with_text(&variant, root, "classes", "0,100"), "classes");
    classes_refused(root, 0, NULL);
    classes_refused(root, 256, NULL);
    classes_refused(root, 3, (int[]){0, 100, 100});
    classes_refused(root, 3, (int[]){-1, 0, 100});
    decoded_free(&d);
    decoded_free(&variant);
    predictor_free(p);
}

static const struct predictor_config small = {.z = 3, .hidden = 5, .layers = 1, .tokens = 3, .class_count = 1};

static enum status truth_of(const char *target, const struct rnn_record *record, double *truth, struct error *error) {
    struct predictor *p = predictor_new(target_find(target), &small, 1);
    enum status status = predictor_truth(p, record, truth, error);
    predictor_free(p);
    return status;
}

static void test_truth(void) {
    struct rnn_record record = {.task = task_make(&language_family, &(struct language){.tokens = 3, .offsets = {0, -3, 2}})};
    struct error error = {0};
    double truth[PREDICTOR_MAX_ANSWERS];
    CHECK(truth_of("task", &record, truth, &error) == STATUS_OK && truth[0] == -3 && truth[1] == 2);
    CHECK(truth_of("rotation", &record, truth, &error) == STATUS_DATA && strstr(error.text, "formal-language"), "%s", error.text);
    record.task = task_make(&language_family, &(struct language){.tokens = 4});
    CHECK(truth_of("task", &record, truth, &error) == STATUS_DATA && strstr(error.text, "of 3 answers among those of 2"));
    record.task.family = NULL;
    CHECK(truth_of("task", &record, truth, &error) == STATUS_DATA && truth_of("rotation", &record, truth, &error) == STATUS_DATA);
    record.task = task_make(&smnist_family, &(struct smnist){.rotation = 271.5});
    CHECK(truth_of("rotation", &record, truth, &error) == STATUS_OK && truth[0] == 271.5);
    CHECK(truth_of("task", &record, truth, &error) == STATUS_DATA && strstr(error.text, "rotation"), "%s", error.text);
    CHECK(!target_find("colour"));
    char names[64] = "";
    for (int i = 0; i < TARGET_COUNT; i++) {
        CHECK(target_find(target_table[i].name) == &target_table[i]);
        sprintf(names + strlen(names), "%s%s", i ? "|" : "", target_table[i].name);
    }
    CHECK(strcmp(target_names, names) == 0, "%s", names);
}

static void test_metric_truths(void) {
    struct rnn_record record = {0};
    struct decoded d = decoded_new();
    struct error error = {0};
    double truth[PREDICTOR_MAX_ANSWERS];
    const char *const names[][2] = {{"accuracy", "accuracy"}, {"gap", "generalisation_gap"}};
    for (int t = 0; t < 2; t++) {
        record.metrics = NULL;
        CHECK(truth_of(names[t][0], &record, truth, &error) == STATUS_DATA && strstr(error.text, names[t][1]));
        for (int k = 0; k < 2; k++) {
            packer_clear(d.packer);
            pack_map(d.packer);
            pack_key(d.packer, names[t][1]);
            pack_double(d.packer, k ? NAN : -0.75);
            pack_end(d.packer);
            record.metrics = decoded_root(&d);
            CHECK(truth_of(names[t][0], &record, truth, &error) == (k ? STATUS_DATA : STATUS_OK), "%g", truth[0]);
            CHECK(k || truth[0] == -0.75);
        }
    }
    packer_clear(d.packer);
    pack_map(d.packer);
    pack_key(d.packer, "step");
    pack_u64(d.packer, 20000);
    pack_end(d.packer);
    record.step = 20000;
    CHECK(truth_of("step", &record, truth, &error) == STATUS_DATA && strstr(error.text, "step")); // step is 0 when it is absent
    record.root = decoded_root(&d);
    CHECK(truth_of("step", &record, truth, &error) == STATUS_OK && truth[0] == 20000);
    record.step = (UINT64_C(1) << 53) + 1;
    CHECK(truth_of("step", &record, truth, &error) == STATUS_DATA);
    decoded_free(&d);
}

int main(void) {
    test_gradients();
    test_by_hand();
    test_numbers_by_hand();
    test_steps_by_hand();
    test_classes();
    for (int i = 0; i < TARGET_COUNT; i++)
        test_record(target_table[i].name);
    test_record_of_steps();
    test_truth();
    test_metric_truths();
    return check_report("training/predictor");
}
