#include "families/split.h"

const char *const split_names[SPLIT_COUNT] = {"train", "validation", "ood"};
