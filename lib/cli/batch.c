#include "cli/batch.h"

#include "base/memory.h"

#include <stdlib.h>

static void flush(struct cli *cli, const struct cli_batch *batch, struct cli_held **held, struct writer *out) {
    if (*batch->count == 0)
        return;
    batch->run(batch->of);
    for (int i = 0; i < *batch->count; i++)
        cli_usable_held(cli, held[i], out, batch->write(batch->of, i, cli, out));
    *batch->count = 0;
}

// Holds the record, if it is one more that waits. What is left out keeps its place: those that wait are written before it.
static void take(struct cli *cli, const struct cli_batch *batch, struct cli_held **held, struct reader *in, struct writer *out) {
    enum status status = batch->add(batch->of, in->record, cli_error(cli));
    if (status != STATUS_OK) {
        const struct error why = *cli_error(cli);
        flush(cli, batch, held, out);
        *cli_error(cli) = why;
    }
    if (cli_usable(cli, in, out, status))
        held[*batch->count - 1] = cli_hold(cli, in);
    if (*batch->count == batch->capacity)
        flush(cli, batch, held, out);
}

void cli_batches(struct cli *cli, const struct cli_batch *batch, struct reader *in, struct writer *out) {
    struct cli_held **held = memory_calloc((size_t)batch->capacity, sizeof *held);
    struct progress *progress = progress_new(cli, "records", 0, 0);
    for (uint64_t done = 0; cli_read(cli, in);) {
        if (in->event == READER_DATA && value_is(value_get(in->record, "kind"), batch->kind)) {
            take(cli, batch, held, in, out);
            progress_step(progress, ++done, "%s", batch->doing);
        } else {
            flush(cli, batch, held, out);
            cli_mirror(cli, in, out);
        }
    }
    progress_end(progress);
    free(held);
}
