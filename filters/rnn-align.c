// Brings the units of RNNs into the order and signs of a reference, so that weights can be compared.
#include "rnn/align.h"
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

// The record as it is, with the aligned weights in place of its own.
static void pack_aligned(struct packer *p, const struct value *root, const struct rnnfile_entry *ref, const float *weights,
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
    pack_key(p, "distance_before");
    pack_double(p, a->distance_before);
    pack_key(p, "distance_after");
    pack_double(p, a->distance_after);
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

static void align_one(struct cli *cli, struct reader *in, struct writer *out, const struct rnnfile_entry *ref) {
    struct rnn_record r;
    float *weights = memory_alloc(ref->table.size * sizeof *weights), *aligned = memory_alloc(ref->table.size * sizeof *aligned);
    enum status status = rnn_record_read(in->record, &r, cli_error(cli));
    if (status == STATUS_OK && !rnn_arch_equal(&r.arch, &ref->arch))
        status = error_set(cli_error(cli), STATUS_DATA, "an RNN of another architecture than the reference's");
    if (status == STATUS_OK)
        status = rnn_record_weights(&r, &ref->table, weights, cli_error(cli));
    if (!cli_usable(cli, in, out, status)) {
        free(weights);
        free(aligned);
        return;
    }
    struct alignment a = align(aligned, &r.arch, ref->weights, weights);
    pack_aligned(writer_packer(out), in->record, ref, aligned, &a);
    cli_check(cli, writer_commit(out, cli_error(cli)));
    alignment_free(&a);
    free(weights);
    free(aligned);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    struct rnnfile reference = {0};

    struct reader *in = cli_reader(cli, "-");
    if (to)
        reference = rnnfile_open(cli, to, 1);
    struct writer *out = cli_writer(cli);

    while (cli_next(cli, in, out, "rnn")) {
        if (!reference.count)
            rnnfile_add(cli, in, &reference);
        align_one(cli, in, out, &reference.rnn[0]);
    }

    rnnfile_close(&reference);
    return cli_finish(cli, in, out);
}
