// Zoos as directories of NumPy files, in the form in which the authors of the paper publish theirs. A row is a snapshot of an RNN:
//     parameters.npy         [R,P] floats, the order of rnn_params
//     tasks.npy              [R,...], what the family of tasks tells a task by
//     num_step.npy           [R,2]: run, step; or num_step_correct.npy [R,3]: and how many of 1,000 rows were right
//     accuracy_losses.npy    [R,4]: accuracy and loss of evaluation, loss of training, weight decay
//     sequences.npy          [R,S,T+1] tokens or [R,S,T,I] floats, what the RNN has written or read
//     logits.npy             [R,S,T,O], its answers
//     args.json              sizes and options
// Only parameters.npy and args.json have to be there. Where answers are no next tokens, there are T tokens.
#ifndef RECORDS_NPYZOO_H
#define RECORDS_NPYZOO_H

#include "rnn/rnn.h"
#include "stream/packer.h"

struct npy_zoo;

// STATUS_NO_INPUT when the directory has no parameters.npy, STATUS_DATA when files don't fit each other or the family of its tasks is not
// known.
enum status npy_zoo_open(struct npy_zoo **out, const char *directory, struct error *error) MUST_CHECK;
uint64_t npy_zoo_rows(const struct npy_zoo *z);
const struct rnn_arch *npy_zoo_arch(const struct npy_zoo *z);

// Packs a row as an rnn record whose run is first_run + its run; *run is that number. The first token of each sequence is put back to the
// one that begins words: the authors' judge overwrites it where a row has no end.
enum status npy_zoo_pack(struct packer *p, struct npy_zoo *z, uint64_t row, uint64_t first_run, uint64_t *run,
                         struct error *error) MUST_CHECK;
void npy_zoo_close(struct npy_zoo *z); // NULL allowed

#endif
