// --skip-bad: records that can't be read or used are left out, told on standard error, and recorded in the output.
#include "cli/cli_internal.h"

#include "base/memory.h"
#include "records/loader.h"
#include "records/skipped.h"

#include <inttypes.h>
#include <stdlib.h>

enum { TOLD = 20 }; // one by one; the rest is counted

static void leave_out(struct cli *cli, const char *name, uint64_t index, const struct value *record, struct writer *out) {
    if (cli->skipped++ < TOLD)
        cli_note(cli, "%s: record %" PRIu64 " is left out: %s", name, index, cli->error.text);
    cli->mirrored |= out != NULL;
    if (!out)
        return;
    struct packer *p = packer_new();
    skipped_pack(p, record, cli->error.text);
    cli_commit(cli, out, p);
    packer_free(p);
}

bool cli_usable(struct cli *cli, const struct reader *in, struct writer *out, enum status status) {
    if (status != STATUS_DATA || !cli->common.skip_bad || cli->error.elsewhere) {
        cli_check_record(cli, in, status);
        cli->used += in->index != cli->last_used;
        cli->last_used = in->index;
        return true;
    }
    cli->used -= in->index == cli->last_used; // it could be read, but not used
    cli->last_used = 0;
    leave_out(cli, in->name, in->index, in->record, out);
    return false;
}

struct cli_held {
    const char *name; // the reader's
    uint64_t index;
    struct value *record;
};

struct cli_held *cli_hold(struct cli *cli, const struct reader *in) {
    if (!cli->common.skip_bad)
        return NULL;
    struct cli_held *held = memory_alloc(sizeof *held);
    *held = (struct cli_held){in->name, in->index, value_clone(in->record)};
    return held;
}

bool cli_usable_held(struct cli *cli, struct cli_held *held, struct writer *out, enum status status) {
    bool usable = status == STATUS_OK;
    if (!usable && (!held || status != STATUS_DATA || cli->error.elsewhere))
        cli_check(cli, status);
    if (!usable) {
        cli->used--;
        leave_out(cli, held->name, held->index, held->record, out);
    }
    if (held)
        free(held->record);
    free(held);
    return usable;
}

static enum status load(struct cli *cli, const struct value *rnn) {
    struct rnn_record record;
    struct rnn_loader loader;
    rnn_loader_init(&loader, 1);
    enum status status = rnn_record_read(rnn, &record, &cli->error);
    if (status == STATUS_OK)
        status = rnn_loader_load(&loader, 0, &record, &cli->error);
    rnn_loader_free(&loader);
    return status;
}

bool cli_rnn_usable(struct cli *cli, const struct reader *in, struct writer *out) {
    return !cli->common.skip_bad || cli_usable(cli, in, out, load(cli, in->record));
}

bool cli_would_pass(struct cli *cli, const struct reader *in) {
    return !cli->common.skip_bad || !value_is(value_get(in->record, "kind"), "rnn") || load(cli, in->record) == STATUS_OK;
}

void cli_writes_skipped(struct cli *cli) {
    cli->mirrored = true;
}

void cli_count_skipped(struct cli *cli, uint64_t skipped, uint64_t used) {
    cli->skipped += skipped;
    cli->mirrored |= skipped > 0; // datafile_write_skipped
    cli->used += used;
}

void cli_tell_skipped(struct cli *cli) {
    if (!cli->skipped)
        return;
    if (!cli->used)
        cli_check(cli, error_set(&cli->error, STATUS_DATA, "none of the %" PRIu64 " records could be used", cli->skipped));
    cli_note(cli, "%" PRIu64 " records could not be used and are left out (--skip-bad)%s", cli->skipped,
             cli->mirrored ? ": the output says which (kind skipped)" : "");
}
