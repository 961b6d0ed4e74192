// Locks, the family that shows how much more is learnt by asking adaptively (paper, section 3: theory). A lock has a key s_1 .. s_n of
// bits. It is asked one bit after the other. The first one only starts it, whatever it is. As long as those after it are s_1, s_2 ..., its
// answer is the next bit of the key; after a bit that is none of the key's, and after the whole key, it is "wrong" for ever. Who asks what
// was answered has the key after n questions. Who asks n bits that are known beforehand tells at most n + 1 of the 2^n locks apart.
#ifndef FAMILIES_KEYLOCK_H
#define FAMILIES_KEYLOCK_H

#include "families/family.h"

enum { KEYLOCK_MAX_BITS = 16, KEYLOCK_WRONG = 2 /* the answers: 0, 1, or this */, KEYLOCK_ANSWERS = 3 };

struct keylock {
    int bits; // n
    uint8_t key[KEYLOCK_MAX_BITS];
};

void keylock_of_number(struct keylock *lock, int bits, uint64_t number); // the first bit of the key is the highest of the number

// answers [length] to the bits of a word [length].
void keylock_answer(const struct keylock *lock, const uint8_t *word, int length, uint8_t *answers);

// A word of n bits: half of them follow the key, perhaps but for one bit, the others are uniform.
void keylock_draw_word(const struct keylock *lock, struct rng *rng, uint8_t *word);

// An LSTM that is the lock, its weights written down, not trained. It has a unit S, which tells that the lock has been started, and n units
// A_k, on after k questions that were right:
//     S: input gate open, forget gate shut                     A_1: input gate sigmoid(gain (1/2 - S))
//     A_(k+1): input gate sigmoid(gain (x[s_k] + A_k - 1 - threshold)), forget gate shut
// where S and A_k are the outputs h of the step before over tanh 1, x is one-hot; candidates and output gates are saturated. The read-out
// has a weight of 12 from A_k to the answer s_k, and a bias of 6 for "wrong". A question counts as right from `threshold` of a one-hot bit
// on, 3/4 say; the higher the gain, the sharper.
void keylock_arch(const struct keylock *lock, struct rnn_arch *arch);
void keylock_weights(const struct keylock *lock, double gain, double threshold, const struct rnn_arch *arch, const struct params *table,
                     float *weights);

extern const struct family keylock_family;

#endif
