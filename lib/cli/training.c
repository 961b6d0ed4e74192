#include "cli/training.h"

#include <unistd.h>

static void save(struct cli *cli, const struct training *t) {
    cli_check(cli, t->save(t->of, t->checkpoint, cli_identity(cli), cli_error(cli)));
}

void training_begin(struct cli *cli, const struct training *t) {
    if (t->checkpoint && access(t->checkpoint, F_OK) == 0)
        cli_check(cli, t->resume(t->of, t->checkpoint, cli_error(cli)));
    else if (t->checkpoint)
        save(cli, t);
    if (t->learner->step > t->steps)
        cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "%s: this checkpoint is of step %llu already, beyond the last one, %llu",
                                 t->checkpoint, (unsigned long long)t->learner->step, (unsigned long long)t->steps));
}

void training_run(struct cli *cli, const struct training *t) {
    const uint64_t *step = &t->learner->step;
    struct progress *progress = progress_new(cli, "steps", *step, t->steps);
    uint64_t saved = *step;
    while (*step < t->steps && !(t->stopped && *t->stopped) && !cli_signalled()) {
        double loss;
        enum status status = t->step(t->of, &loss, cli_error(cli));
        if (status == STATUS_DIVERGED)
            break;
        cli_check(cli, status);
        if (t->checkpoint && *step % (uint64_t)t->checkpoint_every == 0) {
            save(cli, t);
            saved = *step;
        }
        if (t->best_loss)
            progress_step(progress, *step, "loss %.4f, best %.4f", loss, *t->best_loss);
        else
            progress_step(progress, *step, "loss %.4f", loss);
    }
    progress_end(progress);
    if (t->checkpoint && saved != *step && !*t->diverged_at)
        save(cli, t);
    if (cli_signalled() && !*t->diverged_at)
        cli_interrupted(cli, "interrupted at step %llu%s%s", (unsigned long long)*step, t->checkpoint ? "; goes on from " : "",
                        t->checkpoint ? t->checkpoint : ", nothing saved: see --checkpoint");
}

void training_check_diverged(struct cli *cli, uint64_t diverged_at, uint64_t best_step) {
    if (diverged_at)
        cli_check(cli, error_set(cli_error(cli), STATUS_DIVERGED,
                                 "training diverged at step %llu: the loss or a gradient is not finite; the best networks so far, of step "
                                 "%llu, are written",
                                 (unsigned long long)diverged_at, (unsigned long long)best_step));
}
