// Formal languages { a^n b^(n+m_b) c^(n+m_c) ... } (paper, section 4.1): tasks, strings, verdicts, and the split by task.
// Letters are tokens 0 .. tokens-1, then BOS = tokens, EOS = tokens + 1. A row is BOS, the word, EOS up to the end; a word of length-1
// letters or more is cut and has no EOS.
#ifndef FAMILIES_LANGUAGE_H
#define FAMILIES_LANGUAGE_H

#include "families/family.h"

#include <stdbool.h>
#include <stdint.h>

enum { LANGUAGE_MAX_TOKENS = 8, LANGUAGE_OFFSET_LOW = -3, LANGUAGE_OFFSET_HIGH = 2, LANGUAGE_OFFSETS = 6, LANGUAGE_MAX_LENGTH = 1024 };

struct language {
    int tokens;                       // letters, 2 .. LANGUAGE_MAX_TOKENS
    int offsets[LANGUAGE_MAX_TOKENS]; // offsets[0] = 0
    int length;                       // of a row, BOS included
    int max_n;                        // n < max_n in training strings
};

int language_bos(const struct language *l);
int language_eos(const struct language *l);
struct token_rows language_form(const struct language *l); // the form of its rows
int language_symbols(const struct language *l);            // letters + BOS + EOS: inputs and outputs of an RNN
int language_default_length(int tokens, int max_n);        // 42 for 4 letters and max_n 10, 22 for 2: tokens * max_n + 2
int language_min_n(const struct language *l);              // max(0, -min offset)

// Offsets uniform in {-3..2}, a pure function of rng. The others fields must be set.
void language_draw_task(struct language *l, struct rng *rng);

// The tasks of an alphabet by number, 0 .. 6^(tokens-1) - 1: the offsets as digits in base 6. Of the one with a number, the other fields
// are 0.
int language_task_count(int tokens);
int language_task_number(const struct language *l);
struct language language_of_number(int tokens, int number);

// The same without repetition: runs 0 .. 6^(tokens-1) - 1 have every language of the alphabet once, in an order that is random by seed; the
// runs from there on have every one once more, in another order, and so on. A pure function of seed and run.
void language_distinct_task(struct language *l, uint64_t seed, uint64_t run);

void language_word(const struct language *l, int n, uint8_t *row);                 // the row [length] of a^n b^(n+m_b) ...
void language_sample_row(const struct language *l, struct rng *rng, uint8_t *row); // n uniform in min_n .. max_n - 1

// Official verdict: up to the first EOS the counts of the letters differ exactly by the offsets; order is not looked at, BOS is skipped,
// any n >= 0. Without an EOS: undefined (and not accepted). Strict verdict: BOS, then exactly the word of some n >= min_n, then EOS.
struct verdict {
    bool accepted, undefined, strict;
};
struct verdict language_judge(const struct language *l, const uint8_t *row);

// The split of a task (paper, appendix): OOD = the `ood` share of all tasks of this alphabet with the highest entropy of (1 + m - min m)
// normalised, ties broken by a hash of (task, seed); `validation` share of all tasks by hash among the rest. A pure function of the task
// and the seed. Shares of all 6^(tokens-1) tasks, rounded to the nearest count.
struct language_splits; // the splits of all tasks of one alphabet, on an arena
struct language_splits *language_splits_new(int tokens, const struct split_rule *rule, struct arena *arena);
enum split language_splits_of(const struct language_splits *s, const struct language *l);

struct trainee *trainee_of_language(const struct language *language, const struct train_recipe *recipe, uint64_t seed, uint64_t run);
// The loss of given rows [batch, length] and the gradient [table.size], without an update.
double language_gradient(struct trainee *t, const uint8_t *rows, int batch, float *grad);

extern const struct family language_family;

#endif
