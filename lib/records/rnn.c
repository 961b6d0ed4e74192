#include "records/rnn.h"

#include "math/kernels.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>

static const char of[] = "rnn record";

// The index of an optional key's word; 0 when the key is not there.
static enum status word_read(const struct value *map, const char *key, const char *what, const char *const *words, int *out,
                             struct error *error) {
    const struct value *v = value_get(map, key);
    *out = 0;
    if (!v)
        return STATUS_OK;
    for (int i = 1; words[i]; i++)
        if (value_is(v, words[i]))
            return *out = i, STATUS_OK;
    return error_set(error, STATUS_DATA, "%s: key '%s' is neither %s nor %s", what, key, words[1], words[2]);
}

enum status arch_roles_read(const struct value *map, const char *reads_key, const char *answers_key, const char *what, struct rnn_arch *out,
                            struct error *error) {
    int reads, answers;
    if (word_read(map, reads_key, what, rnn_reads_words, &reads, error) != STATUS_OK ||
        word_read(map, answers_key, what, rnn_answers_words, &answers, error) != STATUS_OK)
        return error->status;
    out->reads = reads ? (enum rnn_reads)reads : out->reads;
    out->answers = answers ? (enum rnn_answers)answers : out->answers;
    if (rnn_answers_classes(out) && out->output < 2)
        return error_set(error, STATUS_DATA, "%s: one output is no choice of classes", what);
    return STATUS_OK;
}

enum status arch_read(const struct value *arch, struct rnn_arch *out, struct error *error) {
    char cell[TEXT_FIELD_SIZE];
    enum status status = field_text(arch, "cell", "arch", cell, error);
    if (status != STATUS_OK)
        return status;
    out->cell = cell_find(cell);
    if (!out->cell)
        return error_set(error, STATUS_DATA, "arch: cell '%s' is not known; known are %s", cell, cell_names());
    const struct {
        const char *key;
        int high, *target;
    } sizes[] = {{"input", RNN_MAX_SIZE, &out->input},
                 {"hidden", RNN_MAX_SIZE, &out->hidden},
                 {"layers", RNN_MAX_LAYERS, &out->layers},
                 {"output", RNN_MAX_SIZE, &out->output}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && status == STATUS_OK; i++)
        status = field_int(arch, sizes[i].key, "arch", 1, sizes[i].high, sizes[i].target, error);
    if (status == STATUS_OK && rnn_size(out) > INT_MAX) // tensors count in int
        status = error_set(error, STATUS_DATA, "arch: an RNN of %zu weights, more than %d", rnn_size(out), INT_MAX);
    out->reads = RNN_READS_BY_SIZES;
    out->answers = RNN_ANSWERS_BY_SIZES;
    return status == STATUS_OK ? arch_roles_read(arch, "reads", "answers", "arch", out, error) : status;
}

void arch_roles_pack(struct packer *p, const struct rnn_arch *arch, const char *reads_key, const char *answers_key) {
    const char *reads = rnn_reads_word(arch), *answers = rnn_answers_word(arch);
    if (reads) {
        pack_key(p, reads_key);
        pack_str(p, reads);
    }
    if (answers) {
        pack_key(p, answers_key);
        pack_str(p, answers);
    }
}

void arch_pack(struct packer *p, const struct rnn_arch *arch) {
    pack_map(p);
    pack_key(p, "cell");
    pack_str(p, arch->cell->name);
    pack_key(p, "input");
    pack_i64(p, arch->input);
    pack_key(p, "hidden");
    pack_i64(p, arch->hidden);
    pack_key(p, "layers");
    pack_i64(p, arch->layers);
    pack_key(p, "output");
    pack_i64(p, arch->output);
    arch_roles_pack(p, arch, "reads", "answers");
    pack_end(p);
}

// Tokens index tables later on, so none may be out of range.
static enum status tokens_check(const struct array *tokens, int symbols, struct error *error) {
    int32_t part[256];
    for (uint64_t first = 0; first < tokens->count; first += 256) {
        uint64_t count = tokens->count - first < 256 ? tokens->count - first : 256;
        enum status status = array_to_ints(tokens, first, count, part, error);
        if (status != STATUS_OK)
            return status;
        for (uint64_t k = 0; k < count; k++)
            if (part[k] < 0 || part[k] >= symbols)
                return error_set(error, STATUS_DATA, "rollouts: token %d is outside 0 .. %d", (int)part[k], symbols - 1);
    }
    return STATUS_OK;
}

