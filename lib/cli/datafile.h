// A data set to train on, opened as a filter's options say.
#ifndef CLI_DATAFILE_H
#define CLI_DATAFILE_H

#include "cli/cli.h"
#include "training/dataset.h"

// dataset_open of a named file or standard input; exits on failure. With --skip-bad what `sift` refuses is left out and told.
struct dataset *datafile_open(struct cli *cli, const char *path, const char *kind, const struct dataset_sift *sift);

// Writes a skipped record for each RNN that was left out; exits on failure.
void datafile_write_skipped(struct cli *cli, const struct dataset *d, struct writer *out);

#endif
