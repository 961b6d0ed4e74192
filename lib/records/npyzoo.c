#include "records/npyzoo.h"

#include "base/memory.h"
#include "formats/npyrows.h"
#include "formats/tensors.h"
#include "records/rnn.h"
#include "stream/json.h"
#include "stream/mapping.h"
#include "stream/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 4096 };

// In the order of names below.
enum file { PARAMETERS, TASKS, STEPS, STEPS_CORRECT, MEASURED, SEQUENCES, LOGITS, FILES };
static const char *const names[FILES] = {"parameters.npy",      "tasks.npy",     "num_step.npy", "num_step_correct.npy",
                                         "accuracy_losses.npy", "sequences.npy", "logits.npy"};

struct npy_zoo {
    char *directory;
    struct npy_rows files[FILES]; // path NULL: not there
    struct packer *args_pack;
    struct value_nodes args;
    struct rnn_arch arch;
    struct params table;
    const struct family *family; // NULL: no tasks
    int first_token;             // of all sequences; -1: they have none
    uint8_t *bytes;              // of a row, the longest
    float *weights;
};

static bool has(const struct npy_zoo *z, enum file file) {
    return z->files[file].path != NULL;
}

// --- args.json ---

static enum status read_args(struct npy_zoo *z, struct error *error) {
    char path[PATH_SIZE];
    struct mapping m;
    snprintf(path, sizeof path, "%s/args.json", z->directory);
    enum status status = mapping_open(&m, path, error);
    if (status != STATUS_OK)
        return status;
    z->args_pack = packer_new();
    size_t size;
    status = json_read(z->args_pack, (const char *)m.bytes, m.size, error);
    if (status == STATUS_OK) {
        const uint8_t *bytes = packer_bytes(z->args_pack, &size);
        status = value_decode(bytes, size, 0, &z->args, error);
    }
    mapping_close(&m);
    return status == STATUS_OK ? status : error_prefix(error, "%s", path);
}

static const struct value *args(const struct npy_zoo *z) {
    return z->args.node;
}

// --- Tasks ---

// What a row tells of a task; its columns lie in *columns, to be freed.
static enum status read_task_row(struct npy_zoo *z, uint64_t row, struct published *out, double **columns, struct error *error) {
    const struct npy_rows *tasks = &z->files[TASKS], *measured = &z->files[MEASURED], *steps = &z->files[STEPS_CORRECT];
    *columns = memory_calloc(tasks->items + measured->items + steps->items + 3, sizeof **columns);
    double *measured_at = *columns + tasks->items, *steps_at = measured_at + measured->items;
    *out = (struct published){.args = args(z), .task = *columns, .columns = (int)tasks->items, .correct = NAN};
    enum status status = npy_rows_reals(tasks, row, *columns, error);
    if (status == STATUS_OK && has(z, MEASURED)) {
        status = npy_rows_reals(measured, row, measured_at, error);
        out->measured = measured->items == 4 ? measured_at : NULL;
    }
    if (status == STATUS_OK && has(z, STEPS_CORRECT)) {
        status = npy_rows_reals(steps, row, steps_at, error);
        out->correct = steps->items == 3 ? steps_at[2] / 1000 : NAN;
    }
    return status;
}

// The family that a row can be a task of.
static enum status find_family(struct npy_zoo *z, struct error *error) {
    struct published row;
    struct performance performance;
    double *columns, body[TASK_SIZE / sizeof(double)];
    if (!has(z, TASKS) || z->files[TASKS].rows == 0)
        return STATUS_OK;
    enum status status = read_task_row(z, 0, &row, &columns, error);
    for (int i = 0; i < family_count() && status == STATUS_OK && !z->family; i++) {
        const struct family *f = family_at(i);
        if (!f->from_published || !f->from_published(&row, body, &performance))
            continue;
        z->family = f;
        f->shape(body, &z->arch);
        z->first_token = f->vocabulary ? f->vocabulary(body).bos : -1;
    }
    free(columns);
    if (status == STATUS_OK && !z->family)
        status = error_set(error, STATUS_DATA, "%s: tasks of no family that is known here (by tasks.npy and args.json)", z->directory);
    return status;
}

