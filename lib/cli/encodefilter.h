// The body that all encoder filters share: they differ in the kinds of encoder that they make and read.
//     --new:        zoo in, a fresh encoder out, for RNNs as the first rnn record's
//     --model FILE: zoo in, embedding records out
#ifndef CLI_ENCODEFILTER_H
#define CLI_ENCODEFILTER_H

#include "cli/cli.h"

struct encode_filter {
    struct program program; // name, summary, examples and the filter's own options (may be NULL); the rest is added here
    const char *types;      // the encoder types that it reads, "interactive|noninteractive"; --help shows the defaults of the first
    const char *(*new_type)(struct cli *cli); // which of them --new makes; NULL = the first
};

// Besides the filter's own options come those of --new (one for each config key of the type) and of --model. Returns main's exit code.
int encode_main(const struct encode_filter *filter, int argc, char **argv);

#endif
