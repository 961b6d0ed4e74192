// Brings the units of RNNs into the order and signs of a reference, so that weights can be compared.
#include "analysis/align.h"
#include "base/memory.h"
#include "cli/rnnfile.h"
#include "records/derived.h"

#include <stdlib.h>
#include <string.h>

static const char *to;

static struct option options[] = {
    {.type = OPTION_TEXT,
     .name = "to",
     .letter = 't',
     .target = &to,
     .value = "FILE",
     .help = "The reference: the first RNN of FILE; without it the first RNN on standard input"},
    {0},
};

static struct program program = {
    .name = "rnn-align",
    .summary = "bring hidden units into the order and signs of a reference RNN's",
    .synopsis = "[OPTION]... < RNNS > RNNS",
    .input = "rnn records of one architecture",
    .output = "the same RNNs, as functions, with the key alignment",
    .examples =
        "rnn-perturb --permute --rescale < zoo.mp | rnn-align --to zoo.mp | rec-table run alignment.cosine_before alignment.cosine_after\n"
        "rnn-align < zoo.mp | rnn-lineage | rec-table child.run parent.run",
    .options = options,
};

struct reference {
    struct rnn_arch arch;
    struct params table;
    float *weights; // NULL: none yet
};

static void set_reference(struct cli *cli, struct reader *in, struct reference *ref) {
    struct rnn_record r;
    cli_check_record(cli, in, rnn_record_read(in->record, &r, cli_error(cli)));
    ref->arch = r.arch;
    rnn_params(&ref->table, &r.arch);
    ref->weights = memory_alloc(ref->table.size * sizeof(float));
    cli_check_record(cli, in, rnn_record_weights(&r, &ref->table, ref->weights, cli_error(cli)));
}

static void read_reference(struct cli *cli, struct reference *ref) {
    struct rnnfile file = rnnfile_open(cli, to, 1);
    ref->arch = file.rnn[0].arch;
    rnn_params(&ref->table, &ref->arch);
    ref->weights = memory_alloc(ref->table.size * sizeof(float));
    memcpy(ref->weights, file.rnn[0].weights, ref->table.size * sizeof(float));
    rnnfile_close(&file);
}

// The record as it is, with the aligned weights in place of its own.
static void pack_aligned(struct packer *p, const struct value *root, const struct reference *ref, const float *weights,
                         const struct alignment *a) {
    pack_map(p);
    const struct value *key = value_first(root), *v;
    for (uint32_t i = 0; i < root->count; i++, key = value_next(v)) {
        v = value_next(key);
        if (value_is(key, "alignment"))
            continue;
        pack_value(p, key);
        if (value_is(key, "weights"))
            weights_pack(p, &ref->table, weights);
        else
            pack_value(p, v);
    }
    pack_key(p, "alignment");
    pack_map(p);
    pack_key(p, "cosine_before");
    pack_double(p, a->cosine_before);
    pack_key(p, "cosine_after");
    pack_double(p, a->cosine_after);
    pack_key(p, "sweeps");
    pack_i64(p, a->sweeps);
    pack_key(p, "units");
    uint64_t shape[] = {(uint64_t)a->layers, (uint64_t)a->hidden};
    pack_array(p, DTYPE_I4, 2, shape, a->unit);
    pack_key(p, "scales");
    pack_array(p, DTYPE_F4, 2, shape, a->scale);
    pack_end(p);
    pack_end(p);
}

static void align_one(struct cli *cli, struct reader *in, struct writer *out, struct reference *ref) {
    struct rnn_record r;
    cli_check_record(cli, in, rnn_record_read(in->record, &r, cli_error(cli)));
    if (!rnn_arch_equal(&r.arch, &ref->arch))
        cli_check_record(cli, in, error_set(cli_error(cli), STATUS_DATA, "an RNN of another architecture than the reference's"));
    float *weights = memory_alloc(ref->table.size * sizeof *weights), *aligned = memory_alloc(ref->table.size * sizeof *aligned);
    cli_check_record(cli, in, rnn_record_weights(&r, &ref->table, weights, cli_error(cli)));
    struct alignment a = align(aligned, &r.arch, ref->weights, weights);
    pack_aligned(writer_packer(out), in->record, ref, aligned, &a);
    cli_check(cli, writer_commit(out, cli_error(cli)));
    alignment_free(&a);
    free(weights);
    free(aligned);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    struct reference ref = {0};

    struct reader *in = cli_reader(cli, "-");
    if (to)
        read_reference(cli, &ref);
    struct writer *out = cli_writer(cli);

    while (cli_next(cli, in, out, "rnn")) {
        if (!ref.weights)
            set_reference(cli, in, &ref);
        align_one(cli, in, out, &ref);
    }

    free(ref.weights);
    params_free(&ref.table);
    return cli_finish(cli, in, out);
}
