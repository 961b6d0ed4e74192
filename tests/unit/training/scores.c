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

static const struct score_row *find(const struct score_table *t, const char *label, enum split split) {
    static const struct score_row none;
    for (int r = 0; r < t->row_count; r++)
        if (strcmp(t->rows[r].label, label) == 0 && strcmp(t->rows[r].part, split_names[split]) == 0)
            return &t->rows[r];
    CHECK(false, "no row of %s", label);
    return &none;
}

static const struct score_cell *cell(const struct score_table *t, const char *label, enum split split, const char *column) {
    static const struct score_cell none;
    const struct score_row *row = find(t, label, split);
    for (int c = 0; row->cells && c < t->column_count; c++)
        if (strcmp(t->columns[c].name, column) == 0)
            return &row->cells[c];
    CHECK(false, "no column %s", column);
    return &none;
}

static struct score_table table_of(struct scores *s, int rows) {
    struct score_table table;
    struct error error = {0};
    CHECK(scores_table(s, 1, &table, &error) == STATUS_OK && table.row_count == rows, "%d rows, %s", table.row_count, error.text);
    scores_free(s);
    return table;
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
    struct score_table t = table_of(s, 3);
    const struct score_row *r = find(&t, "stats", SPLIT_OOD);
    CHECK(r->records == 7 && r->seeds == 2 && r->tasks == 7, "%d records", (int)r->records);
    const struct score_cell *loss = cell(&t, "stats", SPLIT_OOD, "emulation_loss");
    CHECK_CLOSE(loss->mean, 0.4, 1e-12);
    CHECK(loss->seeds == 2);
    CHECK_CLOSE(loss->low, 0.4 - 12.7062047 * 0.2, 1e-6); // Student's t of one degree of freedom
    CHECK_CLOSE(loss->high, 0.4 + 12.7062047 * 0.2, 1e-6);
    CHECK(loss->task_low < 0.4 && loss->task_high > 0.4);
    CHECK_CLOSE(cell(&t, "stats", SPLIT_OOD, "clone_difference")->mean, 0.375, 1e-12);
    CHECK(cell(&t, "stats", SPLIT_OOD, "clone_difference")->low == 0); // no difference is less
    CHECK(cell(&t, "stats", SPLIT_OOD, "exact_task")->seeds == 1);
    CHECK_CLOSE(cell(&t, "stats", SPLIT_OOD, "exact_task")->mean, 1.0 / 3, 1e-12);
    CHECK_CLOSE(cell(&t, "stats", SPLIT_OOD, "offset_accuracy")->mean, 0.5, 1e-12);
    CHECK_CLOSE(cell(&t, "stats", SPLIT_OOD, "accuracy_rmse")->mean, 0.25, 1e-12);
    CHECK(isnan(cell(&t, "stats", SPLIT_OOD, "accuracy_rmse")->low) && isnan(cell(&t, "stats", SPLIT_OOD, "accuracy_rmse")->task_low));
    r = find(&t, "mine", SPLIT_VALIDATION);
    CHECK(r->seeds == 1 && cell(&t, "mine", SPLIT_VALIDATION, "emulation_loss")->mean == 0.9);
    CHECK(cell(&t, "mine", SPLIT_VALIDATION, "exact_task")->seeds == 0);
    CHECK_CLOSE(cell(&t, "majority", SPLIT_OOD, "exact_task")->mean, 1.0 / 3, 1e-12); // of (1,2), (1,0), (-1,2)
    CHECK_CLOSE(cell(&t, "majority", SPLIT_OOD, "offset_accuracy")->mean, 2.0 / 3, 1e-12);
    CHECK_CLOSE(cell(&t, "majority", SPLIT_OOD, "accuracy_rmse")->mean, 0, 0);
    CHECK(cell(&t, "majority", SPLIT_OOD, "emulation_loss")->seeds == 0);
    score_table_free(&t);
}