static enum status pack_task(struct packer *p, struct npy_zoo *z, uint64_t row, struct performance *performance, struct error *error) {
    struct published published;
    double *columns, body[TASK_SIZE / sizeof(double)];
    enum status status = read_task_row(z, row, &published, &columns, error);
    if (status == STATUS_OK && !z->family->from_published(&published, body, performance))
        status = error_set(error, STATUS_DATA, "%s: row %llu of tasks.npy is no task of the family %s", z->directory,
                           (unsigned long long)row, z->family->name);
    free(columns);
    if (status != STATUS_OK)
        return status;
    struct task task = task_make(z->family, body);
    pack_key(p, "task");
    task_pack(p, &task);
    return STATUS_OK;
}

// --- Sizes ---

static enum status read_arch(struct npy_zoo *z, struct error *error) {
    static const char of[] = "args.json";
    char cell[TEXT_FIELD_SIZE] = "lstm";
    enum status status = field_int(args(z), "rnn_hidden_size", of, 1, RNN_MAX_SIZE, &z->arch.hidden, error);
    if (status == STATUS_OK)
        status = field_int(args(z), "rnn_num_layers", of, 1, RNN_MAX_LAYERS, &z->arch.layers, error);
    if (status == STATUS_OK && value_get(args(z), "rnn_cell"))
        status = field_text(args(z), "rnn_cell", of, cell, error);
    if (status == STATUS_OK && !z->family)
        status = field_int(args(z), "rnn_input_size", of, 1, RNN_MAX_SIZE, &z->arch.input, error);
    if (status == STATUS_OK && !z->family)
        status = field_int(args(z), "rnn_output_size", of, 1, RNN_MAX_SIZE, &z->arch.output, error);
    if (status == STATUS_OK)
        status = arch_roles_read(args(z), "rnn_reads", "rnn_answers", of, &z->arch, error);
    if (status != STATUS_OK)
        return error_prefix(error, "%s", z->directory);
    z->arch.cell = cell_find(cell);
    if (!z->arch.cell)
        return error_set(error, STATUS_DATA, "%s/args.json: rnn_cell '%s' is not known, only %s", z->directory, cell, cell_names());
    if (rnn_size(&z->arch) != z->files[PARAMETERS].items || !tensor_type_is_float(z->files[PARAMETERS].npy.type))
        return error_set(error, STATUS_DATA,
                         "%s: rows of %llu parameters (%s), where an RNN of %d inputs, %d x %d units and %d outputs has %zu floats",
                         z->directory, (unsigned long long)z->files[PARAMETERS].items, z->files[PARAMETERS].npy.type_name, z->arch.input,
                         z->arch.layers, z->arch.hidden, z->arch.output, rnn_size(&z->arch));
    rnn_params(&z->table, &z->arch);
    return STATUS_OK;
}

static enum status check_shape(const struct npy_zoo *z, enum file file, int rank, const int64_t *shape, struct error *error) {
    const struct npy_rows *f = &z->files[file];
    if (!has(z, file))
        return STATUS_OK;
    bool fits = f->npy.rank == rank && f->rows == z->files[PARAMETERS].rows;
    for (int i = 0; fits && i < rank; i++)
        fits = shape[i] < 0 || f->npy.shape[i] == (uint64_t)shape[i];
    return fits ? STATUS_OK : error_set(error, STATUS_DATA, "%s: its shape does not fit parameters.npy and args.json", f->path);
}

static enum status check_rollouts(const struct npy_zoo *z, struct error *error) {
    const struct npy_rows *logits = &z->files[LOGITS], *sequences = &z->files[SEQUENCES];
    enum status status = check_shape(z, LOGITS, 4, (int64_t[]){-1, -1, -1, z->arch.output}, error);
    if (status != STATUS_OK || !has(z, LOGITS) || !has(z, SEQUENCES))
        return status;
    int64_t count = (int64_t)logits->npy.shape[1], steps = (int64_t)logits->npy.shape[2];
    if (!tensor_type_is_float(logits->npy.type))
        return error_set(error, STATUS_DATA, "%s: no floats", logits->path);
    if (tensor_type_is_float(sequences->npy.type))
        return check_shape(z, SEQUENCES, 4, (int64_t[]){-1, count, steps, z->arch.input}, error);
    // The token after the last answer is there, or none is told by the answers.
    bool generates = rnn_record_generates(&(struct rnn_record){.arch = z->arch, .task.family = z->family});
    bool is_short = check_shape(z, SEQUENCES, 3, (int64_t[]){-1, count, steps}, NULL) == STATUS_OK;
    if (is_short && !generates)
        return STATUS_OK;
    if (is_short)
        return error_set(
            error, STATUS_DATA,
            "%s: no token follows the last answer, but an RNN of as many outputs as tokens tells the next one, unless its task "
            "is another, and the directory has no tasks",
            sequences->path);
    return check_shape(z, SEQUENCES, 3, (int64_t[]){-1, count, steps + 1}, error);
}

