#include "records/property.h"

#include "../check.h"
#include "decoded.h"

#include <math.h>
#include <string.h>

static struct label integer(double x) {
    return (struct label){.type = LABEL_INTEGER, .number = x};
}

static struct label real(double x) {
    return (struct label){.type = LABEL_REAL, .number = x};
}

static struct label text(const char *t) {
    return (struct label){.type = LABEL_TEXT, .text = (const uint8_t *)t, .size = strlen(t)};
}

// Shows n labels, one a record, and settles.
static enum status settle(struct property *p, enum property_kind kind, int n, struct label (*label)(int i), struct error *error) {
    struct survey survey = {0};
    CHECK(property_named(p, "own.field", kind, error) == STATUS_OK && !p->short_form && strcmp(property_path(p), "own.field") == 0);
    for (int i = 0; i < n; i++) {
        struct answers a = {.count = 1, .label = {label(i)}};
        if (property_show(p, &survey, &a, error) != STATUS_OK)
            return error->status;
    }
    return property_settle(p, &survey, error);
}

static struct label few_integers(int i) {
    return integer(16 << i % 3);
}

static struct label many_integers(int i) {
    return integer(i);
}

static struct label few_reals(int i) {
    return real(i % 3 / 10.0);
}

static struct label truth_values(int i) {
    return (struct label){.type = LABEL_BOOLEAN, .number = i % 2};
}

static struct label texts(int i) {
    static const char *const names[] = {"mnist", "emnist", "kmnist"};
    return text(names[i % 3]);
}

static struct label mixture(int i) {
    return i % 2 ? text("a") : integer(1);
}

static struct label truths_and_integers(int i) {
    return i % 2 ? truth_values(1) : integer(1);
}

static struct label vast(int i) {
    return real(i % 2 ? 1e39 : -1e39);
}

static void test_rule(void) {
    const struct {
        struct label (*label)(int i);
        enum property_kind as, kind;
        int n, classes;
    } cases[] = {
        {few_integers, PROPERTY_UNDECIDED, PROPERTY_CLASSES, 6, 3},
        {few_integers, PROPERTY_UNDECIDED, PROPERTY_NUMBER, 5, 0},
        {few_integers, PROPERTY_NUMBER, PROPERTY_NUMBER, 60, 0},
        {many_integers, PROPERTY_UNDECIDED, PROPERTY_NUMBER, 300, 0},
        {many_integers, PROPERTY_CLASSES, PROPERTY_CLASSES, 255, 255},
        {few_reals, PROPERTY_UNDECIDED, PROPERTY_NUMBER, 60, 0},
        {few_reals, PROPERTY_CLASSES, PROPERTY_CLASSES, 60, 3},
        {few_reals, PROPERTY_ANGLE, PROPERTY_ANGLE, 60, 0},
        {truth_values, PROPERTY_UNDECIDED, PROPERTY_CLASSES, 3, 2},
        {texts, PROPERTY_UNDECIDED, PROPERTY_CLASSES, 3, 3},
        {truth_values, PROPERTY_NUMBER, PROPERTY_NUMBER, 3, 0},
        {truths_and_integers, PROPERTY_NUMBER, PROPERTY_NUMBER, 4, 0},
        {vast, PROPERTY_CLASSES, PROPERTY_CLASSES, 4, 2},
        {vast, PROPERTY_ANGLE, PROPERTY_ANGLE, 4, 0},
    };
    struct error error = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct property p;
        CHECK(settle(&p, cases[i].as, cases[i].n, cases[i].label, &error) == STATUS_OK, "case %zu: %s", i, error.text);
        CHECK(p.kind == cases[i].kind && p.class_count == cases[i].classes && p.answers == 1 && !p.list, "case %zu: %d classes", i,
              p.class_count);
        property_free(&p);
    }
    struct property p;
    CHECK(settle(&p, PROPERTY_CLASSES, 256, many_integers, &error) == STATUS_DATA && strstr(error.text, "255"), "%s", error.text);
    property_free(&p);
    CHECK(settle(&p, PROPERTY_NUMBER, 6, texts, &error) == STATUS_DATA && strstr(error.text, "texts"), "%s", error.text);
    property_free(&p);
    CHECK(settle(&p, PROPERTY_UNDECIDED, 6, mixture, &error) == STATUS_DATA && strstr(error.text, "texts and numbers"), "%s", error.text);
    property_free(&p);
    CHECK(settle(&p, PROPERTY_UNDECIDED, 6, vast, &error) == STATUS_DATA && strstr(error.text, "1e+39"), "%s", error.text);
    property_free(&p);
    for (int i = 0; i < 2; i++) {
        CHECK(settle(&p, i ? PROPERTY_CLASSES : PROPERTY_UNDECIDED, 6, truths_and_integers, &error) == STATUS_DATA &&
                  strstr(error.text, "true or false"),
              "%s", error.text);
        property_free(&p);
    }
}

