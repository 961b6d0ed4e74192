// An interrogator's stream in memory (training/interrogator.h): an encoder, and as far as they are there an emulator, predictors, the
// calibration of each, and an index of a zoo.
#ifndef CLI_INTERROGATORFILE_H
#define CLI_INTERROGATORFILE_H

#include "cli/cli.h"
#include "encoders/identity.h"
#include "training/interrogator.h"

enum { INTERROGATOR_PREDICTORS = 32 };

struct interrogator {
    char *name; // of the file
    struct encoder *encoder;
    struct emulator *emulator; // NULL: none
    struct predictor *predictor[INTERROGATOR_PREDICTORS];
    struct calibration calibration[INTERROGATOR_PREDICTORS];
    int predictors;
    struct zoo_index index; // count 0: none
    struct value **records; // that all this stands on
    int record_count;
};

// Exits when something is wrong. path NULL: the interrogator that comes with the program, beside its build or its installation.
// calibrated: predictors without a calibration are refused.
struct interrogator *interrogator_open(struct cli *cli, const char *path, bool calibrated);
void interrogator_close(struct interrogator *m);

// Embeddings of a stream by the interrogator's encoder, with their records, and with the losses of emulation records that come behind them.
struct embedded interrogator_embeddings(struct cli *cli, const struct interrogator *m, const char *path);
void embedded_free(struct embedded *e);

#endif
