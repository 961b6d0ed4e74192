// A model stream (encoder, emulator, decoder, predictor records) held in memory, whatever its segments: the first of each kind counts, and
// of predictors all.
#ifndef CLI_MODELFILE_H
#define CLI_MODELFILE_H

#include "cli/cli.h"
#include "encoders/encoder.h"

struct modelfile;

// What becomes of a model. USED: our records are made with it, and name it (cli_read_model). CONTINUED: our output is a model made from it,
// which takes up its history as well.
enum model_use { MODEL_USED, MODEL_CONTINUED };

// Reads the whole stream and checks it. Exits on failure.
struct modelfile *modelfile_open(struct cli *cli, const char *path, enum model_use use);
void modelfile_close(struct modelfile *m); // NULL allowed

// The model of this kind: "encoder", "emulator", "decoder" or "predictor". False when there is none; exits when it is no model record.
bool modelfile_find(struct modelfile *m, const char *kind, struct model_record *out);
// The same, of several, as predictors are: the first has index 0. False beyond the last.
bool modelfile_at(struct modelfile *m, const char *kind, int index, struct model_record *out);

// Its encoder, to be freed by encoder_free; NULL when there is none; exits when it can't be read.
struct encoder *modelfile_encoder(struct modelfile *m);
// The same of a file that has to have one: exits when there is none.
struct encoder *modelfile_wanted_encoder(struct modelfile *m);

// cli_check with the file's name in front, for errors found in its records; and the error that a wanted kind is missing.
void modelfile_check(struct modelfile *m, enum status status);
void modelfile_missing(struct modelfile *m, const char *kind) __attribute__((noreturn));

#endif
