// A zoo of random RNNs at the paper's size, in a file: untrained weights and random rollouts cost the same as real ones.
#ifndef BENCH_ZOO_H
#define BENCH_ZOO_H

#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "families/language.h"
#include "bench.h"
#include "records/rnn.h"
#include "stream/writer.h"

static const struct writer_identity zoo_identity = {.program = "bench", .version = "1", .argc = 1, .argv = (char *[]){"bench", NULL}};

static inline struct rnn_arch zoo_arch(void) {
    return (struct rnn_arch){.cell = &cell_lstm, .input = 6, .hidden = 32, .layers = 2, .output = 6};
}

static inline void zoo_check(enum status status, const struct error *error) {
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "%s\n", error->text);
    exit(1);
}

// A new file's name; the caller removes it.
static inline char *zoo_path(void) {
    const char *dir = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/rnnpipe-bench-XXXXXX", dir && *dir ? dir : "/tmp");
    const int fd = mkstemp(path);
    if (fd < 0) {
        perror(path);
        exit(1);
    }
    close(fd);
    return memory_strdup(path);
}

static inline void zoo_pack_rollouts(struct packer *p, const struct rnn_arch *arch, int rollouts, int length, struct rng *rng) {
    const size_t tokens = (size_t)rollouts * (size_t)length, logits = (size_t)rollouts * (size_t)(length - 1) * (size_t)arch->output;
    uint8_t *rows = memory_alloc(tokens);
    float *log_p = memory_alloc(logits * sizeof *log_p);
    for (size_t i = 0; i < tokens; i++)
        rows[i] = (uint8_t)rng_below(rng, (uint64_t)arch->input);
    for (size_t i = 0; i < logits; i++)
        log_p[i] = rng_uniform(rng, -8, 0);
    pack_key(p, "rollouts");
    pack_map(p);
    pack_key(p, "inputs");
    pack_array(p, DTYPE_U1, 2, (uint64_t[]){(uint64_t)rollouts, (uint64_t)length}, rows);
    pack_key(p, "logits");
    pack_array(p, DTYPE_F4, 3, (uint64_t[]){(uint64_t)rollouts, (uint64_t)length - 1, (uint64_t)arch->output}, log_p);
    pack_end(p);
    free(rows);
    free(log_p);
}

static inline void zoo_pack(struct packer *p, uint64_t run, const struct params *table, int rollouts, int length) {
    const struct rnn_arch arch = zoo_arch();
    const struct language language = {.tokens = 4, .offsets = {0, 1, (int)(run % 6) - 3, -1}, .length = length, .max_n = (length - 2) / 4};
    const struct task task = task_make(&language_family, &language);
    float *weights = memory_alloc(table->size * sizeof *weights);
    struct rng rng = rng_make(1, run, "zoo");
    params_init(table, weights, &rng);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "rnn");
    pack_key(p, "run");
    pack_u64(p, run);
    pack_key(p, "step");
    pack_u64(p, 0);
    pack_key(p, "split");
    pack_str(p, "train");
    pack_key(p, "task");
    task_pack(p, &task);
    pack_key(p, "arch");
    arch_pack(p, &arch);
    pack_key(p, "weights");
    weights_pack(p, table, weights);
    zoo_pack_rollouts(p, &arch, rollouts, length, &rng);
    pack_end(p);
    free(weights);
}

// `count` RNNs with rollouts of `length` positions.
static inline char *zoo_write(int count, int rollouts, int length) {
    struct params table = {0};
    const struct rnn_arch arch = zoo_arch();
    rnn_params(&table, &arch);
    char *path = zoo_path();
    FILE *file = fopen(path, "wb");
    struct writer *w = writer_open(dup(fileno(file)), path, &zoo_identity);
    struct error error;
    zoo_check(writer_begin_segment(w, NULL, 0, &error), &error);
    for (int i = 0; i < count; i++) {
        zoo_pack(writer_packer(w), (uint64_t)i, &table, rollouts, length);
        zoo_check(writer_commit(w, &error), &error);
    }
    zoo_check(writer_end_segment(w, &error), &error);
    zoo_check(writer_close(w, &error), &error);
    fclose(file);
    params_free(&table);
    return path;
}

static inline void zoo_remove(char *path) {
    unlink(path);
    free(path);
}

#endif
