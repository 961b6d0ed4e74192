// A property of RNNs: a field of their records as something to predict, and what kind of answer it is.
//     number   a number of any scale, or a list of them
//     classes  one of at most 255 texts, truth values or numbers; or a list of such, whose items share the classes
//     angle    a direction in degrees, or a list of them: 359 is near 0
// The properties of the paper have short names: where it is, and what kind it is whatever the data are. Families of tasks have some of
// their own (struct family_target).
#ifndef RECORDS_PROPERTY_H
#define RECORDS_PROPERTY_H

#include "families/family.h"
#include "records/answers.h"

enum { PROPERTY_NAME_SIZE = 128, PROPERTY_MAX_CLASSES = 255 };

enum property_kind { PROPERTY_NUMBER, PROPERTY_CLASSES, PROPERTY_ANGLE, PROPERTY_UNDECIDED };
extern const char *const property_kinds[]; // names of the three

struct short_form {
    struct family_target field; // classes 0: those that occur in the data
    enum property_kind kind;
};
bool short_form_find(const char *name, struct short_form *out);

struct property {
    char name[PROPERTY_NAME_SIZE]; // the short form, or the path
    bool short_form;               // has it one?
    struct short_form form;
    enum property_kind kind;
    bool list;
    int answers; // A: labels of an answer; 1 unless it is a list
    int class_count;
    struct label classes[PROPERTY_MAX_CLASSES]; // in order; texts are the property's own
};

// By its name, which may be a short form; kind: PROPERTY_UNDECIDED leaves it to the short form or to the data. STATUS_DATA: too long.
enum status property_named(struct property *p, const char *name, enum property_kind kind, struct error *error) MUST_CHECK;
struct property property_copy(const struct property *p);
void property_free(struct property *p); // what is in it

const char *property_path(const struct property *p);
bool property_is_usual(const struct property *p); // a short form, and of that form's kind

// What a record tells of it; count 0: nothing, or an item that is nil or no finite number. STATUS_DATA when it is of another type or
// length than the property's.
enum status property_truth(const struct property *p, const struct value *record, struct answers *out, struct error *error) MUST_CHECK;

// What the data have, before training: each answer is shown once, then the property is settled. STATUS_DATA when an answer doesn't go with
// those before, and nothing is changed by it then; or, in the end, when there are too many classes; or no numbers, or such as no float
// holds, where numbers are to be told.
struct survey {
    uint64_t answers;
    bool types[LABEL_TEXT + 1];
    bool too_many;  // different labels to be classes
    double largest; // magnitude of a number
};
enum status property_show(struct property *p, struct survey *s, const struct answers *a, struct error *error) MUST_CHECK;
// Would it go with those before?
enum status property_agrees(const struct property *p, const struct survey *s, const struct answers *a, struct error *error) MUST_CHECK;
// The rule for what is undecided: texts and truth values are classes; so are integers when there are at most 20 different ones, each at
// least twice in the mean; everything else is a number.
enum status property_settle(struct property *p, const struct survey *s, struct error *error) MUST_CHECK;

// Where a label is among the classes, or -1; and what a predictor is to learn: that place, or the number.
int property_place(const struct property *p, const struct label *label);
double property_value(const struct property *p, const struct label *label);
// The label that a predictor means by its value.
struct label property_label(const struct property *p, double value);

// The task that the answers [p->answers] are of: like another one but for the property's field, which has to be one of a task
// ("task.FIELD"). False when there is no such task.
bool property_task(struct task *out, const struct property *p, const struct label *answers, const struct task *like);

// Adds a class in order, unless it is there. False when there are too many.
bool property_add_class(struct property *p, const struct label *label);

#endif
