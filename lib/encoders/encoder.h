// The one interface of all encoders: weights of B RNNs in, embeddings [B,Z] of unit norm out. A kind of encoder is a struct encoder_type in
// a file of its own and a line in registry.c.
#ifndef ENCODERS_ENCODER_H
#define ENCODERS_ENCODER_H

#include "nn/weights.h"
#include "records/model.h"
#include "rnn/interrogate.h"

// Sizes of all kinds together; each kind uses those that its `keys` name.
struct encoder_config {
    int z;
    int hidden, layers;         // core
    int mlp_hidden, mlp_layers; // hidden layers of MLPs
    int length, probes;         // K steps of M parallel probing sequences
    int heads;                  // of attention
    int channels;               // of deep weight space features
    int views, matrix;          // of matrices that are probed; which of them, 0: all
    int residual, softmax;      // flags
    int dropout;                // flag: in training, a tenth of what a transformer's layers pass on
    int fixed;                  // flag: random probes that are never trained
    int one_hot;                // flag: probing inputs that are tokens are real ones, no mixtures
    int probabilities;          // flag: of classifiers' answers the softmax is read, not the logits
    int echo;                   // flag: what an RNN has answered is asked next, but for what the encoder adds to its logits
    int gumbel;                 // flag, with echo: it is drawn from the answer, by learned numbers that begin as Gumbel noise
    int recall;                 // flag: z is made of all answers, beside the core's last output
    int forget_bias;            // of a fresh core's forget gates; 0: drawn, as all of it
    int ordered;                // flag: units keep their order in training
    int standardised;           // flag: what is read of the weights has mean 0 and deviation 1 over the zoo (standard.h)
    int per_gate;               // flag: statistics of each gate's weights apart
    int per_input;              // flag: of the weights of each input and of each output of the RNN apart
    int standardise_z;          // flag: so has z, over the RNNs of the last training steps, before it gets unit norm
    double range[2];            // of probing inputs that are numbers; both equal: 0 to 1
};

struct encoder {
    const struct encoder_type *type;
    struct encoder_config config;
    struct rnn_arch arch;     // that it was made for; the RNNs that it reads may differ in all parts but type->bound
    struct params rnn_table;  // the parameters of such an RNN
    struct params table;      // its own
    float *values;            // [table.size]
    int first[16];            // indices of parameter groups, as declare() noted them
    int standard, z_standard; // indices of the shift and scale of features and of z (standard.h); 0: there are none
    uint64_t seed, step;
    uint64_t diverged_at; // the step at which the training that made it diverged, told in its record; 0: it did not
};

// Probing inputs and answers of one pass, for those who want to look: inputs [K][B*M,I], answers [K][B*M,O] as tensors on the tape.
struct encoder_trace {
    struct tensor **inputs, **answers; // [K], on the tape's arena
};

struct encoder_type {
    const char *name;               // the record's `type`
    const char *keys;               // config keys it has: "z hidden layers ..."
    struct encoder_config defaults; // the paper's sizes
    bool zero_layers;               // may `layers` be 0?
    int core;                       // index into `first` of its LSTM's layers, of kinds that have forget_bias
    bool sees_states;               // it sees hidden states, beside answers: a program that merely answers can't be asked
    unsigned bound;                 // parts of an architecture (enum rnn_arch_part) that have to be as those that the encoder was made for
    enum status (*check)(const struct encoder_config *config, const struct rnn_arch *arch,
                         struct error *error); // sizes that do not go together are STATUS_DATA; may be NULL
    void (*declare)(struct encoder *e);        // fills table and first from config and arch
    // What it reads of the weights [B,F], in the order of `standard`; NULL: it has no key `standardised`.
    struct tensor *(*features)(struct tape *tape, const struct encoder *e, const struct rnn_batch *batch);
    int (*feature_count)(const struct encoder *e); // F; NULL: the RNN's number of weights
    bool by_tensor; // features are the weights themselves, and all of one parameter have the same shift and scale
    // Embeddings [B,Z] before normalisation. rng is NULL in inference; kinds that use randomness in training (augmentation, dropout) draw
    // from it. trace may be NULL.
    struct tensor *(*embed)(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                            struct rng *rng, struct encoder_trace *trace);
};

const struct encoder_type *encoder_type_find(const char *name);         // NULL when there is none
const struct encoder_type *encoder_type_at(int index);                  // NULL after the last
bool encoder_has_key(const struct encoder_type *type, const char *key); // is this one of its config keys?

// The kind's defaults for RNNs of this architecture: length and softmax depend on whether they read tokens.
struct encoder_config encoder_defaults(const struct encoder_type *type, const struct rnn_arch *arch);

// Do the sizes go together, and do all that is counted in int? A config that doesn't pass must not become an encoder.
enum status encoder_check(const struct encoder_type *type, const struct encoder_config *config, const struct rnn_arch *arch,
                          struct error *error) MUST_CHECK;

// The hash h with all of a config in it, as checkpoints need it: some flags change nothing of an encoder's numbers.
uint64_t encoder_config_hash(uint64_t h, const struct encoder_config *config);

// A fresh encoder, initialised from (seed, "encoder"). Free with encoder_free.
struct encoder *encoder_new(const struct encoder_type *type, const struct encoder_config *config, const struct rnn_arch *arch,
                            uint64_t seed);
// A fresh one of the same type, sizes and architecture; what was measured of a zoo when `e` was made (standard.h) is e's.
struct encoder *encoder_another(const struct encoder *e, uint64_t seed);
void encoder_free(struct encoder *e);

// Can the encoder read RNNs of this architecture? STATUS_DATA with all that differs otherwise.
enum status encoder_fits(const struct encoder *e, const struct rnn_arch *arch, struct error *error) MUST_CHECK;

// From and to encoder records. Absent config keys take the paper's values; names that the kind does not use are ignored.
enum status encoder_read(const struct model_record *record, struct encoder **out, struct error *error) MUST_CHECK;
void encoder_pack(struct packer *p, const struct encoder *e); // the whole record

// Embeddings of unit norm [B,Z]; raw (may be NULL) receives those before normalisation.
struct tensor *encoder_embed(struct tape *tape, const struct encoder *e, const struct weights *w, const struct rnn_batch *batch,
                             struct rng *rng, struct encoder_trace *trace, struct tensor **raw);
// Has this row of what encoder_embed gave norm 1? STATUS_DATA otherwise: weights that are all finite can be so large that what is made of
// them is not, or has no norm that could be counted.
enum status encoder_check_norm(const struct tensor *z, int row, struct error *error) MUST_CHECK;

#endif
