// The assignment of greatest sum, against trying all permutations, and planted ones of the size of a layer.
#include "rnn/assignment.h"

#include "../check.h"
#include "base/rng.h"

enum { SMALL = 6, LARGE = 64 };

static double best_of_all(const double *score, int n, int row, unsigned used) {
    if (row == n)
        return 0;
    double best = -INFINITY;
    for (int j = 0; j < n; j++)
        if (!(used >> j & 1))
            best = fmax(best, score[row * n + j] + best_of_all(score, n, row + 1, used | 1u << j));
    return best;
}

static bool is_permutation(const int *p, int n) {
    char seen[LARGE] = {0};
    for (int i = 0; i < n; i++)
        if (p[i] < 0 || p[i] >= n || seen[p[i]]++)
            return false;
    return true;
}

static void test_against_all_permutations(struct rng *rng) {
    double score[SMALL * SMALL];
    int chosen[SMALL];
    for (int round = 0; round < 200; round++) {
        int n = 1 + round % SMALL;
        for (int i = 0; i < n * n; i++)
            score[i] = round % 3 ? (double)rng_normal(rng) : (double)rng_below(rng, 4); // the latter with many ties
        double sum = assignment_best(chosen, score, n), own = 0;
        CHECK(is_permutation(chosen, n));
        for (int i = 0; i < n; i++)
            own += score[i * n + chosen[i]];
        CHECK_CLOSE(sum, own, 1e-12);
        CHECK_CLOSE(sum, best_of_all(score, n, 0, 0), 1e-9);
    }
}

static void test_planted(struct rng *rng) {
    static double score[LARGE * LARGE];
    int planted[LARGE], chosen[LARGE], right = 0;
    rng_permutation(rng, planted, LARGE);
    for (int i = 0; i < LARGE; i++)
        for (int j = 0; j < LARGE; j++)
            score[i * LARGE + j] = rng_double(rng) + (planted[i] == j ? 1 : 0);
    assignment_best(chosen, score, LARGE);
    for (int i = 0; i < LARGE; i++)
        right += chosen[i] == planted[i];
    CHECK(right == LARGE, "%d of %d", right, LARGE);
}

int main(void) {
    struct rng rng = rng_make(1, 0, "assignment");
    test_against_all_permutations(&rng);
    test_planted(&rng);
    return check_report("rnn/assignment");
}
