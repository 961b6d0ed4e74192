// Trains a predictor of properties of RNNs on labels, alone or together with an encoder; and predicts.
#include "base/textlist.h"
#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/datafile.h"
#include "cli/modelfile.h"
#include "cli/shared_options.h"
#include "cli/training.h"
#include "training/prediction.h"
#include "training/sampled.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *fit, *as = "auto", *model, *sampled, *encoder_file, *data = "-", *label, *checkpoint, *augment;
static int strings = 20, checkpoint_every = 1000, batch = 64, hidden = 128, layers = 2, log_every = 100;
static uint64_t steps = 2000;
static double rate, encoder_rate, decay = 0.01, clip = 0.1;

static struct option options[] = {
    {.type = OPTION_TEXT,
     .name = "fit",
     .target = &fit,
     .value = "FIELD[,FIELD]",
     .words = "task|rotation|step|accuracy|gap",
     .help = "Train a predictor of this field of the records, by its dotted path: metrics.accuracy, task.offsets, arch.cell; or task, "
             "rotation, "
             "step, accuracy, gap, which are short for the paper's properties; one for each of several fields"},
    {.type = OPTION_TEXT,
     .name = "model",
     .target = &model,
     .value = "FILE",
     .help = "Predict with this model, from --fit; - is standard input"},
    {.type = OPTION_TEXT,
     .name = "sampled",
     .target = &sampled,
     .value = "FIELD",
     .help = "Predict this field of the task without a model: what the family of the task makes of strings that the RNN wrote"},
    DATA_OPTION(&data, "The data"),
    {.type = OPTION_HEADING, .help = "Training"},
    {.type = OPTION_TEXT,
     .name = "as",
     .target = &as,
     .value = "KIND[,KIND]",
     .words = "auto|number|classes|angle",
     .help =
         "What a field is: number, classes, angle (in degrees: 359 is near 0), or auto, which goes by the data; one for all, or one each"},
    {.type = OPTION_TEXT,
     .name = "encoder",
     .target = &encoder_file,
     .value = "FILE",
     .help =
         "Train this encoder along, on rnn records: a fresh one learns from labels only, a trained one is fine-tuned; - is standard input"},
    STEPS_OPTION(&steps),
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
    WEIGHT_DECAY_OPTION(&decay),
    CLIP_OPTION(&clip),
    AUGMENT_OPTION(&augment, "With --encoder: show it"),
    {.type = OPTION_INT,
     .name = "hidden",
     .target = &hidden,
     .help = "Units of each hidden layer of the predictor",
     .low = 1,
     .high = 65536},
    {.type = OPTION_INT, .name = "layers", .target = &layers, .help = "Hidden layers of the predictor", .low = 0, .high = 16},
    {.type = OPTION_INT, .name = "log-every", .target = &log_every, .help = "Steps between log records", .low = 1, .high = 1e9},
    CHECKPOINT_OPTION(&checkpoint, "; with one FIELD"),
    CHECKPOINT_EVERY_OPTION(&checkpoint_every),
    {.type = OPTION_HEADING, .help = "Predicting"},
    {.type = OPTION_INT,
     .name = "strings",
     .target = &strings,
     .help = "Rollouts of each RNN that --sampled looks at, the first ones",
     .low = 1,
     .high = 65536},
    LABEL_OPTION(&label, "encoders"),
    {0},
};

static struct program program = {
    .name = "classify",
    .summary = "train a predictor of properties of RNNs on their embeddings, or predict",
    .synopsis =
        "--fit FIELD[,FIELD] [--encoder FILE] [--data FILE] [OPTION]... < DATA > MODEL\n--model FILE [--data FILE] [OPTION]... < DATA > "
        "PREDICTIONS\n--sampled FIELD [OPTION]... < ZOO > PREDICTIONS",
    .input = "embedding records; rnn records (a zoo) with --encoder or when the model has an encoder, and for --sampled",
    .output =
        "--fit: the encoder (with --encoder), a predictor for each field, and log records; --model: a prediction record for each of the "
        "data and predictors",
    .examples = "classify --fit task < z.mp > predictor.mp\nclassify --model predictor.mp < z.mp | score\n"
                "classify --fit metrics.accuracy,task.offsets.1 < z.mp > predictors.mp\n"
                "classify --fit task --encoder fresh.mp < zoo.mp > end-to-end.mp\nclassify --model end-to-end.mp < zoo.mp | score",
    .options = options,
};

