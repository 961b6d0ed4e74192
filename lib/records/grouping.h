// Which records belong together, as they have the same values in some fields: those of one task, or of whatever else a person says.
#ifndef RECORDS_GROUPING_H
#define RECORDS_GROUPING_H

#include "records/path.h"
#include "stream/json.h"

struct grouping {
    char *text;   // the fields' names, each terminated
    char **field; // [count], into text
    int count;
};

// "task.dataset,arch.cell": fields as rec-table has them (records/path.h). STATUS_USAGE when one has no name.
enum status grouping_read(const char *text, struct grouping *out, struct error *error) MUST_CHECK;
void grouping_free(struct grouping *g);

// Replaces *key by the record's: the fields' values as canonical JSON, one after the other. Equal just when all values mean the same.
// STATUS_DATA when the record has no such field; the text names it.
enum status grouping_key(const struct grouping *g, const struct value *record, struct text *key, struct error *error) MUST_CHECK;

#endif
