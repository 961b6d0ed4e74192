#include "training/interrogator.h"

#include "base/hash.h"
#include "base/memory.h"
#include "math/stats.h"
#include "nn/linear.h"
#include "stream/array.h"
#include "stream/field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 10 };

// --- What predictors say ---

// The outputs of a predictor, [answers, outputs of an answer], on the tape.
static const float *outputs(struct tape *tape, const struct predictor *p, const float *z) {
    struct weights w = {&p->table, p->values, NULL};
    tape_reset(tape, false);
    return mlp(tape, &w, 0, p->config.layers, tape_leaf(tape, 1, p->config.z, (float *)z, NULL))->value;
}

// softmax(x / temperature): the probability of class `which`, and which is the most probable.
static double probability(const float *x, int n, double temperature, int which, int *best) {
    double sum = 0;
    int top = 0;
    for (int i = 1; i < n; i++)
        top = x[i] > x[top] ? i : top;
    for (int i = 0; i < n; i++)
        sum += exp(((double)x[i] - (double)x[top]) / temperature);
    if (best)
        *best = top;
    return exp(((double)x[which < 0 ? top : which] - (double)x[top]) / temperature) / sum;
}

static const double least_loss = 1e-6; // none is taken to be smaller

static double temperature_of(const struct calibration *c, double loss) {
    return isnan(loss) ? c->temperature : c->temperature * pow(fmax(loss, least_loss) / c->usual_loss, c->exponent);
}

void opinion_of(struct opinion *out, const struct predictor *p, const struct calibration *c, const float *z, double loss) {
    struct tape tape = {0};
    double predicted[ANSWERS_MAX];
    int classes = p->property.class_count;
    const float *x = outputs(&tape, p, z);
    for (int a = 0; a < p->answers; a++) {
        out[a].confidence = NAN;
        if (p->property.kind == PROPERTY_CLASSES)
            out[a].confidence = probability(x + a * classes, classes, temperature_of(c, loss), -1, NULL);
    }
    predictor_predict(&tape, p, tape_leaf(&tape, 1, p->config.z, (float *)z, NULL), predicted);
    for (int a = 0; a < p->answers; a++)
        out[a].label = property_label(&p->property, predicted[a]);
    tape_free(&tape);
}

// --- Calibration ---

// Logits and truths of all answers, in two halves by run.
struct judged {
    float *logits; // [count, classes]
    int *truth;    // -1: a class that the predictor does not know, so that no answer is right, and no temperature better than another
    int *half;
    double *loss; // of the clones
    int count, classes;
};

// The mean negative logarithm of the truths' probabilities in one half (-1: in both).
static double surprise(const struct judged *j, int half, const struct calibration *c) {
    double sum = 0;
    int n = 0;
    for (int i = 0; i < j->count; i++)
        if (j->truth[i] >= 0 && (half < 0 || j->half[i] == half)) {
            double temperature = temperature_of(c, j->loss[i]);
            sum -= log(fmax(probability(j->logits + i * j->classes, j->classes, temperature, j->truth[i], NULL), 1e-300));
            n++;
        }
    return n ? sum / n : 0;
}

// The usual loss is the geometric mean. False when no loss is known.
static bool find_usual_loss(struct calibration *c, const struct judged *j) {
    double sum = 0;
    int n = 0;
    for (int i = 0; i < j->count; i++)
        if (!isnan(j->loss[i])) {
            sum += log(fmax(j->loss[i], least_loss));
            n++;
        }
    c->usual_loss = n ? exp(sum / n) : 1;
    return n > 0;
}

// Temperature, between 1/20 and 20, and exponent, 0 .. 2 by quarters, of least surprise.
static struct calibration least_surprise(const struct judged *j, int half) {
    struct calibration c = {.temperature = 1};
    int exponents = find_usual_loss(&c, j) ? 8 : 0;
    struct calibration best = c;
    double least = surprise(j, half, &best);
    for (int k = 0; k <= exponents; k++)
        for (int i = -150; i <= 150; i++) {
            c.exponent = k / 4.0;
            c.temperature = exp(i / 50.0);
            double s = surprise(j, half, &c);
            if (s < least) {
                least = s;
                best = c;
            }
        }
    return best;
}

// The expected calibration error: over ten bins of confidence, the mean of |share of right answers - mean confidence|, by their numbers.
static void measure_error(struct calibration *c, const struct judged *j) {
    double confidence[BINS] = {0}, right[BINS] = {0};
    const struct calibration of_other[2] = {least_surprise(j, 1), least_surprise(j, 0)};
    for (int i = 0; i < j->count; i++) {
        int best;
        double p = probability(j->logits + i * j->classes, j->classes, temperature_of(&of_other[j->half[i]], j->loss[i]), -1, &best);
        int bin = p >= 1 ? BINS - 1 : (int)(p * BINS);
        confidence[bin] += p;
        right[bin] += best == j->truth[i];
        c->right += (double)(best == j->truth[i]) / j->count;
    }
    for (int b = 0; b < BINS; b++)
        c->error += fabs(right[b] - confidence[b]) / j->count;
}

