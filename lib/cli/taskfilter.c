#include "cli/taskfilter.h"

int task_filter_run(struct cli *cli, uint64_t first_run, uint64_t count, const struct family *family, void *body,
                    void (*draw)(void *body, uint64_t run, struct rng *rng)) {
    uint64_t seed = cli_common(cli)->seed;
    cli_check_runs(cli, first_run, count);

    struct writer *out = cli_writer(cli);
    cli_begin_segment(cli, out, NULL, 0);
    for (uint64_t run = first_run; run < first_run + count; run++) {
        struct rng rng = rng_make(seed, run, "task");
        draw(body, run, &rng);
        struct task task = task_make(family, body);
        task_record_pack(writer_packer(out), run, seed, &task);
        cli_check(cli, writer_commit(out, cli_error(cli)));
    }
    cli_check(cli, writer_end_segment(out, cli_error(cli)));
    return cli_finish(cli, NULL, out);
}
