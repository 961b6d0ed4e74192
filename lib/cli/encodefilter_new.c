// Encoder filters with --new: a fresh encoder for the RNNs of a zoo.
#include "base/numtext.h"
#include "cli/encodefilter_internal.h"
#include "encoders/standard.h"
#include "records/loader.h"
#include "training/rollouts.h"

#include <float.h>
#include <string.h>

// The first RNN's weights are looked at now: better to learn that they can't be read before an encoder for them is made.
static enum status check_weights(const struct rnn_record *rnn, struct error *error) {
    struct rnn_loader loader;
    rnn_loader_init(&loader, 1);
    enum status status = rnn_loader_load(&loader, 0, rnn, error);
    rnn_loader_free(&loader);
    return status;
}

static void choose_range(struct cli *cli, const struct encode_settings *s, const struct rnn_record *rnn, struct encoder_config *config) {
    bool wanted = s->range ? strcmp(s->range, "data") == 0 : !rnn_answers_classes(&rnn->arch);
    if (wanted && !rollouts_range(rnn, config->range)) {
        config->range[0] = config->range[1] = 0;
        if (s->range)
            cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "--range data: the first RNN has no rollouts of various numbers"));
    }
    if (!s->range || wanted)
        return;
    if (!numtext_range(s->range, -FLT_MAX, FLT_MAX, config->range))
        cli_usage(cli, "--range: '%s' is neither data nor two numbers LOW:HIGH, the lower one first", s->range);
    if (config->range[1] - config->range[0] > FLT_MAX)
        cli_usage(cli, "--range: '%s' is too wide", s->range);
}

// Measures what the encoder reads over the training split (all RNNs, where there are no splits): `rnn` is the first record, read already.
static void standardise(struct cli *cli, struct encoder *e, struct reader *in, struct rnn_record *rnn) {
    struct standard_fit *fit = standard_fit_new(e);
    struct rnn_loader loader;
    rnn_loader_init(&loader, 1);
    int used = 0;
    for (bool more = true; more; more = cli_read(cli, in)) {
        if (in->event != READER_DATA || !value_is(value_get(in->record, "kind"), "rnn"))
            continue;
        enum status status = rnn_record_read(in->record, rnn, cli_error(cli));
        if (status == STATUS_OK && *rnn->split && strcmp(rnn->split, split_names[SPLIT_TRAIN]) != 0)
            continue;
        if (status == STATUS_OK)
            status = encoder_fits(e, &rnn->arch, cli_error(cli));
        if (status == STATUS_OK)
            status = rnn_loader_load(&loader, 0, rnn, cli_error(cli));
        if (!cli_usable(cli, in, NULL, status))
            continue;
        struct rnn_batch one = rnn_loader_batch(&loader, 1);
        standard_fit_add(fit, &one);
        used++;
    }
    standard_fit_settle(fit);
    rnn_loader_free(&loader);
    if (!used)
        cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "%s: no record of split 'train' to standardise by", in->name));
}

// Reads no further than the segment of the first rnn record, whose end proves that record and history to be sound: a zoo made of shards
// costs one shard, however large it is. Unless it is standardised.
void encode_new(struct cli *cli, const struct encode_settings *s, const struct encoder_type *type, struct reader *in, struct writer *out) {
    struct rnn_record rnn;
    do
        if (!cli_next(cli, in, out, NULL))
            cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "%s: no rnn record in it, whose architecture the encoder would take",
                                     in->name));
    while (!value_is(value_get(in->record, "kind"), "rnn"));
    cli_check_record(cli, in, rnn_record_read(in->record, &rnn, cli_error(cli)));
    cli_check_record(cli, in, check_weights(&rnn, cli_error(cli)));
    struct encoder_config config = encode_config(s, type, &rnn.arch);
    if (encoder_has_key(type, "softmax") && !config.softmax)
        choose_range(cli, s, &rnn, &config);
    else
        cli_note_unused(cli, "range", "on RNNs that read tokens");
    struct error error = {0};
    if (encoder_check(type, &config, &rnn.arch, &error) != STATUS_OK)
        cli_usage(cli, "%s", error.text);
    struct encoder *e = encoder_new(type, &config, &rnn.arch, cli_common(cli)->seed);
    if (e->standard)
        standardise(cli, e, in, &rnn);
    encoder_pack(writer_packer(out), e);
    encoder_free(e);
    cli_check(cli, writer_commit(out, cli_error(cli)));
    while (in->event != READER_END && cli_read(cli, in)) {
    }
    cli_check(cli, writer_end_segment(out, cli_error(cli)));
}
