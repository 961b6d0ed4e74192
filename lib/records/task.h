// task records, and the task field of all records made from them.
#ifndef RECORDS_TASK_H
#define RECORDS_TASK_H

#include "families/family.h"
#include "stream/field.h"

struct task_record {
    const struct value *root;
    uint64_t run, seed;
    struct task task;
};

// A split (not NULL): a text that is one of split_names. STATUS_DATA otherwise, with the names that are known; `of` names the record.
enum status field_split(const struct value *split, const char *of, char out[TEXT_FIELD_SIZE], struct error *error) MUST_CHECK;

// The task's map itself. A family that is not known is no error; of a known one all values are checked.
enum status task_read(const struct value *task, struct task *out, struct error *error) MUST_CHECK;
void task_pack(struct packer *p, const struct task *task);                                     // packs the map (of a known family)
void task_record_pack(struct packer *p, uint64_t run, uint64_t seed, const struct task *task); // packs the record
// split is optional; STATUS_DATA when there is one that is none of split_names, as rnn records' too.
enum status task_record_read(const struct value *root, struct task_record *out, struct error *error) MUST_CHECK;

#endif
