#include "families/dfa.h"

#include <string.h>

enum { JUDGED_LENGTH = 10 };

// Splits classes of states until no symbol tells two states of a class apart (Moore 1956). Returns the number of classes.
static int refine(const struct dfa *d, int class[DFA_MAX_STATES]) {
    int classes = 1, before = 0;
    for (int q = 0; q < d->states; q++)
        class[q] = d->accepting[q];
    while (classes != before) {
        int finer[DFA_MAX_STATES];
        before = classes;
        classes = 0;
        for (int q = 0; q < d->states; q++) {
            finer[q] = -1;
            for (int p = 0; p < q && finer[q] < 0; p++) {
                bool alike = class[p] == class[q];
                for (int s = 0; s < d->symbols; s++)
                    alike = alike && class[d->next[p][s]] == class[d->next[q][s]];
                if (alike)
                    finer[q] = finer[p];
            }
            if (finer[q] < 0)
                finer[q] = classes++;
        }
        memcpy(class, finer, sizeof finer);
    }
    return classes;
}

void dfa_minimise(struct dfa *d) {
    int class[DFA_MAX_STATES], number[DFA_MAX_STATES], of[DFA_MAX_STATES], met = 1;
    refine(d, class);
    memset(number, -1, sizeof number);
    number[class[0]] = 0;
    of[0] = 0;
    struct dfa out = {.symbols = d->symbols};
    for (int k = 0; k < met; k++) {
        out.accepting[k] = d->accepting[of[k]];
        for (int s = 0; s < d->symbols; s++) {
            int q = d->next[of[k]][s];
            if (number[class[q]] < 0) {
                of[met] = q;
                number[class[q]] = met++;
            }
            out.next[k][s] = (uint8_t)number[class[q]];
        }
    }
    out.states = met;
    *d = out;
}

void dfa_draw(struct dfa *d, int states, int symbols, struct rng *rng) {
    dfa_share share[JUDGED_LENGTH + 1];
    do {
        memset(d, 0, sizeof *d);
        d->states = states;
        d->symbols = symbols;
        for (int q = 0; q < states; q++) {
            d->accepting[q] = rng_below(rng, 2);
            for (int s = 0; s < symbols; s++)
                d->next[q][s] = (uint8_t)rng_below(rng, (uint64_t)states);
        }
        dfa_minimise(d);
        dfa_shares(d, JUDGED_LENGTH, share);
    } while (d->states != states || share[JUDGED_LENGTH][0][1] < 0.1 || share[JUDGED_LENGTH][0][1] > 0.9);
}

void dfa_shares(const struct dfa *d, int length, dfa_share *share) {
    memset(share, 0, ((size_t)length + 1) * sizeof *share);
    for (int q = 0; q < d->states; q++)
        share[0][q][d->accepting[q]] = 1;
    for (int k = 1; k <= length; k++)
        for (int q = 0; q < d->states; q++)
            for (int a = 0; a < 2; a++) {
                double sum = 0;
                for (int s = 0; s < d->symbols; s++)
                    sum += share[k - 1][d->next[q][s]][a];
                share[k][q][a] = sum / d->symbols;
            }
}

void dfa_draw_word(const struct dfa *d, int length, struct rng *rng, uint8_t *word) {
    for (int t = 0; t < length; t++)
        word[t] = (uint8_t)rng_below(rng, (uint64_t)d->symbols);
}

void dfa_draw_word_of(const struct dfa *d, int length, bool accepted, const dfa_share *share, struct rng *rng, uint8_t *word) {
    int q = 0;
    for (int t = 0; t < length; t++) {
        double sum = 0, weight[DFA_MAX_SYMBOLS];
        int last = 0; // the last symbol that is possible: rounding never leads to another one
        for (int s = 0; s < d->symbols; s++) {
            sum += weight[s] = share[length - t - 1][d->next[q][s]][accepted];
            last = weight[s] > 0 ? s : last;
        }
        double u = rng_double(rng) * sum;
        int s = 0;
        while (s < last && (u -= weight[s]) >= 0)
            s++;
        word[t] = (uint8_t)s;
        q = d->next[q][s];
    }
}

void dfa_read(const struct dfa *d, const uint8_t *word, int length, uint8_t *verdict) {
    int q = 0;
    for (int t = 0; t < length; t++) {
        q = d->next[q][word[t]];
        verdict[t] = d->accepting[q];
    }
}
