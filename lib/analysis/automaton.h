// Finite automata: what an RNN does, as states and arrows. State 0 is the start.
#ifndef ANALYSIS_AUTOMATON_H
#define ANALYSIS_AUTOMATON_H

#include "analysis/words.h"
#include "base/text.h"
#include "stream/packer.h"

struct automaton {
    int states, letters; // S, A
    int *next;           // [S,A] the state after a letter, or -1: no word goes on like that
    int *answer;         // [S] 1 accepting, 0 not; of a classifier: its class; -1 not known
    float *p;            // [S,A] the probability of each letter as the next one, or NULL
};

// The minimal deterministic automaton of a finite set of words over letters 0 .. letters-1: a trie whose identical subtrees are one state,
// found from the leaves up by hashing. It is acyclic and has no dead state. Words are rows of `tokens`; no word at all gives one state.
void automaton_of_words(struct automaton *out, const struct words *words, int letters);

// Merges equivalent states (Moore's partition refinement: at first the states of one answer, then those whose arrows lead into one class),
// and leaves out those that can't be reached. Arrows of -1 count as going to a state of their own. p must be NULL.
void automaton_minimise(struct automaton *a);

// Are they the same but for the numbering of states? Only what is reached from the start is looked at. An answer of -1 equals any.
bool automaton_equal(const struct automaton *a, const struct automaton *b);

// The same machine with a dead state left out: one that answers 0, and so does every state that can be reached from it. Arrows to it become
// -1. A machine that accepts nothing keeps its start.
void automaton_trim(struct automaton *a);

int automaton_run(const struct automaton *a, const int *tokens, int length); // the state after these letters, or -1
int automaton_arrows(const struct automaton *a);                             // that are not -1
void automaton_free(struct automaton *a);

// Text of a letter, which may be gone after some calls more.
typedef const char *letter_name(int letter, const void *context);

// In Graphviz' language: accepting states are double circles; arrows between the same states are one, with all their letters.
void automaton_dot(struct text *out, const struct automaton *a, const char *title, letter_name *name, const void *context);

// Packs the pairs of an automaton record behind its head: states, alphabet, start, transitions i4 [S,A], answers i4 [S], p f4 [S,A].
void automaton_pack(struct packer *p, const struct automaton *a, letter_name *name, const void *context);

#endif
