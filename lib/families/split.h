// The splits of a zoo. They are made by task, never by snapshot (paper, appendix): each family of tasks says how.
#ifndef FAMILIES_SPLIT_H
#define FAMILIES_SPLIT_H

#include <stdint.h>

enum split { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_OOD, SPLIT_COUNT };
extern const char *const split_names[SPLIT_COUNT]; // "train", "validation", "ood"

struct split_rule {
    double validation, ood; // shares of all tasks; validation + ood <= 1. ood NaN: what the family has for it
    uint64_t seed;
};

struct task;
struct splits; // remembers what is costly to make
struct splits *splits_new(const struct split_rule *rule);
void splits_free(struct splits *s);                              // may be NULL
enum split splits_of(struct splits *s, const struct task *task); // of a known family

#endif
