#include "training/predictor.h"

#include "../check.h"
#include "../records/decoded.h"
#include "base/memory.h"
#include "grad/gradcheck.h"
#include "settled.h"

#include <string.h>

// A sample of a loss: two embeddings with truths.
struct sample {
    struct predictor *predictor;
    float z[2 * 3], z_grad[2 * 3], *grad;
    double truth[2 * ANSWERS_MAX];
};

static struct sample sample_of_property(const struct property *property, int layers, const double truth[4]) {
    struct predictor_config config = {.z = 3, .hidden = 5, .layers = layers};
    struct sample s = {.predictor = predictor_new(property, &config, 7), .z = {0.6f, -0.8f, 0.1f, -0.3f, 0.2f, 0.9f}};
    s.grad = memory_calloc(s.predictor->table.size, sizeof *s.grad);
    memcpy(s.truth, truth, 4 * sizeof *truth);
    predictor_standardise(s.predictor, s.truth, 2);
    return s;
}

static struct sample sample_of(const char *target, int layers) {
    struct property property = settled_short(target);
    const double offsets[] = {0, 5, 3, 4}, steps[] = {2, 0, 0, 0}, accuracies[] = {0.25, 1, 0, 0}, rotations[] = {350, 20, 0, 0};
    return sample_of_property(&property, layers,
                              *target == 't'   ? offsets
                              : *target == 's' ? steps
                              : *target == 'a' ? accuracies
                                               : rotations);
}

static struct sample sample_of_angles(int layers) {
    struct property property = settled("headings", PROPERTY_ANGLE, 2, 0, NULL);
    return sample_of_property(&property, layers, (double[]){350, 90, 10, 181});
}

