#include "cli/datafile.h"

enum { TOLD = 20 }; // one by one; the rest is counted

struct dataset *datafile_open(struct cli *cli, const char *path, const char *kind, const struct dataset_sift *sift) {
    struct dataset *d;
    const struct cli_common *common = cli_common(cli);
    cli_check(cli, dataset_open_sifted(&d, path, kind, cli_limits(cli), common->skip_bad ? sift : NULL, cli_error(cli)));
    for (int i = 0; i < d->skipped_count && i < TOLD; i++)
        cli_note(cli, "%s: byte %llu is left out: %s", d->name, (unsigned long long)d->skipped[i].offset, d->skipped[i].reason);
    cli_count_skipped(cli, (uint64_t)d->skipped_count, (uint64_t)d->count);
    return d;
}

void datafile_write_skipped(struct cli *cli, const struct dataset *d, struct writer *out) {
    for (int i = 0; i < d->skipped_count; i++) {
        cli_check(cli, dataset_pack_skipped(d, i, writer_packer(out), cli_error(cli)));
        cli_check(cli, writer_commit(out, cli_error(cli)));
    }
}
