// Filters that work on many records at once, which is several times as fast as one by one.
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include "cli/cli.h"
#include "stream/reader.h"
#include "stream/writer.h"

// What a filter does with its batch, which `of` points to.
struct cli_batch {
    void *of;
    const char *kind;     // of the records that it takes
    const char *doing;    // what progress says
    int *count, capacity; // the records that wait: add counts them, and cli_batches sets them to 0
    // The record is one more that waits, if it can be used.
    enum status (*add)(void *of, const struct value *record, struct error *error);
    // Works on all that wait, of which there is one at least.
    void (*run)(void *of);
    // Writes what came of the i-th of them; an error writes nothing.
    enum status (*write)(void *of, int i, struct cli *cli, struct writer *out);
};

// Reads the whole input, and writes what comes of each record of the kind in its place, and all others as they are. A record that can't be
// used, or turns out to be so when the batch runs, goes through --skip-bad (cli_usable).
void cli_batches(struct cli *cli, const struct cli_batch *batch, struct reader *in, struct writer *out);

#endif
