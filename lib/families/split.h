// The splits of a zoo. They are made by task, never by snapshot (paper, appendix): each family of tasks says how.
#ifndef FAMILIES_SPLIT_H
#define FAMILIES_SPLIT_H

#include <stddef.h>
#include <stdint.h>

enum split { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_OOD, SPLIT_COUNT };
extern const char *const split_names[SPLIT_COUNT]; // "train", "validation", "ood"

struct split_rule {
    double validation, ood; // shares of all tasks; validation + ood <= 1. ood NaN: what the family has for it
    uint64_t seed;
};

// The split of anything that has a key, drawn by hashes of key and seed: the OOD ones, too, as nothing else is known of them; then
// validation among the rest. A pure function of its arguments. Part of the format.
enum split split_of_key(const struct split_rule *rule, const char *key, size_t size);

struct task;
struct splits; // remembers what is costly to make
struct splits *splits_new(const struct split_rule *rule);
void splits_free(struct splits *s);                              // may be NULL
enum split splits_of(struct splits *s, const struct task *task); // of a known family

#endif
