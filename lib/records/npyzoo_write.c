#include "records/npyzoo_write.h"

#include "base/memory.h"
#include "base/writeall.h"
#include "formats/npywriter.h"
#include "stream/json.h"
#include "stream/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };
enum file { PARAMETERS, TASKS, STEPS, MEASURED, SEQUENCES, LOGITS, FILES };

struct npy_zoo_writer {
    char *directory;
    struct npy_writer files[FILES]; // path NULL: not written
    uint64_t rows;
    struct rnn_arch arch;
    struct params table;
    float *weights;
    const struct family *family;
    struct packer *args; // of the first row
    bool counts;         // a third column of steps: accuracy_counts
};

static bool has(const struct npy_zoo_writer *w, enum file file) {
    return w->files[file].path != NULL;
}

static enum status differs(const struct rnn_record *r, const char *what, struct error *error) {
    error_set(error, STATUS_DATA, "%s", what);
    return rnn_record_prefix(r, error);
}

enum status npy_zoo_writer_open(struct npy_zoo_writer **out, const char *directory, struct error *error) {
    *out = NULL;
    if (mkdir(directory, 0777) != 0 && errno != EEXIST)
        return error_set(error, STATUS_IO, "%s: %s", directory, strerror(errno));
    *out = memory_calloc(1, sizeof **out);
    (*out)->directory = memory_strdup(directory);
    (*out)->args = packer_new();
    return STATUS_OK;
}

// --- args.json ---

// What is the same for all rows; task [FAMILY_COLUMNS] is the record's own.
static int pack_args(struct packer *p, const struct rnn_record *r, double task[FAMILY_COLUMNS]) {
    int columns = 0;
    pack_map(p);
    if (r->task.family && r->task.family->publish)
        columns = r->task.family->publish(r->task.body.bytes, p, task);
    const struct {
        const char *key;
        int value;
    } sizes[] = {{"rnn_hidden_size", r->arch.hidden},
                 {"rnn_num_layers", r->arch.layers},
                 {"rnn_input_size", r->arch.input},
                 {"rnn_output_size", r->arch.output}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pack_key(p, sizes[i].key);
        pack_i64(p, sizes[i].value);
    }
    pack_key(p, "rnn_cell");
    pack_str(p, r->arch.cell->name);
    arch_roles_pack(p, &r->arch, "rnn_reads", "rnn_answers");
    pack_end(p);
    return columns;
}

static enum status write_args(const struct npy_zoo_writer *w, struct error *error) {
    char path[PATH_SIZE];
    struct text text = {0};
    enum status status = json_write_packed(&text, w->args, JSON_WHOLE, error);
    snprintf(path, sizeof path, "%s/args.json", w->directory);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 || !write_all(fd, text.bytes, text.size))
        status = error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(text.bytes);
    return status;
}

// --- The first row, which says what there is ---

static enum status open_file(struct npy_zoo_writer *w, enum file file, const char *name, enum dtype type, int rank, const uint64_t *shape,
                             struct error *error) {
    return npy_writer_open(&w->files[file], w->directory, name, type, rank, shape, error);
}

// Of images, and of RNNs like them: accuracy and losses in a file of their own.
static bool measured_row(const struct rnn_record *r, double row[4]) {
    static const char *const names[] = {"accuracy", "train_loss", "evaluation_loss"};
    for (int i = 0; i < 3; i++)
        if (!rnn_record_metric(r, names[i], &row[i]))
            return false;
    if (!value_to_double(value_get(r->task.value, "weight_decay"), &row[3]))
        row[3] = 0;
    return true;
}

static enum status open_rollouts(struct npy_zoo_writer *w, const struct rnn_record *r, struct error *error) {
    bool has_tokens = r->inputs.rank == 2;
    enum status status =
        open_file(w, SEQUENCES, "sequences.npy", has_tokens ? DTYPE_I2 : r->inputs.dtype, r->inputs.rank, r->inputs.shape, error);
    return status == STATUS_OK ? open_file(w, LOGITS, "logits.npy", r->logits.dtype, r->logits.rank, r->logits.shape, error) : status;
}

