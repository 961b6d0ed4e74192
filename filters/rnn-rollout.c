// Gives any RNN rollouts, by which it can be emulated, and says how well it does its task where that is known.
#include "analysis/reading.h"
#include "base/memory.h"
#include "base/note.h"
#include "base/numtext.h"
#include "cli/cli.h"
#include "cli/shared_options.h"
#include "records/loader.h"
#include "records/snapshot.h"
#include "rnn/rollout.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *inputs_file, *noise, *range;
static int count = 100, length, samples, bos = -2;
static double mean, deviation = 1;
static bool metrics = true;
static struct image_sets images;

static struct option options[] = {
    {.type = OPTION_INT, .name = "count", .letter = 'n', .target = &count, .low = 1, .high = 65536, .help = "Rollouts of each RNN"},
    {.type = OPTION_INT,
     .name = "length",
     .letter = 'l',
     .target = &length,
     .low = 0,
     .high = 4096,
     .help = "Answers in a rollout; 0: as the task has it, otherwise 41 of tokens and 50 of numbers"},
    {.type = OPTION_HEADING, .help = "What RNNs read (default: as their task has it; what they say by themselves)"},
    {.type = OPTION_INT,
     .name = "bos",
     .target = &bos,
     .low = -2,
     .high = 255,
     .help = "The token that what they say begins with; -1: each in turn; -2: as the task has it, otherwise each in turn"},
    {.type = OPTION_TEXT,
     .name = "inputs",
     .target = &inputs_file,
     .value = "FILE",
     .help = "Read these: .npy, or lines of tokens, or of rows of numbers with empty lines between sequences"},
    {.type = OPTION_CHOICE, .name = "noise", .target = &noise, .choices = "normal|uniform", .help = "Read random numbers or tokens"},
    {.type = OPTION_REAL, .name = "mean", .target = &mean, .low = -FLT_MAX, .high = FLT_MAX, .help = "Of normal noise"},
    {.type = OPTION_REAL, .name = "deviation", .target = &deviation, .low = 0, .high = FLT_MAX, .help = "Of normal noise"},
    {.type = OPTION_TEXT, .name = "range", .target = &range, .value = "LOW:HIGH", .help = "Of uniform noise (default 0:1)"},
    {.type = OPTION_HEADING, .help = "How well they do their task, where it is known"},
    {.type = OPTION_FLAG, .name = "metrics", .target = &metrics, .help = "Measure it"},
    {.type = OPTION_INT,
     .name = "samples",
     .target = &samples,
     .low = 0,
     .high = 1e8,
     .help = "Strings, or images, by which; 0: as train-rnn, 1,000 strings and 12,000 images"},
    IMAGES_OPTION(&images.directory, ""),
    {0},
};

static struct program program = {
    .name = "rnn-rollout",
    .summary = "give RNNs rollouts: what they read, and what they answer",
    .synopsis = "[OPTION]... < RNNS > ZOO",
    .input = "rnn records",
    .output = "the same with rollouts and metrics",
    .examples = "rnn-rollout --count 20 < zoo.mp > more.mp\nrnn-rollout --noise uniform --length 30 < zoo.mp > noise.mp",
    .options = options,
};

// --- One RNN ---

struct roller {
    struct cli *cli;
    struct mapping file;      // of --inputs
    struct rnn_loader loader; // of one RNN
    struct noise noise;
    struct rnn_record record;
    const struct rnn *rnn;
    struct trainee *trainee; // the same RNN as its family trains it; NULL when that is not known
    bool by_family;          // it is given what its family gives
    bool says;               // otherwise: it says something by itself,
    struct reading reading;  // or reads this
};

// The RNN as its family would have trained it, with the random numbers of its run, so that it is given and judged by what train-rnn gives.
static enum status find_trainee(struct roller *r) {
    const struct family *family = r->record.task.family;
    const struct rnn_arch *arch = r->rnn->arch;
    struct rnn_arch wanted = *arch;
    struct trainee *t;
    if (!family || !family->trainee || !family->shape)
        return STATUS_OK;
    family->shape(r->record.task.body.bytes, &wanted);
    if (!rnn_arch_equal(arch, &wanted))
        return STATUS_OK;
    if (r->record.step >= INT_MAX)
        return error_set(cli_error(r->cli), STATUS_DATA, "more steps than train-rnn trains for (%d): what it would read is not known",
                         INT_MAX);
    const struct train_recipe recipe = {.steps = 1, .batch = 1, .cell = arch->cell, .hidden = arch->hidden, .layers = arch->layers};
    uint64_t seed = cli_common(r->cli)->seed_given ? cli_common(r->cli)->seed : r->record.seed;
    const struct train_setting setting = {&recipe, seed, r->record.run, &images};
    enum status status = family->trainee(&t, &r->record.task, &setting, cli_error(r->cli));
    if (status != STATUS_OK)
        return status;
    memcpy(t->weights, r->rnn->weights, t->table.size * sizeof *t->weights);
    t->step = (int)r->record.step + 1; // updates done
    r->trainee = t;
    return STATUS_OK;
}