static void test_best_constants(void) {
    struct scores *s = scores_new(true);
    const double truth[] = {0.5, 0.1, 0.9, 0.2, 0.6};
    const int tasks[][1] = {{-3}, {2}, {0}, {2}, {1}, {2}};
    for (int i = 0; i < 5; i++)
        take(s, number_prediction((struct fields){.seed = 1}, "accuracy", truth[i], 0)); // no split: training
    for (int i = 0; i < 6; i++)
        take(s, task_prediction(validation, 1, tasks[i], tasks[0]));
    struct score_table t = table_of(s, 4);
    CHECK_CLOSE(cell(&t, "majority", SPLIT_TRAIN, "accuracy_rmse")->mean, sqrt(0.0824), 1e-12);
    CHECK_CLOSE(cell(&t, "majority", SPLIT_VALIDATION, "exact_task")->mean, 0.5, 1e-12);
    CHECK_CLOSE(cell(&t, "stats", SPLIT_VALIDATION, "exact_task")->mean, 1.0 / 6, 1e-12);
    score_table_free(&t);
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
    struct score_table t = table_of(s, 2);
    CHECK_CLOSE(cell(&t, "stats", SPLIT_OOD, "rotation_rmse")->mean, sqrt((358 * 358 + 360 * 360 + 170 * 170) / 3.0), 1e-9);
    CHECK_CLOSE(cell(&t, "stats", SPLIT_OOD, "rotation_angle")->mean, (2 + 0 + 170) / 3.0, 1e-9);
    CHECK_CLOSE(cell(&t, "stats", SPLIT_OOD, "gap_rmse")->mean, 0.25, 1e-12);
    CHECK_CLOSE(cell(&t, "stats", SPLIT_OOD, "gap_r2")->mean, 0.75, 1e-12);
    CHECK(cell(&t, "stats", SPLIT_OOD, "gap_tau")->mean == 1);
    CHECK_CLOSE(cell(&t, "stats", SPLIT_OOD, "step_accuracy")->mean, 1.0 / 3, 1e-12);
    CHECK(cell(&t, "stats", SPLIT_OOD, "exact_task")->seeds == 0 && cell(&t, "stats", SPLIT_OOD, "accuracy_rmse")->seeds == 0);
    CHECK(find(&t, "majority", SPLIT_OOD)->records == 8);
    CHECK_CLOSE(cell(&t, "majority", SPLIT_OOD, "rotation_angle")->mean, 11 / 3.0, 1e-9); // from 0: 1, 10 and 0
    CHECK_CLOSE(cell(&t, "majority", SPLIT_OOD, "gap_rmse")->mean, 0.5, 1e-12);
    CHECK(cell(&t, "majority", SPLIT_OOD, "gap_r2")->mean == 0 && cell(&t, "majority", SPLIT_OOD, "gap_tau")->mean == 0);
    CHECK_CLOSE(cell(&t, "majority", SPLIT_OOD, "step_accuracy")->mean, 2.0 / 3, 1e-12);
    CHECK(cell(&t, "majority", SPLIT_OOD, "emulation_loss")->seeds == 0 && cell(&t, "majority", SPLIT_OOD, "offset_accuracy")->seeds == 0);
    score_table_free(&t);
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
        struct score_table t = table_of(s, 1);
        low[reverse] = cell(&t, "stats", SPLIT_OOD, "emulation_loss")->low;
        high[reverse] = cell(&t, "stats", SPLIT_OOD, "emulation_loss")->high;
        score_table_free(&t);
    }
    CHECK(low[0] == low[1] && high[0] == high[1] && low[0] < high[0]);
}

