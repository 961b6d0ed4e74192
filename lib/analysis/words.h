// What a token RNN says, exactly: its words in the order of their probability, found by best-first search over prefixes. The probability of
// a word t_1 .. t_n is p(t_1 | BOS) p(t_2 | BOS t_1) ... p(EOS | BOS t_1 .. t_n), and a prefix is as probable as all words that begin with
// it together, so a word that comes to the head of the queue is more probable than all that are still to be found.
#ifndef ANALYSIS_WORDS_H
#define ANALYSIS_WORDS_H

#include "analysis/walker.h"

#include <stdbool.h>
#include <stdint.h>

// How an RNN is spoken to: which token it reads first, which one it ends its words by, and how long a word may become.
struct speech {
    int letters;       // tokens 0 .. letters-1 are what words are made of
    const char *names; // a character for each letter; NULL: they are numbers
    int bos, eos;      // bos < 0: it begins with the word's first token; eos < 0: it never ends
    int most_tokens;   // of a word, without BOS and EOS
};

struct words_limits {
    double mass;      // stop when the words found have this share of all probability; 1: never
    double threshold; // take no step of a smaller probability; 0: every one
    int prefixes;     // that are looked at (each is a step of the RNN): stop there, `truncated`
};

struct word {
    int first, length; // tokens of words->tokens
    bool open;         // it has most_tokens and did not end: what the RNN would go on with is not known
    double log_prob;
};

struct words {
    struct word *list; // by falling probability
    int count;
    int *tokens;
    int token_count;
    double mass; // of the list
    int prefixes;
    bool truncated; // stopped by the limit of prefixes
    size_t capacity, token_capacity;
};

// The RNN's outputs have to be next tokens: as many as its inputs (asserted).
void words_find(struct words *out, struct walker *w, const struct speech *speech, const struct words_limits *limits);
void words_free(struct words *words);

// Appends a word, and counts its probability to the mass.
void words_add(struct words *words, const int *tokens, int length, bool open, double log_prob);

// Finds a word; -1 when it is not in the list.
int words_index(const struct words *words, const int *tokens, int length);

#endif
