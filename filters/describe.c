// Says what RNNs do: a report for people on each; and makes the interrogators that know it.
#include "base/memory.h"
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

static const char *model, *fit, *zoo, *format = "text";
static int relatives = 3, words = 6, most_entries = 1000, bos = -2, eos = -2;
static double warn = 0.99;

static struct option options[] = {
    {.type = OPTION_TEXT,
     .name = "model",
     .letter = 'm',
     .target = &model,
     .value = "FILE",
     .help = "The interrogator; otherwise the one that comes with rnnpipe, for languages of four letters"},
    {.type = OPTION_TEXT,
     .name = "zoo",
     .letter = 'z',
     .target = &zoo,
     .value = "FILE",
     .help = "Embeddings among which relatives are sought, instead of the interrogator's own"},
    {.type = OPTION_CHOICE,
     .name = "format",
     .letter = 'f',
     .target = &format,
     .choices = "text|json|records",
     .help = "Text for people, a line of JSON for each RNN, or report records"},
    {.type = OPTION_INT, .name = "relatives", .target = &relatives, .low = 1, .high = 1000, .help = "How many relatives are named"},
    {.type = OPTION_INT, .name = "words", .target = &words, .low = 1, .high = 1000, .help = "How many words are shown"},
    {.type = OPTION_INT,
     .name = "bos",
     .target = &bos,
     .low = -2,
     .high = 1 << 20,
     .help = "The token that an RNN reads before a word; -1: none; -2: as its task, or the zoo, has it"},
    {.type = OPTION_INT, .name = "eos", .target = &eos, .low = -2, .high = 1 << 20, .help = "The token that ends a word; likewise"},
    {.type = OPTION_REAL,
     .name = "warn",
     .target = &warn,
     .low = 0,
     .high = 1,
     .help = "Warn of an RNN when this share of the held-out RNNs is nearer to the zoo"},
    {.type = OPTION_HEADING, .help = "Making an interrogator"},
    {.type = OPTION_TEXT,
     .name = "fit",
     .target = &fit,
     .value = "FILE",
     .help = "Calibrate the predictors of this model, and index the zoo, by embeddings on standard input"},
    {.type = OPTION_INT, .name = "entries", .target = &most_entries, .low = 1, .high = 1e6, .help = "Embeddings in the index at most"},
    {0},
};

static struct program program = {
    .name = "describe",
    .summary = "say what RNNs do: a report on each",
    .synopsis = "[--model INTERROGATOR] [OPTION]... < RNNS > REPORT\n--fit MODEL [OPTION]... < EMBEDDINGS > INTERROGATOR",
    .input = "rnn records; with --fit embedding records of the splits train and validation, and emulation records",
    .output = "a report on each RNN; with --fit an interrogator",
    .examples = "cat probe.mp predictor.mp > models.mp\n"
                "emulate --model probe.mp < zoo.mp | cat z.mp - | describe --fit models.mp > interrogator.mp\n"
                "describe --model interrogator.mp < zoo.mp\n"
                "describe --model interrogator.mp --zoo z.mp --format json < zoo.mp > reports.json",
    .options = options,
};

// --- Making ---

// The embeddings of one split, as a view.
static struct embedded part(const struct embedded *all, const char *split) {
    size_t Z = (size_t)all->size;
    struct embedded e = {.size = all->size};
    e.z = memory_calloc((size_t)all->count * Z, sizeof *e.z);
    e.record = memory_calloc((size_t)all->count, sizeof *e.record);
    e.loss = memory_calloc((size_t)all->count, sizeof *e.loss);
    for (int i = 0; i < all->count; i++)
        if (value_is(value_get(all->record[i], "split"), split)) {
            memcpy(e.z + (size_t)e.count * Z, all->z + (size_t)i * Z, Z * sizeof *e.z);
            e.loss[e.count] = all->loss[i];
            e.record[e.count++] = all->record[i];
        }
    return e;
}

static void part_free(struct embedded *e) { // its records are not its own
    free(e->z);
    free(e->record);
    free(e->loss);
}

static void commit(struct cli *cli, struct writer *out) {
    cli_check(cli, writer_commit(out, cli_error(cli)));
}