static enum status check_all(const struct npy_zoo *z, struct error *error) {
    enum status status = check_shape(z, PARAMETERS, 2, (int64_t[]){-1, -1}, error);
    if (status == STATUS_OK)
        status = check_shape(z, TASKS, z->files[TASKS].npy.rank, (int64_t[ARRAY_MAX_RANK]){-1, -1, -1, -1, -1, -1, -1, -1}, error);
    if (status == STATUS_OK)
        status = check_shape(z, STEPS, 2, (int64_t[]){-1, 2}, error);
    if (status == STATUS_OK)
        status = check_shape(z, STEPS_CORRECT, 2, (int64_t[]){-1, 3}, error);
    if (status == STATUS_OK)
        status = check_shape(z, MEASURED, 2, (int64_t[]){-1, 4}, error);
    return status == STATUS_OK ? check_rollouts(z, error) : status;
}

// --- Opening ---

static enum status open_files(struct npy_zoo *z, struct error *error) {
    enum status status = STATUS_OK;
    size_t longest = 0;
    for (int i = 0; i < FILES && status == STATUS_OK; i++) {
        status = npy_rows_open(&z->files[i], z->directory, names[i], error);
        if (status == STATUS_NO_INPUT && i != PARAMETERS)
            status = STATUS_OK;
        longest = has(z, (enum file)i) && npy_row_size(&z->files[i]) > longest ? npy_row_size(&z->files[i]) : longest;
    }
    z->bytes = memory_alloc(longest);
    z->weights = memory_alloc((z->files[PARAMETERS].items + 1) * sizeof *z->weights);
    return status;
}

enum status npy_zoo_open(struct npy_zoo **out, const char *directory, struct error *error) {
    struct npy_zoo *z = *out = memory_calloc(1, sizeof *z);
    z->directory = memory_strdup(directory);
    z->first_token = -1;
    enum status status = open_files(z, error);
    if (status == STATUS_OK)
        status = read_args(z, error);
    if (status == STATUS_OK)
        status = find_family(z, error);
    if (status == STATUS_OK)
        status = read_arch(z, error);
    if (status == STATUS_OK)
        status = check_all(z, error);
    if (status != STATUS_OK) {
        npy_zoo_close(z);
        *out = NULL;
    }
    return status;
}

uint64_t npy_zoo_rows(const struct npy_zoo *z) {
    return z->files[PARAMETERS].rows;
}

const struct rnn_arch *npy_zoo_arch(const struct npy_zoo *z) {
    return &z->arch;
}

void npy_zoo_close(struct npy_zoo *z) {
    if (!z)
        return;
    for (int i = 0; i < FILES; i++)
        npy_rows_close(&z->files[i]);
    packer_free(z->args_pack);
    free(z->args.node);
    params_free(&z->table);
    free(z->bytes);
    free(z->weights);
    free(z->directory);
    free(z);
}

// --- Rows ---

static struct array row_as_array(const struct npy_zoo *z, enum file file) {
    const struct npy_rows *f = &z->files[file];
    struct array a = {.dtype = (enum dtype)f->npy.type, .rank = f->npy.rank - 1, .count = f->items, .data = z->bytes};
    memcpy(a.shape, f->npy.shape + 1, (size_t)a.rank * sizeof *a.shape);
    return a;
}

// Run and step: numbers 0, 1, ... of step 0 where the directory does not tell.
static enum status read_numbers(struct npy_zoo *z, uint64_t row, uint64_t numbers[2], struct error *error) {
    enum file file = has(z, STEPS) ? STEPS : STEPS_CORRECT;
    numbers[0] = row, numbers[1] = 0;
    if (!has(z, file))
        return STATUS_OK;
    double columns[3] = {0};
    enum status status = npy_rows_reals(&z->files[file], row, columns, error);
    for (int i = 0; i < 2 && status == STATUS_OK; i++) {
        if (!(columns[i] >= 0 && columns[i] < 0x1p53))
            return error_set(error, STATUS_DATA, "%s: row %llu: no run and step", z->files[file].path, (unsigned long long)row);
        numbers[i] = (uint64_t)columns[i];
    }
    return status;
}