// A record with further keys: pairs of key and text, NULL after the last.
static const struct value *with_texts(struct decoded *d, const struct value *record, const char *const *pairs) {
    packer_clear(d->packer);
    pack_map(d->packer);
    pack_rest(d->packer, record, (const char *const[]){NULL});
    for (; *pairs; pairs += 2) {
        pack_key(d->packer, pairs[0]);
        pack_str(d->packer, pairs[1]);
    }
    pack_end(d->packer);
    return decoded_root(d);
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
    refused(with_texts(&variant, number_prediction(ood1, "colour", 0, 0), (const char *const[]){"as", "hue", NULL}), "as");
    refused(decoded_without(&variant, task_prediction(ood1, 1, (int[]){1}, (int[]){1}), "predicted"), "predicted");
    refused(decoded_with_text(&variant, task_prediction(ood1, 1, (int[]){1}, (int[]){1}), "seen", "yes"), "seen");
    refused(decoded_with_int(&variant, task_prediction(ood1, 2, (int[]){1, 2}, (int[]){1, 2}), "predicted", 1), "1 predicted");

    struct scores *s = scores_new(false);
    struct error error = {0};
    take(s, task_prediction(ood1, 2, (int[]){1, 2}, (int[]){1, 2}));
    CHECK(scores_add(s, task_prediction(ood1, 1, (int[]){1}, (int[]){1}), &error) == STATUS_DATA);
    scores_free(s);

    s = scores_new(false); // nothing to judge
    struct score_table t;
    take(s, emulation((struct fields){.split = "train"}, 0, 0, 0));
    CHECK(scores_table(s, 1, &t, &error) == STATUS_DATA && !t.rows && t.row_count == 0);
    scores_free(s);
    decoded_free(&variant);
}

// --- Any field, and what must not be averaged ---

static const struct value *text_prediction(struct fields f, const char *truth, const char *predicted) {
    pack_begin("prediction", f);
    const char *const pairs[] = {"target", "lab.name", "as", "classes", "truth", truth, "predicted", predicted};
    for (int i = 0; i < 8; i += 2) {
        pack_key(made.packer, pairs[i]);
        pack_str(made.packer, pairs[i + 1]);
    }
    pack_end(made.packer);
    return decoded_root(&made);
}

static void test_any_field(void) {
    struct scores *s = scores_new(false);
    struct decoded d = decoded_new();
    take(s, text_prediction(ood1, "mnist", "mnist"));
    take(s, text_prediction(ood1, "emnist", "mnist"));
    take(s, text_prediction(ood1, "kmnist", "kmnist"));
    take(s, text_prediction(ood1, "mnist", "kmnist"));
    take(s, with_texts(&d, number_prediction(ood1, "heading", 359, 1), (const char *const[]){"as", "angle", NULL}));
    take(s, with_texts(&d, number_prediction(ood1, "a.number", 3, 1), (const char *const[]){"as", "number", NULL}));
    take(s, decoded_without(&d, text_prediction(ood1, "mnist", "mnist"), "truth"));
    CHECK(scores_untold(s) == 1 && scores_repeated(s) == 0);
    struct score_table t = table_of(s, 2);
    CHECK(cell(&t, "stats", SPLIT_OOD, "lab.name_accuracy")->mean == 0.5 &&
          cell(&t, "majority", SPLIT_OOD, "lab.name_accuracy")->mean == 0.5);
    CHECK_CLOSE(cell(&t, "stats", SPLIT_OOD, "heading_angle")->mean, 2, 1e-9);
    CHECK(cell(&t, "stats", SPLIT_OOD, "a.number_rmse")->mean == 2 && cell(&t, "stats", SPLIT_OOD, "a.number_r2")->seeds == 0);
    CHECK(strcmp(t.columns[t.column_count - 1].name, "lab.name_accuracy") == 0); // by name
    score_table_free(&t);
    decoded_free(&d);
}

static const struct value *with_run(struct decoded *d, const struct value *record, int run) {
    return decoded_with_int(d, record, "run", run);
}

