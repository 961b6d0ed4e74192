#include "training/scores.h"

#include "../check.h"
#include "../records/decoded.h"

#include <string.h>

static struct decoded made; // the record at hand

struct fields {
    const char *label, *split;
    int seed;
    bool seen;
};

static void pack_begin(const char *kind, struct fields f) {
    struct packer *p = made.packer;
    packer_clear(p);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, kind);
    pack_key(p, "encoder");
    pack_map(p);
    pack_key(p, "type");
    pack_str(p, "stats");
    pack_key(p, "seed");
    pack_i64(p, f.seed);
    pack_end(p);
    if (f.label) {
        pack_key(p, "label");
        pack_str(p, f.label);
    }
    if (f.split) {
        pack_key(p, "split");
        pack_str(p, f.split);
    }
    if (f.seen) {
        pack_key(p, "seen");
        pack_bool(p, true);
    }
}

static const struct value *emulation(struct fields f, double loss, double accuracy, double clone) {
    struct packer *p = made.packer;
    pack_begin("emulation", f);
    pack_key(p, "loss");
    pack_double(p, loss);
    pack_key(p, "accuracy");
    pack_double(p, accuracy);
    pack_key(p, "clone_accuracy");
    pack_double(p, clone);
    pack_end(p);
    return decoded_root(&made);
}

static void pack_offsets(const char *key, const int *offsets, int count) {
    struct packer *p = made.packer;
    pack_key(p, key);
    pack_list(p);
    for (int i = 0; i < count; i++)
        pack_i64(p, offsets[i]);
    pack_end(p);
}

static const struct value *task_prediction(struct fields f, int count, const int *truth, const int *predicted) {
    pack_begin("prediction", f);
    pack_key(made.packer, "target");
    pack_str(made.packer, "task");
    pack_offsets("truth", truth, count);
    pack_offsets("predicted", predicted, count);
    pack_end(made.packer);
    return decoded_root(&made);
}

static const struct value *number_prediction(struct fields f, const char *target, double truth, double predicted) {
    pack_begin("prediction", f);
    pack_key(made.packer, "target");
    pack_str(made.packer, target);
    pack_key(made.packer, "truth");
    pack_double(made.packer, truth);
    pack_key(made.packer, "predicted");
    pack_double(made.packer, predicted);
    pack_end(made.packer);
    return decoded_root(&made);
}

static void take(struct scores *s, const struct value *record) {
    struct error error = {0};
    CHECK(scores_add(s, record, &error) == STATUS_OK, "%s", error.text);
}

static const struct score_row *find(const struct score_row *rows, int count, const char *label, enum split split) {
    static const struct score_row none;
    for (int r = 0; r < count; r++)
        if (strcmp(rows[r].label, label) == 0 && rows[r].split == split)
            return &rows[r];
    return &none;
}

static const struct fields ood1 = {.split = "ood", .seed = 1}, ood2 = {.split = "ood", .seed = 2},
                           validation = {.split = "validation", .seed = 1};

