// How curved the loss is around each RNN's weights.
#include "analysis/evaluation.h"
#include "analysis/landscape.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/shared_options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int batch = 200, batches = 1, draws = 100;
static bool by_tensor;
static struct image_sets images;

static struct option options[] = {
    {.type = OPTION_INT,
     .name = "batch",
     .letter = 'b',
     .target = &batch,
     .low = 1,
     .high = 1e6,
     .help = "Strings, or images, in a batch of the evaluation set"},
    {.type = OPTION_INT, .name = "batches", .target = &batches, .low = 1, .high = 1e6, .help = "Batches in the evaluation set"},
    {.type = OPTION_INT,
     .name = "draws",
     .letter = 'd',
     .target = &draws,
     .low = 10,
     .high = 1e6,
     .help = "At most so many random vectors for the trace"},
    {.type = OPTION_FLAG,
     .name = "tensors",
     .letter = 't',
     .target = &by_tensor,
     .help = "Also the share of the trace that each tensor has"},
    IMAGES_OPTION(&images.directory, ""),
    {0},
};

static struct program program = {
    .name = "rnn-landscape",
    .summary = "measure how curved the loss is around RNNs' weights",
    .synopsis = "[OPTION]... < RNNS > RNNS",
    .input = "rnn records of families that RNNs can be trained for",
    .output = "the same records with metrics loss_fixed, hessian_top, hessian_trace",
    .examples = "rnn-landscape < zoo.mp | rec-table run step metrics.loss_fixed metrics.hessian_top metrics.hessian_trace",
    .options = options,
};

static double loss(void *context, const float *weights, float *gradient) {
    return trainee_loss(context, weights, batches, gradient);
}

struct measured {
    double loss, top;
    struct landscape_trace trace;
    double *share; // [table.count], or NULL
};

static void measure(struct measured *m, struct trainee *t, const float *weights) {
    const struct landscape l = {.size = t->table.size, .loss = loss, .context = t};
    size_t *offset = memory_alloc(((size_t)t->table.count + 1) * sizeof *offset);
    float *gradient = memory_alloc(t->table.size * sizeof *gradient);
    for (int i = 0; i < t->table.count; i++)
        offset[i] = t->table.list[i].offset;
    offset[t->table.count] = t->table.size;
    m->share = by_tensor ? memory_calloc((size_t)t->table.count, sizeof *m->share) : NULL;
    m->loss = loss(t, weights, gradient);
    struct rng rng = rng_make(1, 0, "landscape");
    m->top = landscape_top_eigenvalue(&l, weights, &rng);
    m->trace = landscape_trace(&l, weights, draws, &rng, m->share, offset, t->table.count);
    free(offset);
    free(gradient);
}

// What this filter writes into the metrics; what it finds there under these names is replaced.
static bool is_ours(const struct value *key) {
    static const char *const ours[] = {"loss_fixed", "hessian_top", "hessian_trace", "hessian_trace_error", "hessian_trace_share"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (value_is(key, ours[i]))
            return true;
    return false;
}

static void pack_number(struct packer *p, const char *key, double number) {
    pack_key(p, key);
    pack_double(p, number);
}

static void pack_metrics(struct packer *p, const struct value *old, const struct measured *m, const struct params *table) {
    pack_map(p);
    const struct value *key = old ? value_first(old) : NULL, *v;
    for (uint32_t i = 0; old && i < old->count; i++, key = value_next(v)) {
        v = value_next(key);
        if (is_ours(key))
            continue;
        pack_value(p, key);
        pack_value(p, v);
    }
    pack_number(p, "loss_fixed", m->loss);
    pack_number(p, "hessian_top", m->top);
    pack_number(p, "hessian_trace", m->trace.trace);
    pack_number(p, "hessian_trace_error", m->trace.standard_error);
    if (m->share) {
        pack_key(p, "hessian_trace_share");
        pack_map(p);
        for (int i = 0; i < table->count; i++)
            pack_number(p, table->list[i].name, m->share[i]);
        pack_end(p);
    }
    pack_end(p);
}

static void pack_measured(struct packer *p, const struct value *root, const struct measured *m, const struct params *table) {
    const struct value *old = value_get(root, "metrics"), *key = value_first(root), *v;
    pack_map(p);
    for (uint32_t i = 0; i < root->count; i++, key = value_next(v)) {
        v = value_next(key);
        pack_value(p, key);
        if (v == old)
            pack_metrics(p, old, m, table);
        else
            pack_value(p, v);
    }
    if (!old) {
        pack_key(p, "metrics");
        pack_metrics(p, NULL, m, table);
    }
    pack_end(p);
}

static void measure_record(struct cli *cli, struct reader *in, struct writer *out) {
    struct rnn_record r;
    struct trainee *t;
    struct measured m;
    enum status status = rnn_record_read(in->record, &r, cli_error(cli));
    if (status == STATUS_OK)
        status = evaluation_open(&t, &r, batch, cli_common(cli)->seed, &images, cli_error(cli));
    if (!cli_usable(cli, in, out, status))
        return;
    float *weights = memory_alloc(t->table.size * sizeof *weights);
    cli_check_record(cli, in, rnn_record_weights(&r, &t->table, weights, cli_error(cli)));
    measure(&m, t, weights);
    if (!isfinite(m.loss + m.top + m.trace.trace)) {
        error_set(cli_error(cli), STATUS_DATA, "its loss, or the curvature of it, is not finite");
        status = rnn_record_prefix(&r, cli_error(cli));
    }
    if (cli_usable(cli, in, out, status)) {
        pack_measured(writer_packer(out), in->record, &m, &t->table);
        cli_check(cli, writer_commit(out, cli_error(cli)));
    }
    free(m.share);
    free(weights);
    trainee_free(t);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);

    struct reader *in = cli_reader(cli, "-");
    struct writer *out = cli_writer(cli);
    struct progress *progress = progress_new(cli, "RNNs", 0, 0);

    for (uint64_t done = 0; cli_next(cli, in, out, "rnn"); progress_step(progress, ++done, "%s", ""))
        measure_record(cli, in, out);

    progress_end(progress);
    int code = cli_finish(cli, in, out);
    image_sets_close(&images); // not earlier: cli_finish checks them
    return code;
}
