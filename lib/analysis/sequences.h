// Inputs for RNNs to read, and what goes on in them while they do.
#ifndef ANALYSIS_SEQUENCES_H
#define ANALYSIS_SEQUENCES_H

#include "analysis/speech.h"
#include "analysis/specimen.h"
#include "base/rng.h"

// Sequences of tokens, or of rows of I numbers.
struct sequence {
    int length;    // T
    int *tokens;   // [T], or NULL
    float *inputs; // [T,I], or NULL
};

struct sequences {
    struct sequence *list;
    int count, width; // width: I; of tokens, one more than the greatest that occurs
    size_t capacity;  // of the list
};

void sequences_free(struct sequences *s);

// Takes over a sequence's memory.
void sequences_add(struct sequences *s, struct sequence sequence);

// What a record's RNN has read in its first `most` rollouts; none when it has no rollouts.
enum status sequences_of_rollouts(struct sequences *out, const struct rnn_record *record, int most, struct error *error) MUST_CHECK;

// `count` words that a generator says by itself: BOS, then each token by the probability that the RNN gives it, up to EOS or the greatest
// length. (Without a BOS the first token is drawn at random.) Each ends before its EOS, as nothing is answered to that.
void sequences_sample(struct sequences *out, struct walker *w, const struct speech *speech, int count, struct rng *rng);

// What an RNN reads by itself: its first `most` rollouts or, where it has none, so many words. STATUS_DATA when it says no words either.
enum status sequences_own(struct sequences *out, const struct rnn_record *record, struct walker *w, const struct speech_options *options,
                          int most, struct rng *rng, struct error *error) MUST_CHECK;

// Text: numbers with blanks or commas between. Of tokens, a line is a sequence; of numbers, a line is a row of I, and an empty line ends a
// sequence. Lines that begin with # are passed over. Or the bytes of a .npy file: integers [T] or [n,T] are tokens, floats [T,I] or
// [n,T,I] numbers. STATUS_DATA with the line when something does not fit.
enum status sequences_parse(struct sequences *out, const char *bytes, size_t size, bool tokens, int width, struct error *error) MUST_CHECK;

// Can this RNN read them? STATUS_DATA otherwise.
enum status sequences_check(const struct sequences *s, const struct rnn_arch *arch, struct error *error) MUST_CHECK;

// An RNN's answers to a sequence, and its states after each input, from the start on.
struct trace {
    int steps;
    float *answers; // [T,O], raw
    float *states;  // [T, state size of the walker]
    float *gates;   // [T,L,G*H]
};
void trace_take(struct trace *out, struct walker *w, const struct sequence *s);
void trace_free(struct trace *t);

// Row t of vector `which` (0: h, 1: c) of a layer: [H] floats.
const float *trace_state(const struct trace *t, const struct walker *w, int step, int layer, int which);

#endif
