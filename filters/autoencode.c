// Trains an encoder and a decoder together: RNNs have to come back from their embeddings.
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/datafile.h"
#include "cli/modelfile.h"
#include "cli/shared_options.h"
#include "cli/training.h"
#include "training/reconstruction.h"

#include <string.h>
#include <unistd.h>

static const char *fit, *data = "-", *checkpoint;
static uint64_t steps = 2000;
static int batch = 32, rollouts = 8, validate_every = 100, patience, checkpoint_every = 100, hidden, layers;
static double structure = 0.1, rate = 1e-3, anneal = 0.5, decay = 0.01, clip = 1;

static struct option options[] = {
    {.type = OPTION_TEXT,
     .name = "fit",
     .target = &fit,
     .value = "FILE",
     .help = "The encoder to begin with (and its decoder, if FILE has one)"},
    DATA_OPTION(&data, "The zoo"),
    {.type = OPTION_HEADING, .help = "Training"},
    STEPS_OPTION(&steps),
    {.type = OPTION_INT, .name = "batch", .letter = 'b', .target = &batch, .low = 1, .high = 65536, .help = "RNNs a step"},
    {.type = OPTION_REAL,
     .name = "structure",
     .target = &structure,
     .value = "SHARE",
     .low = 0,
     .high = 1,
     .help = "Share of the loss that compares weights; the rest compares what the RNNs answer"},
    {.type = OPTION_INT,
     .name = "rollouts",
     .letter = 'r',
     .target = &rollouts,
     .low = 1,
     .high = 65536,
     .help = "Rollouts of each RNN by which answers are compared, drawn anew each step"},
    RATE_OPTION(&rate),
    ANNEAL_OPTION(&anneal),
    WEIGHT_DECAY_OPTION(&decay),
    CLIP_OPTION(&clip),
    VALIDATE_EVERY_OPTION(&validate_every),
    PATIENCE_OPTION(&patience),
    CHECKPOINT_OPTION(&checkpoint, ""),
    CHECKPOINT_EVERY_OPTION(&checkpoint_every),
    {.type = OPTION_HEADING, .help = "A new decoder"},
    {.type = OPTION_INT, .name = "hidden", .letter = 'u', .target = &hidden, .low = 1, .high = 65536, .help = "Units of each hidden layer"},
    {.type = OPTION_INT,
     .name = "layers",
     .letter = 'l',
     .target = &layers,
     .low = 0,
     .high = 16,
     .help = "Hidden layers; 0: a linear map"},
    {0},
};

static struct program program = {
    .name = "autoencode",
    .summary = "train an encoder, and a decoder that makes RNNs of embeddings",
    .synopsis = "--fit FILE [--data ZOO] [OPTION]... < ZOO > MODEL",
    .input = "rnn records of one architecture, with rollouts (a zoo); mapped, not copied, when it is a file",
    .output = "encoder, decoder and log records",
    .examples = "flat-encode --new --ordered --standardise --z 64 < zoo.mp > fresh.mp\n"
                "autoencode --fit fresh.mp < zoo.mp > model.mp\n"
                "flat-encode --model model.mp < zoo.mp | decode --model model.mp | rnn-rollout > again.mp\n"
                "rnn-compare --with zoo.mp < again.mp | rec-table --kind pair run step metrics.agreement",
    .options = options,
};

static enum status next_step(void *of, double *loss, struct error *error) {
    return reconstruction_step(of, loss, error);
}

static enum status save(const void *of, const char *path, const struct writer_identity *identity, struct error *error) {
    return reconstruction_save(of, path, identity, error);
}

static enum status resume(void *of, const char *path, struct error *error) {
    return reconstruction_resume(of, path, error);
}

static struct training training_of(struct reconstruction *r) {
    return (struct training){.of = r,
                             .step = next_step,
                             .save = save,
                             .resume = resume,
                             .learner = r->learner,
                             .stopped = &r->stopped,
                             .diverged_at = &r->diverged_at,
                             .best_loss = &r->learner->best.loss,
                             .steps = steps,
                             .checkpoint = checkpoint,
                             .checkpoint_every = checkpoint_every};
}

