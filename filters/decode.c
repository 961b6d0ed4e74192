// Makes RNNs of embeddings.
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/modelfile.h"
#include "cli/shared_options.h"
#include "records/weightmap.h"
#include "training/decoder.h"

#include <stdlib.h>
#include <string.h>

static const char *model, *data = "-";

static struct option options[] = {
    {.type = OPTION_TEXT, .name = "model", .letter = 'm', .target = &model, .value = "FILE", .help = "The decoder, from autoencode --fit"},
    DATA_OPTION(&data, "The embeddings"),
    {0},
};

static struct program program = {
    .name = "decode",
    .summary = "make RNNs of embeddings",
    .synopsis = "--model FILE [--data EMBEDDINGS] [OPTION]... < EMBEDDINGS > RNNS",
    .input = "embedding records, by the encoder that was trained along with the decoder",
    .output = "an rnn record for each, with the RNN that was embedded as its parent",
    .examples = "flat-encode --model model.mp < zoo.mp | decode --model model.mp > again.mp\n"
                "flat-encode --model model.mp < zoo.mp | decode --model model.mp | rnn-rollout | rec-table run step metrics.accuracy",
    .options = options,
};

// All that the embedding has of its RNN, but what is another RNN's: its name, its metrics, how it came about.
static void pack_decoded(struct packer *p, const struct value *root, const struct decoder *d, const float *weights) {
    static const char *const others[] = {"kind", "z",      "probes", "encoder", "label", "arch",    "weights",    "rollouts",  "metrics",
                                         "name", "recipe", "parent", "second",  "how",   "nearest", "projection", "alignment", NULL};
    struct rnn_name parent = {0};
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "rnn");
    pack_rest(p, root, others);
    pack_key(p, "arch");
    arch_pack(p, &d->arch);
    pack_key(p, "weights");
    weights_pack(p, &d->rnn_table, weights);
    if (value_to_u64(value_get(root, "run"), &parent.run)) {
        value_to_u64(value_get(root, "step"), &parent.step);
        pack_key(p, "parent");
        pack_map(p);
        rnn_name_pack(p, parent);
        pack_end(p);
    }
    pack_key(p, "how");
    pack_str(p, "decode");
    pack_end(p);
}

static struct decoder *load_decoder(struct cli *cli, struct modelfile *file) {
    struct model_record record;
    struct decoder *decoder;
    if (!modelfile_find(file, "decoder", &record))
        modelfile_missing(file, "decoder");
    modelfile_check(file, decoder_read(&record, &decoder, cli_error(cli)));
    return decoder;
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    if (!model)
        cli_usage(cli, "--model FILE has to be given");
    if (strcmp(model, "-") == 0 && strcmp(data, "-") == 0)
        cli_usage(cli, "standard input can't be both model and embeddings: name these by --data FILE");

    struct modelfile *file = modelfile_open(cli, model, MODEL_USED);
    struct decoder *decoder = load_decoder(cli, file);
    struct reader *in = cli_reader(cli, data);
    struct writer *out = cli_writer(cli);
    struct tape tape = {0};
    float *weights = memory_alloc(decoder->rnn_table.size * sizeof *weights);
    while (cli_next(cli, in, out, "embedding")) {
        if (!cli_usable(cli, in, out, decoder_decode(decoder, in->record, &tape, weights, cli_error(cli))))
            continue;
        pack_decoded(writer_packer(out), in->record, decoder, weights);
        cli_check(cli, writer_commit(out, cli_error(cli)));
    }

    free(weights);
    tape_free(&tape);
    decoder_free(decoder);
    modelfile_close(file);
    return cli_finish(cli, in, out);
}
