// Networks in files of other programs, as rnn records.
#include "base/escape.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/shared_options.h"
#include "records/nametask.h"
#include "records/npyzoo.h"
#include "records/rnn.h"
#include "rnn/import.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t first_run, step;
static struct network_choice choice;
static const char *task_text, *named;
static struct name_task *task; // of the files' RNNs, or NULL
static bool list;

static struct option options[] = {
    {.type = OPTION_FLAG,
     .name = "list",
     .letter = 'l',
     .target = &list,
     .help = "Print a table of all tensors instead: file, name, type, shape"},
    {.type = OPTION_TEXT,
     .name = "name",
     .letter = 'n',
     .target = &choice.name,
     .value = "NAME",
     .help = "Look only at what lies below this name"},
    {.type = OPTION_TEXT,
     .name = "rnn",
     .target = &choice.rnn,
     .value = "NAME[,NAME]...",
     .help = "The recurrent layer; several: layers one above the other. What else there is may be left out"},
    {.type = OPTION_TEXT, .name = "readout", .target = &choice.readout, .value = "NAME", .help = "The linear layer behind it, or none"},
    {.type = OPTION_TEXT, .name = "embedding", .target = &choice.embedding, .value = "NAME", .help = "The embedding before it, or none"},
    {.type = OPTION_CHOICE,
     .name = "cell",
     .target = &choice.cell,
     .help = "The cell, where the file does not tell it"}, // choices: see main
    {.type = OPTION_CHOICE,
     .name = "reads",
     .target = &choice.reads,
     .choices = "tokens|numbers",
     .help = "What it reads, where neither an embedding nor its sizes tell it: tokens, one-hot, or numbers"},
    {.type = OPTION_CHOICE,
     .name = "answers",
     .target = &choice.answers,
     .choices = "classes|numbers",
     .help = "What its outputs are, where their number does not tell it: logits of classes, or numbers"},
    {.type = OPTION_TEXT,
     .name = "task",
     .letter = 't',
     .target = &task_text,
     .value = "FAMILY|JSON",
     .help = "The task of all RNNs: the name of its family, or a map that has it"},
    {.type = OPTION_TEXT,
     .name = "named",
     .target = &named,
     .value = "PATTERN",
     .help = "What files' names tell of their RNNs' tasks: {KEY} is a key of the task, * anything; '{data}-{width}.pt'"},
    FIRST_RUN_OPTION(&first_run, 'r', "file's RNN"),
    {.type = OPTION_U64, .name = "step", .target = &step, .help = "Steps that the RNNs have been trained"},
    {0},
};

static struct program program = {
    .name = "import-rnn",
    .summary = "read RNNs from PyTorch, safetensors, NumPy, Keras and ONNX files",
    .synopsis = "[OPTION]... {FILE|DIRECTORY}... > RNNS\n--list [OPTION]... FILE...",
    .output = "rnn records, one a file, or one a row of a zoo; with --list text",
    .examples = "import-rnn mine.pt theirs.safetensors > rnns.mp\n"
                "import-rnn --list mine.pt\n"
                "import-rnn mine.pt | rec-table name arch.cell arch.hidden\n"
                "import-rnn --task sorting --named '{data}-{width}.pt' nets/*.pt > zoo.mp",
    .options = options,
    .max_operands = INT_MAX,
};

// What a record may have, in weights: readers refuse longer ones.
static size_t most_weights(struct cli *cli) {
    uint64_t bytes = cli_common(cli)->max_record_bytes;
    return (bytes ? bytes : UINT64_C(1) << 30) / sizeof(float);
}

// --- Messages ---

// Of what is wrong with a file's network; what reads files names them itself.
static void check(struct cli *cli, const char *path, enum status status) {
    if (status != STATUS_OK)
        error_prefix(cli_error(cli), "%s", path);
    cli_check(cli, status);
}

static void print_list(struct cli *cli, const char *path, struct tensors *t) {
    for (int i = 0; i < t->count; i++) {
        const struct stored *s = &t->list[i];
        const char *shape = s->type == TENSOR_OTHER ? "?" : tensors_shape_text(t, s);
        const char *const columns[] = {path, s->name, s->type_name, shape};
        for (int c = 0; c < 4; c++) {
            char *shown = escaped(columns[c], strlen(columns[c])); // names are the file's
            cli_print(cli, shown, strlen(shown));
            cli_print(cli, c < 3 ? "\t" : "\n", 1);
            free(shown);
        }
    }
}

// --- Records ---

