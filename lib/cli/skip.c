// --skip-bad: records that can't be read or used are left out, told on standard error, and recorded in the output.
#include "cli/cli_internal.h"

#include "records/loader.h"
#include "records/skipped.h"

#include <inttypes.h>

enum { TOLD = 20 }; // one by one; the rest is counted

bool cli_usable(struct cli *cli, const struct reader *in, struct writer *out, enum status status) {
    if (status != STATUS_DATA || !cli->common.skip_bad || cli->error.elsewhere) {
        cli_check_record(cli, in, status);
        cli->used += in->index != cli->last_used;
        cli->last_used = in->index;
        return true;
    }
    cli->used -= in->index == cli->last_used; // it could be read, but not used
    cli->last_used = 0;
    if (cli->skipped++ < TOLD)
        cli_note(cli, "%s: record %" PRIu64 " is left out: %s", in->name, in->index, cli->error.text);
    cli->mirrored |= out != NULL;
    if (out) {
        struct packer *p = packer_new();
        skipped_pack(p, in->record, cli->error.text);
        cli_commit(cli, out, p);
        packer_free(p);
    }
    return false;
}

bool cli_rnn_usable(struct cli *cli, const struct reader *in, struct writer *out) {
    if (!cli->common.skip_bad)
        return true;
    struct rnn_record record;
    struct rnn_loader loader;
    rnn_loader_init(&loader, 1);
    enum status status = rnn_record_read(in->record, &record, &cli->error);
    if (status == STATUS_OK)
        status = rnn_loader_load(&loader, 0, &record, &cli->error);
    rnn_loader_free(&loader);
    return cli_usable(cli, in, out, status);
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
