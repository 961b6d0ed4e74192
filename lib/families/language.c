#include "families/language.h"

#include "base/hash.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int language_bos(const struct language *l) {
    return l->tokens;
}

int language_eos(const struct language *l) {
    return l->tokens + 1;
}

struct token_rows language_form(const struct language *l) {
    return (struct token_rows){.length = l->length, .bos = language_bos(l), .eos = language_eos(l)};
}

int language_symbols(const struct language *l) {
    return l->tokens + 2;
}

int language_default_length(int tokens, int max_n) {
    return tokens * max_n + 2;
}

static int lowest_offset(const struct language *l) {
    int lowest = 0; // offsets[0]
    for (int i = 1; i < l->tokens; i++)
        if (l->offsets[i] < lowest)
            lowest = l->offsets[i];
    return lowest;
}

int language_min_n(const struct language *l) {
    return -lowest_offset(l);
}

void language_draw_task(struct language *l, struct rng *rng) {
    memset(l->offsets, 0, sizeof l->offsets);
    for (int i = 1; i < l->tokens; i++)
        l->offsets[i] = LANGUAGE_OFFSET_LOW + (int)rng_below(rng, LANGUAGE_OFFSETS);
}

void language_word(const struct language *l, int n, uint8_t *row) {
    int at = 0;
    row[at++] = (uint8_t)language_bos(l);
    for (int letter = 0; letter < l->tokens; letter++)
        for (int k = 0; k < n + l->offsets[letter] && at < l->length; k++)
            row[at++] = (uint8_t)letter;
    memset(row + at, language_eos(l), (size_t)(l->length - at));
}

void language_sample_row(const struct language *l, struct rng *rng, uint8_t *row) {
    int low = language_min_n(l);
    language_word(l, low + (int)rng_below(rng, (uint64_t)(l->max_n - low)), row);
}

struct verdict language_judge(const struct language *l, const uint8_t *row) {
    const uint8_t *end = memchr(row, language_eos(l), (size_t)l->length);
    if (!end)
        return (struct verdict){.undefined = true};
    int count[LANGUAGE_MAX_TOKENS] = {0};
    bool ordered = row[0] == language_bos(l);
    for (int k = 0; k < end - row; k++) {
        if (row[k] < l->tokens)
            count[row[k]]++;
        ordered = ordered && (k == 0 || (row[k] < l->tokens && (k == 1 || row[k] >= row[k - 1])));
    }
    bool accepted = true;
    for (int i = 1; i < l->tokens; i++)
        accepted = accepted && count[i] - l->offsets[i] == count[0];
    return (struct verdict){.accepted = accepted, .strict = accepted && ordered};
}

struct language_splits {
    int tokens, tasks;
    uint8_t split[]; // by task number
};

struct task_rank {
    int64_t entropy;          // in units of 1e-9: the last bits of log() are not the same everywhere
    uint64_t ood, validation; // hashes
    int task;
};

// A task's number: its offsets as digits in base LANGUAGE_OFFSETS.
static int task_number(const struct language *l) {
    int number = 0;
    for (int i = 1; i < l->tokens; i++)
        number = number * LANGUAGE_OFFSETS + l->offsets[i] - LANGUAGE_OFFSET_LOW;
    return number;
}

static struct language task_of_number(int tokens, int number) {
    struct language l = {.tokens = tokens};
    for (int i = tokens - 1; i > 0; i--, number /= LANGUAGE_OFFSETS)
        l.offsets[i] = number % LANGUAGE_OFFSETS + LANGUAGE_OFFSET_LOW;
    return l;
}

static double task_entropy(const struct language *l) {
    int lowest = lowest_offset(l);
    double sum = 0, entropy = 0;
    for (int i = 0; i < l->tokens; i++)
        sum += 1 + l->offsets[i] - lowest;
    for (int i = 0; i < l->tokens; i++) {
        double p = (1 + l->offsets[i] - lowest) / sum;
        entropy -= p * log(p);
    }
    return entropy;
}

// Over the purpose and the offsets as bytes.
static uint64_t task_hash(const struct language *l, uint64_t seed, char purpose) {
    uint8_t bytes[1 + LANGUAGE_MAX_TOKENS] = {(uint8_t)purpose};
    for (int i = 0; i < l->tokens; i++)
        bytes[1 + i] = (uint8_t)l->offsets[i];
    return hash_bytes(seed, bytes, 1 + (size_t)l->tokens);
}

static int order(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

static int by_entropy(const void *left, const void *right) {
    const struct task_rank *a = left, *b = right;
    if (a->entropy != b->entropy)
        return a->entropy > b->entropy ? -1 : 1;
    return a->ood != b->ood ? order(a->ood, b->ood) : a->task - b->task;
}

static int by_validation(const void *left, const void *right) {
    const struct task_rank *a = left, *b = right;
    return a->validation != b->validation ? order(a->validation, b->validation) : a->task - b->task;
}

static int share_of(int tasks, double share, int most) {
    long count = lround(tasks * share);
    return count < 0 ? 0 : count > most ? most : (int)count;
}

struct language_splits *language_splits_new(int tokens, double validation, double ood, uint64_t seed) {
    int tasks = 1;
    for (int i = 1; i < tokens; i++)
        tasks *= LANGUAGE_OFFSETS;
    struct task_rank *rank = memory_calloc((size_t)tasks, sizeof *rank);
    for (int t = 0; t < tasks; t++) {
        struct language l = task_of_number(tokens, t);
        rank[t] = (struct task_rank){llround(1e9 * task_entropy(&l)), task_hash(&l, seed, 'o'), task_hash(&l, seed, 'v'), t};
    }
    qsort(rank, (size_t)tasks, sizeof *rank, by_entropy);
    int far = share_of(tasks, ood, tasks), held_out = share_of(tasks, validation, tasks - far);
    qsort(rank + far, (size_t)(tasks - far), sizeof *rank, by_validation);

    struct language_splits *s = memory_alloc(sizeof *s + (size_t)tasks);
    *s = (struct language_splits){.tokens = tokens, .tasks = tasks};
    for (int k = 0; k < tasks; k++)
        s->split[rank[k].task] = k < far ? SPLIT_OOD : k < far + held_out ? SPLIT_VALIDATION : SPLIT_TRAIN;
    free(rank);
    return s;
}

enum split language_splits_of(const struct language_splits *s, const struct language *l) {
    return s->split[task_number(l)];
}

void language_splits_free(struct language_splits *s) {
    free(s);
}