// --- Records ---

static void pack_rollouts(struct packer *p, const struct rnn_arch *arch, const struct reading *x, int row, const float *answers) {
    uint64_t R = (uint64_t)x->rows, T = (uint64_t)x->steps;
    pack_map(p);
    pack_key(p, "inputs");
    if (x->tokens)
        pack_array(p, DTYPE_U1, 2, (uint64_t[]){R, (uint64_t)row}, x->tokens);
    else
        pack_array(p, DTYPE_F4, 3, (uint64_t[]){R, T, (uint64_t)arch->input}, x->numbers);
    pack_key(p, "logits");
    pack_array(p, DTYPE_F4, 3, (uint64_t[]){R, T, (uint64_t)arch->output}, answers);
    pack_end(p);
}

static int first_token(const struct roller *r) {
    const struct family *family = r->record.task.family;
    if (bos != -2)
        return bos;
    if (!family || !family->vocabulary)
        return -1;
    int first = family->vocabulary(r->record.task.body.bytes).bos;
    return first < r->rnn->arch->input ? first : -1;
}

// All snapshots of a run read the same noise.
static enum status read_noise(struct roller *r, struct reading *x) {
    const struct rnn_arch *arch = r->rnn->arch;
    struct rng rng = rng_make(cli_common(r->cli)->seed, r->record.run, "noise");
    if (!length && !rnn_reads_tokens(arch))
        x->steps = 50;
    if (range && noise && *noise == 'u' && rnn_reads_tokens(arch))
        note_once("--range has no effect on RNNs that read tokens: all are as likely");
    return reading_of_noise(x, &r->noise, arch, &rng, cli_error(r->cli));
}

// What it is given to read; nothing when it is to say something by itself.
static enum status read_inputs(struct roller *r, struct reading *x, bool generates) {
    const struct rnn_arch *arch = r->rnn->arch;
    enum status status = reading_check(arch, cli_error(r->cli));
    *x = (struct reading){.rows = count, .steps = length ? length : 41};
    if (status == STATUS_OK && bos >= arch->input)
        status = error_set(cli_error(r->cli), STATUS_DATA, "--bos %d: the RNN knows tokens 0 .. %d", bos, arch->input - 1);
    if (status == STATUS_OK && bos != -2 && !generates)
        status = error_set(cli_error(r->cli), STATUS_DATA, "--bos %d: the RNN (%d inputs) does not tell tokens", bos, arch->input);
    if (status != STATUS_OK)
        return status;
    if (inputs_file) {
        status = reading_of_file(x, (const char *)r->file.bytes, r->file.size, arch, cli_error(r->cli));
        return status == STATUS_OK ? status : error_prefix(cli_error(r->cli), "%s", inputs_file);
    }
    r->says = !noise && generates;
    if (r->says)
        return STATUS_OK;
    if (!noise && !rnn_reads_tokens(arch))
        status = error_set(cli_error(r->cli), STATUS_DATA, "nobody knows what numbers the RNN reads: --inputs FILE or --noise has to tell");
    return status == STATUS_OK ? read_noise(r, x) : status;
}

// Finds what was asked for, or otherwise what is best for such an RNN, before anything is written.
static enum status prepare(struct roller *r) {
    bool own = !inputs_file && !noise && !length && bos == -2;
    r->trainee = NULL;
    r->says = false;
    enum status status = metrics || own ? find_trainee(r) : STATUS_OK;
    r->by_family = r->trainee && own;
    if (status == STATUS_OK && !r->by_family)
        status = read_inputs(r, &r->reading, rnn_record_generates(&r->record));
    if (status != STATUS_OK)
        trainee_free(r->trainee);
    return status;
}

static enum status check_finite(struct roller *r, bool finite) {
    if (finite)
        return STATUS_OK;
    error_set(cli_error(r->cli), STATUS_DATA, "its answers are not finite");
    return rnn_record_prefix(&r->record, cli_error(r->cli));
}