static double difference(const struct predictor *p, double a, double b) {
    double d = fabs(a - b);
    return p->property.kind == PROPERTY_ANGLE ? fmin(fmod(d, 360), 360 - fmod(d, 360)) : d;
}

enum status calibration_measure(struct calibration *out, const struct predictor *p, const struct embedded *held_out, struct error *error) {
    int classes = p->property.class_count, most = held_out->count * p->answers;
    bool sorts = p->property.kind == PROPERTY_CLASSES;
    struct judged j = {.classes = classes, .logits = memory_calloc((size_t)(most * (sorts ? classes : 1)) + 1, sizeof(float))};
    double *off = memory_calloc((size_t)most + 1, sizeof *off), predicted[ANSWERS_MAX];
    j.truth = memory_calloc((size_t)most + 1, sizeof *j.truth);
    j.half = memory_calloc((size_t)most + 1, sizeof *j.half);
    j.loss = memory_calloc((size_t)most + 1, sizeof *j.loss);
    struct tape tape = {0};
    enum status status = STATUS_OK;
    for (int i = 0; i < held_out->count && status == STATUS_OK; i++) {
        struct answers truth;
        uint64_t run = 0;
        status = property_truth(&p->property, held_out->record[i], &truth, error);
        if (status != STATUS_OK || truth.count != p->answers)
            continue;
        value_to_u64(value_get(held_out->record[i], "run"), &run);
        const float *z = held_out->z + (size_t)i * (size_t)held_out->size, *x = outputs(&tape, p, z);
        for (int a = 0; a < p->answers && sorts; a++) {
            memcpy(j.logits + j.count * classes, x + a * classes, (size_t)classes * sizeof *x);
            j.loss[j.count] = held_out->loss[i];
            j.half[j.count] = (int)(hash_mix(run) & 1);
            j.truth[j.count++] = property_place(&p->property, &truth.label[a]);
        }
        predictor_predict(&tape, p, tape_leaf(&tape, 1, p->config.z, (float *)z, NULL), predicted);
        for (int a = 0; a < p->answers && !sorts; a++)
            off[j.count++] = difference(p, predicted[a], property_value(&p->property, &truth.label[a]));
    }
    *out = (struct calibration){
        .temperature = 1, .usual_loss = 1, .answers = j.count, .error = sorts ? 0 : NAN, .right = sorts ? 0 : NAN, .within = NAN};
    if (status == STATUS_OK && j.count == 0)
        status = error_set(error, STATUS_DATA, "no held-out record tells '%s'", p->property.name);
    if (status == STATUS_OK && sorts) {
        const struct calibration best = least_surprise(&j, -1);
        out->temperature = best.temperature;
        out->exponent = best.exponent;
        out->usual_loss = best.usual_loss;
        measure_error(out, &j);
    } else if (status == STATUS_OK) {
        out->within = stats_quantile(off, j.count, 0.9);
    }
    tape_free(&tape);
    free(j.logits);
    free(j.truth);
    free(j.half);
    free(j.loss);
    free(off);
    return status;
}

void calibration_pack(struct packer *packer, const struct calibration *c, const struct predictor *p) {
    const struct {
        const char *key;
        double number;
    } all[] = {{"temperature", c->temperature}, {"exponent", c->exponent}, {"usual_loss", c->usual_loss},
               {"calibration_error", c->error}, {"right", c->right},       {"within", c->within}};
    pack_map(packer);
    pack_key(packer, "kind");
    pack_str(packer, "calibration");
    pack_key(packer, "target");
    pack_str(packer, p->property.name);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!isnan(all[i].number)) {
            pack_key(packer, all[i].key);
            pack_double(packer, all[i].number);
        }
    pack_key(packer, "answers");
    pack_i64(packer, c->answers);
    pack_end(packer);
}

enum status calibration_read(struct calibration *out, const struct value *record, struct error *error) {
    *out = (struct calibration){.usual_loss = 1, .error = NAN, .right = NAN, .within = NAN};
    value_to_double(value_get(record, "calibration_error"), &out->error);
    value_to_double(value_get(record, "right"), &out->right);
    value_to_double(value_get(record, "within"), &out->within);
    if (!value_to_double(value_get(record, "temperature"), &out->temperature) || !(out->temperature > 0) || !isfinite(out->temperature))
        return error_set(error, STATUS_DATA, "calibration record: key 'temperature' is no positive number");
    value_to_double(value_get(record, "exponent"), &out->exponent); // 0 and 1 in files that have none
    value_to_double(value_get(record, "usual_loss"), &out->usual_loss);
    if (!isfinite(out->exponent) || !(out->usual_loss > 0) || !isfinite(out->usual_loss))
        return error_set(error, STATUS_DATA, "calibration record: keys 'exponent' and 'usual_loss' are no finite and no positive number");
    return field_int(record, "answers", "calibration record", 0, 1 << 30, &out->answers, error);
}
