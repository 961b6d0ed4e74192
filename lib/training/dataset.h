// A zoo (or a file of embeddings) as random-access training data: the file is mapped, checked once from end to end, and indexed; records
// are decoded where they lie when they are wanted. Standard input and pipes are first copied to an unlinked temporary file (in TMPDIR).
#ifndef TRAINING_DATASET_H
#define TRAINING_DATASET_H

#include "records/rnn.h"
#include "rnn/forms.h"
#include "stream/reader.h"

struct dataset_item {
    uint64_t offset, size; // where the record lies in the map
    uint64_t run, step;
    char split[16];              // "" when not partitioned
    struct task task;            // its value is NULL: only what its family knows
    const struct rnn_form *form; // of an RNN; NULL for other kinds
};

// A record that was left out, and why.
struct dataset_skipped {
    uint64_t offset, size;
    char *reason;
};

struct dataset {
    struct dataset_item *items;
    int count;
    struct dataset_skipped *skipped; // see dataset_open_sifted
    int skipped_count;
    struct rnn_forms forms; // architectures of the RNNs among the items
    const uint8_t *bytes;   // the map
    uint64_t size;
    uint64_t hash;              // of all its bytes
    char *name;                 // for messages
    const struct value **metas; // meta records of all its segments, for writer_begin_segment
    int meta_count;
    struct dataset_internal *internal;
};

// path "-" is standard input. kind "rnn" or "embedding": other kinds are passed over. STATUS_DATA when there is no such record, or when
// some have a split and others none. That a run and step is there twice is told by note_once.
enum status dataset_open(struct dataset **out, const char *path, const char *kind, struct reader_limits limits,
                         struct error *error) MUST_CHECK;
void dataset_close(struct dataset *d); // may be NULL

// The same, but leaves out the records that can't be used, by what `usable` says of them: STATUS_DATA for such a one. They are in
// `skipped`.
struct dataset_sift {
    enum status (*usable)(void *context, const struct rnn_record *record, struct error *error);
    void *context;
};
enum status dataset_open_sifted(struct dataset **out, const char *path, const char *kind, struct reader_limits limits,
                                const struct dataset_sift *sift, struct error *error) MUST_CHECK;
// Packs the skipped record of the i-th.
enum status dataset_pack_skipped(const struct dataset *d, int i, struct packer *p, struct error *error) MUST_CHECK;

// Decodes item `index`; `out` points into the map and into *nodes (one per thread), until the next use of those nodes.
// The tokens of rollouts were checked at dataset_open and are not again (see rnn_record_view).
// STATUS_IO when the file was written to since, as far as that is known by then.
enum status dataset_read(const struct dataset *d, int index, struct value_nodes *nodes, struct rnn_record *out,
                         struct error *error) MUST_CHECK;

// STATUS_IO when the file was written to since it was opened: to be asked once more when all that was read has been used.
enum status dataset_check(const struct dataset *d, struct error *error) MUST_CHECK;

// The index of the first item with this architecture, a member of forms.list: whom an error is about that says no to it.
int dataset_first(const struct dataset *d, const struct rnn_form *form);

// Indices of the items of a split (NULL: of all; "train": of all when no item has a split). Returns how many; list is allocated, free() it.
int dataset_select(const struct dataset *d, const char *split, int **list);

#endif