static void test_repeated(void) {
    struct scores *s = scores_new(false);
    struct decoded d = decoded_new();
    struct error error = {0};
    for (int twice = 0; twice < 2; twice++)
        for (int run = 0; run < 3; run++) {
            take(s, with_run(&d, number_prediction(ood1, "accuracy", 0.1 * run, 0), run));
            take(s, with_run(&d, emulation(ood1, 0.5 * run, 1, 0.5), run));
        }
    take(s, with_run(&d, number_prediction(ood1, "gap", 1, 0), 0));        // another target
    take(s, with_run(&d, number_prediction(ood2, "accuracy", 0.1, 0), 0)); // another seed
    CHECK(scores_repeated(s) == 6);
    CHECK(scores_add(s, with_run(&d, number_prediction(ood1, "accuracy", 0.1, 0.9), 1), &error) == STATUS_DATA &&
              strstr(error.text, "run 1, step 0"),
          "%s", error.text);
    struct score_table t = table_of(s, 2);
    CHECK(find(&t, "stats", SPLIT_OOD)->records == 8 && find(&t, "stats", SPLIT_OOD)->tasks == 3);
    CHECK_CLOSE(cell(&t, "stats", SPLIT_OOD, "emulation_loss")->mean, 0.5, 1e-12);
    score_table_free(&t);
    decoded_free(&d);
}

static void test_mixtures(void) {
    const struct fields labelled = {.label = "mine", .split = "ood", .seed = 1};
    struct decoded d = decoded_new();
    const struct { const char *key, *one, *other; } cases[] = {{"mode", "frozen", "fine-tuned"}, {"criterion", "kl", "ce"}};
    for (int c = 0; c < 2; c++) {
        struct scores *s = scores_new(false);
        struct error error = {0};
        take(s, with_texts(&d, emulation(labelled, 0.1, 0, 0), (const char *const[]){cases[c].key, cases[c].one, NULL}));
        take(s, emulation(labelled, 0.1, 0, 0)); // an old record, which does not tell
        enum status status = scores_add(
            s, with_texts(&d, emulation(labelled, 0.2, 0, 0), (const char *const[]){cases[c].key, cases[c].other, NULL}), &error);
        CHECK(status == STATUS_DATA && strstr(error.text, cases[c].one) && strstr(error.text, cases[c].other), "%s", error.text);
        scores_free(s);
    }
    struct scores *s = scores_new(false); // without a label, the mode is part of the row's name
    take(s, with_texts(&d, number_prediction(ood1, "gap", 1, 0), (const char *const[]){"mode", "frozen", NULL}));
    take(s, with_texts(&d, number_prediction(ood1, "gap", 1, 0), (const char *const[]){"mode", "labels", NULL}));
    struct score_table t = table_of(s, 3);
    CHECK(find(&t, "stats", SPLIT_OOD)->records == 1 && find(&t, "stats, labels only", SPLIT_OOD)->records == 1);
    score_table_free(&t);
    decoded_free(&d);
}

// The same label and seed, but not the same encoder.
static void test_two_encoders(void) {
    struct scores *s = scores_new(false);
    struct decoded encoder = decoded_new(), d = decoded_new();
    struct error error = {0};
    pack_map(encoder.packer);
    pack_key(encoder.packer, "type");
    pack_str(encoder.packer, "stats");
    pack_key(encoder.packer, "seed");
    pack_i64(encoder.packer, 1);
    pack_key(encoder.packer, "step");
    pack_i64(encoder.packer, 20);
    pack_end(encoder.packer);
    take(s, number_prediction(ood1, "gap", 1, 0));
    const struct value *other = decoded_with(&d, number_prediction(ood1, "gap", 1, 0), "encoder", decoded_root(&encoder));
    CHECK(scores_add(s, other, &error) == STATUS_DATA && strstr(error.text, "step 0") && strstr(error.text, "step 20"), "%s", error.text);
    scores_free(s);
    decoded_free(&encoder);
    decoded_free(&d);
}

int main(void) {
    made = decoded_new();
    test_means();
    test_best_constants();
    test_numbers_and_steps();
    test_order();
    test_refused();
    test_any_field();
    test_repeated();
    test_mixtures();
    test_two_encoders();
    decoded_free(&made);
    return check_report("training/scores");
}