static void pack(struct cli *cli, struct packer *p, const char *path, uint64_t run, const struct rnn_arch *arch, const float *weights) {
    const char *slash = strrchr(path, '/');
    char *name = utf8_repaired(slash ? slash + 1 : path); // a file's name may be any bytes
    struct params table = {0};
    rnn_params(&table, arch);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "rnn");
    pack_key(p, "run");
    pack_u64(p, run);
    pack_key(p, "step");
    pack_u64(p, step);
    pack_key(p, "name");
    pack_str(p, name);
    free(name);
    if (task) {
        pack_key(p, "task");
        check(cli, path, name_task_pack(p, task, path, cli_error(cli)));
    }
    pack_key(p, "arch");
    arch_pack(p, arch);
    pack_key(p, "weights");
    weights_pack(p, &table, weights);
    pack_end(p);
    params_free(&table);
}

static void import(struct cli *cli, struct writer *out, const char *path, struct tensors *t, uint64_t run) {
    struct network network;
    struct rnn_arch arch;
    float *weights;
    check(cli, path, network_find(t, &choice, &network, cli_error(cli)));
    for (int i = 0; i < network.note_count; i++)
        cli_note(cli, "%s: %s", path, network.notes[i]);
    check(cli, path, rnn_of_network(&network, most_weights(cli), &arch, &weights, cli_error(cli)));
    pack(cli, writer_packer(out), path, run, &arch, weights);
    cli_check(cli, mapping_check(&t->mapping, path, cli_error(cli)));
    cli_check(cli, writer_commit(out, cli_error(cli)));
    free(weights);
}

// --- Directories ---

static bool is_directory(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static uint64_t import_zoo(struct cli *cli, struct writer *out, const char *path, uint64_t run) {
    struct npy_zoo *zoo;
    uint64_t next = run, last;
    enum status status = npy_zoo_open(&zoo, path, cli_error(cli));
    if (status == STATUS_NO_INPUT) {
        const struct error why = *cli_error(cli);
        error_set(cli_error(cli), status, "%.500s (a directory is read as one of the published zoos; files are named, as in %.200s/*.pt)",
                  why.text, path);
    }
    cli_check(cli, status);
    for (uint64_t row = 0; row < npy_zoo_rows(zoo); row++) {
        cli_check(cli, npy_zoo_pack(writer_packer(out), zoo, row, run, &last, cli_error(cli)));
        cli_check(cli, writer_commit(out, cli_error(cli)));
        next = last >= next ? last + 1 : next;
    }
    npy_zoo_close(zoo);
    return next;
}

static uint64_t import_file(struct cli *cli, struct writer *out, const char *path, uint64_t run) {
    struct tensors t;
    cli_check(cli, tensors_open(&t, path, cli_error(cli)));
    if (list)
        print_list(cli, path, &t);
    else
        import(cli, out, path, &t, run);
    tensors_close(&t);
    return run + 1;
}

// What tells the tasks has to make sense before anything is written.
static void check_task(struct cli *cli, char **files, int count) {
    for (int i = 0; i < count; i++)
        if (is_directory(files[i]))
            cli_usage(cli, "%s is a zoo, whose RNNs have tasks of their own: --task and --named are for files", files[i]);
    if (name_task_new(&task, task_text, named, cli_error(cli)) != STATUS_OK)
        cli_usage(cli, "%s%s", task_text && named ? "--task and --named: " : named ? "--named: " : "--task: ", cli_error(cli)->text);
}

int main(int argc, char **argv) {
    option_find(options, NULL, "cell")->choices = cell_names();
    struct cli *cli = cli_begin(&program, argc, argv);
    char **files;
    int count = cli_operands(cli, &files);
    if (!count)
        cli_usage(cli, "at least one FILE is needed");
    cli_check_runs(cli, first_run, (uint64_t)count);
    if (list)
        cli_note_other_mode(cli, "task|named|first-run|step|reads|answers", "with --list");

    if (task_text || named)
        check_task(cli, files, count);

    for (int i = 0; i < count && !list; i++)
        if (is_directory(files[i])) {
            cli_note_other_mode(cli, "name|rnn|readout|embedding|cell|reads|answers", "on a directory, a zoo that says all of it");
            break;
        }
    uint64_t run = first_run;
    struct writer *out = list ? NULL : cli_writer(cli);
    if (out)
        cli_begin_segment(cli, out, NULL, 0);
    for (int i = 0; i < count; i++)
        run = !list && is_directory(files[i]) ? import_zoo(cli, out, files[i], run) : import_file(cli, out, files[i], run);
    if (out)
        cli_check(cli, writer_end_segment(out, cli_error(cli)));
    name_task_free(task);
    return cli_finish(cli, NULL, out);
}
