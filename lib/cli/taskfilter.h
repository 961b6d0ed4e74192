// What the sources of task records have in common: options --count and --first-run, and the records themselves.
#ifndef CLI_TASKFILTER_H
#define CLI_TASKFILTER_H

#include "cli/cli.h"
#include "records/task.h"

// Writes a segment of the task records of runs first_run .. first_run + count - 1 to standard output, and returns the exit code for main;
// exits on errors. body is of the family; for each run draw() sets what differs between runs, as a function of the run number and of the
// generator, which is that of (seed, run).
int task_filter_run(struct cli *cli, uint64_t first_run, uint64_t count, const struct family *family, void *body,
                    void (*draw)(void *body, uint64_t run, struct rng *rng));

#endif