static void write_model(struct cli *cli, struct writer *out, const struct dataset *zoo, const struct reconstruction *r) {
    cli_begin_segment(cli, out, zoo->metas, zoo->meta_count);
    struct packer *p = writer_packer(out);
    encoder_pack(p, r->encoder);
    cli_check(cli, writer_commit(out, cli_error(cli)));
    decoder_pack(p, r->decoder);
    cli_check(cli, writer_commit(out, cli_error(cli)));
    for (int i = 0; i < r->curve_count; i++) {
        pack_map(p);
        pack_key(p, "kind");
        pack_str(p, "log");
        pack_key(p, "step");
        pack_u64(p, r->curve[i].step);
        pack_key(p, "split");
        pack_str(p, r->curve[i].split);
        pack_known(p, "loss", r->curve[i].loss);
        pack_known(p, "structure", r->curve[i].structure);
        pack_known(p, "behaviour", r->curve[i].behaviour);
        pack_end(p);
        cli_check(cli, writer_commit(out, cli_error(cli)));
    }
    datafile_write_skipped(cli, zoo, out);
    cli_check(cli, writer_end_segment(out, cli_error(cli)));
}

// The model's own decoder, or a new one for the encoder's RNNs.
static struct decoder *load_decoder(struct cli *cli, struct modelfile *file, const struct encoder *encoder, uint64_t seed) {
    const struct decoder_config config = {.z = encoder->config.z, .hidden = hidden, .layers = layers};
    struct model_record record;
    struct decoder *decoder;
    if (modelfile_find(file, "decoder", &record)) {
        modelfile_check(file, decoder_read(&record, &decoder, cli_error(cli)));
        cli_note_unused(cli, "hidden|layers", "on the decoder that the model has");
        return decoder;
    }
    cli_check(cli, decoder_check(&config, &encoder->arch, cli_error(cli)));
    return decoder_new(&config, &encoder->arch, seed);
}

static struct reconstruction_recipe recipe_of(struct cli *cli, uint64_t seed) {
    return (struct reconstruction_recipe){.learner = {.batch = batch,
                                                      .rate = rate,
                                                      .decay = decay,
                                                      .clip = clip,
                                                      .anneal = anneal,
                                                      .steps = steps,
                                                      .threads = cli_common(cli)->threads,
                                                      .seed = seed},
                                          .structure = structure,
                                          .rollouts = rollouts,
                                          .steps = steps,
                                          .validate_every = validate_every,
                                          .patience = patience};
}

static int fit_main(struct cli *cli) {
    if (checkpoint)
        cli_lock(cli, checkpoint);
    struct modelfile *file = modelfile_open(cli, fit, MODEL_CONTINUED);
    struct encoder *encoder = modelfile_wanted_encoder(file);
    uint64_t seed = cli_common(cli)->seed_given ? cli_common(cli)->seed : encoder->seed;
    struct decoder *decoder = load_decoder(cli, file, encoder, seed);
    struct writer *out = cli_writer(cli);
    struct reconstruction_sift sift = {.encoder = encoder, .decoder = decoder};
    rnn_loader_init(&sift.rnn, 1);
    struct dataset *zoo = datafile_open(cli, data, "rnn", &(struct dataset_sift){reconstruction_usable, &sift});
    rnn_loader_free(&sift.rnn);

    struct reconstruction_recipe recipe = recipe_of(cli, seed);
    struct reconstruction *r;
    cli_check(cli, reconstruction_new(&r, encoder, decoder, zoo, &recipe, cli_error(cli)));
    const struct training run = training_of(r);
    training_begin(cli, &run);
    cli_catch_signals();
    training_run(cli, &run);
    cli_check(cli, reconstruction_finish(r, cli_error(cli)));

    write_model(cli, out, zoo, r);
    uint64_t diverged_at = r->diverged_at, best_step = r->learner->best.step;
    reconstruction_free(r);
    encoder_free(encoder);
    decoder_free(decoder);
    dataset_close(zoo);
    modelfile_close(file);
    int code = cli_finish(cli, NULL, out);
    training_check_diverged(cli, diverged_at, best_step);
    return code;
}

int main(int argc, char **argv) {
    hidden = decoder_default_config.hidden;
    layers = decoder_default_config.layers;
    struct cli *cli = cli_begin(&program, argc, argv);
    if (!fit)
        cli_usage(cli, "--fit FILE has to be given");
    if (strcmp(fit, "-") == 0 && strcmp(data, "-") == 0)
        cli_usage(cli, "standard input can't be both model and zoo: name the zoo by --data FILE");
    if (checkpoint && strcmp(checkpoint, "-") == 0)
        cli_usage(cli, "--checkpoint is a file, not a stream");
    if (strcmp(data, "-") == 0 && isatty(STDIN_FILENO))
        cli_usage(cli, "standard input is a terminal: records are binary; redirect or pipe them in");
    return fit_main(cli);
}
