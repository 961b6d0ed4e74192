// Trains an encoder and an emulator together without labels, and judges them.
#include "base/memory.h"
#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/datafile.h"
#include "cli/modelfile.h"
#include "cli/shared_options.h"
#include "cli/training.h"
#include "training/emulation.h"
#include "training/emulation_batch.h"
#include "training/rollouts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *recipe = "published";
static const char *fit, *model, *data = "-", *criterion = "total_variation", *condition = "bos", *checkpoint, *label, *augment,
                                *precision = "float32";
static int validate_every = 1000, checkpoint_every = 1000, patience, batch = 64, hidden = 256, layers = 2, rollouts = 10, clones = -1,
           per_rnn = 1, forget_bias, tries = 1;
static uint64_t steps = 100000, warm_up, try_steps = 1000;
static double rate = 1e-4, decay = 0.01, clip = 0.1, anneal, average, z_noise;
static bool timing, cosine;
static struct image_sets images;

static struct option options[] = {
    {.type = OPTION_TEXT,
     .name = "fit",
     .target = &fit,
     .value = "FILE",
     .help = "Train: the encoder to begin with (and its emulator, if FILE has one)"},
    {.type = OPTION_TEXT, .name = "model", .target = &model, .value = "FILE", .help = "Judge: the encoder and emulator, from --fit"},
    DATA_OPTION(&data, "The zoo"),
    {.type = OPTION_CHOICE,
     .name = "criterion",
     .target = &criterion,
     .choices = "total_variation|kl|kl_reverse|js_div|ce|l2|cosine|mse",
     .help = "Distance of the emulator's outputs from the RNN's; mse, and nothing else, where these are numbers"},
    {.type = OPTION_HEADING, .help = "Training"},
    {.type = OPTION_CHOICE,
     .name = "recipe",
     .target = &recipe,
     .choices = "published|fast",
     .help = "Defaults of rate, clip, anneal, average, condition and steps: the paper's, or those that learn in a tenth of its steps"},
    STEPS_OPTION(&steps),
    {.type = OPTION_INT, .name = "batch", .target = &batch, .value = "N", .help = "RNNs a step", .low = 1, .high = 65536},
    RATE_OPTION(&rate),
    ANNEAL_OPTION(&anneal),
    {.type = OPTION_FLAG, .name = "cosine", .target = &cosine, .help = "With --anneal: it falls along half a cosine"},
    {.type = OPTION_U64,
     .name = "warm-up",
     .target = &warm_up,
     .value = "N",
     .help = "Steps over which the rate rises linearly, at the beginning",
     .low = 0,
     .high = 1e12},
    WEIGHT_DECAY_OPTION(&decay),
    CLIP_OPTION(&clip),
    AUGMENT_OPTION(&augment, "Show the encoder"),
    {.type = OPTION_REAL,
     .name = "average",
     .target = &average,
     .value = "X",
     .low = 0,
     .high = 1,
     .help = "Judge, and write, running averages of the weights, of this decay (0.999); 0: the weights"},
    {.type = OPTION_INT,
     .name = "per-rnn",
     .target = &per_rnn,
     .value = "N",
     .help = "Rollouts of each RNN in a step, from one embedding",
     .low = 1,
     .high = 1024},
    {.type = OPTION_REAL,
     .name = "z-noise",
     .target = &z_noise,
     .value = "X",
     .help = "Norm of random noise that is added to z in training; z has norm 1",
     .low = 0,
     .high = 1000},
    {.type = OPTION_CHOICE,
     .name = "precision",
     .target = &precision,
     .choices = "float32|bf16",
     .help = "What large products of training steps are computed in; bf16: several times as fast on CPUs with AMX, an error on others; "
             "losses are always judged in float32"},
    {.type = OPTION_INT,
     .name = "tries",
     .target = &tries,
     .value = "N",
     .help =
         "Begin with N fresh pairs of networks, of seeds S, S + 1000 ..., and go on with the one that has validated best in --try-steps",
     .low = 1,
     .high = 1000},
    {.type = OPTION_U64,
     .name = "try-steps",
     .target = &try_steps,
     .value = "N",
     .help = "Steps of each of several tries; those of the winner are the first of its --steps",
     .low = 1,
     .high = 1e12},
    VALIDATE_EVERY_OPTION(&validate_every),
    PATIENCE_OPTION(&patience),
    CHECKPOINT_OPTION(&checkpoint, ""),
    CHECKPOINT_EVERY_OPTION(&checkpoint_every),
    {.type = OPTION_FLAG,
     .name = "timing",
     .target = &timing,
     .help = "Write seconds into log records (the bytes then differ from run to run)"},
    {.type = OPTION_HEADING, .help = "A new emulator"},
    {.type = OPTION_INT, .name = "hidden", .target = &hidden, .value = "N", .help = "Units of each LSTM layer", .low = 1, .high = 65536},
    {.type = OPTION_INT, .name = "layers", .target = &layers, .value = "N", .help = "LSTM layers", .low = 1, .high = 16},
    {.type = OPTION_CHOICE,
     .name = "condition",
     .target = &condition,
     .choices = "bos|every",
     .help = "Steps at which it is given z: the first or all"},
    {.type = OPTION_INT,
     .name = "forget-bias",
     .target = &forget_bias,
     .value = "N",
     .help = "Bias of its forget gates to begin with; 0: drawn, as all of it",
     .low = 0,
     .high = 16},
    {.type = OPTION_HEADING, .help = "Judging"},
    {.type = OPTION_INT,
     .name = "rollouts",
     .target = &rollouts,
     .value = "N",
     .help = "Rollouts of each RNN to look at",
     .low = 1,
     .high = 65536},
    {.type = OPTION_INT,
     .name = "clones",
     .target = &clones,
     .value = "N",
     .help = "Strings, or images, by which each clone is judged; -1: 64 to 1,000 strings, 256 images; 0: none",
     .low = -1,
     .high = 1e6},
    IMAGES_OPTION(&images.directory, ", for clones of RNNs that classify them"),
    LABEL_OPTION(&label, "encoders"),
    {0},
};

