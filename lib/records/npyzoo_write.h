// Writing zoos as directories of NumPy files: the other direction of npyzoo.h, row by row.
#ifndef RECORDS_NPYZOO_WRITE_H
#define RECORDS_NPYZOO_WRITE_H

#include "records/rnn.h"

struct npy_zoo_writer;

// Makes the directory unless it is there; STATUS_IO when it can't be made, or one of the files is there already (at the first row).
enum status npy_zoo_writer_open(struct npy_zoo_writer **out, const char *directory, struct error *error) MUST_CHECK;

// A row. All have to be alike: architecture, family and what args.json says of tasks, rollouts and their shapes. STATUS_DATA, naming run
// and step, otherwise.
enum status npy_zoo_writer_add(struct npy_zoo_writer *w, const struct rnn_record *record, struct error *error) MUST_CHECK;

// Completes the files and frees the writer, also after a failure. STATUS_DATA when there were no rows.
enum status npy_zoo_writer_close(struct npy_zoo_writer *w, struct error *error) MUST_CHECK;
void npy_zoo_writer_abandon(struct npy_zoo_writer *w); // after an error

#endif
