// Trains one RNN for each task record: a zoo of snapshots.
#include "base/hash.h"
#include "base/numtext.h"
#include "base/textlist.h"
#include "cli/rnnfile.h"
#include "cli/shared_options.h"
#include "records/rnn.h"
#include "records/snapshot.h"

#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

enum { MAX_SNAPSHOTS = 1024 };

static struct train_recipe recipe; // the paper's, see main
static const char *rates = "0.01,0.003,0.0003", *snapshots = "0,100,200,500,1000,2000,5000,10000,20000";
static const char *resume, *cell, *from;
static uint64_t init_seed;
static struct rnnfile starts; // of --from
static struct image_sets images;
static struct snapshot_recipe how = {.train = &recipe, .rollouts = 100};

static struct option options[] = {
    {.type = OPTION_INT, .name = "steps", .letter = 's', .target = &recipe.steps, .low = 1, .high = 1e9, .help = "Training steps"},
    {.type = OPTION_INT,
     .name = "batch",
     .letter = 'b',
     .target = &recipe.batch,
     .low = 1,
     .high = 65536,
     .help = "Strings or images in a training step"},
    {.type = OPTION_CHOICE,
     .name = "cell",
     .letter = 'c',
     .target = &cell,
     .help = "What the layers are made of: an LSTM, a GRU, or a simple RNN with tanh or ReLU"}, // choices: see main
    {.type = OPTION_INT,
     .name = "hidden",
     .letter = 'u',
     .target = &recipe.hidden,
     .low = 1,
     .high = 4096,
     .help = "Hidden units of each layer"},
    {.type = OPTION_INT, .name = "layers", .letter = 'l', .target = &recipe.layers, .low = 1, .high = RNN_MAX_LAYERS, .help = "Layers"},
    {.type = OPTION_TEXT,
     .name = "rate",
     .target = &rates,
     .value = "X,X,X",
     .help = "Learning rates at the first step, half way, and at the last; linear in between"},
    {.type = OPTION_REAL,
     .name = "weight-decay",
     .target = &recipe.weight_decay,
     .low = 0,
     .high = 1,
     .help = "AdamW's decoupled weight decay, for tasks that don't carry one (languages)"},
    {.type = OPTION_TEXT,
     .name = "snapshots",
     .target = &snapshots,
     .value = "LIST",
     .help = "Steps after which a record is written; those beyond the last step are left out, the last step is always there"},
    {.type = OPTION_INT,
     .name = "rollouts",
     .letter = 'r',
     .target = &how.rollouts,
     .low = 1,
     .high = 1e6,
     .help = "Sampled strings, or images, in each record"},
    {.type = OPTION_INT,
     .name = "samples",
     .target = &how.samples,
     .low = 0,
     .high = 1e6,
     .help = "Strings, or images of either kind, by which an RNN is judged; 0: 1000 strings, 12000 images"},
    IMAGES_OPTION(&images.directory, ""),
    {.type = OPTION_U64,
     .name = "init-seed",
     .target = &init_seed,
     .help = "All runs start from the same weights, drawn with this seed (default: each from its own)"},
    {.type = OPTION_TEXT,
     .name = "from",
     .target = &from,
     .value = "FILE",
     .help = "Runs go on from the RNNs of FILE, in turn: the first task from the first RNN, and so on, over and over"},
    {.type = OPTION_TEXT,
     .name = "resume",
     .target = &resume,
     .value = "FILE",
     .help = "Output of an interrupted train-rnn with the same input and options: its runs are not trained again"},
    {0},
};

static struct program program = {
    .name = "train-rnn",
    .summary = "train an RNN for each task",
    .synopsis = "[OPTION]... < TASKS > ZOO",
    .input = "task records",
    .output = "rnn records, one for each snapshot of each run",
    .examples = "gen-language --count 1000 --seed 1 | train-rnn | partition > zoo.mp\n"
                "gen-smnist --count 10 | train-rnn --images data/mnist > digits.mp\n"
                "gen-language --tokens 2 | train-rnn --steps 2000 --snapshots 0,500,1000 > small.mp\n"
                "seq 0 999 | parallel -j2 'gen-language --seed 1 --first-run {} --count 1 | train-rnn' > runs.mp",
    .options = options,
};

// One run. Its records are packed as they come and written at its end, so that a zoo has only complete runs.
struct run {
    struct task_record task;
    uint64_t seed;
    int steps[MAX_SNAPSHOTS + 1]; // the snapshots, ascending; the last one is the run's last step
    int count;
    struct packer *records[MAX_SNAPSHOTS + 1];
};

static void parse_rates(struct cli *cli) {
    char item[64];
    const char *list = rates;
    int count = 0;
    struct error reason;
    for (; textlist_copy(&list, item, sizeof item); count++)
        if (count < 3 && numtext_double(item, 0, DBL_MAX, &recipe.rate[count], &reason) != STATUS_OK)
            cli_usage(cli, "--rate %s: '%s' %s", rates, item, reason.text);
    if (count != 3)
        cli_usage(cli, "--rate %s: not three numbers", rates);
}