static enum status roll(struct roller *r, struct packer *p) {
    const struct rnn_arch *arch = r->rnn->arch;
    bool generates = rnn_record_generates(&r->record);
    struct reading x = r->reading;
    if (r->by_family)
        return check_finite(r, snapshot_pack_rollouts(p, r->trainee, count));
    struct stepper *s = stepper_of_rnn(arch, r->rnn->table, r->rnn->weights, STEPPER_BLOCK);
    size_t size = (size_t)x.rows * (size_t)x.steps * (size_t)arch->output;
    float *answers = memory_alloc(size * sizeof *answers);
    if (r->says) {
        struct rng rng = rng_make(cli_common(r->cli)->seed, r->record.run, "rollout");
        x.tokens = memory_alloc((size_t)x.rows * (size_t)(x.steps + 1));
        rollout_sample(s, arch, first_token(r), x.rows, x.steps, &rng, x.tokens, answers);
    } else {
        rollout_read(s, arch, x.tokens, x.numbers, x.rows, x.steps, answers);
    }
    if (generates && !r->says)
        reading_add_choices(&x, arch, answers);
    pack_rollouts(p, arch, &x, generates ? x.steps + 1 : x.steps, answers);
    bool finite = true;
    for (size_t i = 0; i < size; i++)
        finite &= isfinite(answers[i]);
    stepper_free(s);
    reading_free(&x);
    free(answers);
    return check_finite(r, finite);
}

// Those that the record has, with what was measured now.
static void pack_metrics(struct roller *r, struct packer *p) {
    const char *names[PERFORMANCE_OTHERS + 2] = {"accuracy"};
    struct performance performance = trainee_performance(r->trainee, samples);
    for (int i = 0; i < PERFORMANCE_OTHERS; i++)
        names[i + 1] = performance.others[i].name;
    pack_map(p);
    if (r->record.metrics)
        pack_rest(p, r->record.metrics, names);
    performance_pack(p, &performance);
    pack_end(p);
}

static enum status pack_rnn(struct roller *r, struct packer *p) {
    const char *const anew[] = {"rollouts", r->trainee && metrics ? "metrics" : NULL, NULL};
    pack_map(p);
    pack_rest(p, r->record.root, anew);
    if (r->trainee && metrics) {
        pack_key(p, "metrics");
        pack_metrics(r, p);
    }
    pack_key(p, "rollouts");
    enum status status = roll(r, p);
    pack_end(p);
    trainee_free(r->trainee);
    return status;
}

static void check_options(struct cli *cli, struct roller *r) {
    if ((inputs_file != NULL) + (noise != NULL) + (bos != -2) > 1)
        cli_usage(cli, "--inputs, --noise and --bos exclude each other");
    if (inputs_file && (length || option_find(options, NULL, "count")->given))
        cli_usage(cli, "--inputs: the file says how many sequences there are, and how long they are");
    if (!noise || *noise != 'n')
        cli_note_unused(cli, "mean|deviation", "without --noise normal");
    if (!noise || *noise != 'u')
        cli_note_unused(cli, "range", "without --noise uniform");
    if (!metrics)
        cli_note_unused(cli, "samples|images", "with --no-metrics");
    r->noise = (struct noise){.normal = noise && strcmp(noise, "normal") == 0, .mean = mean, .deviation = deviation, .range = {0, 1}};
    if (range && !numtext_range(range, -FLT_MAX, FLT_MAX, r->noise.range))
        cli_usage(cli, "--range: '%s' is no pair of numbers LOW:HIGH, the lower one first", range);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    struct roller r = {.cli = cli};
    check_options(cli, &r);

    if (inputs_file)
        r.file = cli_mapping(cli, inputs_file);
    struct reader *in = cli_reader(cli, "-");
    struct writer *out = cli_writer(cli);
    rnn_loader_init(&r.loader, 1);

    while (cli_next(cli, in, out, "rnn")) {
        enum status status = rnn_record_read(in->record, &r.record, cli_error(cli));
        if (status == STATUS_OK)
            status = rnn_loader_load(&r.loader, 0, &r.record, cli_error(cli));
        r.rnn = r.loader.rnn;
        if (status == STATUS_OK)
            status = prepare(&r);
        struct packer *p = packer_new();
        if (status == STATUS_OK)
            status = pack_rnn(&r, p);
        if (cli_usable(cli, in, out, status))
            cli_commit(cli, out, p);
        packer_free(p);
    }

    rnn_loader_free(&r.loader);
    int code = cli_finish(cli, in, out);
    image_sets_close(&images); // not earlier: cli_finish checks them
    mapping_close(&r.file);
    return code;
}
