// What a task says of the tokens of its RNNs: which of them begin and end words, what they are called, and which words there should be.
#ifndef ANALYSIS_SPEECH_H
#define ANALYSIS_SPEECH_H

#include "analysis/automaton.h"
#include "records/rnn.h"

// Options of a filter that win over what the task says; -2: not given, for bos and eos -1: there is none; most_tokens 0: not given.
struct speech_options {
    int bos, eos, most_tokens;
};

// STATUS_DATA when neither task nor options tell how words begin and end, when a token is outside the RNN's inputs, or when these are
// numbers. The task tells nothing of an RNN that has not the inputs and outputs it asks for.
enum status speech_of(struct speech *out, const struct rnn_record *record, const struct speech_options *options,
                      struct error *error) MUST_CHECK;

// The words that the task wants, in no order but all of them, those that fill a row open; false when the family has no such list, or the
// RNN not the inputs and outputs that the task asks for.
bool speech_truth(struct words *out, const struct rnn_record *record);

// Does an answer stand for the next token (a generator), rather than for a class of what was read? Two symbols and two classes look alike:
// then the task tells.
bool speech_generates(const struct rnn_record *record);

// The minimal automaton of the task's language, complete; false when the family has none.
bool speech_machine(struct automaton *out, const struct rnn_record *record);

// Name of a token: letters as the family names them, BOS <, EOS >; others are numbers. context is the struct speech. The text stays until
// the eighth call after this one.
const char *speech_letter(int token, const void *context);

enum { SPEECH_TEXT_SIZE = 512 };
// A word as text: one-letter names side by side, others with blanks between; cut with "..." when it does not fit.
void speech_text(char out[SPEECH_TEXT_SIZE], const struct speech *speech, const int *tokens, int length);

// How a list of words compares with the true one.
struct words_verdict {
    int right, missing, extra;
};
struct words_verdict words_judge(const struct words *found, const struct words *truth);

#endif
