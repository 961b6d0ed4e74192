// Source of task records: series of damped oscillators, each run's period and damping drawn from (seed, run).
#include "base/numtext.h"
#include "cli/shared_options.h"
#include "cli/taskfilter.h"
#include "families/series.h"

static uint64_t count = 1, first_run;
static int length = SERIES_DEFAULT_LENGTH;
static const char *period, *damping;
static struct series fixed; // its period and damping, where they are given

static struct option options[] = {
    TASK_COUNT_OPTION(&count),
    FIRST_RUN_OPTION(&first_run, 'r', "record"),
    {.type = OPTION_TEXT,
     .name = "period",
     .letter = 'p',
     .target = &period,
     .value = "STEPS",
     .help = "One fixed period instead of drawn ones, 2 to 1000 steps"},
    {.type = OPTION_TEXT,
     .name = "damping",
     .letter = 'd',
     .target = &damping,
     .value = "R",
     .help = "One fixed damping instead of drawn ones, below 1: how much of the amplitude is left after a step"},
    {.type = OPTION_INT,
     .name = "length",
     .letter = 'l',
     .target = &length,
     .low = 1,
     .high = SERIES_MAX_LENGTH,
     .help = "Numbers that are read, and as many predictions"},
    {0},
};

static struct program program = {
    .name = "gen-series",
    .summary = "generate tasks: series of numbers, to be continued",
    .synopsis = "[OPTION]... > TASKS",
    .output = "task records",
    .examples = "gen-series --count 1000 --seed 1 | partition > tasks.mp\ngen-series --period 12 --damping 0.9 | rec-json",
    .options = options,
};

static double number(struct cli *cli, const char *option, const char *text, double low, double high) {
    double x;
    struct error reason;
    if (numtext_double(text, low, high, &x, &reason) != STATUS_OK)
        cli_usage(cli, "--%s: %s %s", option, text, reason.text);
    return x;
}

static void draw(void *body, uint64_t run, struct rng *rng) {
    (void)run;
    struct series *task = body;
    series_draw_task(task, rng); // both in any case: what one of them is does not depend on whether the other is given
    if (period)
        task->period = fixed.period;
    if (damping)
        task->damping = fixed.damping;
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    if (period)
        fixed.period = number(cli, "period", period, 2, SERIES_LONGEST_PERIOD);
    if (damping)
        fixed.damping = number(cli, "damping", damping, 0, 1);
    if (fixed.damping == 1)
        cli_usage(cli, "--damping 1: such a series has no end to how large it gets");
    struct series task = {.length = length};
    return task_filter_run(cli, first_run, count, &series_family, &task, draw);
}