bool rnn_record_generates(const struct rnn_record *r) {
    const struct family *family = r->task.family;
    bool classifies = family && family->vocabulary && !family->right;
    return rnn_tells_tokens(&r->arch) && !classifies;
}

bool rnn_record_suits_task(const struct rnn_record *r) {
    struct rnn_arch asked = r->arch;
    if (!r->task.family)
        return false;
    r->task.family->shape(r->task.body.bytes, &asked);
    return rnn_arch_equal(&asked, &r->arch);
}

// One token a step, and perhaps one more at the end: the token after the last answer.
static enum status tokens_read(const struct array *tokens, int64_t count, int64_t steps, bool look_at_tokens, struct rnn_record *out,
                               struct error *error) {
    if (out->arch.reads == RNN_READS_NUMBERS)
        return error_set(error, STATUS_DATA, "rollouts: inputs are tokens, but the RNN reads numbers (arch: key 'reads')");
    bool next_tokens = rnn_record_generates(out); // then the one after the last answer has to be there
    if (!array_has_shape(tokens, 2, (int64_t[]){count, steps + 1}) &&
        (next_tokens || !array_has_shape(tokens, 2, (int64_t[]){count, steps})))
        return error_set(error, STATUS_DATA, "rollouts: inputs have not the shape [%lld,%lld] that fits the logits", (long long)count,
                         (long long)steps + 1);
    return look_at_tokens ? tokens_check(tokens, out->arch.input, error) : STATUS_OK;
}

static enum status rollouts_read(const struct value *rollouts, bool look_at_tokens, struct rnn_record *out, struct error *error) {
    const char *const keys[2] = {"inputs", "logits"};
    struct array *const arrays[2] = {&out->inputs, &out->logits};
    for (int i = 0; i < 2; i++) {
        const struct value *v = value_get(rollouts, keys[i]);
        if (!v)
            return error_set(error, STATUS_DATA, "rollouts: key '%s' is missing", keys[i]);
        enum status status = array_read(v, arrays[i], error);
        if (status != STATUS_OK)
            return error ? error_prefix(error, "rollouts: key '%s'", keys[i]) : status;
    }
    const struct array *inputs = &out->inputs, *logits = &out->logits;
    if (!dtype_is_float(logits->dtype) || logits->count == 0 || !array_has_shape(logits, 3, (int64_t[]){-1, -1, out->arch.output}))
        return error_set(error, STATUS_DATA, "rollouts: logits are no floats of shape [rollouts,steps,%d]", out->arch.output);
    int64_t count = (int64_t)logits->shape[0], steps = (int64_t)logits->shape[1];
    out->has_rollouts = true;
    if (!dtype_is_float(inputs->dtype) && inputs->rank == 2)
        return tokens_read(inputs, count, steps, look_at_tokens, out, error);
    if (!array_has_shape(inputs, 3, (int64_t[]){count, steps, out->arch.input}))
        return error_set(error, STATUS_DATA, "rollouts: inputs have not the shape [%lld,%lld,%d] that fits the logits", (long long)count,
                         (long long)steps, out->arch.input);
    return STATUS_OK;
}

// Nothing is allocated by arch before this much weight has really come: two bytes are the least that a number takes.
static enum status weights_size_check(const struct rnn_record *r, struct error *error) {
    if (r->weights->length / 2 >= rnn_size(&r->arch))
        return STATUS_OK;
    struct params table = {0};
    rnn_params(&table, &r->arch);
    enum status status = weights_read(r->weights, &table, NULL, error); // says what is missing, or of which type
    params_free(&table);
    return status != STATUS_OK ? status : error_set(error, STATUS_DATA, "rnn record: fewer weights than arch tells");
}

