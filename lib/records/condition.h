// Conditions on records, as stream tools take them on their command lines.
#ifndef RECORDS_CONDITION_H
#define RECORDS_CONDITION_H

#include "records/path.h"

// A set of numbers: "100,500-2000,5000-" are 100, those from 500 to 2000, and all from 5000 on.
struct ranges {
    struct range {
        uint64_t low, high; // inclusive
    } * range;
    int count;
};

// STATUS_USAGE otherwise. Where `word` ("last"; may be NULL) stands in place of a number, *has_word is set. ranges_free at the end.
enum status ranges_read(const char *text, const char *word, bool *has_word, struct ranges *out, struct error *error) MUST_CHECK;
bool ranges_have(const struct ranges *r, uint64_t number);
void ranges_free(struct ranges *r);

// Comparisons of fields (records/path.h), all of which have to hold: "metrics.accuracy >= 0.9, task.family = formal-language". The
// operators are = != < <= > >=; two integers of at most 64 bits are compared as such, other numbers as float64; true and false are 1 and 0;
// a text can be = or != only, and holds no comma. A field that a record doesn't have, or that is nil, a list or a map, fits nothing, !=
// included.
struct comparison;
struct conditions {
    struct comparison *comparison;
    int count;
};

enum status conditions_read(const char *text, struct conditions *out, struct error *error) MUST_CHECK; // STATUS_USAGE otherwise
bool conditions_hold(struct conditions *c, const struct value *record); // and remembers which fields there are
// The first field that none of the records looked at so far has: misspelt? NULL: there is none, or no record was looked at.
const char *conditions_missing(const struct conditions *c);
void conditions_free(struct conditions *c);

#endif