static void parse_snapshots(struct cli *cli, struct run *run) {
    char item[64];
    const char *list = *snapshots ? snapshots : NULL;
    int64_t step, last = -1;
    struct error reason;
    for (; textlist_copy(&list, item, sizeof item); last = step) {
        if (numtext_i64(item, 0, INT_MAX, &step, &reason) != STATUS_OK)
            cli_usage(cli, "--snapshots %s: '%s' %s", snapshots, item, reason.text);
        if (step <= last)
            cli_usage(cli, "--snapshots %s: not ascending", snapshots);
        if (run->count == MAX_SNAPSHOTS)
            cli_usage(cli, "--snapshots: more than %d", MAX_SNAPSHOTS);
        if (step < recipe.steps)
            run->steps[run->count++] = (int)step;
    }
    run->steps[run->count++] = recipe.steps;
    for (int i = 0; i < run->count; i++)
        run->records[i] = packer_new();
}

// Packs all snapshots of a run. False when it diverges.
static bool train_steps(struct cli *cli, struct run *run, struct trainee *t, struct progress *progress, uint64_t *done) {
    struct performance performance = {0};
    for (int step = 0, next = 0; step <= recipe.steps; step++) {
        if (!trainee_update(t))
            return false;
        if (cli_signalled())
            cli_interrupted(cli, "stopped in run %" PRIu64 " after step %d: the complete runs before it are written", run->task.run, step);
        if (step == run->steps[next]) {
            packer_clear(run->records[next]);
            if (!snapshot_pack(run->records[next++], t, &run->task, run->seed, step, &how, &performance))
                return false;
        }
        progress_step(progress, ++*done, "run %" PRIu64 ", step %d, loss %.4f, accuracy %.3f", run->task.run, step, t->loss,
                      performance.accuracy);
    }
    return true;
}

// Lets a run begin from the RNN of --from whose turn it is.
static enum status choose_start(const struct run *run, uint64_t turn, struct error *error) {
    static struct rnn_origin origin;
    if (!starts.count)
        return STATUS_OK;
    const struct rnnfile_entry *rnn = &starts.rnn[turn % (uint64_t)starts.count];
    struct rnn_arch wanted = rnn->arch;
    run->task.task.family->shape(run->task.task.body.bytes, &wanted);
    if (!rnn_arch_equal(&wanted, &rnn->arch))
        return error_set(error, STATUS_DATA, "--from: run %" PRIu64 ", step %" PRIu64 " of %s has not the inputs and outputs of this task",
                         rnn->run, rnn->step, starts.path);
    origin = (struct rnn_origin){{rnn->run, rnn->step}, hash_crc32(0, rnn->weights, rnn->table.size * sizeof *rnn->weights)};
    how.parent = &origin;
    recipe.cell = rnn->arch.cell;
    recipe.hidden = rnn->arch.hidden;
    recipe.layers = rnn->arch.layers;
    recipe.start = rnn->weights;
    return STATUS_OK;
}

// Which images the run is trained with.
static enum status choose_images(const struct run *run, struct error *error) {
    const struct task *task = &run->task.task;
    how.images = NULL;
    return task->family->images ? task->family->images(task, &images, &how.images, error) : STATUS_OK;
}

static enum status trainee_of(struct trainee **out, const struct run *run, struct error *error) {
    const struct task *task = &run->task.task;
    const struct train_setting setting = {.recipe = &recipe, .seed = run->seed, .run = run->task.run, .images = &images};
    return task->family->trainee(out, task, &setting, error);
}

static bool train(struct cli *cli, struct reader *in, struct run *run, struct progress *progress, uint64_t *done) {
    struct trainee *t;
    cli_check_record(cli, in, trainee_of(&t, run, cli_error(cli)));
    bool complete = train_steps(cli, run, t, progress, done);
    if (!complete) {
        cli_note(cli, "run %" PRIu64 " has diverged at step %d", run->task.run, t->step);
        packer_clear(run->records[0]);
        snapshot_pack_diverged(run->records[0], &run->task, run->seed, t->step, &how);
    }
    trainee_free(t);
    return complete;
}

// The next record of the output that is resumed: an rnn record, or what stands for a run that has diverged. The output may end anywhere:
// what is whole until there is taken.
static bool next_old(struct cli *cli, struct reader *old) {
    enum status status;
    while ((status = reader_next(old, cli_error(cli))) == STATUS_OK) {
        const struct value *kind = value_get(old->record, "kind");
        if (old->event == READER_DATA && (value_is(kind, "rnn") || value_is(kind, "skipped")))
            return true;
    }
    if (status != STATUS_DATA)
        cli_check(cli, status);
    else
        cli_note(cli, "goes on from here: %s", cli_error(cli)->text);
    return false;
}

static bool is_number_of(const struct reader *old, uint64_t run) {
    uint64_t number;
    return value_to_u64(value_get(old->record, "run"), &number) && number == run;
}