static struct program program = {
    .name = "emulate",
    .summary = "train an encoder by emulation, or judge how well it lets RNNs be imitated",
    .synopsis = "--fit FILE [--data ZOO] [OPTION]... < ZOO > MODEL\n--model FILE [--data ZOO] [OPTION]... < ZOO > EMULATIONS",
    .input = "rnn records with rollouts (a zoo); mapped, not copied, when it is a file",
    .output = "--fit: encoder, emulator and log records; --model: an emulation record for each rnn record",
    .examples = "probe --new --seed 7 < zoo.mp > fresh.mp\nemulate --fit fresh.mp --steps 20000 < zoo.mp > probe.mp\nemulate --model "
                "probe.mp < zoo.mp | score",
    .options = options,
};

// Which of the words in "a|b|c" it is.
static int choice_index(const char *choices, const char *word) {
    int index = 0;
    size_t n = strlen(word);
    for (const char *at = choices; strncmp(at, word, n) != 0 || (at[n] != '|' && at[n]); index++)
        at = strchr(at, '|') + 1;
    return index;
}

static bool given(const char *name) {
    return option_find(options, NULL, name)->given;
}

// The rate, clip, fall and condition of the demo, with averaged weights, for all that was not chosen.
static void choose_fast(void) {
    const struct {
        const char *name;
        double *target, value;
    } reals[] = {{"rate", &rate, 1e-3}, {"clip", &clip, 1}, {"anneal", &anneal, 0.5}, {"average", &average, 0.999}};
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        if (!given(reals[i].name))
            *reals[i].target = reals[i].value;
    if (!given("steps"))
        steps = 10000;
    if (!given("condition"))
        condition = "every";
}

// What is chosen, or what goes with the answers.
static enum criterion criterion_of(const struct rnn_arch *arch) {
    bool chosen = given("criterion");
    return !chosen && !rnn_answers_classes(arch) ? CRITERION_MSE : (enum criterion)choice_index(criterion_names, criterion);
}

static enum precision precision_of(struct cli *cli) {
    if (strcmp(precision, "bf16") != 0)
        return PRECISION_FLOAT32;
    if (!blas_has_bf16())
        cli_usage(cli, "--precision bf16: this CPU, system or build has no bfloat16 products (AMX)");
    return PRECISION_BF16;
}

static struct emulator *load_emulator(struct cli *cli, struct modelfile *file) {
    struct model_record record;
    struct emulator *emulator = NULL;
    if (modelfile_find(file, "emulator", &record))
        modelfile_check(file, emulator_read(&record, &emulator, cli_error(cli)));
    return emulator;
}

