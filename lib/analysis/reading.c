#include "analysis/reading.h"

#include "analysis/sequences.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_TOKENS = 256 };

void reading_free(struct reading *r) {
    free(r->tokens);
    free(r->numbers);
    *r = (struct reading){0};
}

enum status reading_check(const struct rnn_arch *arch, struct error *error) {
    if (!rnn_reads_tokens(arch) || arch->input <= MAX_TOKENS)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "an RNN of %d tokens: rollouts have bytes for tokens, so at most %d of them", arch->input,
                     MAX_TOKENS);
}

// --- Files ---

static enum status check_lengths(const struct sequences *all, struct error *error) {
    for (int i = 1; i < all->count; i++)
        if (all->list[i].length != all->list[0].length)
            return error_set(error, STATUS_DATA, "sequence %d has %d steps, the first one %d: rollouts are of one length", i + 1,
                             all->list[i].length, all->list[0].length);
    return STATUS_OK;
}

static void copy_sequences(struct reading *out, const struct sequences *all, size_t inputs) {
    size_t T = (size_t)all->list[0].length, R = (size_t)all->count;
    *out = (struct reading){.rows = all->count, .steps = all->list[0].length};
    if (all->list[0].tokens)
        out->tokens = memory_alloc(R * T);
    else
        out->numbers = memory_alloc(R * T * inputs * sizeof *out->numbers);
    for (size_t i = 0; i < R; i++) {
        for (size_t t = 0; out->tokens && t < T; t++)
            out->tokens[i * T + t] = (uint8_t)all->list[i].tokens[t];
        if (out->numbers)
            memcpy(out->numbers + i * T * inputs, all->list[i].inputs, T * inputs * sizeof *out->numbers);
    }
}

enum status reading_of_file(struct reading *out, const char *bytes, size_t size, const struct rnn_arch *arch, struct error *error) {
    struct sequences all;
    enum status status = sequences_parse(&all, bytes, size, rnn_reads_tokens(arch), arch->input, error);
    if (status == STATUS_OK)
        status = sequences_check(&all, arch, error);
    if (status == STATUS_OK)
        status = check_lengths(&all, error);
    if (status == STATUS_OK)
        copy_sequences(out, &all, (size_t)arch->input);
    sequences_free(&all);
    return status;
}

// --- Noise ---

static float number_of(const struct noise *noise, struct rng *rng) {
    if (noise->normal)
        return (float)(noise->mean + noise->deviation * (double)rng_normal(rng));
    return (float)(noise->range[0] + (noise->range[1] - noise->range[0]) * (double)rng_float(rng));
}

enum status reading_of_noise(struct reading *out, const struct noise *noise, const struct rnn_arch *arch, struct rng *rng,
                             struct error *error) {
    size_t n = (size_t)out->rows * (size_t)out->steps;
    if (rnn_reads_tokens(arch)) {
        if (noise->normal)
            return error_set(error, STATUS_DATA, "the RNN reads tokens, which are not normally distributed: --noise uniform");
        out->tokens = memory_alloc(n);
        for (size_t i = 0; i < n; i++)
            out->tokens[i] = (uint8_t)rng_below(rng, (uint64_t)arch->input);
    } else {
        n *= (size_t)arch->input;
        out->numbers = memory_alloc(n * sizeof *out->numbers);
        for (size_t i = 0; i < n; i++)
            out->numbers[i] = number_of(noise, rng);
    }
    return STATUS_OK;
}

// --- What generators say ---

void reading_add_choices(struct reading *r, const struct rnn_arch *arch, const float *answers) {
    size_t T = (size_t)r->steps, O = (size_t)arch->output;
    uint8_t *longer = memory_alloc((size_t)r->rows * (T + 1));
    for (size_t i = 0; i < (size_t)r->rows; i++) {
        const float *last = answers + ((i + 1) * T - 1) * O;
        size_t best = 0;
        for (size_t o = 1; o < O; o++)
            best = last[o] > last[best] ? o : best;
        memcpy(longer + i * (T + 1), r->tokens + i * T, T);
        longer[i * (T + 1) + T] = (uint8_t)best;
    }
    free(r->tokens);
    r->tokens = longer;
}
