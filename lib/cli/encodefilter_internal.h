// The parts of encodefilter.c among themselves.
#ifndef CLI_ENCODEFILTER_INTERNAL_H
#define CLI_ENCODEFILTER_INTERNAL_H

#include "cli/encodefilter.h"
#include "encoders/encoder.h"

enum { ENCODE_OPTIONS = 48, ENCODE_SIZES = 16, ENCODE_FLAGS = 16, ENCODE_TYPES = 8 }; // at most

// What the options of an encoder filter say.
struct encode_settings {
    bool new_encoder, traces;
    const char *model, *data, *ask, *range;
    double timeout;
    int batch;
    const struct encoder_type *types[ENCODE_TYPES + 1]; // that the filter reads, then NULL
    int numbers[ENCODE_SIZES];                          // values of the size options, in the order of `sizes`
    const struct option *options[ENCODE_SIZES];         // these options; NULL: there is none
    bool flags[ENCODE_FLAGS];                           // values of the flag options, in the order of `flags`
    struct option table[ENCODE_OPTIONS];
};

// encodefilter_options.c: the table of options for the types in "interactive|noninteractive", behind the filter's own (may be NULL).
void encode_options(struct encode_settings *s, const char *types, const struct option *own);
// The filter's first type with this config key, or NULL.
const struct encoder_type *encode_type_with(const struct encode_settings *s, const char *key);
// An error where --layers has what the type doesn't allow; a note on each option that was given and that the type has not.
void encode_options_check(struct cli *cli, const struct encode_settings *s, const struct encoder_type *type);
// A fresh encoder's config, for RNNs of this architecture: what was given, and the type's defaults.
struct encoder_config encode_config(const struct encode_settings *s, const struct encoder_type *type, const struct rnn_arch *arch);

// encodefilter_new.c: writes a fresh encoder for RNNs as the first of the zoo.
void encode_new(struct cli *cli, const struct encode_settings *s, const struct encoder_type *type, struct reader *in, struct writer *out);

// encodefilter_embed.c: with the encoder that --model names, of one of the types, writes an embedding for each RNN of the zoo; and the one
// of the program that --ask names.
void encode_embed(struct cli *cli, const struct encode_settings *s, const char *types, struct reader *in, struct writer *out);
void encode_ask(struct cli *cli, const struct encode_settings *s, const char *types, struct writer *out);

#endif
