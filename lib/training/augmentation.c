#include "training/augmentation.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/numtext.h"
#include "base/textlist.h"
#include "rnn/align.h"
#include "rnn/perturb.h"
#include "rnn/rollout.h"
#include "rnn/symmetry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- What is asked for ---

static const char *const mixups[] = {[MIXUP_DIRECT] = "direct", [MIXUP_PERMUTED] = "permuted", [MIXUP_ALIGNED] = "aligned"};

static bool mixup_named(const char *name, enum mixup *out) {
    for (int k = MIXUP_DIRECT; k <= MIXUP_ALIGNED; k++)
        if (strcmp(name, mixups[k]) == 0) {
            *out = (enum mixup)k;
            return true;
        }
    return false;
}

// A number from 0 (excluded) to `most`.
static bool amount(const char *text, double most, double *out) {
    struct error reason;
    return numtext_double(text, 0, most, out, &reason) == STATUS_OK && *out > 0;
}

// One word, "noise=0.1"; false when it is unknown or its number is out of range.
static bool take(struct augmentation *a, const char *word) {
    const struct {
        const char *name;
        bool *flag;
        double *number, most;
    } known[] = {{"permute", &a->permute, NULL, 0},          {"rescale", &a->rescale, NULL, 0}, {"swap-bias", &a->swap_bias, NULL, 0},
                 {"shift-bias=", NULL, &a->shift_bias, 1e6}, {"noise=", NULL, &a->noise, 1e6},  {"dropout=", NULL, &a->dropout, 1}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t n = strlen(known[i].name);
        if (known[i].flag && strcmp(word, known[i].name) == 0)
            return *known[i].flag = true;
        if (known[i].number && strncmp(word, known[i].name, n) == 0)
            return amount(word + n, known[i].most, known[i].number);
    }
    return strncmp(word, "mixup=", strlen("mixup=")) == 0 && mixup_named(word + strlen("mixup="), &a->mixup);
}

enum status augmentation_parse(struct augmentation *out, const char *text, struct error *error) {
    char word[64];
    *out = (struct augmentation){0};
    while (textlist_copy(&text, word, sizeof word))
        if (!take(out, word))
            return error_set(error, STATUS_USAGE,
                             "augmentation '%s' is none of permute, rescale, swap-bias, shift-bias=S, noise=F, dropout=P (to 1), "
                             "mixup=direct|permuted|aligned",
                             word);
    return STATUS_OK;
}

static bool same_function(const struct augmentation *a) {
    return a->permute || a->rescale || a->swap_bias || a->shift_bias > 0;
}

bool augmentation_any(const struct augmentation *a) {
    return same_function(a) || a->noise > 0 || a->dropout > 0 || a->mixup != MIXUP_NONE;
}

enum status augmentation_check(const struct augmentation *a, const struct encoder *encoder, struct error *error) {
    if (!same_function(a) || encoder->type->bound & ARCH_CELL) // who needs no certain cell sees answers only
        return STATUS_OK;
    return error_set(error, STATUS_DATA,
                     "the %s encoder looks at no weights: RNNs that are permuted, rescaled, or whose biases are swapped or shifted are the "
                     "same to it",
                     encoder->type->name);
}

uint64_t augmentation_hash(uint64_t h, const struct augmentation *a) {
    char text[160];
    if (!augmentation_any(a))
        return h;
    snprintf(text, sizeof text, "%d %d %d %.17g %.17g %.17g %d", a->permute, a->rescale, a->swap_bias, a->shift_bias, a->noise, a->dropout,
             (int)a->mixup);
    return hash_bytes(h, text, strlen(text));
}

// --- Mixing ---

void augmentation_draw(const struct augmentation *a, const struct rnn_loader *l, int count, struct rng *rng, struct mixture *mix) {
    for (int i = 0; i < count; i++) {
        int other = (i + 1) % count;
        float share = rng_float(rng);
        bool possible = a->mixup != MIXUP_NONE && other != i && rnn_arch_equal(l->rnn[i].arch, l->rnn[other].arch);
        mix[i] = possible ? (struct mixture){other, share} : (struct mixture){i, 1};
    }
}

