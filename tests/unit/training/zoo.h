// Small zoos of random RNNs of two letters, in files.
#ifndef UNIT_TRAINING_ZOO_H
#define UNIT_TRAINING_ZOO_H

#include "../check.h"
#include "base/memory.h"
#include "families/language.h"
#include "records/rnn.h"
#include "stream/writer.h"
#include "rnn/stepper.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct zoo_record {
    uint64_t run, step;
    const char *split; // NULL: none
    int hidden;        // 0: 5
    int rollouts;      // 0: none
    int length;        // of a rollout; 0: 9
    int bad_token;     // put into the first rollout
    float bad_weight;  // added to the last weight
    float bad_logit;   // added to the last logit
};

static const struct language zoo_language = {.tokens = 2, .offsets = {0, 1}, .length = 9, .max_n = 3};

static inline struct rnn_arch zoo_arch(const struct zoo_record *r) {
    return (struct rnn_arch){.cell = &cell_lstm, .input = 4, .hidden = r->hidden ? r->hidden : 5, .layers = 2, .output = 4};
}

// A function of run and step. Weights are large enough for RNNs to differ much.
static inline float *zoo_weights(const struct zoo_record *r) {
    struct params table = {0};
    struct rnn_arch arch = zoo_arch(r);
    rnn_params(&table, &arch);
    float *weights = memory_alloc(table.size * sizeof(float));
    struct rng rng = rng_make(r->run, r->step, "zoo");
    params_init(&table, weights, &rng);
    for (size_t i = 0; i < table.size; i++)
        weights[i] *= 4;
    weights[table.size - 1] += r->bad_weight;
    params_free(&table);
    return weights;
}

static inline void zoo_pack_rollouts(struct packer *p, const struct zoo_record *r, const struct params *table, const float *weights) {
    struct language l = zoo_language;
    l.length = r->length ? r->length : l.length;
    struct rnn_arch arch = zoo_arch(r);
    struct stepper *stepper = stepper_of_rnn(&arch, table, weights, STEPPER_BLOCK);
    size_t n = (size_t)r->rollouts, T = (size_t)l.length - 1;
    uint8_t *rows = memory_alloc(n * (T + 1));
    float *log_p = memory_alloc(n * T * 4 * sizeof(float));
    struct rng rng = rng_make(r->run, r->step, "rollouts");
    struct token_rows form = language_form(&l);
    stepper_sample(stepper, &form, r->rollouts, (struct stepper_opening){0}, &rng, rows, log_p);
    rows[1] = r->bad_token ? (uint8_t)r->bad_token : rows[1];
    log_p[n * T * 4 - 1] += r->bad_logit;
    pack_key(p, "rollouts");
    pack_map(p);
    pack_key(p, "inputs");
    pack_array(p, DTYPE_U1, 2, (uint64_t[]){n, T + 1}, rows);
    pack_key(p, "logits");
    pack_array(p, DTYPE_F4, 3, (uint64_t[]){n, T, 4}, log_p);
    pack_end(p);
    free(rows);
    free(log_p);
    stepper_free(stepper);
}

static inline void zoo_pack(struct packer *p, const struct zoo_record *r) {
    struct params table = {0};
    struct rnn_arch arch = zoo_arch(r);
    struct task task = task_make(&language_family, &zoo_language);
    rnn_params(&table, &arch);
    float *weights = zoo_weights(r);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "rnn");
    pack_key(p, "run");
    pack_u64(p, r->run);
    pack_key(p, "step");
    pack_u64(p, r->step);
    if (r->split) {
        pack_key(p, "split");
        pack_str(p, r->split);
    }
    pack_key(p, "task");
    task_pack(p, &task);
    pack_key(p, "arch");
    arch_pack(p, &arch);
    pack_key(p, "weights");
    weights_pack(p, &table, weights);
    if (r->rollouts)
        zoo_pack_rollouts(p, r, &table, weights);
    pack_end(p);
    free(weights);
    params_free(&table);
}

static const struct writer_identity zoo_identity = {.program = "test", .version = "1", .argc = 1, .argv = (char *[]){"test", NULL}};

// A new file's name; remove it at the end.
static inline char *zoo_path(void) {
    const char *dir = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/rnnpipe-test-XXXXXX", dir && *dir ? dir : "/tmp");
    int fd = mkstemp(path);
    CHECK(fd >= 0, "%s", path);
    close(fd);
    return memory_strdup(path);
}

static inline void zoo_remove(char *path) {
    CHECK(unlink(path) == 0, "%s", path);
    free(path);
}

// A file of them, `segment` records to a segment (0: one segment).
static inline char *zoo_write(const struct zoo_record *records, int count, int segment) {
    char *path = zoo_path();
    FILE *file = fopen(path, "wb");
    struct writer *w = writer_open(dup(fileno(file)), path, &zoo_identity);
    struct error error;
    enum status status = writer_begin_segment(w, NULL, 0, &error);
    for (int i = 0; i < count && status == STATUS_OK; i++) {
        if (segment && i && i % segment == 0) {
            status = writer_end_segment(w, &error);
            status = status == STATUS_OK ? writer_begin_segment(w, NULL, 0, &error) : status;
        }
        zoo_pack(writer_packer(w), &records[i]);
        status = status == STATUS_OK ? writer_commit(w, &error) : status;
    }
    status = status == STATUS_OK ? writer_end_segment(w, &error) : status;
    CHECK(status == STATUS_OK && writer_close(w, &error) == STATUS_OK, "%s", error.text);
    fclose(file);
    return path;
}

// A copy of a file's first `size` bytes (0: of all), with the byte `at` (negative: none) flipped.
static inline char *zoo_damaged(const char *path, long size, long at) {
    FILE *in = fopen(path, "rb");
    char *copy = zoo_path();
    FILE *out = fopen(copy, "wb");
    int c;
    for (long i = 0; (c = getc(in)) != EOF && (!size || i < size); i++)
        putc(i == at ? c ^ 0x55 : c, out);
    fclose(in);
    fclose(out);
    return copy;
}

static inline long zoo_size(const char *path) {
    FILE *file = fopen(path, "rb");
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    fclose(file);
    return size;
}

#endif
