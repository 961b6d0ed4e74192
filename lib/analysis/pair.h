// Two RNNs that are compared: what is held of each, what both read, and the test on words that both say.
#ifndef ANALYSIS_PAIR_H
#define ANALYSIS_PAIR_H

#include "analysis/mmd.h"
#include "analysis/sequences.h"

// An RNN that is held for a while, apart from its stream.
struct net {
    struct value *root; // its record
    struct rnn_record record;
    struct specimen specimen;
};

enum status net_open(struct net **out, const struct value *record, struct error *error) MUST_CHECK; // *out is NULL when it fails
void net_close(struct net *n);
bool net_same_name(const struct net *a, const struct net *b);                   // are run and step the same?
bool net_equal_in(const struct net *a, const struct net *b, const char *field); // do both have the field, with one value?
void net_pack_name(struct packer *p, const char *key, const struct net *n);     // key: {run, step, name}

struct pair_options {
    const char *inputs_name; // of the file of inputs that both read, or NULL: rollouts or words of both
    const char *inputs;      // [inputs_size], its bytes
    size_t inputs_size;
    int most_sequences; // of each
    struct speech_options speech;
    uint64_t seed;
    int samples, permutations; // of the test
};

// What both are to read; why they can't be compared otherwise (STATUS_DATA). To be freed in either case.
enum status pair_sequences(struct sequences *out, struct net *a, struct net *b, const struct pair_options *options,
                           struct error *error) MUST_CHECK;

// Do both say the same words? STATUS_DATA when one says none.
enum status pair_test(struct mmd *out, struct net *a, struct net *b, const struct pair_options *options, struct error *error) MUST_CHECK;

#endif