static void write_model(struct cli *cli, struct writer *out, const struct dataset *zoo, const struct emulation *e) {
    cli_begin_segment(cli, out, zoo->metas, zoo->meta_count);
    struct packer *p = writer_packer(out);
    encoder_pack(p, e->encoder);
    cli_check(cli, writer_commit(out, cli_error(cli)));
    emulator_pack(p, e->emulator);
    cli_check(cli, writer_commit(out, cli_error(cli)));
    for (int i = 0; i < e->curve_count; i++) {
        pack_map(p);
        pack_key(p, "kind");
        pack_str(p, "log");
        pack_key(p, "step");
        pack_u64(p, e->curve[i].step);
        pack_key(p, "split");
        pack_str(p, e->curve[i].split);
        pack_key(p, "loss");
        pack_double(p, e->curve[i].loss);
        pack_known(p, "kl_reverse", e->curve[i].beside);
        pack_known(p, "encoder_norm", e->curve[i].encoder_norm);
        pack_known(p, "emulator_norm", e->curve[i].emulator_norm);
        pack_known(p, "z_variance", e->curve[i].z_variance);
        pack_known(p, "probe_entropy", e->curve[i].probe_entropy);
        if (timing) {
            pack_key(p, "seconds");
            pack_double(p, e->curve[i].seconds);
        }
        pack_end(p);
        cli_check(cli, writer_commit(out, cli_error(cli)));
    }
    datafile_write_skipped(cli, zoo, out);
    cli_check(cli, writer_end_segment(out, cli_error(cli)));
}

static enum status next_step(void *of, double *loss, struct error *error) {
    return emulation_step(of, loss, error);
}

static enum status save(const void *of, const char *path, const struct writer_identity *identity, struct error *error) {
    return emulation_save(of, path, identity, error);
}

static enum status resume(void *of, const char *path, struct error *error) {
    return emulation_resume(of, path, error);
}

static struct training training_of(struct emulation *e) {
    return (struct training){.of = e,
                             .step = next_step,
                             .save = save,
                             .resume = resume,
                             .learner = e->learner,
                             .stopped = &e->stopped,
                             .diverged_at = &e->diverged_at,
                             .best_loss = &e->learner->best.loss,
                             .steps = steps,
                             .checkpoint = checkpoint,
                             .checkpoint_every = checkpoint_every};
}

// Networks that are trained together.
struct attempt {
    struct encoder *encoder;
    struct emulator *emulator;
    struct emulation *emulation;
};

static void attempt_free(struct attempt *a) {
    emulation_free(a->emulation);
    encoder_free(a->encoder);
    emulator_free(a->emulator);
}

static struct emulation_recipe recipe_of(struct cli *cli, const struct dataset *zoo, uint64_t seed) {
    struct emulation_recipe r = {
        .learner = {.batch = batch,
                    .rate = rate,
                    .decay = decay,
                    .clip = clip,
                    .anneal = anneal,
                    .cosine = cosine,
                    .warm_up = warm_up,
                    .average = average,
                    .steps = steps,
                    .precision = precision_of(cli),
                    .threads = cli_common(cli)->threads,
                    .seed = seed},
        .criterion = criterion_of(&zoo->forms.list[0]->arch),
        .steps = steps,
        .validate_every = validate_every,
        .patience = patience,
        .rollouts = per_rnn,
        .z_noise = z_noise,
    };
    if (augment && augmentation_parse(&r.augmentation, augment, cli_error(cli)) != STATUS_OK)
        cli_usage(cli, "--augment: %s", cli_error(cli)->text);
    if (r.augmentation.mixup != MIXUP_NONE && r.criterion == CRITERION_CE)
        cli_usage(cli, "--augment mixup: two RNNs' answers are mixed, and --criterion ce looks at what one has said");
    return r;
}

