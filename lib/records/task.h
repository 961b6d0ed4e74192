// task records, and the task field of all records made from them.
#ifndef RECORDS_TASK_H
#define RECORDS_TASK_H

#include "records/fields.h"
#include "families/language.h"
#include "families/smnist.h"

enum task_family { TASK_OTHER, TASK_LANGUAGE, TASK_SMNIST };

struct task {
    enum task_family family;   // TASK_OTHER: a family this version does not know; carried along
    struct language language;  // of TASK_LANGUAGE
    struct smnist smnist;      // of TASK_SMNIST
    const struct value *value; // the map as it was read
};

struct task_record {
    const struct value *root;
    uint64_t run, seed;
    struct task task;
};

enum status task_read(const struct value *task, struct task *out, struct error *error) MUST_CHECK; // the map itself; checks all sizes
void task_pack(struct packer *p, const struct task *task);                                         // packs the map (of a known family)
void task_record_pack(struct packer *p, uint64_t run, uint64_t seed, const struct task *task);     // packs the record
enum status task_record_read(const struct value *root, struct task_record *out, struct error *error) MUST_CHECK;

#endif