static void test_means(void) {
    struct scores *s = scores_new(false);
    take(s, emulation(ood1, 0.1, 0.5, 0.75)); // seed 1: mean loss 0.2, clone 0.25
    take(s, emulation(ood1, 0.3, 0.5, NAN));
    take(s, emulation(ood2, 0.6, 1, 0.5)); // seed 2
    take(s, task_prediction(ood1, 2, (int[]){1, 2}, (int[]){1, 2}));
    take(s, task_prediction(ood1, 2, (int[]){1, 0}, (int[]){1, 2}));
    take(s, task_prediction(ood1, 2, (int[]){-1, 2}, (int[]){2, -1}));
    take(s, task_prediction((struct fields){.split = "ood", .seed = 1, .seen = true}, 2, (int[]){1, 2}, (int[]){0, 0})); // left out
    take(s, task_prediction((struct fields){.split = "train", .seed = 1, .seen = true}, 2, (int[]){1, 2}, (int[]){0, 0}));
    take(s, number_prediction(ood1, "accuracy", 0.5, 0.25));
    take(s, emulation((struct fields){.label = "mine", .split = "validation", .seed = 3}, 0.9, 0, 0));
    struct score_row *rows;
    int count;
    struct error error = {0};
    CHECK(scores_table(s, 1, &rows, &count, &error) == STATUS_OK && count == 3, "%d rows, %s", count, error.text);
    const struct score_row *r = find(rows, count, "stats", SPLIT_OOD);
    CHECK(r->records == 7 && r->seeds == 2, "%d records", (int)r->records);
    CHECK_CLOSE(r->cells[MEASURE_EMULATION_LOSS].mean, 0.4, 1e-12);
    CHECK(r->cells[MEASURE_EMULATION_LOSS].seeds == 2);
    CHECK_CLOSE(r->cells[MEASURE_EMULATION_LOSS].low, 0.2, 1e-12);
    CHECK_CLOSE(r->cells[MEASURE_EMULATION_LOSS].high, 0.6, 1e-12);
    CHECK_CLOSE(r->cells[MEASURE_CLONE_DIFFERENCE].mean, 0.375, 1e-12);
    CHECK(r->cells[MEASURE_EXACT_TASK].seeds == 1);
    CHECK_CLOSE(r->cells[MEASURE_EXACT_TASK].mean, 1.0 / 3, 1e-12);
    CHECK_CLOSE(r->cells[MEASURE_OFFSET_ACCURACY].mean, 0.5, 1e-12);
    CHECK_CLOSE(r->cells[MEASURE_ACCURACY_ERROR].mean, 0.25, 1e-12);
    CHECK_CLOSE(r->cells[MEASURE_ACCURACY_ERROR].low, 0.25, 1e-12); // one seed: a point
    r = find(rows, count, "mine", SPLIT_VALIDATION);
    CHECK(r->seeds == 1 && r->cells[MEASURE_EMULATION_LOSS].mean == 0.9 && r->cells[MEASURE_EXACT_TASK].seeds == 0);
    r = find(rows, count, "majority", SPLIT_OOD); // of (1,2), (1,0), (-1,2)
    CHECK_CLOSE(r->cells[MEASURE_EXACT_TASK].mean, 1.0 / 3, 1e-12);
    CHECK_CLOSE(r->cells[MEASURE_OFFSET_ACCURACY].mean, 2.0 / 3, 1e-12);
    CHECK_CLOSE(r->cells[MEASURE_ACCURACY_ERROR].mean, 0, 0);
    CHECK(r->cells[MEASURE_EMULATION_LOSS].seeds == 0);
    free(rows);
    scores_free(s);
}

static void test_best_constants(void) {
    struct scores *s = scores_new(true);
    const double truth[] = {0.5, 0.1, 0.9, 0.2, 0.6};
    const int tasks[][1] = {{-3}, {2}, {0}, {2}, {1}, {2}};
    for (int i = 0; i < 5; i++)
        take(s, number_prediction((struct fields){.seed = 1}, "accuracy", truth[i], 0)); // no split: training
    for (int i = 0; i < 6; i++)
        take(s, task_prediction(validation, 1, tasks[i], tasks[0]));
    struct score_row *rows;
    int count;
    struct error error = {0};
    CHECK(scores_table(s, 1, &rows, &count, &error) == STATUS_OK && count == 4, "%d rows, %s", count, error.text);
    CHECK_CLOSE(find(rows, count, "majority", SPLIT_TRAIN)->cells[MEASURE_ACCURACY_ERROR].mean, sqrt(0.0824), 1e-12);
    CHECK_CLOSE(find(rows, count, "majority", SPLIT_VALIDATION)->cells[MEASURE_EXACT_TASK].mean, 0.5, 1e-12);
    CHECK_CLOSE(find(rows, count, "stats", SPLIT_VALIDATION)->cells[MEASURE_EXACT_TASK].mean, 1.0 / 6, 1e-12);
    free(rows);
    scores_free(s);
}

static void test_numbers_and_steps(void) {
    struct scores *s = scores_new(false);
    take(s, number_prediction(ood1, "rotation", 359, 1)); // 2 degrees on the circle
    take(s, number_prediction(ood1, "rotation", 10, 370));
    take(s, number_prediction(ood1, "rotation", 0, -170));
    take(s, number_prediction(ood1, "gap", 0.5, 0.75));
    take(s, number_prediction(ood1, "gap", -0.5, -0.25));
    take(s, number_prediction(ood1, "step", 100, 100));
    take(s, number_prediction(ood1, "step", 200, 100));
    take(s, number_prediction(ood1, "step", 200, 100));
    struct score_row *rows;
    int count;
    struct error error = {0};
    CHECK(scores_table(s, 1, &rows, &count, &error) == STATUS_OK && count == 2, "%d rows, %s", count, error.text);
    const struct score_cell *cells = find(rows, count, "stats", SPLIT_OOD)->cells;
    CHECK_CLOSE(cells[MEASURE_ROTATION_ERROR].mean, sqrt((358 * 358 + 360 * 360 + 170 * 170) / 3.0), 1e-9);
    CHECK_CLOSE(cells[MEASURE_ROTATION_ANGLE].mean, (2 + 0 + 170) / 3.0, 1e-9);
    CHECK_CLOSE(cells[MEASURE_GAP_ERROR].mean, 0.25, 1e-12);
    CHECK_CLOSE(cells[MEASURE_STEP_ACCURACY].mean, 1.0 / 3, 1e-12);
    CHECK(cells[MEASURE_EXACT_TASK].seeds == 0 && cells[MEASURE_ACCURACY_ERROR].seeds == 0);
    CHECK(find(rows, count, "majority", SPLIT_OOD)->records == 8);
    cells = find(rows, count, "majority", SPLIT_OOD)->cells;
    CHECK_CLOSE(cells[MEASURE_ROTATION_ANGLE].mean, 11 / 3.0, 1e-9); // from 0: 1, 10 and 0
    CHECK_CLOSE(cells[MEASURE_GAP_ERROR].mean, 0.5, 1e-12);
    CHECK_CLOSE(cells[MEASURE_STEP_ACCURACY].mean, 2.0 / 3, 1e-12);
    CHECK(cells[MEASURE_EMULATION_LOSS].seeds == 0 && cells[MEASURE_OFFSET_ACCURACY].seeds == 0);
    free(rows);
    scores_free(s);
}

