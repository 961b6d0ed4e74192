// Trains a predictor of properties of RNNs on labels, alone or together with an encoder; and predicts.
#include "cli/cli.h"
#include "cli/modelfile.h"
#include "training/prediction.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *fit, *model, *encoder_file, *data = "-", *label;
static int batch = 64, hidden = 128, layers = 2, log_every = 100;
static uint64_t steps = 2000;
static double rate, encoder_rate, decay = 0.01, clip = 0.1;

static struct option options[] = {
    {.type = OPTION_CHOICE,
     .name = "fit",
     .target = &fit,
     .value = "TARGET",
     .choices = "task|step|accuracy|gap|rotation",
     .help = "Train a predictor of this: task (formal languages), rotation (sequential MNIST), step, accuracy or gap"},
    {.type = OPTION_TEXT,
     .name = "model",
     .target = &model,
     .value = "FILE",
     .help = "Predict with this model, from --fit; - is standard input"},
    {.type = OPTION_TEXT, .name = "data", .target = &data, .value = "FILE", .help = "The data, when standard input has the model"},
    {.type = OPTION_HEADING, .help = "Training"},
    {.type = OPTION_TEXT,
     .name = "encoder",
     .target = &encoder_file,
     .value = "FILE",
     .help =
         "Train this encoder along, on rnn records: a fresh one learns from labels only, a trained one is fine-tuned; - is standard input"},
    {.type = OPTION_U64, .name = "steps", .target = &steps, .help = "Training steps", .low = 1, .high = 1e12},
    {.type = OPTION_INT, .name = "batch", .target = &batch, .help = "Records a step", .low = 1, .high = 65536},
    {.type = OPTION_REAL,
     .name = "rate",
     .target = &rate,
     .help = "AdamW's rate; 0 stands for 1e-3, or 1e-4 with --encoder",
     .low = 0,
     .high = 1},
    {.type = OPTION_REAL,
     .name = "encoder-rate",
     .target = &encoder_rate,
     .help = "AdamW's rate for the encoder alone, to fine-tune it gently; 0 stands for --rate",
     .low = 0,
     .high = 1},
    {.type = OPTION_REAL, .name = "weight-decay", .target = &decay, .help = "AdamW's decoupled weight decay", .low = 0, .high = 1000},
    {.type = OPTION_REAL,
     .name = "clip",
     .target = &clip,
     .help = "Largest gradient norm of each network; 0: not clipped",
     .low = 0,
     .high = 1e30},
    {.type = OPTION_INT,
     .name = "hidden",
     .target = &hidden,
     .help = "Units of each hidden layer of the predictor",
     .low = 1,
     .high = 65536},
    {.type = OPTION_INT, .name = "layers", .target = &layers, .help = "Hidden layers of the predictor", .low = 0, .high = 16},
    {.type = OPTION_INT, .name = "log-every", .target = &log_every, .help = "Steps between log records", .low = 1, .high = 1e9},
    {.type = OPTION_HEADING, .help = "Predicting"},
    {.type = OPTION_TEXT,
     .name = "label",
     .target = &label,
     .help = "Write this into each record's label, by which score tells encoders apart"},
    {0},
};

static struct program program = {
    .name = "classify",
    .summary = "train a predictor of properties of RNNs on their embeddings, or predict",
    .synopsis = "--fit TARGET [--encoder FILE] [--data FILE] [OPTION]... < DATA > MODEL\n--model FILE [--data FILE] [OPTION]... < DATA > "
                "PREDICTIONS",
    .input = "embedding records; rnn records (a zoo) with --encoder or when the model has an encoder",
    .output = "--fit: the encoder (with --encoder), a predictor and log records; --model: a prediction record for each of the data",
    .examples = "classify --fit task < z.mp > predictor.mp\nclassify --model predictor.mp < z.mp | score\n"
                "classify --fit task --encoder fresh.mp < zoo.mp > end-to-end.mp\nclassify --model end-to-end.mp < zoo.mp | score",
    .options = options,
};

static void commit(struct cli *cli, struct writer *out) {
    cli_check(cli, writer_commit(out, cli_error(cli)));
}

// --- Training ---

static void train(struct cli *cli, struct prediction *p) {
    struct progress *progress = progress_new(cli, "steps", steps);
    while (p->learner->step < steps) {
        double loss;
        enum status status = prediction_step(p, &loss, cli_error(cli));
        if (status == STATUS_DIVERGED)
            break;
        cli_check(cli, status);
        progress_step(progress, p->learner->step, "loss %.4f", loss);
    }
    progress_end(progress);
}

static void write_model(struct cli *cli, struct writer *out, const struct encoder *encoder, const struct prediction *p,
                        const struct predictor_losses *losses) {
    struct packer *packer = writer_packer(out);
    if (encoder) {
        encoder_pack(packer, encoder);
        commit(cli, out);
    }
    predictor_pack(packer, p->predictor, losses);
    commit(cli, out);
    for (int i = 0; i < p->curve_count; i++) {
        pack_map(packer);
        pack_key(packer, "kind");
        pack_str(packer, "log");
        pack_key(packer, "step");
        pack_u64(packer, p->curve[i].step);
        pack_key(packer, "split");
        pack_str(packer, "train");
        pack_key(packer, "loss");
        pack_double(packer, p->curve[i].loss);
        pack_end(packer);
        commit(cli, out);
    }
}