static int fit_main(struct cli *cli) {
    struct interrogator *m = interrogator_open(cli, fit, false);
    struct embedded all = interrogator_embeddings(cli, m, "-"), known = part(&all, "train"), held_out = part(&all, "validation");
    const struct embedded indexed = {.count = m->index.count, .size = m->index.size, .z = m->index.z, .record = m->index.entry};
    if (!held_out.count || !(known.count || indexed.count))
        cli_check(cli, error_set(cli_error(cli), STATUS_DATA,
                                 "standard input: embeddings of the split validation are needed, and of train where there is no index"));
    struct writer *out = cli_writer(cli);
    cli_begin_segment(cli, out, NULL, 0);
    for (int i = 0; i < m->record_count; i++)
        if (!value_is(value_get(m->records[i], "kind"), "calibration") && !value_is(value_get(m->records[i], "kind"), "index"))
            cli_check(cli, writer_copy(out, m->records[i], cli_error(cli)));
    for (int i = 0; i < m->predictors; i++) {
        struct calibration c;
        cli_check(cli, calibration_measure(&c, m->predictor[i], &held_out, cli_error(cli)));
        calibration_pack(writer_packer(out), &c, m->predictor[i]);
        commit(cli, out);
    }
    struct zoo_index index = zoo_index_make(known.count ? &known : &indexed, &held_out, most_entries);
    zoo_index_pack(writer_packer(out), &index);
    commit(cli, out);
    cli_check(cli, writer_end_segment(out, cli_error(cli)));
    zoo_index_free(&index);
    part_free(&known);
    part_free(&held_out);
    embedded_free(&all);
    interrogator_close(m);
    return cli_finish(cli, NULL, out);
}

// --- Describing ---

static void print_json(struct cli *cli, const struct report *r) {
    struct packer *p = packer_new();
    report_pack(p, r);
    cli_print_json(cli, p, JSON_WHOLE);
    packer_free(p);
}

static void describe(struct cli *cli, const struct interrogator *m, const struct report_options *how, const struct reader *in,
                     struct writer *out) {
    struct rnn_record record;
    struct report r;
    struct text text = {0};
    enum status status = rnn_record_read(in->record, &record, cli_error(cli));
    if (status == STATUS_OK && (status = report_make(&r, m, &record, how, cli_error(cli))) != STATUS_OK)
        report_free(&r);
    if (!cli_usable(cli, in, out, status))
        return;
    if (out) {
        report_pack(writer_packer(out), &r);
        commit(cli, out);
    } else if (*format == 'j') {
        print_json(cli, &r);
    } else {
        report_text(&text, &r);
        cli_print(cli, text.bytes, text.size);
        free(text.bytes);
    }
    report_free(&r);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    if (fit && (model || zoo))
        cli_usage(cli, "--fit goes without --model and --zoo");
    if ((fit && strcmp(fit, "-") == 0) || (model && strcmp(model, "-") == 0) || (zoo && strcmp(zoo, "-") == 0))
        cli_usage(cli, "standard input has the data: models and zoos are files");
    if (fit) {
        cli_note_other_mode(cli, "format|relatives|words|bos|eos|warn", "with --fit");
        return fit_main(cli);
    }
    cli_note_other_mode(cli, "entries", "without --fit");

    struct interrogator *m = interrogator_open(cli, model, true);
    struct embedded known = {0};
    if (zoo)
        known = interrogator_embeddings(cli, m, zoo);
    struct report_options how = {.relatives = relatives,
                                 .words = words,
                                 .warn = warn,
                                 .zoo = zoo ? &known : NULL,
                                 .speech = {bos, eos, 0},
                                 .seed = cli_common(cli)->seed};
    struct reader *in = cli_reader(cli, "-");
    struct writer *out = *format == 'r' ? cli_writer(cli) : NULL;
    bool any = false;
    for (; cli_next(cli, in, out, "rnn"); any = true)
        describe(cli, m, &how, in, out);
    if (!any && !out)
        cli_note(cli, "no rnn record to describe");

    embedded_free(&known);
    interrogator_close(m);
    return cli_finish(cli, in, out);
}