// x [n] to its logarithm of softmax, in place.
static void log_softmax(float *x, int n) {
    double sum = 0;
    float most = x[0];
    for (int i = 1; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (int i = 0; i < n; i++)
        sum += exp((double)(x[i] - most));
    for (int i = 0; i < n; i++)
        x[i] -= most + (float)log(sum);
}

static void mix_row(float *own, float *others, int O, float share, bool classes) {
    if (classes) {
        log_softmax(own, O);
        log_softmax(others, O);
    }
    for (int o = 0; o < O; o++)
        own[o] = classes ? logf(share * expf(own[o]) + (1 - share) * expf(others[o])) : share * own[o] + (1 - share) * others[o];
}

void augmentation_mix_answers(struct rollout_batch *r, int column, const struct rnn *other, float share) {
    size_t T = (size_t)r->steps, I = (size_t)other->arch->input, O = (size_t)other->arch->output, B = (size_t)r->columns;
    float *numbers = r->continuous ? memory_alloc(T * I * sizeof *numbers) : NULL, *answers = memory_alloc(T * O * sizeof *answers);
    uint8_t *tokens = r->continuous ? NULL : memory_alloc(T);
    for (size_t t = 0, at = (size_t)column; t < T; t++, at += B) {
        if (r->continuous)
            memcpy(numbers + t * I, r->inputs + at * I, I * sizeof *numbers);
        else
            tokens[t] = r->tokens[at];
    }
    struct stepper *s = stepper_of_rnn(other->arch, other->table, other->weights, 1);
    rollout_read(s, other->arch, tokens, numbers, 1, r->steps, answers);
    stepper_free(s);
    for (size_t t = 0, at = (size_t)column; t < T; t++, at += B)
        mix_row(r->targets + at * O, answers + t * O, (int)O, share, rnn_answers_classes(other->arch));
    free(numbers);
    free(tokens);
    free(answers);
}

// --- Forms ---

static void random_form(float *weights, float *room, const struct rnn_arch *arch, bool permute, bool rescale, struct rng *rng) {
    size_t units = (size_t)arch->layers * (size_t)arch->hidden, size = rnn_size(arch);
    int *unit = memory_alloc(units * sizeof *unit);
    float *scale = memory_alloc(units * sizeof *scale);
    memcpy(room, weights, size * sizeof *room);
    symmetry_random(unit, scale, arch, permute, rescale, rng);
    symmetry_apply(weights, room, arch, unit, scale);
    free(unit);
    free(scale);
}

// The other RNN in the form in which it is mixed, into `out`.
static void partner(const struct augmentation *a, float *out, float *room, const struct rnn_arch *arch, const float *own,
                    const float *other, struct rng *rng) {
    memcpy(out, other, rnn_size(arch) * sizeof *out);
    if (a->mixup == MIXUP_PERMUTED)
        random_form(out, room, arch, true, true, rng);
    if (a->mixup == MIXUP_ALIGNED) {
        struct alignment found = align(out, arch, own, other);
        alignment_free(&found);
    }
}

// All are mixed from the weights as they came: those of RNN 0, which is mixed first and needed last, are kept.
static void mix_all(const struct augmentation *a, struct rnn_loader *l, int count, const struct mixture *mix, struct rng *rng) {
    size_t most = 0;
    for (int i = 0; i < count; i++)
        most = l->rnn[i].table->size > most ? l->rnn[i].table->size : most;
    float *first = memory_alloc(most * sizeof *first), *form = memory_alloc(most * sizeof *form), *room = memory_alloc(most * sizeof *room);
    memcpy(first, l->weights[0], l->rnn[0].table->size * sizeof *first);
    for (int i = 0; i < count; i++) {
        if (mix[i].other == i)
            continue;
        partner(a, form, room, l->rnn[i].arch, l->weights[i], mix[i].other ? l->weights[mix[i].other] : first, rng);
        perturb_merge(l->weights[i], form, l->rnn[i].table->size, mix[i].share);
    }
    free(first);
    free(form);
    free(room);
}

static void drop_out(float *weights, const struct params *table, double share, struct rng *rng) {
    for (int i = 0; i < table->count; i++)
        for (size_t k = 0; table->list[i].rank == 2 && k < table->list[i].size; k++)
            if (rng_float(rng) < share)
                weights[table->list[i].offset + k] = 0;
}

void augmentation_apply(const struct augmentation *a, struct rnn_loader *l, int count, const struct mixture *mix, struct rng *rng) {
    if (a->mixup != MIXUP_NONE)
        mix_all(a, l, count, mix, rng);
    for (int i = 0; i < count; i++) {
        const struct rnn *rnn = &l->rnn[i];
        float *room = memory_alloc(rnn->table->size * sizeof *room);
        if (a->permute || a->rescale)
            random_form(l->weights[i], room, rnn->arch, a->permute, a->rescale, rng);
        if (a->swap_bias)
            symmetry_swap_biases(l->weights[i], rnn->arch, rng);
        if (a->shift_bias > 0)
            symmetry_shift_biases(l->weights[i], rnn->arch, a->shift_bias, rng);
        if (a->noise > 0)
            perturb_noise(l->weights[i], rnn->table, a->noise, rng);
        if (a->dropout > 0)
            drop_out(l->weights[i], rnn->table, a->dropout, rng);
        free(room);
    }
}
