// Answers: what a field of a record says, as something that can be predicted and compared: a number, true or false, a text, or a list of
// them. "Labels" are its items.
#ifndef RECORDS_ANSWERS_H
#define RECORDS_ANSWERS_H

#include "base/error.h"
#include "stream/packer.h"

enum { ANSWERS_MAX = 64 };

enum label_type { LABEL_INTEGER, LABEL_REAL, LABEL_BOOLEAN, LABEL_TEXT };

struct label {
    enum label_type type;
    double number;       // integers within +-2^53, reals, false and true as 0 and 1
    const uint8_t *text; // [size], UTF-8, not terminated; points into the record
    size_t size;
};

struct answers {
    bool list;
    int count; // 0: the record does not have the field, or it is nil
    struct label label[ANSWERS_MAX];
};

// What a path (records/path.h) leads to, or a value itself: also an item or a row of an array. An item of a list that is nil is NaN, also
// among texts. STATUS_DATA "of 'path': ..." when it is a map, an empty list, one of more than ANSWERS_MAX items or of texts among numbers.
enum status answers_read(const struct value *record, const char *path, struct answers *out, struct error *error) MUST_CHECK;
void answers_pack(struct packer *p, const struct answers *a); // the label, or a list of them

void label_pack(struct packer *p, const struct label *label);
bool labels_finite(const struct answers *a); // no NaN or infinity among them

// Numbers by size (1, 1.0 and true are equal), then texts byte by byte.
int label_compare(const struct label *a, const struct label *b);

#endif
