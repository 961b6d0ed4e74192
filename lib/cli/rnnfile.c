#include "cli/rnnfile.h"

#include "base/memory.h"

#include <stdlib.h>

void rnnfile_add(struct cli *cli, struct reader *in, struct rnnfile *f) {
    struct rnn_record r;
    size_t size = (size_t)f->count * sizeof *f->rnn;
    f->rnn = memory_realloc(f->rnn, size, size + sizeof *f->rnn);
    struct rnnfile_entry *e = &f->rnn[f->count++];
    cli_check_record(cli, in, rnn_record_read(in->record, &r, cli_error(cli)));
    *e = (struct rnnfile_entry){.arch = r.arch, .run = r.run, .step = r.step};
    rnn_params(&e->table, &r.arch);
    e->weights = memory_alloc(e->table.size * sizeof *e->weights);
    cli_check_record(cli, in, rnn_record_weights(&r, &e->table, e->weights, cli_error(cli)));
}

struct rnnfile rnnfile_open(struct cli *cli, const char *path, int most) {
    struct rnnfile f = {.path = path};
    struct reader *in = cli_reader(cli, path);
    while (cli_read_model(cli, in))
        if (in->event == READER_DATA && f.count < most && value_is(value_get(in->record, "kind"), "rnn"))
            rnnfile_add(cli, in, &f);
    if (!f.count)
        cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "%s: there is no rnn record", in->name));
    reader_close(in);
    return f;
}

void rnnfile_close(struct rnnfile *f) {
    for (int i = 0; i < f->count; i++) {
        params_free(&f->rnn[i].table);
        free(f->rnn[i].weights);
    }
    free(f->rnn);
    *f = (struct rnnfile){0};
}