// In order, each its own; and back.
static void test_classes(void) {
    struct property p, copy;
    struct error error = {0};
    CHECK(settle(&p, PROPERTY_UNDECIDED, 9, texts, &error) == STATUS_OK);
    copy = property_copy(&p);
    property_free(&p);
    const char *const order[] = {"emnist", "kmnist", "mnist"};
    for (int c = 0; c < 3; c++) {
        struct label l = text(order[c]), back = property_label(&copy, c);
        CHECK(property_place(&copy, &l) == c && property_value(&copy, &l) == c && label_compare(&back, &l) == 0);
    }
    struct label other = text("fashion");
    CHECK(property_place(&copy, &other) == -1);
    property_free(&copy);
}

static void test_short_forms(void) {
    struct error error = {0};
    char name[200];
    struct property p;
    const char *const names[] = {"task", "step", "accuracy", "gap", "rotation"};
    const char *const paths[] = {"task.offsets", "step", "metrics.accuracy", "metrics.generalisation_gap", "task.rotation"};
    for (int i = 0; i < 5; i++) {
        CHECK(property_named(&p, names[i], PROPERTY_UNDECIDED, &error) == STATUS_OK && p.short_form && p.kind == p.form.kind);
        CHECK(property_is_usual(&p) && strcmp(property_path(&p), paths[i]) == 0);
        CHECK(property_named(&p, paths[i], PROPERTY_UNDECIDED, &error) == STATUS_OK && p.short_form == (i == 1));
    }
    for (int f = 0; f < family_count(); f++) // each family's own lead into its tasks
        for (const struct family_target *t = family_at(f)->targets; t < family_at(f)->targets + FAMILY_TARGETS && t->name; t++)
            CHECK(strncmp(t->path, "task.", 5) == 0 && property_named(&p, t->name, PROPERTY_UNDECIDED, &error) == STATUS_OK &&
                  p.short_form);
    CHECK(property_named(&p, "rotation", PROPERTY_ANGLE, &error) == STATUS_OK && !property_is_usual(&p) && p.kind == PROPERTY_ANGLE);
    CHECK(property_named(&p, "task", PROPERTY_UNDECIDED, &error) == STATUS_OK && p.list && p.class_count == 6 && p.classes[0].number == -3);
    memset(name, 'x', sizeof name);
    name[PROPERTY_NAME_SIZE] = '\0';
    CHECK(property_named(&p, name, PROPERTY_UNDECIDED, &error) == STATUS_DATA && property_named(&p, "", 0, &error) == STATUS_DATA);
    name[PROPERTY_NAME_SIZE - 1] = '\0';
    CHECK(property_named(&p, name, PROPERTY_UNDECIDED, &error) == STATUS_OK);
}