// Of an encoder, and of an emulator or NULL, which stands for a fresh one; both are the attempt's from now on.
static struct attempt attempt_new(struct cli *cli, struct encoder *encoder, struct emulator *emulator, const struct dataset *zoo,
                                  uint64_t seed) {
    struct attempt a = {.encoder = encoder, .emulator = emulator};
    struct emulator_config config = {.z = encoder->config.z,
                                     .hidden = hidden,
                                     .layers = layers,
                                     .condition = choice_index("bos|every", condition),
                                     .forget_bias = forget_bias};
    if (!a.emulator)
        a.emulator = emulator_new(&config, &encoder->arch, seed);
    const struct emulation_recipe r = recipe_of(cli, zoo, seed);
    cli_check(cli, emulation_new(&a.emulation, a.encoder, a.emulator, zoo, &r, cli_error(cli)));
    return a;
}

// CHECKPOINT.try-2; NULL without checkpoint. To be freed.
static char *try_file(int try) {
    char *name = checkpoint ? memory_alloc(strlen(checkpoint) + sizeof ".try-1000") : NULL;
    if (name)
        sprintf(name, "%s.try-%d", checkpoint, try + 1);
    return name;
}

// Up to the end of a try. It keeps a checkpoint of its own, until the winner is at its end: so it is known anew who won.
static void try_out(struct cli *cli, struct attempt *a, int try) {
    struct training run = training_of(a->emulation);
    char *name = try_file(try);
    run.steps = try_steps;
    run.checkpoint = name;
    training_begin(cli, &run);
    training_run(cli, &run);
    cli_note(cli, "try %d of %d, seed %llu: best loss %.4f in %llu steps%s", try + 1, tries, (unsigned long long)a->encoder->seed,
             a->emulation->learner->best.loss, (unsigned long long)a->emulation->learner->step,
             a->emulation->diverged_at ? ", then diverged" : "");
    free(name);
}

// The best loss; one that has diverged can't go on, and comes after all that can.
static double standing(const struct attempt *a) {
    return a->emulation->diverged_at ? INFINITY : a->emulation->learner->best.loss;
}

// The first try is given; each further one has fresh networks, of seeds that are larger by 1000.
static struct attempt best_of_tries(struct cli *cli, struct attempt best, const struct dataset *zoo, uint64_t seed) {
    uint64_t encoder_seed = best.encoder->seed;
    try_out(cli, &best, 0);
    for (int i = 1; i < tries; i++) {
        uint64_t further = 1000 * (uint64_t)i;
        struct attempt a = attempt_new(cli, encoder_another(best.encoder, encoder_seed + further), NULL, zoo, seed + further);
        try_out(cli, &a, i);
        bool better = standing(&a) < standing(&best);
        struct attempt worse = better ? best : a;
        best = better ? a : best;
        attempt_free(&worse);
    }
    return best;
}

static void remove_try_files(void) {
    for (int i = 0; checkpoint && tries > 1 && i < tries; i++) {
        char *name = try_file(i);
        unlink(name);
        free(name);
    }
}

// Are there two networks that are not trained yet, and do the tries end at a validation?
static void check_tries(struct cli *cli, const struct encoder *encoder, const struct emulator *emulator) {
    if (encoder->step || emulator)
        cli_usage(cli, "--tries begin with fresh networks: %s", encoder->step ? "this encoder has been trained" : "FILE has an emulator");
    if (try_steps % (uint64_t)validate_every || try_steps > steps)
        cli_usage(cli, "--try-steps %llu: tries are judged when they validate: a multiple of --validate-every, %d, up to --steps",
                  (unsigned long long)try_steps, validate_every);
}

static int fit_main(struct cli *cli) {
    if (checkpoint)
        cli_lock(cli, checkpoint);
    struct modelfile *file = modelfile_open(cli, fit, MODEL_CONTINUED);
    struct encoder *encoder = modelfile_wanted_encoder(file);
    struct emulator *emulator = load_emulator(cli, file);
    if (emulator)
        cli_note_unused(cli, "hidden|layers|condition|forget-bias", "on the emulator that the model has");
    if (tries > 1)
        check_tries(cli, encoder, emulator);
    else
        cli_note_unused(cli, "try-steps", "without --tries");
    if (anneal == 0)
        cli_note_unused(cli, "cosine", "without --anneal");
    struct writer *out = cli_writer(cli);
    struct emulation_sift sift = {.encoder = encoder, .emulator = emulator, .criterion = criterion_of(&encoder->arch)};
    rnn_loader_init(&sift.rnn, 1);
    struct dataset *zoo = datafile_open(cli, data, "rnn", &(struct dataset_sift){emulation_usable, &sift});
    rnn_loader_free(&sift.rnn);

    uint64_t seed = cli_common(cli)->seed_given ? cli_common(cli)->seed : encoder->seed;
    struct attempt chosen = attempt_new(cli, encoder, emulator, zoo, seed);
    cli_catch_signals();
    if (tries > 1)
        chosen = best_of_tries(cli, chosen, zoo, seed);
    struct emulation *e = chosen.emulation;
    const struct training run = training_of(e);
    if (!e->diverged_at) // in all tries
        training_begin(cli, &run);
    training_run(cli, &run);
    cli_check(cli, emulation_finish(e, cli_error(cli)));

    write_model(cli, out, zoo, e);
    uint64_t diverged_at = e->diverged_at, best_step = e->learner->best.step;
    attempt_free(&chosen);
    dataset_close(zoo);
    modelfile_close(file);
    int code = cli_finish(cli, NULL, out);
    remove_try_files();
    training_check_diverged(cli, diverged_at, best_step);
    return code;
}