static void commit(struct cli *cli, struct writer *out) {
    cli_check(cli, writer_commit(out, cli_error(cli)));
}

// --- Fields ---

enum { MAX_FIELDS = 32 };

static enum property_kind kind_named(struct cli *cli, const char *name) {
    for (int k = 0; k < PROPERTY_UNDECIDED; k++)
        if (strcmp(name, property_kinds[k]) == 0)
            return (enum property_kind)k;
    if (strcmp(name, "auto") != 0)
        cli_usage(cli, "--as: '%s' is none of auto, number, classes, angle", name);
    return PROPERTY_UNDECIDED;
}

// What is to be predicted, by --fit and --as; returns how many.
static int properties_chosen(struct cli *cli, struct property properties[MAX_FIELDS]) {
    char name[PROPERTY_NAME_SIZE], kind[PROPERTY_NAME_SIZE];
    const char *fields = fit, *kinds = as;
    int count = 0;
    bool one_for_all = !strchr(as, ',');
    for (; textlist_copy(&fields, name, sizeof name); count++) {
        if (count == MAX_FIELDS)
            cli_usage(cli, "--fit: more than %d fields", MAX_FIELDS);
        if (one_for_all)
            kinds = as;
        if (!textlist_copy(&kinds, kind, sizeof kind))
            cli_usage(cli, "--as: fewer kinds than --fit has fields");
        if (property_named(&properties[count], name, kind_named(cli, kind), cli_error(cli)) != STATUS_OK)
            cli_usage(cli, "--fit: %s", cli_error(cli)->text);
        for (int i = 0; i < count; i++)
            if (strcmp(properties[i].name, name) == 0)
                cli_usage(cli, "--fit: '%s' is there twice", name);
    }
    if (!one_for_all && kinds)
        cli_usage(cli, "--as: more kinds than --fit has fields");
    if (encoder_file && count > 1)
        cli_usage(cli, "--encoder trains along with one field at a time");
    return count;
}

// --- Training ---

static enum status next_step(void *of, double *loss, struct error *error) {
    return prediction_step(of, loss, error);
}

static enum status save(const void *of, const char *path, const struct writer_identity *identity, struct error *error) {
    return prediction_save(of, path, identity, error);
}

static enum status resume(void *of, const char *path, struct error *error) {
    return prediction_resume(of, path, error);
}

static void train(struct cli *cli, struct prediction *p) {
    const struct training run = {.of = p,
                                 .step = next_step,
                                 .save = save,
                                 .resume = resume,
                                 .learner = p->learner,
                                 .diverged_at = &p->diverged_at,
                                 .steps = steps,
                                 .checkpoint = checkpoint,
                                 .checkpoint_every = checkpoint_every};
    training_begin(cli, &run);
    training_run(cli, &run);
}

static void write_log(struct cli *cli, struct writer *out, const struct prediction *p, bool several) {
    struct packer *packer = writer_packer(out);
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
        if (several) {
            pack_key(packer, "target");
            pack_str(packer, p->predictor->property.name);
        }
        pack_end(packer);
        commit(cli, out);
    }
}

// Says what may surprise: what a field was taken for, and records that don't have it.
static void tell(struct cli *cli, const struct prediction *p) {
    const struct property *property = &p->predictor->property;
    if (!property->short_form && property->kind == PROPERTY_CLASSES && property->class_count == 1)
        cli_note(cli, "%s: one class, so there is nothing to learn", property->name);
    else if (!property->short_form && property->kind == PROPERTY_CLASSES)
        cli_note(cli, "%s: %d classes", property->name, property->class_count);
    else if (!property->short_form)
        cli_note(cli, "%s: %s", property->name, property->kind == PROPERTY_ANGLE ? "an angle in degrees" : "a number");
    if (p->left_out)
        cli_note(cli, "%s: %" PRIu64 " of %" PRIu64 " records are left out, which don't have the field '%s' or no finite number in it",
                 property->name, p->left_out, p->used, property_path(property));
}