static enum status begin(struct npy_zoo_writer *w, const struct rnn_record *r, int columns, struct error *error) {
    double row[4];
    w->arch = r->arch;
    w->family = r->task.family;
    rnn_params(&w->table, &w->arch);
    w->weights = memory_alloc((w->table.size + 1) * sizeof *w->weights);
    w->counts = rnn_record_metric(r, "accuracy_counts", row);
    enum status status = open_file(w, PARAMETERS, "parameters.npy", DTYPE_F4, 1, (uint64_t[]){w->table.size}, error);
    if (status == STATUS_OK)
        status =
            open_file(w, STEPS, w->counts ? "num_step_correct.npy" : "num_step.npy", DTYPE_I8, 1, (uint64_t[]){w->counts ? 3 : 2}, error);
    if (status == STATUS_OK && columns)
        status = open_file(w, TASKS, "tasks.npy", w->family->published_as, 1, (uint64_t[]){(uint64_t)columns}, error);
    if (status == STATUS_OK && measured_row(r, row))
        status = open_file(w, MEASURED, "accuracy_losses.npy", DTYPE_F8, 1, (uint64_t[]){4}, error);
    if (status == STATUS_OK && r->has_rollouts)
        status = open_rollouts(w, r, error);
    return status == STATUS_OK ? write_args(w, error) : status;
}

// --- Rows ---

static enum status add_weights(struct npy_zoo_writer *w, const struct rnn_record *r, struct error *error) {
    enum status status = rnn_record_weights(r, &w->table, w->weights, error);
    return status == STATUS_OK ? npy_writer_add(&w->files[PARAMETERS], w->weights, error) : status;
}

static enum status add_steps(struct npy_zoo_writer *w, const struct rnn_record *r, struct error *error) {
    double counts = 0;
    if (w->counts)
        rnn_record_metric(r, "accuracy_counts", &counts);
    return npy_writer_add(&w->files[STEPS], (int64_t[]){(int64_t)r->run, (int64_t)r->step, llround(1000 * counts)}, error);
}

static enum status add_task(struct npy_zoo_writer *w, const double *task, int columns, struct error *error) {
    int64_t integers[FAMILY_COLUMNS];
    if (!has(w, TASKS))
        return STATUS_OK;
    for (int i = 0; i < columns; i++)
        integers[i] = (int64_t)task[i];
    return npy_writer_add(&w->files[TASKS], w->family->published_as == DTYPE_I8 ? (const void *)integers : task, error);
}

static enum status add_measured(struct npy_zoo_writer *w, const struct rnn_record *r, struct error *error) {
    double row[4];
    if (!has(w, MEASURED))
        return STATUS_OK;
    measured_row(r, row);
    return npy_writer_add(&w->files[MEASURED], row, error);
}

static enum status add_rollouts(struct npy_zoo_writer *w, const struct rnn_record *r, struct error *error) {
    if (!r->has_rollouts)
        return STATUS_OK;
    bool has_tokens = r->inputs.rank == 2;
    int16_t *tokens = memory_alloc((has_tokens ? r->inputs.count : 1) * sizeof *tokens);
    for (uint64_t i = 0; has_tokens && i < r->inputs.count; i++)
        tokens[i] = (int16_t)array_integer(&r->inputs, i);
    enum status status = npy_writer_add(&w->files[SEQUENCES], has_tokens ? (const void *)tokens : r->inputs.data, error);
    free(tokens);
    return status == STATUS_OK ? npy_writer_add(&w->files[LOGITS], r->logits.data, error) : status;
}

static bool is_like(const struct array *a, const struct npy_writer *file, enum dtype type) {
    return type == file->type && a->rank == file->rank - 1 && memcmp(a->shape, file->shape + 1, (size_t)a->rank * sizeof *a->shape) == 0;
}

