#include "training/predictor.h"

#include "../check.h"
#include "../records/decoded.h"
#include "base/memory.h"
#include "grad/gradcheck.h"

#include <string.h>

// A sample of a loss: two embeddings with truths.
struct sample {
    struct predictor *predictor;
    float z[2 * 3], z_grad[2 * 3], *grad;
    double truth[2 * PREDICTOR_MAX_ANSWERS];
};

static struct sample sample_of(const char *target, int layers) {
    struct predictor_config config = {.z = 3, .hidden = 5, .layers = layers, .tokens = 3};
    struct sample s = {.predictor = predictor_new(target_find(target), &config, 7), .z = {0.6f, -0.8f, 0.1f, -0.3f, 0.2f, 0.9f}};
    s.grad = memory_calloc(s.predictor->table.size, sizeof *s.grad);
    const double offsets[] = {-3, 2, 0, 1}, accuracies[] = {0.25, 1};
    memcpy(s.truth, s.predictor->target->classes ? offsets : accuracies, (size_t)(2 * s.predictor->answers) * sizeof(double));
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
    const char *const names[] = {"task", "accuracy"};
    for (int t = 0; t < 2; t++)
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

static void test_numbers_by_hand(void) {
    struct sample s = sample_of("accuracy", 0);
    double loss = 0, predicted[2];
    struct tape tape = {0};
    tape_reset(&tape, false);
    predictor_predict(&tape, s.predictor, tape_leaf(&tape, 2, 3, s.z, NULL), predicted);
    for (int b = 0; b < 2; b++) {
        const float *v = s.predictor->values, *z = s.z + 3 * b;
        double y = (double)v[0] * z[0] + (double)v[1] * z[1] + (double)v[2] * z[2] + v[3];
        CHECK_CLOSE(predicted[b], y, 1e-6);
        loss += (y - s.truth[b]) * (y - s.truth[b]) / 2;
    }
    tape_reset(&tape, false);
    CHECK_CLOSE(loss_of(&tape, &s)->value[0], loss, 1e-6);
    tape_free(&tape);
    sample_free(&s);
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
    struct predictor_config config = {.z = 4, .hidden = 6, .layers = 1, .tokens = 5};
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
    CHECK(!value_get(value_get(root, "config"), "tokens") == (strcmp(target, "accuracy") == 0));
    CHECK(model_record_read(root, &record, &error) == STATUS_OK && predictor_read(&record, &again, &error) == STATUS_OK, "%s", error.text);
    CHECK(again && again->target == p->target && again->seed == 9 && again->step == 77 && again->answers == p->answers);
    CHECK(again && again->table.size == p->table.size && memcmp(again->values, p->values, p->table.size * sizeof(float)) == 0);

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

static void test_truth(void) {
    struct predictor_config config = {.z = 3, .hidden = 5, .layers = 1, .tokens = 3};
    struct predictor *task = predictor_new(target_find("task"), &config, 1), *accuracy = predictor_new(target_find("accuracy"), &config, 1);
    struct rnn_record record = {.task = {.family = TASK_LANGUAGE, .language = {.tokens = 3, .offsets = {0, -3, 2}}}};
    struct decoded d = decoded_new();
    struct error error = {0};
    double truth[PREDICTOR_MAX_ANSWERS];
    CHECK(predictor_truth(task, &record, truth, &error) == STATUS_OK && truth[0] == -3 && truth[1] == 2);
    record.task.language.tokens = 4;
    CHECK(predictor_truth(task, &record, truth, &error) == STATUS_DATA && strstr(error.text, "4 letters"));
    record.task.family = TASK_OTHER;
    CHECK(predictor_truth(task, &record, truth, &error) == STATUS_DATA);
    CHECK(predictor_truth(accuracy, &record, truth, &error) == STATUS_DATA && strstr(error.text, "accuracy"));
    for (int k = 0; k < 2; k++) {
        packer_clear(d.packer);
        pack_map(d.packer);
        pack_key(d.packer, "accuracy");
        pack_double(d.packer, k ? NAN : 0.75);
        pack_end(d.packer);
        record.metrics = decoded_root(&d);
        CHECK(predictor_truth(accuracy, &record, truth, &error) == (k ? STATUS_DATA : STATUS_OK), "%g", truth[0]);
        CHECK(k || truth[0] == 0.75);
    }
    CHECK(!target_find("colour") && strcmp(target_names, "task|accuracy") == 0);
    decoded_free(&d);
    predictor_free(task);
    predictor_free(accuracy);
}

int main(void) {
    test_gradients();
    test_by_hand();
    test_numbers_by_hand();
    test_record("task");
    test_record("accuracy");
    test_truth();
    return check_report("training/predictor");
}