// Is it of this run? Then it has to come from the same task and recipe: a zoo is never of two kinds.
static bool is_of_run(struct cli *cli, const struct run *run, const struct reader *old) {
    uint64_t number = run->task.run, seed;
    if (!is_number_of(old, number) || !value_to_u64(value_get(old->record, "seed"), &seed))
        return false;
    if (seed != run->seed) {
        cli_note(cli, "%s: run %" PRIu64 " is of seed %" PRIu64 " there, not of %" PRIu64 ": it is trained again", resume, number, seed,
                 run->seed);
        return false;
    }
    enum status status = recipe_matches(old->record, &run->task, &how, cli_error(cli));
    if (status != STATUS_OK)
        error_prefix(cli_error(cli), "run %" PRIu64, number);
    cli_check_record(cli, old, status);
    return true;
}

enum run_state { RUN_MISSING, RUN_COMPLETE, RUN_DIVERGED };

// Takes the run's records from there, as they are in the order of the tasks. *more: there is a record at hand.
static enum run_state take_old(struct cli *cli, struct run *run, struct reader *old, bool *more) {
    for (int i = 0; i < run->count; i++, *more = next_old(cli, old)) {
        uint64_t step = 0;
        if (!*more || !is_of_run(cli, run, old))
            return RUN_MISSING;
        bool diverged = value_is(value_get(old->record, "kind"), "skipped");
        packer_clear(run->records[i]);
        pack_value(run->records[i], old->record);
        if (diverged && i == 0) {
            *more = next_old(cli, old);
            return RUN_DIVERGED;
        }
        value_to_u64(value_get(old->record, "step"), &step);
        if (diverged || step != (uint64_t)run->steps[i]) {
            cli_note(cli, "%s: run %" PRIu64 " has other snapshots there: it is trained again", resume, run->task.run);
            return RUN_MISSING;
        }
    }
    return RUN_COMPLETE;
}

static enum status read_task(const struct value *record, struct task_record *out, struct error *error) {
    enum status status = task_record_read(record, out, error);
    if (status == STATUS_OK && (!out->task.family || !out->task.family->trainee))
        status = error_set(error, STATUS_DATA, "task: no way of training is known for its family");
    return status;
}

int main(int argc, char **argv) {
    recipe = train_paper_recipe;
    cell = recipe.cell->name;
    option_find(options, NULL, "cell")->choices = cell_names();
    struct cli *cli = cli_begin(&program, argc, argv);
    const struct cli_common *common = cli_common(cli);
    struct run run = {0};
    recipe.cell = cell_find(cell);
    recipe.init_seed = init_seed;
    recipe.shared_start = option_find(options, NULL, "init-seed")->given;
    if (from && recipe.shared_start)
        cli_usage(cli, "--from and --init-seed: runs start from one or the other");
    if (from)
        cli_note_unused(cli, "cell|hidden|layers", "with --from: runs go on from RNNs as they are");
    parse_rates(cli);
    parse_snapshots(cli, &run);
    cli_catch_signals();

    struct reader *in = cli_reader(cli, "-");
    if (from)
        starts = rnnfile_open(cli, from, INT_MAX);
    struct writer *out = cli_writer(cli);
    struct reader *old = resume ? cli_reader(cli, resume) : NULL;
    bool more = old && next_old(cli, old);
    struct progress *progress = progress_new(cli, "steps", 0, 0);

    uint64_t done = 0, diverged = 0, turn = 0;
    while (cli_next(cli, in, out, "task")) {
        cli_check_record(cli, in, read_task(in->record, &run.task, cli_error(cli)));
        cli_check_record(cli, in, choose_start(&run, turn++, cli_error(cli)));
        cli_check_record(cli, in, choose_images(&run, cli_error(cli)));
        run.seed = common->seed_given ? common->seed : run.task.seed;
        enum run_state state = more ? take_old(cli, &run, old, &more) : RUN_MISSING;
        while (more && state == RUN_MISSING && is_number_of(old, run.task.run))
            more = next_old(cli, old); // what is left of it there
        if (state == RUN_MISSING)
            state = train(cli, in, &run, progress, &done) ? RUN_COMPLETE : RUN_DIVERGED;
        diverged += state == RUN_DIVERGED;
        for (int i = 0; i < (state == RUN_COMPLETE ? run.count : 1); i++)
            cli_commit(cli, out, run.records[i]);
    }

    progress_end(progress);
    if (more)
        cli_note(cli, "%s has runs that are not among the tasks in their order: they are left out", resume);
    reader_close(old);
    rnnfile_close(&starts);
    for (int i = 0; i < run.count; i++)
        packer_free(run.records[i]);
    int code = cli_finish(cli, in, out);
    image_sets_close(&images); // not earlier: cli_finish checks them
    if (diverged)
        cli_check(cli, error_set(cli_error(cli), STATUS_DIVERGED, "%" PRIu64 " runs have diverged and are left out", diverged));
    return code;
}