static struct prediction_recipe recipe_of(struct cli *cli, const struct encoder *encoder) {
    const struct cli_common *common = cli_common(cli);
    return (struct prediction_recipe){
        .learner = {.batch = batch,
                    .rate = rate > 0  ? rate
                            : encoder ? 1e-4
                                      : 1e-3,
                    .encoder_rate = encoder_rate,
                    .decay = decay,
                    .clip = clip,
                    .threads = common->threads,
                    .seed = encoder && !common->seed_given ? encoder->seed : common->seed},
        .hidden = hidden,
        .layers = layers,
        .log_every = log_every,
    };
}

// Ends the program, and tells of the first training that has diverged.
static int finish_fit(struct cli *cli, struct writer *out, const struct predictor_losses *losses, int count) {
    int code = cli_finish(cli, NULL, out);
    for (int i = 0; i < count; i++)
        training_check_diverged(cli, losses[i].diverged_at, losses[i].best_step);
    return code;
}

static void write_models(struct cli *cli, struct writer *out, const struct dataset *records, const struct encoder *encoder,
                         struct prediction *const *p, const struct predictor_losses *losses, int count) {
    if (encoder) {
        encoder_pack(writer_packer(out), encoder);
        commit(cli, out);
    }
    for (int i = 0; i < count; i++) {
        predictor_pack(writer_packer(out), p[i]->predictor, &losses[i]);
        commit(cli, out);
        write_log(cli, out, p[i], count > 1);
    }
    datafile_write_skipped(cli, records, out);
    cli_check(cli, writer_end_segment(out, cli_error(cli)));
}

static int fit_main(struct cli *cli) {
    struct property properties[MAX_FIELDS];
    int count = properties_chosen(cli, properties);
    if (augment && !encoder_file)
        cli_usage(cli, "--augment changes the RNNs that an encoder sees: it needs --encoder");
    if (!encoder_file)
        cli_note_unused(cli, "encoder-rate", "without --encoder");
    if (checkpoint && count > 1)
        cli_usage(cli, "--checkpoint goes with one field");
    if (checkpoint)
        cli_lock(cli, checkpoint);
    struct modelfile *file = encoder_file ? modelfile_open(cli, encoder_file, MODEL_CONTINUED) : NULL;
    struct encoder *encoder = file ? modelfile_wanted_encoder(file) : NULL;
    struct prediction_sift sift;
    prediction_sift_init(&sift, encoder, properties, count);
    struct dataset *records = datafile_open(cli, data, encoder ? "rnn" : "embedding", &(struct dataset_sift){prediction_usable, &sift});
    prediction_sift_free(&sift);
    struct writer *out = cli_writer(cli);

    struct prediction_recipe recipe = recipe_of(cli, encoder);
    if (augment && augmentation_parse(&recipe.augmentation, augment, cli_error(cli)) != STATUS_OK)
        cli_usage(cli, "--augment: %s", cli_error(cli)->text);
    struct prediction *p[MAX_FIELDS];
    struct predictor_losses losses[MAX_FIELDS];
    for (int i = 0; i < count; i++) { // mistakes in any field are told before the first is trained
        cli_check(cli, prediction_new(&p[i], encoder, &properties[i], records, &recipe, cli_error(cli)));
        property_free(&properties[i]);
        tell(cli, p[i]);
    }
    cli_catch_signals();
    for (int i = 0; i < count; i++) {
        train(cli, p[i]);
        cli_check(cli, prediction_finish(p[i], &losses[i], cli_error(cli)));
    }

    cli_begin_segment(cli, out, records->metas, records->meta_count);
    write_models(cli, out, records, encoder, p, losses, count);
    for (int i = 0; i < count; i++)
        prediction_free(p[i]);
    dataset_close(records);
    encoder_free(encoder);
    modelfile_close(file);
    return finish_fit(cli, out, losses, count);
}

// --- Predicting ---

// One of the model's predictors, NULL beyond the last.
static struct predictor *load_predictor(struct cli *cli, struct modelfile *file, int index, const struct encoder *encoder, int z) {
    struct model_record record;
    struct predictor *predictor = NULL;
    if (!modelfile_at(file, "predictor", index, &record))
        return NULL;
    modelfile_check(file, predictor_read(&record, &predictor, cli_error(cli)));
    if (z && z != predictor->config.z)
        modelfile_check(file, error_set(cli_error(cli), STATUS_DATA, "%s z has %d numbers, the predictor's %d",
                                        encoder ? "the encoder's" : "another predictor's", z, predictor->config.z));
    if (encoder) {
        struct encoder_identity id = encoder_identity(encoder);
        modelfile_check(file, predictor_knows(predictor, &id, cli_error(cli)));
    }
    return predictor;
}

