// A model stream (encoder, emulator, predictor records) held in memory: of each kind the first record and those after it in the same
// segment; and all meta records for the history.
#ifndef CLI_MODELFILE_H
#define CLI_MODELFILE_H

#include "cli/cli.h"
#include "encoders/encoder.h"

struct modelfile;

// Reads the whole stream, checks it, and adds its meta records to the sources of our output (cli_keep_source). Exits on failure.
struct modelfile *modelfile_open(struct cli *cli, const char *path);
void modelfile_close(struct modelfile *m); // NULL allowed

// The model of this kind: "encoder", "emulator" or "predictor". False when there is none; exits when it is no model record.
bool modelfile_find(struct modelfile *m, const char *kind, struct model_record *out);
// The same, of several in a segment, as predictors are: the first has index 0. False beyond the last.
bool modelfile_at(struct modelfile *m, const char *kind, int index, struct model_record *out);

// Its encoder, to be freed by encoder_free; NULL when there is none; exits when it can't be read.
struct encoder *modelfile_encoder(struct modelfile *m);

// cli_check with the file's name in front, for errors found in its records; and the error that a wanted kind is missing.
void modelfile_check(struct modelfile *m, enum status status);
void modelfile_missing(struct modelfile *m, const char *kind) __attribute__((noreturn));

#endif
