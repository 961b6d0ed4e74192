// Rows of the tables of options that stand in several filters, each written once: what has one name is one thing, with the same bounds and
// the same words. at: where the value goes (the type is the row's, see options.h). What differs is an argument: a text, put into the help,
// or a letter that another option of the filter has already.
#ifndef CLI_SHARED_OPTIONS_H
#define CLI_SHARED_OPTIONS_H

#include "cli/options.h"

// Trainings. at of steps: uint64_t *; of rate, anneal, weight decay, clip: double *; of patience and what happens every so often: int *.
#define STEPS_OPTION(at)                                                                                                                   \
    { .type = OPTION_U64, .name = "steps", .letter = 's', .target = (at), .low = 1, .high = 1e12, .help = "Training steps" }
#define RATE_OPTION(at)                                                                                                                    \
    { .type = OPTION_REAL, .name = "rate", .target = (at), .low = 0, .high = 1, .help = "AdamW's rate" }
#define ANNEAL_OPTION(at)                                                                                                                  \
    {                                                                                                                                      \
        .type = OPTION_REAL, .name = "anneal", .target = (at), .value = "SHARE", .low = 0, .high = 1,                                      \
        .help = "Share of the steps, at the end, over which the rate falls linearly to 0"                                                  \
    }
#define WEIGHT_DECAY_OPTION(at)                                                                                                            \
    { .type = OPTION_REAL, .name = "weight-decay", .target = (at), .low = 0, .high = 1000, .help = "AdamW's decoupled weight decay" }
#define CLIP_OPTION(at)                                                                                                                    \
    {                                                                                                                                      \
        .type = OPTION_REAL, .name = "clip", .target = (at), .low = 0, .high = 1e30,                                                       \
        .help = "Largest gradient norm of each network; 0: not clipped"                                                                    \
    }
#define AUGMENT_OPTION(at, show)                                                                                                           \
    {                                                                                                                                      \
        .type = OPTION_TEXT, .name = "augment", .target = (at), .value = "LIST",                                                           \
        .help = show " each RNN in another form at each step: permute, rescale, swap-bias, shift-bias=S, noise=F, dropout=P, "             \
                     "mixup=direct|permuted|aligned, separated by commas"                                                                  \
    }
#define VALIDATE_EVERY_OPTION(at)                                                                                                          \
    { .type = OPTION_INT, .name = "validate-every", .target = (at), .low = 1, .high = 1e9, .help = "Steps between validations" }
#define PATIENCE_OPTION(at)                                                                                                                \
    {                                                                                                                                      \
        .type = OPTION_INT, .name = "patience", .target = (at), .low = 0, .high = 1e9,                                                     \
        .help = "Stop after N validations without improvement; 0: never"                                                                   \
    }
#define CHECKPOINT_OPTION(at, where)                                                                                                       \
    {                                                                                                                                      \
        .type = OPTION_TEXT, .name = "checkpoint", .target = (at), .value = "FILE",                                                        \
        .help = "Save the state here, and go on from here if FILE exists" where                                                            \
    }
#define CHECKPOINT_EVERY_OPTION(at)                                                                                                        \
    { .type = OPTION_INT, .name = "checkpoint-every", .target = (at), .low = 1, .high = 1e9, .help = "Steps between checkpoints" }

// Models. at: const char **.
#define DATA_OPTION(at, what)                                                                                                              \
    { .type = OPTION_TEXT, .name = "data", .target = (at), .value = "FILE", .help = what ", when standard input has the model" }
#define LABEL_OPTION(at, what)                                                                                                             \
    {                                                                                                                                      \
        .type = OPTION_TEXT, .name = "label", .target = (at),                                                                              \
        .help = "Write this into each record's label, by which score tells " what " apart"                                                 \
    }

// What RNNs read and say. at of images: the directory of struct image_sets; of the others int *.
#define IMAGES_OPTION(at, what)                                                                                                            \
    {                                                                                                                                      \
        .type = OPTION_TEXT, .name = "images", .letter = 'i', .target = (at), .value = "DIR",                                              \
        .help = "Where the images are" what " (default data/NAME, after the name in the task)"                                             \
    }
#define SEQUENCES_OPTION(at, what)                                                                                                         \
    { .type = OPTION_INT, .name = "sequences", .letter = 'n', .target = (at), .low = 1, .high = 1e6, .help = "How many sequences of " what }
#define BOS_OPTION(at)                                                                                                                     \
    {                                                                                                                                      \
        .type = OPTION_INT, .name = "bos", .target = (at), .low = -2, .high = 65535,                                                       \
        .help = "The token that begins words; -1: none does; -2: as the task has it"                                                       \
    }
#define EOS_OPTION(at)                                                                                                                     \
    { .type = OPTION_INT, .name = "eos", .target = (at), .low = -2, .high = 65535, .help = "The token that ends words; likewise" }
#define MAX_LENGTH_OPTION(at, what)                                                                                                        \
    {                                                                                                                                      \
        .type = OPTION_INT, .name = "max-length", .target = (at), .low = 0, .high = 4096,                                                  \
        .help = "Tokens of " what " at most; 0: as the task has it, or 100"                                                                \
    }

// Records. at of kinds: const char **; of numbers of runs uint64_t *.
#define KIND_OPTION(at, which)                                                                                                             \
    {                                                                                                                                      \
        .type = OPTION_TEXT, .name = "kind", .letter = 'k', .target = (at), .value = "KIND[,KIND]...", .words = RECORD_KINDS,              \
        .help = which " of these kinds"                                                                                                    \
    }
#define TASK_COUNT_OPTION(at)                                                                                                              \
    { .type = OPTION_U64, .name = "count", .letter = 'n', .target = (at), .help = "How many task records" }
#define FIRST_RUN_OPTION(at, letter_, what)                                                                                                \
    { .type = OPTION_U64, .name = "first-run", .letter = letter_, .target = (at), .help = "Run number of the first " what }

#endif