static enum status add_predictions(void *of, const struct value *record, struct error *error) {
    return prediction_batch_add(of, record, error);
}

static void run_predictions(void *of) {
    prediction_batch_run(of);
}

static enum status write_predictions(void *of, int i, struct cli *cli, struct writer *out) {
    struct prediction_batch *records = of;
    enum status status = prediction_batch_end(records, i, cli_error(cli));
    for (int k = 0; k < records->predictor_count && status == STATUS_OK; k++)
        cli_commit(cli, out, records->records[i][k]);
    return status;
}

static int predict_main(struct cli *cli) {
    struct modelfile *file = modelfile_open(cli, model, MODEL_USED);
    struct encoder *encoder = modelfile_encoder(file);
    struct predictor *predictors[MAX_FIELDS];
    int count = 0, z = encoder ? encoder->config.z : 0;
    for (struct predictor *p; (p = load_predictor(cli, file, count, encoder, z)); z = p->config.z) {
        if (count == MAX_FIELDS)
            modelfile_check(file, error_set(cli_error(cli), STATUS_DATA, "more than %d predictors", MAX_FIELDS));
        predictors[count++] = p;
    }
    if (count == 0)
        modelfile_missing(file, "predictor");
    struct reader *in = cli_reader(cli, data);
    struct writer *out = cli_writer(cli);

    struct prediction_batch *records = prediction_batch_new(encoder, (const struct predictor *const *)predictors, count, label);
    const struct cli_batch predicting = {.of = records,
                                         .kind = encoder ? "rnn" : "embedding",
                                         .doing = "predicted",
                                         .count = &records->count,
                                         .capacity = PREDICTION_BATCH,
                                         .add = add_predictions,
                                         .run = run_predictions,
                                         .write = write_predictions};
    cli_batches(cli, &predicting, in, out);
    prediction_batch_free(records);
    for (int k = 0; k < count; k++)
        predictor_free(predictors[k]);
    encoder_free(encoder);
    modelfile_close(file);
    return cli_finish(cli, in, out);
}

// What the strings of each RNN tell by themselves.
static int sampled_main(struct cli *cli) {
    struct property property;
    if (property_named(&property, sampled, kind_named(cli, as), cli_error(cli)) != STATUS_OK)
        cli_usage(cli, "--sampled: %s", cli_error(cli)->text);
    if (property.kind == PROPERTY_UNDECIDED)
        property.kind = PROPERTY_CLASSES;
    struct reader *in = cli_reader(cli, data);
    struct writer *out = cli_writer(cli);

    while (cli_next(cli, in, out, "rnn")) {
        struct rnn_record record;
        enum status status = rnn_record_read(in->record, &record, cli_error(cli));
        if (status == STATUS_OK)
            status = sampled_pack(writer_packer(out), &record, &property, strings, label, cli_error(cli));
        if (cli_usable(cli, in, out, status))
            commit(cli, out);
    }

    property_free(&property);
    return cli_finish(cli, in, out);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    if ((fit != NULL) + (model != NULL) + (sampled != NULL) != 1)
        cli_usage(cli, "one of --fit FIELD, --model FILE and --sampled FIELD has to be given");
    if (!fit && encoder_file)
        cli_usage(cli, "--encoder goes with --fit: a model has its own");
    if (checkpoint && (!fit || strcmp(checkpoint, "-") == 0))
        cli_usage(cli, !fit ? "--checkpoint goes with --fit" : "--checkpoint is a file, not a stream");
    cli_check_label(cli, label);
    if (!fit)
        cli_note_headings(cli, "Training", model ? "with --model" : "with --sampled");
    else
        cli_note_headings(cli, "Predicting", "with --fit");
    if (!fit && !sampled)
        cli_note_other_mode(cli, "strings", "without --sampled");
    const char *file = model ? model : encoder_file;
    if (file && strcmp(file, "-") == 0 && strcmp(data, "-") == 0)
        cli_usage(cli, "--%s -: the data have to be named by --data FILE then", model ? "model" : "encoder");
    if (strcmp(data, "-") == 0 && isatty(STDIN_FILENO))
        cli_usage(cli, "standard input is a terminal: records are binary; redirect or pipe them in");
    return fit ? fit_main(cli) : model ? predict_main(cli) : sampled_main(cli);
}
