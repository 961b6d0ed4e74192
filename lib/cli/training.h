// A training as filters run it: checkpoints, signals, progress. What is trained is told by its functions.
#ifndef CLI_TRAINING_H
#define CLI_TRAINING_H

#include "cli/cli.h"
#include "training/learner.h"

struct training {
    void *of; // what is trained: the first argument of the functions
    enum status (*step)(void *of, double *loss, struct error *error);
    enum status (*save)(const void *of, const char *path, const struct writer_identity *identity, struct error *error);
    enum status (*resume)(void *of, const char *path, struct error *error);
    // Its own, looked at between steps.
    const struct learner *learner;
    const bool *stopped;         // NULL: it stops at its last step only
    const uint64_t *diverged_at; // 0: not diverged
    const double *best_loss;     // shown beside the loss; NULL: there is none
    uint64_t steps;
    const char *checkpoint; // file; NULL: none
    int checkpoint_every;   // steps
};

// Goes on where the checkpoint is, if there is one; otherwise writes the first: now, not in an hour, is the time to learn that it can't be
// written. One that is beyond the last step is an error.
void training_begin(struct cli *cli, const struct training *t);

// Until the steps are done, the training stops or diverges, or a signal comes, which ends the program with status 75. The last state is
// saved, so that the training can be continued with more steps. Signals are those of cli_catch_signals, to be called before.
void training_run(struct cli *cli, const struct training *t);

// At the end of the program, when its best networks are written: an error, with the status that stands for it, if the training diverged.
// diverged_at: 0 if it did not.
void training_check_diverged(struct cli *cli, uint64_t diverged_at, uint64_t best_step);

#endif