static enum status pack_weights(struct packer *p, struct npy_zoo *z, uint64_t row, struct error *error) {
    enum status status = npy_rows_read(&z->files[PARAMETERS], row, z->bytes, error);
    if (status != STATUS_OK)
        return status;
    struct array a = row_as_array(z, PARAMETERS);
    array_to_floats(&a, 0, a.count, z->weights);
    for (uint64_t i = 0; i < a.count; i++)
        if (!isfinite(z->weights[i]))
            return error_set(error, STATUS_DATA, "%s: row %llu: a weight is not finite", z->files[PARAMETERS].path,
                             (unsigned long long)row);
    pack_key(p, "weights");
    weights_pack(p, &z->table, z->weights);
    return STATUS_OK;
}

// Tokens [S,T+1] as |u1, with what begins them put back.
static enum status pack_tokens(struct packer *p, const struct npy_zoo *z, const struct array *a, struct error *error) {
    uint8_t *tokens = memory_alloc(a->count);
    enum status status = STATUS_OK;
    for (uint64_t i = 0; i < a->count && status == STATUS_OK; i++) {
        int64_t token = i % a->shape[1] == 0 && z->first_token >= 0 ? z->first_token : array_integer(a, i);
        if (token < 0 || token >= z->arch.input || token > UINT8_MAX)
            status = error_set(error, STATUS_DATA, "%s: token %lld is outside 0 .. %d", z->files[SEQUENCES].path, (long long)token,
                               z->arch.input - 1);
        tokens[i] = (uint8_t)token;
    }
    if (status == STATUS_OK)
        pack_array(p, DTYPE_U1, a->rank, a->shape, tokens);
    free(tokens);
    return status;
}

static enum status pack_rollouts(struct packer *p, struct npy_zoo *z, uint64_t row, struct error *error) {
    if (!has(z, LOGITS) || !has(z, SEQUENCES))
        return STATUS_OK;
    pack_key(p, "rollouts");
    pack_map(p);
    pack_key(p, "inputs");
    enum status status = npy_rows_read(&z->files[SEQUENCES], row, z->bytes, error);
    if (status != STATUS_OK)
        return status;
    struct array a = row_as_array(z, SEQUENCES);
    if (tensor_type_is_float(z->files[SEQUENCES].npy.type))
        pack_array(p, a.dtype, a.rank, a.shape, a.data);
    else
        status = pack_tokens(p, z, &a, error);
    if (status == STATUS_OK)
        status = npy_rows_read(&z->files[LOGITS], row, z->bytes, error);
    if (status != STATUS_OK)
        return status;
    a = row_as_array(z, LOGITS);
    pack_key(p, "logits");
    pack_array(p, a.dtype, a.rank, a.shape, a.data);
    pack_end(p);
    return STATUS_OK;
}

static void pack_metrics(struct packer *p, const struct performance *performance) {
    if (isnan(performance->accuracy))
        return;
    pack_key(p, "metrics");
    pack_map(p);
    performance_pack(p, performance);
    pack_end(p);
}

enum status npy_zoo_pack(struct packer *p, struct npy_zoo *z, uint64_t row, uint64_t first_run, uint64_t *run, struct error *error) {
    uint64_t numbers[2];
    struct performance performance = {.accuracy = NAN};
    enum status status = read_numbers(z, row, numbers, error);
    if (status != STATUS_OK)
        return status;
    if (numbers[0] > UINT64_MAX - first_run)
        return error_set(error, STATUS_DATA, "%s: run %llu behind a first run of %llu: beyond the greatest number of a run", z->directory,
                         (unsigned long long)numbers[0], (unsigned long long)first_run);
    *run = first_run + numbers[0];
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "rnn");
    pack_key(p, "run");
    pack_u64(p, *run);
    pack_key(p, "step");
    pack_u64(p, numbers[1]);
    if (z->family)
        status = pack_task(p, z, row, &performance, error);
    pack_key(p, "arch");
    arch_pack(p, &z->arch);
    if (status == STATUS_OK)
        status = pack_weights(p, z, row, error);
    pack_metrics(p, &performance);
    if (status == STATUS_OK)
        status = pack_rollouts(p, z, row, error);
    if (status == STATUS_OK)
        pack_end(p);
    return status;
}