static struct sample sample_of_numbers(int layers) {
    struct property property = settled("sizes", PROPERTY_NUMBER, 2, 0, NULL);
    return sample_of_property(&property, layers, (double[]){350, 1, 10, 2});
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
    const char *const names[] = {"task", "accuracy", "rotation", "step", "angles", "numbers"};
    for (int t = 0; t < 6; t++)
        for (int layers = 0; layers < 3; layers++) {
            struct sample s = t == 4 ? sample_of_angles(layers) : t == 5 ? sample_of_numbers(layers) : sample_of(names[t], layers);
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
            bool one = (int)s.truth[b * 2 + o / 6] == o % 6;
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
            CHECK(logits[a / 2][a % 2 * 6 + (int)predicted[a]] >= logits[a / 2][a % 2 * 6 + c] - 1e-6);

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
    CHECK(p->mean[0] == 185 && p->deviation[0] == 165, "%g %g", p->mean[0], p->deviation[0]);
    double loss = 0, predicted[2];
    predict(p, &s, predicted);
    for (int b = 0; b < 2; b++) {
        double y = output(p, &s, b, 0);
        CHECK_CLOSE(predicted[b], 185 + 165 * y, 1e-4);
        loss += (y - (b ? -1 : 1)) * (y - (b ? -1 : 1)) / 2;
    }
    CHECK_CLOSE(loss_value(&s), loss, 1e-6);

    predictor_standardise(p, (double[]){0.1, 0.1, 0.1}, 3); // no deviation to divide by
    CHECK_CLOSE(p->mean[0], 0.1, 1e-12);
    CHECK(p->deviation[0] == 1);
    sample_free(&s);
}

static void test_steps_by_hand(void) {
    struct sample s = sample_of("step", 0);
    struct predictor *p = s.predictor;
    double loss = 0, predicted[2];
    CHECK(p->answers == 1 && p->table.size == 3 * 3 + 3 && p->mean[0] == 0 && p->deviation[0] == 1);
    predict(p, &s, predicted);
    for (int b = 0; b < 2; b++) {
        double sum = 0;
        int best = 0;
        for (int c = 0; c < 3; c++) {
            sum += exp(output(p, &s, b, c));
            best = output(p, &s, b, c) > output(p, &s, b, best) ? c : best;
        }
        loss += (log(sum) - output(p, &s, b, b ? 0 : 2)) / 2;
        CHECK(predicted[b] == best, "%g", predicted[b]);
    }
    CHECK_CLOSE(loss_value(&s), loss, 1e-6);
    sample_free(&s);
}

// Cosine and sine are learned, and their direction is the answer.
static void test_angles_by_hand(void) {
    struct sample s = sample_of_angles(0);
    struct predictor *p = s.predictor;
    double loss = 0, predicted[4];
    CHECK(p->answers == 2 && p->table.size == 4 * 3 + 4);
    predict(p, &s, predicted);
    for (int i = 0; i < 4; i++) {
        double x = output(p, &s, i / 2, i % 2 * 2), y = output(p, &s, i / 2, i % 2 * 2 + 1), angle = s.truth[i] * M_PI / 180;
        loss += ((x - cos(angle)) * (x - cos(angle)) + (y - sin(angle)) * (y - sin(angle))) / 8;
        CHECK(predicted[i] >= 0 && predicted[i] <= 360);
        CHECK_CLOSE(cos(predicted[i] * M_PI / 180) * hypot(x, y), x, 1e-5);
        CHECK_CLOSE(sin(predicted[i] * M_PI / 180) * hypot(x, y), y, 1e-5);
    }
    CHECK_CLOSE(loss_value(&s), loss, 1e-6);
    sample_free(&s);
}

// Each answer has its own scale.
static void test_lists_of_numbers(void) {
    struct sample s = sample_of_numbers(0);
    struct predictor *p = s.predictor;
    double predicted[4];
    CHECK(p->mean[0] == 180 && p->deviation[0] == 170 && p->mean[1] == 1.5 && p->deviation[1] == 0.5);
    predict(p, &s, predicted);
    for (int i = 0; i < 4; i++)
        CHECK_CLOSE(predicted[i], p->mean[i % 2] + p->deviation[i % 2] * output(p, &s, i / 2, i % 2), 1e-3);
    sample_free(&s);
}

static struct predictor *predictor_from(const struct value *root, struct error *error) {
    struct model_record record;
    struct predictor *p = NULL;
    CHECK(model_record_read(root, &record, error) == STATUS_OK && predictor_read(&record, &p, error) == STATUS_OK, "%s", error->text);
    return p;
}

// Times in milliseconds beside a small number: no float tells them apart. The record keeps what the predictor knows; without mean and
// deviation, as older ones are, the weights give the number itself.
static void test_large_means(void) {
    struct property property = settled("times", PROPERTY_NUMBER, 2, 0, NULL);
    struct sample s = sample_of_property(&property, 0, (double[]){1733011200000.0, 0.001, 1733011200010.0, 0.002});
    struct decoded d = decoded_new(), older = decoded_new(), oldest = decoded_new();
    struct error error = {0};
    double predicted[4], again[4], plain[4];
    CHECK(s.predictor->mean[0] == 1733011200005.0 && s.predictor->deviation[0] == 5);
    predict(s.predictor, &s, predicted);
    for (int i = 0; i < 4; i += 2)
        CHECK_CLOSE(predicted[i] - 1733011200005.0, 5 * output(s.predictor, &s, i / 2, 0), 1e-3);
    predictor_pack(d.packer, s.predictor, &(struct predictor_losses){.train = 0.5, .validation = NAN, .ood = NAN});
    const struct value *root = decoded_root(&d);
    struct predictor *read = predictor_from(root, &error);
    predict(read, &s, again);
    CHECK(memcmp(predicted, again, sizeof again) == 0);
    predictor_free(read);
    read = predictor_from(decoded_without(&older, decoded_without(&oldest, root, "mean"), "deviation"), &error);
    predict(read, &s, plain);
    for (int i = 0; i < 4; i++)
        CHECK_CLOSE(plain[i], output(s.predictor, &s, i / 2, i % 2), 1e-6);
    predictor_free(read);
    decoded_free(&d);
    decoded_free(&older);
    decoded_free(&oldest);
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

static void scale_refused(const struct value *root, const char *key, int count, double number) {
    struct decoded list = decoded_new(), variant = decoded_new();
    pack_list(list.packer);
    for (int a = 0; a < count; a++)
        pack_double(list.packer, number);
    pack_end(list.packer);
    refused(decoded_with(&variant, root, key, decoded_root(&list)), "'mean' and 'deviation'");
    decoded_free(&list);
    decoded_free(&variant);
}

// Of numbers, mean and deviation; others need neither.
static void test_scale(const struct value *root, const struct property *property) {
    struct decoded variant = decoded_new();
    bool number = property->kind == PROPERTY_NUMBER;
    CHECK(!value_get(root, "mean") == !number && !value_get(root, "deviation") == !number);
    if (number) {
        refused(decoded_without(&variant, root, "mean"), "'mean' and 'deviation'");
        refused(decoded_without(&variant, root, "deviation"), "'mean' and 'deviation'");
        refused(decoded_with_text(&variant, root, "mean", "large"), "'mean' and 'deviation'");
        scale_refused(root, "mean", property->answers, NAN);
        scale_refused(root, "mean", property->answers, INFINITY);
        scale_refused(root, "mean", property->answers + 1, 1);
        scale_refused(root, "deviation", property->answers, 0);
        scale_refused(root, "deviation", property->answers, -1);
        scale_refused(root, "deviation", property->answers, INFINITY);
    }
    decoded_free(&variant);
}

static void test_record(const struct property *property) {
    struct predictor_config config = {.z = 4, .hidden = 6, .layers = 1};
    struct predictor *p = predictor_new(property, &config, 9), *again = NULL;
    const char *target = property->name;
    struct decoded d = decoded_new(), variant = decoded_new(), sizes = decoded_new();
    struct model_record record;
    struct error error = {0};
    struct encoder_identity id = {.type = "stats", .seed = 4, .step = 5, .has_crc32 = true, .crc32 = 6};
    p->step = 77;
    p->mode = MODE_TUNED;
    predictor_add_encoder(p, &id);
    predictor_add_encoder(p, &id);
    predictor_standardise(p, (const double[ANSWERS_MAX]){0.1, 0.7}, 1);
    predictor_pack(d.packer, p, &(struct predictor_losses){.train = 0.5, .validation = 0.25, .ood = NAN});
    const struct value *root = decoded_root(&d), *metrics = value_get(root, "metrics");
    double loss;
    CHECK(value_is(value_get(root, "kind"), "predictor") && value_is(value_get(root, "target"), target));
    CHECK(value_to_double(value_get(metrics, "validation_loss"), &loss) && loss == 0.25 && !value_get(metrics, "ood_loss"));
    CHECK(!value_get(value_get(root, "config"), "tokens") == (strcmp(target, "task") != 0));
    CHECK(model_record_read(root, &record, &error) == STATUS_OK && predictor_read(&record, &again, &error) == STATUS_OK, "%s", error.text);
    CHECK(again && strcmp(again->property.name, target) == 0 && again->seed == 9 && again->step == 77 && again->answers == p->answers);
    CHECK(again && again->property.kind == property->kind && again->property.list == property->list && again->mode == MODE_TUNED);
    CHECK(again && again->knows_encoders && again->encoder_count == 1 && again->encoders[0].crc32 == 6);
    CHECK(predictor_knows(again, &id, &error) == STATUS_OK);
    id.crc32 = 7;
    CHECK(predictor_knows(again, &id, &error) == STATUS_DATA && strstr(error.text, "crc32 00000007") &&
          strstr(error.text, "crc32 00000006"));
    id.has_crc32 = false;
    CHECK(predictor_knows(again, &id, &error) == STATUS_OK); // a record of before 0.2
    id.seed = 3;
    CHECK(predictor_knows(again, &id, &error) == STATUS_DATA && strstr(error.text, "seed 3"), "%s", error.text);
    CHECK(again && again->table.size == p->table.size && memcmp(again->values, p->values, p->table.size * sizeof(float)) == 0);

    CHECK(again && again->property.class_count == p->property.class_count);
    CHECK(again && memcmp(again->mean, p->mean, sizeof p->mean) == 0 && memcmp(again->deviation, p->deviation, sizeof p->deviation) == 0);
    for (int c = 0; again && c < p->property.class_count; c++)
        CHECK(label_compare(&again->property.classes[c], &p->property.classes[c]) == 0);

    test_scale(root, property);
    refused(decoded_without(&variant, root, "target"), "target");
    if (property_is_usual(property))
        refused(decoded_with_text(&variant, root, "target", "colour"), "colour");
    else
        refused(decoded_without(&variant, root, "as"), "as");
    refused(decoded_with_text(&variant, root, "as", "colour"), "as");
    refused(decoded_with_text(&variant, root, "encoders", "all"), "encoders");
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
    struct predictor_config config = {.z = 4, .hidden = 6, .layers = 1};
    struct property step = settled_short("step");
    struct predictor *p = predictor_new(&step, &config, 9);
    struct decoded d = decoded_new(), variant = decoded_new();
    predictor_pack(d.packer, p, &(struct predictor_losses){.train = NAN, .validation = NAN, .ood = NAN});
    const struct value *root = decoded_root(&d);
    refused(decoded_without(&variant, root, "classes"), "classes");
    refused(decoded_with_text(&variant, root, "classes", "0,100"), "classes");
    classes_refused(root, 0, NULL);
    classes_refused(root, 256, NULL);
    classes_refused(root, 3, (int[]){0, 100, 100});
    classes_refused(root, 3, (int[]){5, 0, 100});
    decoded_free(&d);
    decoded_free(&variant);
    predictor_free(p);
}

static void test_records(void) {
    static const char *const names[] = {"task", "step", "accuracy", "gap", "rotation"};
    struct property p;
    for (int i = 0; i < 5; i++) {
        p = settled_short(names[i]);
        test_record(&p);
    }
    p = settled("rotation", PROPERTY_ANGLE, 1, 0, NULL);
    test_record(&p);
    p = settled("lab.sizes", PROPERTY_NUMBER, 7, 0, NULL);
    test_record(&p);
    p = settled("lab.flags", PROPERTY_CLASSES, 3, 2, (double[]){-1, 4});
    test_record(&p);
    p = settled("lab.name", PROPERTY_CLASSES, 1, 0, NULL);
    const char *const texts[] = {"emnist", "", "mnist"};
    for (int c = 0; c < 3; c++)
        property_add_class(&p, &(struct label){.type = LABEL_TEXT, .text = (const uint8_t *)texts[c], .size = strlen(texts[c])});
    test_record(&p);
    property_free(&p);
}

int main(void) {
    test_gradients();
    test_by_hand();
    test_numbers_by_hand();
    test_steps_by_hand();
    test_angles_by_hand();
    test_lists_of_numbers();
    test_large_means();
    test_records();
    test_record_of_steps();
    return check_report("training/predictor");
}