// The seeds' order in the input changes nothing.
static void test_order(void) {
    double low[2], high[2];
    for (int reverse = 0; reverse < 2; reverse++) {
        struct scores *s = scores_new(false);
        for (int i = 0; i < 9; i++) {
            int seed = reverse ? 8 - i : i;
            take(s, emulation((struct fields){.split = "ood", .seed = seed}, 0.1 * seed * seed, 0, 0));
        }
        struct score_row *rows;
        int count;
        struct error error = {0};
        CHECK(scores_table(s, 5, &rows, &count, &error) == STATUS_OK && count == 1, "%s", error.text);
        low[reverse] = rows[0].cells[MEASURE_EMULATION_LOSS].low;
        high[reverse] = rows[0].cells[MEASURE_EMULATION_LOSS].high;
        free(rows);
        scores_free(s);
    }
    CHECK(low[0] == low[1] && high[0] == high[1] && low[0] < high[0]);
}

static void refused(const struct value *record, const char *text) {
    struct scores *s = scores_new(true);
    struct error error = {0};
    CHECK(scores_add(s, record, &error) == STATUS_DATA && strstr(error.text, text), "'%s' for '%s'", error.text, text);
    scores_free(s);
}

static void test_refused(void) {
    struct decoded variant = decoded_new();
    refused(emulation(ood1, NAN, 0, 0), "loss");
    refused(emulation(ood1, 0, INFINITY, 0), "accuracy");
    refused(emulation((struct fields){.split = "holdout", .seed = 1}, 0, 0, 0), "holdout");
    refused(emulation((struct fields){.label = "a\tb", .split = "ood"}, 0, 0, 0), "control");
    refused(decoded_without(&variant, emulation(ood1, 0, 0, 0), "encoder"), "encoder");
    refused(number_prediction(ood1, "colour", 0, 0), "target");
    refused(decoded_without(&variant, number_prediction(ood1, "step", 0, 0), "target"), "target");
    refused(number_prediction(ood1, "accuracy", 0, NAN), "predicted");
    refused(task_prediction(ood1, 0, NULL, NULL), "truth");
    refused(decoded_without(&variant, task_prediction(ood1, 1, (int[]){1}, (int[]){1}), "predicted"), "predicted");
    refused(decoded_with_text(&variant, task_prediction(ood1, 1, (int[]){1}, (int[]){1}), "seen", "yes"), "seen");
    refused(decoded_with_int(&variant, task_prediction(ood1, 2, (int[]){1, 2}, (int[]){1, 2}), "predicted", 1), "1 predicted");

    struct scores *s = scores_new(false);
    struct error error = {0};
    take(s, task_prediction(ood1, 2, (int[]){1, 2}, (int[]){1, 2}));
    CHECK(scores_add(s, task_prediction(ood1, 1, (int[]){1}, (int[]){1}), &error) == STATUS_DATA);
    scores_free(s);

    s = scores_new(false); // nothing to judge
    struct score_row *rows;
    int count;
    take(s, emulation((struct fields){.split = "train"}, 0, 0, 0));
    CHECK(scores_table(s, 1, &rows, &count, &error) == STATUS_DATA && !rows && count == 0);
    scores_free(s);
    decoded_free(&variant);
}

int main(void) {
    made = decoded_new();
    test_means();
    test_best_constants();
    test_numbers_and_steps();
    test_order();
    test_refused();
    decoded_free(&made);
    return check_report("training/scores");
}
