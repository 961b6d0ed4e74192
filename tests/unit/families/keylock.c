#include "families/keylock.h"

#include "../check.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const double gains[] = {8, 10, 16, 100};

// The network of every key, on every word of n + 1 bits: its largest answer is the lock's, at every position.
static void test_all(int bits, double gain) {
    const int words = 1 << (bits + 1), length = bits + 1;
    struct keylock lock = {.bits = bits};
    struct rnn_arch arch;
    struct params table = {0};
    keylock_arch(&lock, &arch);
    rnn_params(&table, &arch);
    float *weights = memory_alloc(table.size * sizeof *weights);
    uint8_t *tokens = memory_alloc((size_t)words), word[KEYLOCK_MAX_BITS + 1], answers[KEYLOCK_MAX_BITS + 1];
    int wrong = 0;
    double least = 1;
    for (uint64_t key = 0; key < UINT64_C(1) << bits; key++) {
        keylock_of_number(&lock, bits, key);
        keylock_weights(&lock, gain, 0.75, &arch, &table, weights);
        struct stepper *s = stepper_of_rnn(&arch, &table, weights, words);
        stepper_start(s, words);
        for (int t = 0; t < length; t++) {
            for (int w = 0; w < words; w++)
                tokens[w] = w >> (length - 1 - t) & 1;
            stepper_tokens(s, tokens);
            const float *y = stepper_logits(s);
            for (int w = 0; w < words; w++) {
                for (int k = 0; k <= t; k++)
                    word[k] = w >> (length - 1 - k) & 1;
                keylock_answer(&lock, word, t + 1, answers);
                double sum = 0;
                for (int c = 0; c < KEYLOCK_ANSWERS; c++)
                    sum += exp((double)(y[w * KEYLOCK_ANSWERS + c] - y[w * KEYLOCK_ANSWERS + answers[t]]));
                least = 1 / sum < least ? 1 / sum : least;
                wrong += 1 / sum < 0.5;
            }
        }
        stepper_free(s);
    }
    CHECK(wrong == 0 && least > (gain < 16 ? 0.6 : 0.99), "%d bits, gain %g: %d wrong, least probability %g", bits, gain, wrong, least);
    free(weights);
    free(tokens);
    params_free(&table);
}

// By the definition: the key's next bit after a beginning of the key.
static void test_answers(void) {
    struct keylock lock;
    uint8_t answers[6];
    keylock_of_number(&lock, 4, 6); // 0110
    CHECK(memcmp(lock.key, (uint8_t[]){0, 1, 1, 0}, 4) == 0);
    keylock_answer(&lock, (uint8_t[]){1, 0, 1, 1, 0, 0}, 6, answers);
    CHECK(memcmp(answers, (uint8_t[]){0, 1, 1, 0, 2, 2}, 6) == 0);
    keylock_answer(&lock, (uint8_t[]){0, 0, 0, 1, 0, 0}, 6, answers);
    CHECK(memcmp(answers, (uint8_t[]){0, 1, 2, 2, 2, 2}, 6) == 0);
}

// Asking what was answered finds every key with n questions; n bits that are settled beforehand tell n + 1 sets of keys apart, whichever
// they are.
static void test_bounds(void) {
    for (int n = 2; n <= 8; n++) {
        const int keys = 1 << n;
        int most = 0;
        for (int fixed = 0; fixed < keys; fixed++) {
            int seen[9] = {0}, kinds = 0; // by how far the answers go, and by the last bit when they go to the end
            for (int key = 0; key < keys; key++) {
                struct keylock lock;
                uint8_t word[8], answers[8];
                keylock_of_number(&lock, n, (uint64_t)key);
                for (int k = 0; k < n; k++)
                    word[k] = fixed >> k & 1;
                keylock_answer(&lock, word, n, answers);
                int right = 0;
                while (right < n && answers[right] != KEYLOCK_WRONG)
                    right++;
                int kind = right < n ? right - 1 : n - 1 + answers[n - 1];
                kinds += !seen[kind]++;
            }
            most = kinds > most ? kinds : most;
        }
        CHECK(most == n + 1, "%d bits: %d", n, most);
        for (int key = 0; key < keys; key++) {
            struct keylock lock;
            uint8_t word[8] = {0}, answers[8];
            keylock_of_number(&lock, n, (uint64_t)key);
            for (int t = 0; t < n; t++) {
                word[t] = t ? answers[t - 1] : 0;
                keylock_answer(&lock, word, t + 1, answers);
            }
            CHECK(memcmp(answers, lock.key, (size_t)n) == 0);
        }
    }
}

int main(void) {
    test_answers();
    test_bounds();
    for (int bits = 1; bits <= 8; bits++)
        test_all(bits, 16);
    for (int g = 0; g < 4; g++)
        test_all(6, gains[g]);
    return check_report("families/keylock");
}