static int fit_main(struct cli *cli) {
    struct modelfile *file = encoder_file ? modelfile_open(cli, encoder_file) : NULL;
    struct encoder *encoder = file ? modelfile_encoder(file) : NULL;
    if (file && !encoder)
        modelfile_missing(file, "encoder");
    struct dataset *records;
    struct reader_limits limits = {.record_bytes = cli_common(cli)->max_record_bytes};
    cli_check(cli, dataset_open(&records, data, encoder ? "rnn" : "embedding", limits, cli_error(cli)));
    struct writer *out = cli_writer(cli);

    struct prediction_recipe recipe = {
        .learner = {.batch = batch,
                    .rate = rate > 0  ? rate
                            : encoder ? 1e-4
                                      : 1e-3,
                    .encoder_rate = encoder_rate,
                    .decay = decay,
                    .clip = clip,
                    .threads = cli_common(cli)->threads},
        .hidden = hidden,
        .layers = layers,
        .log_every = log_every,
    };
    recipe.learner.seed = encoder && !cli_common(cli)->seed_given ? encoder->seed : cli_common(cli)->seed;
    struct prediction *p;
    struct predictor_losses losses;
    cli_check(cli, prediction_new(&p, encoder, target_find(fit), records, &recipe, cli_error(cli)));
    train(cli, p);
    cli_check(cli, prediction_finish(p, &losses, cli_error(cli)));

    cli_begin_segment(cli, out, records->metas, records->meta_count);
    write_model(cli, out, encoder, p, &losses);
    cli_check(cli, writer_end_segment(out, cli_error(cli)));
    prediction_free(p);
    dataset_close(records);
    encoder_free(encoder);
    modelfile_close(file);
    int code = cli_finish(cli, NULL, out);
    if (losses.diverged_at)
        cli_check(cli,
                  error_set(cli_error(cli), STATUS_DIVERGED,
                            "training diverged at step %llu: the loss or a gradient is not finite; the best networks so far are written",
                            (unsigned long long)losses.diverged_at));
    return code;
}

// --- Predicting ---

static struct predictor *load_predictor(struct cli *cli, struct modelfile *file, const struct encoder *encoder) {
    struct model_record record;
    struct predictor *predictor = NULL;
    if (!modelfile_find(file, "predictor", &record))
        modelfile_missing(file, "predictor");
    modelfile_check(file, predictor_read(&record, &predictor, cli_error(cli)));
    if (encoder && encoder->config.z != predictor->config.z)
        modelfile_check(file, error_set(cli_error(cli), STATUS_DATA, "the encoder's z has %d numbers, the predictor's %d",
                                        encoder->config.z, predictor->config.z));
    return predictor;
}

static void write_predictions(struct cli *cli, struct writer *out, struct prediction_batch *records) {
    cli_check(cli, prediction_batch_run(records, cli_error(cli)));
    for (int i = 0; i < records->count; i++)
        cli_commit(cli, out, records->records[i]);
    records->count = 0;
}

static int predict_main(struct cli *cli) {
    struct modelfile *file = modelfile_open(cli, model);
    struct encoder *encoder = modelfile_encoder(file);
    struct predictor *predictor = load_predictor(cli, file, encoder);
    struct reader *in = cli_reader(cli, data);
    struct writer *out = cli_writer(cli);

    struct prediction_batch *records = prediction_batch_new(encoder, predictor, label);
    while (cli_read(cli, in)) {
        if (in->event == READER_DATA && value_is(value_get(in->record, "kind"), encoder ? "rnn" : "embedding")) {
            cli_check_record(cli, in, prediction_batch_add(records, in->record, cli_error(cli)));
            if (records->count == PREDICTION_BATCH)
                write_predictions(cli, out, records);
        } else {
            write_predictions(cli, out, records);
            cli_mirror(cli, in, out);
        }
    }

    prediction_batch_free(records);
    predictor_free(predictor);
    encoder_free(encoder);
    modelfile_close(file);
    return cli_finish(cli, in, out);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    if (!fit == !model)
        cli_usage(cli, "either --fit TARGET or --model FILE has to be given");
    if (model && encoder_file)
        cli_usage(cli, "--encoder goes with --fit: a model has its own");
    cli_check_label(cli, label);
    const char *file = model ? model : encoder_file;
    if (file && strcmp(file, "-") == 0 && strcmp(data, "-") == 0)
        cli_usage(cli, "--%s -: the data have to be named by --data FILE then", model ? "model" : "encoder");
    if (strcmp(data, "-") == 0 && isatty(STDIN_FILENO))
        cli_usage(cli, "standard input is a terminal: records are binary; redirect or pipe them in");
    return fit ? fit_main(cli) : predict_main(cli);
}