static enum status header_read(const struct value *root, struct rnn_record *out, struct error *error) {
    enum status status = field_u64(root, "run", of, &out->run, error);
    if (status == STATUS_OK && value_get(root, "step"))
        status = field_u64(root, "step", of, &out->step, error);
    if (status == STATUS_OK && value_get(root, "seed"))
        status = field_u64(root, "seed", of, &out->seed, error);
    if (status == STATUS_OK && value_get(root, "split"))
        status = field_split(value_get(root, "split"), of, out->split, error);
    if (status == STATUS_OK && value_get(root, "task"))
        status = task_read(value_get(root, "task"), &out->task, error);
    if (status == STATUS_OK && value_get(root, "metrics"))
        status = field_map(root, "metrics", of, &out->metrics, error);
    return status;
}

// arch, weights and rollouts: all there in an rnn record (but rollouts are optional), some in what is made of it; weights and rollouts need
// arch.
static enum status network_read(const struct value *root, bool look_at_tokens, struct rnn_record *out, struct error *error) {
    bool is_rnn = value_is(value_get(root, "kind"), "rnn");
    bool has_weights = is_rnn || value_get(root, "weights"), has_rollouts = value_get(root, "rollouts") != NULL;
    if (!has_weights && !has_rollouts && !value_get(root, "arch"))
        return STATUS_OK;
    const struct value *arch, *rollouts;
    enum status status = field_map(root, "arch", of, &arch, error);
    if (status == STATUS_OK)
        status = arch_read(arch, &out->arch, error);
    if (status == STATUS_OK && has_weights)
        status = field_map(root, "weights", of, &out->weights, error);
    if (status == STATUS_OK && has_weights)
        status = weights_size_check(out, error);
    if (status == STATUS_OK && has_rollouts)
        status = field_map(root, "rollouts", of, &rollouts, error);
    if (status == STATUS_OK && has_rollouts)
        status = rollouts_read(rollouts, look_at_tokens, out, error);
    return status;
}

enum status rnn_record_read(const struct value *root, struct rnn_record *out, struct error *error) {
    *out = (struct rnn_record){.root = root};
    enum status status = header_read(root, out, error);
    return status == STATUS_OK ? network_read(root, true, out, error) : status;
}

enum status rnn_record_view(const struct value *root, struct rnn_record *out, struct error *error) {
    *out = (struct rnn_record){.root = root};
    enum status status = header_read(root, out, error);
    return status == STATUS_OK ? network_read(root, false, out, error) : status;
}

static enum status finite_check(const struct params *table, const float *values, struct error *error) {
    if (isfinite(kernels()->sum_squares(values, table->size)))
        return STATUS_OK;
    for (int i = 0; i < table->count; i++)
        for (size_t k = 0; k < table->list[i].size; k++)
            if (!isfinite(values[table->list[i].offset + k]))
                return error_set(error, STATUS_DATA, "weights: '%s' has a number that is not finite (%g, item %zu)", table->list[i].name,
                                 (double)values[table->list[i].offset + k], k);
    return error_set(error, STATUS_DATA, "weights: so large that the sum of their squares is not finite");
}

enum status rnn_record_weights(const struct rnn_record *r, const struct params *table, float *values, struct error *error) {
    enum status status =
        r->weights ? weights_read(r->weights, table, values, error) : error_set(error, STATUS_DATA, "rnn record: key 'weights' is missing");
    if (status == STATUS_OK)
        status = finite_check(table, values, error);
    if (status != STATUS_OK && error)
        rnn_record_prefix(r, error);
    return status;
}

struct rnn_name rnn_record_name(const struct rnn_record *r) {
    return (struct rnn_name){r->run, r->step};
}

enum status rnn_name_prefix(struct rnn_name name, struct error *error) {
    return error_prefix(error, "run %" PRIu64 ", step %" PRIu64, name.run, name.step);
}

void rnn_name_pack(struct packer *p, struct rnn_name name) {
    pack_key(p, "run");
    pack_u64(p, name.run);
    pack_key(p, "step");
    pack_u64(p, name.step);
}

enum status rnn_record_prefix(const struct rnn_record *r, struct error *error) {
    return rnn_name_prefix(rnn_record_name(r), error);
}

bool rnn_record_metric(const struct rnn_record *r, const char *name, double *out) {
    return value_to_double(value_get(r->metrics, name), out);
}