static enum status add_emulation(void *of, const struct value *record, struct error *error) {
    return emulation_batch_add(of, record, error);
}

static void run_emulations(void *of) {
    emulation_batch_run(of);
}

static enum status write_emulation(void *of, int i, struct cli *cli, struct writer *out) {
    static bool told;
    struct emulation_batch *records = of;
    enum status status = emulation_batch_judge(records, i, cli_error(cli));
    if (status == STATUS_OK)
        cli_commit(cli, out, records->emulation);
    const char *missing = judge_missing_images(records->judge);
    if (missing && !told)
        cli_note(cli, "no clones of classifiers are judged: %s (--images DIR)", missing);
    told = told || missing;
    return status;
}

static int judge_main(struct cli *cli) {
    struct modelfile *file = modelfile_open(cli, model, MODEL_USED);
    struct encoder *encoder = modelfile_wanted_encoder(file);
    struct emulator *emulator = load_emulator(cli, file);
    if (!emulator)
        modelfile_missing(file, "emulator");
    if (emulator->config.z != encoder->config.z || emulator->arch.input != encoder->arch.input ||
        emulator->arch.output != encoder->arch.output)
        modelfile_check(file, error_set(cli_error(cli), STATUS_DATA, "encoder and emulator don't fit each other"));
    struct judge *judge = judge_new(emulator, &(struct judge_options){.criterion = criterion_of(&emulator->arch),
                                                                      .rollouts = rollouts,
                                                                      .clones = clones,
                                                                      .seed = cli_common(cli)->seed,
                                                                      .images = &images});
    struct reader *in = cli_reader(cli, data);
    struct writer *out = cli_writer(cli);

    struct emulation_batch *records = emulation_batch_new(encoder, judge, label);
    const struct cli_batch judging = {.of = records,
                                      .kind = "rnn",
                                      .doing = "judged",
                                      .count = &records->count,
                                      .capacity = EMULATION_BATCH,
                                      .add = add_emulation,
                                      .run = run_emulations,
                                      .write = write_emulation};
    cli_batches(cli, &judging, in, out);
    emulation_batch_free(records);
    judge_free(judge);
    encoder_free(encoder);
    emulator_free(emulator);
    modelfile_close(file);
    int code = cli_finish(cli, in, out);
    image_sets_close(&images); // not earlier: cli_finish checks them
    return code;
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    if (!fit == !model)
        cli_usage(cli, "one of --fit FILE and --model FILE is needed");
    cli_check_label(cli, label);
    cli_note_headings(cli, fit ? "Judging" : "Training|A new emulator", fit ? "with --fit" : "with --model");
    if (strcmp(recipe, "fast") == 0)
        choose_fast();
    const char *file = fit ? fit : model;
    if (strcmp(file, "-") == 0 && strcmp(data, "-") == 0)
        cli_usage(cli, "standard input can't be both model and zoo: name the zoo by --data FILE");
    if (checkpoint && (!fit || strcmp(checkpoint, "-") == 0))
        cli_usage(cli, !fit ? "--checkpoint goes with --fit" : "--checkpoint is a file, not a stream");
    if (strcmp(data, "-") == 0 && isatty(STDIN_FILENO))
        cli_usage(cli, "standard input is a terminal: records are binary; redirect or pipe them in");
    return fit ? fit_main(cli) : judge_main(cli);
}
