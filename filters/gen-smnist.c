// Source of task records: tiled sequential MNIST, each run's rotation and weight decay drawn from (seed, run).
#include "cli/shared_options.h"
#include "cli/taskfilter.h"

#include "base/numtext.h"
#include "families/smnist.h"

#include <string.h>

static uint64_t count = 1, first_run;
static bool transposed;
static int tile = SMNIST_DEFAULT_TILE;
static const char *data = "mnist", *rotation, *weight_decay;
static struct smnist fixed; // its rotation and weight decay, where they are given

static struct option options[] = {
    TASK_COUNT_OPTION(&count),
    FIRST_RUN_OPTION(&first_run, 'r', "record"),
    {.type = OPTION_TEXT,
     .name = "data",
     .letter = 'd',
     .target = &data,
     .value = "NAME",
     .help = "Name of the images, which train-rnn will look for"},
    {.type = OPTION_FLAG,
     .name = "transposed",
     .target = &transposed,
     .help = "The files of these images have rows as columns, as EMNIST's do: they are read the other way round"},
    {.type = OPTION_INT,
     .name = "tile",
     .letter = 't',
     .target = &tile,
     .value = "E",
     .low = 1,
     .high = IDX_SIDE,
     .help = "Side of a tile in pixels, a divisor of 28"},
    {.type = OPTION_TEXT,
     .name = "rotation",
     .letter = 'o',
     .target = &rotation,
     .value = "DEGREES",
     .help = "One fixed rotation instead of drawn ones, counter-clockwise, below 360"},
    {.type = OPTION_TEXT,
     .name = "weight-decay",
     .letter = 'w',
     .target = &weight_decay,
     .value = "X",
     .help = "One fixed weight decay of the training instead of drawn ones, 0 to 1"},
    {0},
};

static struct program program = {
    .name = "gen-smnist",
    .summary = "generate tasks: tiled sequential MNIST, turned by an angle",
    .synopsis = "[OPTION]... > TASKS",
    .output = "task records",
    .examples = "gen-smnist --count 1000 --seed 1 | partition > tasks.mp\ngen-smnist --rotation 90 | rec-json\n"
                "gen-smnist --data emnist --transposed | rec-json",
    .options = options,
};

static double number(struct cli *cli, const char *option, const char *text, double high) {
    double x;
    struct error reason;
    if (numtext_double(text, 0, high, &x, &reason) != STATUS_OK)
        cli_usage(cli, "--%s: %s %s", option, text, reason.text);
    return x;
}

static struct smnist task_from_options(struct cli *cli) {
    struct smnist task = {.tile = tile, .transposed = transposed};
    if (!image_sets_is_name(data))
        cli_usage(cli, "--data %s: no name of fewer than %d letters, digits, '.', '_' and '-'", data, IMAGE_SETS_NAME_SIZE);
    strcpy(task.data, data);
    if (IDX_SIDE % tile)
        cli_usage(cli, "--tile %d: such tiles don't fill a side of %d pixels", tile, IDX_SIDE);
    if (rotation)
        fixed.rotation = number(cli, "rotation", rotation, 360);
    if (fixed.rotation == 360)
        cli_usage(cli, "--rotation 360: that is 0");
    if (weight_decay)
        fixed.weight_decay = number(cli, "weight-decay", weight_decay, 1);
    return task;
}

static void draw(void *body, uint64_t run, struct rng *rng) {
    (void)run;
    struct smnist *task = body;
    smnist_draw_task(task, rng); // both in any case: what one of them is does not depend on whether the other is given
    if (rotation)
        task->rotation = fixed.rotation;
    if (weight_decay)
        task->weight_decay = fixed.weight_decay;
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    struct smnist task = task_from_options(cli);
    return task_filter_run(cli, first_run, count, &smnist_family, &task, draw);
}
