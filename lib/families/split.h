// The splits of a zoo. They are made by task, never by snapshot (paper, appendix): each family of tasks says how.
#ifndef FAMILIES_SPLIT_H
#define FAMILIES_SPLIT_H

enum split { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_OOD, SPLIT_COUNT };
extern const char *const split_names[SPLIT_COUNT]; // "train", "validation", "ood"

#endif