// Published zoos have tokens of 16 bits, and runs and steps of 64, with signs.
static enum status check_numbers(const struct rnn_record *r, struct error *error) {
    if (r->run > INT64_MAX || r->step > INT64_MAX)
        return differs(r, "its run or step is beyond what int64 holds", error);
    bool has_tokens = r->has_rollouts && r->inputs.rank == 2;
    for (uint64_t i = 0; has_tokens && i < r->inputs.count; i++)
        if (array_integer(&r->inputs, i) > INT16_MAX)
            return differs(r, "its rollouts have tokens beyond what int16 holds, as published zoos have them", error);
    return STATUS_OK;
}

static enum status check_rollouts(const struct npy_zoo_writer *w, const struct rnn_record *r, struct error *error) {
    if (r->has_rollouts != has(w, SEQUENCES))
        return differs(r, "some RNNs have rollouts, and others none", error);
    enum dtype type = r->inputs.rank == 2 ? DTYPE_I2 : r->inputs.dtype;
    bool alike =
        !r->has_rollouts || (is_like(&r->inputs, &w->files[SEQUENCES], type) && is_like(&r->logits, &w->files[LOGITS], r->logits.dtype));
    return alike ? STATUS_OK : differs(r, "has rollouts of another shape or type than RNNs before it", error);
}

// All that can be wrong with a row, before any file has a part of it.
static enum status check_alike(struct npy_zoo_writer *w, const struct rnn_record *r, struct packer *args, struct error *error) {
    size_t size, first_size;
    char text[RNN_ARCH_TEXT_SIZE];
    rnn_arch_difference(text, &r->arch, &w->arch, ARCH_ALL);
    if (!rnn_arch_equal(&r->arch, &w->arch)) {
        error_set(error, STATUS_DATA, "a directory holds RNNs of one architecture: %s", text);
        return rnn_record_prefix(r, error);
    }
    const uint8_t *bytes = packer_bytes(args, &size), *first = packer_bytes(w->args, &first_size);
    if (size != first_size || memcmp(bytes, first, size) != 0 || r->task.family != w->family)
        return differs(r, "its task is of another family or size than those before it", error);
    double row[4];
    if (w->counts && !rnn_record_metric(r, "accuracy_counts", row))
        return differs(r, "has no metric accuracy_counts, which RNNs before it have", error);
    if (has(w, MEASURED) && !measured_row(r, row))
        return differs(r, "has not the metrics accuracy, train_loss and evaluation_loss, which RNNs before it have", error);
    return check_rollouts(w, r, error);
}

enum status npy_zoo_writer_add(struct npy_zoo_writer *w, const struct rnn_record *r, struct error *error) {
    double task[FAMILY_COLUMNS];
    struct packer *args = w->rows ? packer_new() : w->args;
    int columns = pack_args(args, r, task);
    enum status status = check_numbers(r, error);
    if (status == STATUS_OK)
        status = w->rows ? check_alike(w, r, args, error) : begin(w, r, columns, error);
    if (w->rows)
        packer_free(args);
    if (status == STATUS_OK)
        status = add_weights(w, r, error);
    if (status == STATUS_OK)
        status = add_steps(w, r, error);
    if (status == STATUS_OK)
        status = add_task(w, task, columns, error);
    if (status == STATUS_OK)
        status = add_measured(w, r, error);
    if (status == STATUS_OK)
        status = add_rollouts(w, r, error);
    w->rows += status == STATUS_OK;
    return status;
}

void npy_zoo_writer_abandon(struct npy_zoo_writer *w) {
    for (int i = 0; i < FILES; i++)
        npy_writer_abandon(&w->files[i]);
    params_free(&w->table);
    packer_free(w->args);
    free(w->weights);
    free(w->directory);
    free(w);
}

enum status npy_zoo_writer_close(struct npy_zoo_writer *w, struct error *error) {
    enum status status = w->rows ? STATUS_OK : error_set(error, STATUS_DATA, "no rnn records");
    for (int i = 0; i < FILES && status == STATUS_OK; i++)
        status = npy_writer_close(&w->files[i], error);
    npy_zoo_writer_abandon(w);
    return status;
}
