// rnn records: one snapshot of one RNN of a zoo.
#ifndef RECORDS_RNN_H
#define RECORDS_RNN_H

#include "stream/field.h"
#include "records/task.h"
#include "records/weightmap.h"
#include "stream/array.h"
#include "rnn/rnn.h"

// Which RNN of a zoo.
struct rnn_name {
    uint64_t run, step;
};

struct rnn_record {
    const struct value *root;
    uint64_t run, step, seed;    // step and seed are 0 when absent
    char split[TEXT_FIELD_SIZE]; // one of split_names; "" before partition
    struct task task;            // family and value NULL when absent
    struct rnn_arch arch;
    const struct value *weights, *metrics; // metrics may be NULL
    bool has_rollouts;
    struct array inputs; // formal: integers [R, length]; continuous: floats [R, T, input]
    struct array logits; // [R, T, output], log-probabilities or logits; T = length - 1 for tokens
};

enum status arch_read(const struct value *arch, struct rnn_arch *out,
                      struct error *error) MUST_CHECK;         // {cell, input, hidden, layers, output}
void arch_pack(struct packer *p, const struct rnn_arch *arch); // packs the map
// What it reads and answers with, as two optional keys of a map, which errors call `what`: only what the sizes don't tell is packed, and
// what is not in the map stays as it is in *out.
enum status arch_roles_read(const struct value *map, const char *reads_key, const char *answers_key, const char *what, struct rnn_arch *out,
                            struct error *error) MUST_CHECK;
void arch_roles_pack(struct packer *p, const struct rnn_arch *arch, const char *reads_key, const char *answers_key);

// Also reads what is left of it in embedding, emulation and prediction records: there weights is NULL, and arch too may be absent (zeroed).
enum status rnn_record_read(const struct value *root, struct rnn_record *out, struct error *error) MUST_CHECK;
// The same for a record that rnn_record_read has accepted before, at a fraction of the cost: the tokens of its rollouts are not looked at
// again. Who uses them checks their range then (the file may have changed since).
enum status rnn_record_view(const struct value *root, struct rnn_record *out, struct error *error) MUST_CHECK;
struct rnn_name rnn_record_name(const struct rnn_record *r);
void rnn_name_pack(struct packer *p, struct rnn_name name); // the keys run and step, in an open map

// The flat vector of a table; STATUS_DATA also when a weight is not finite. Errors name run, step and tensor.
enum status rnn_record_weights(const struct rnn_record *r, const struct params *table, float *values, struct error *error) MUST_CHECK;
// Both put "run R, step S: " in front of the text of an error, which is not NULL, and return the status that is there.
enum status rnn_name_prefix(struct rnn_name name, struct error *error);
enum status rnn_record_prefix(const struct rnn_record *r, struct error *error);
// Do its answers tell the next token (rnn_tells_tokens), and is its task no other than that? Acceptors of words over as many letters as
// there are verdicts look like generators, but for their family, which judges no words that they would write.
bool rnn_record_generates(const struct rnn_record *r);
// Is its task of a known family, and has it the inputs and outputs that the task asks for?
bool rnn_record_suits_task(const struct rnn_record *r);
bool rnn_record_metric(const struct rnn_record *r, const char *name, double *out);

#endif