static void pack_offsets(struct packer *p, int tokens) {
    pack_key(p, "task");
    pack_map(p);
    pack_key(p, "offsets");
    pack_list(p);
    for (int i = 0; i < tokens; i++)
        pack_i64(p, i ? i - 3 : 0);
    pack_end(p);
    pack_end(p);
}

static const struct value *record_of(struct decoded *d, int tokens, double accuracy) {
    struct packer *p = d->packer;
    packer_clear(p);
    pack_map(p);
    pack_offsets(p, tokens);
    pack_key(p, "metrics");
    pack_map(p);
    pack_key(p, "accuracy");
    pack_double(p, accuracy);
    pack_end(p);
    pack_end(p);
    return decoded_root(d);
}

static void test_truth(void) {
    struct decoded d = decoded_new();
    struct property task, accuracy, text_property = {.name = "task.offsets.1", .kind = PROPERTY_CLASSES, .answers = 1, .class_count = 1};
    struct answers a;
    struct survey survey = {0};
    struct error error = {0};
    CHECK(property_named(&task, "task", PROPERTY_UNDECIDED, &error) == STATUS_OK);
    CHECK(property_named(&accuracy, "accuracy", PROPERTY_UNDECIDED, &error) == STATUS_OK);
    const struct value *root = record_of(&d, 4, 0.5);
    CHECK(property_truth(&task, root, &a, &error) == STATUS_OK && a.count == 3 && a.label[0].number == -2 && a.label[2].number == 0);
    CHECK(property_show(&task, &survey, &a, &error) == STATUS_OK && task.answers == 3);
    CHECK(property_truth(&accuracy, root, &a, &error) == STATUS_OK && a.count == 1 && a.label[0].number == 0.5);
    text_property.classes[0] = text("a");
    CHECK(property_truth(&text_property, root, &a, &error) == STATUS_DATA && strstr(error.text, "task.offsets.1"), "%s", error.text);
    root = record_of(&d, 5, NAN);
    CHECK(property_truth(&task, root, &a, &error) == STATUS_OK && property_show(&task, &survey, &a, &error) == STATUS_DATA &&
              strstr(error.text, "4 items here, and 3"),
          "%s", error.text);
    CHECK(property_truth(&accuracy, root, &a, &error) == STATUS_OK && a.count == 0); // no finite number
    root = record_of(&d, 1, 0);
    CHECK(property_truth(&task, root, &a, &error) == STATUS_DATA && strstr(error.text, "more than 1"), "%s", error.text);
    decoded_free(&d);
}

// A task is what its answers say; what the answers don't tell is as in the other one. Fields outside of tasks, and answers that no task
// gives, make none.
static void test_task(void) {
    const struct family *language = family_find("formal-language");
    const struct task like = task_make(language, language->usual); // a^n b^n c^n d^n
    struct property p;
    struct error error;
    struct task task;
    char text[FAMILY_KEY_SIZE];
    CHECK(property_named(&p, "task", PROPERTY_UNDECIDED, &error) == STATUS_OK);
    p.answers = 3;
    CHECK(property_task(&task, &p, (struct label[]){integer(1), integer(-3), integer(0)}, &like) && task.family == language);
    task_notation(&task, text);
    CHECK(strcmp(text, "a^n b^(n+1) c^(n-3) d^n") == 0);
    CHECK(language->key(task.body.bytes, text) == 24 && strncmp(text, "formal-language 0 1 -3 0", 24) == 0);
    CHECK(!property_task(&task, &p, (struct label[]){integer(1), integer(-9), integer(0)}, &like));
    CHECK(!property_task(&task, &p, (struct label[]){integer(1), integer(-3), integer(0)}, &(struct task){0}));
    CHECK(property_named(&p, "step", PROPERTY_UNDECIDED, &error) == STATUS_OK);
    CHECK(!property_task(&task, &p, (struct label[]){integer(1)}, &like));
}

int main(void) {
    test_task();
    test_rule();
    test_classes();
    test_short_forms();
    test_truth();
    return check_report("records/property");
}
