#include "families/language.h"

#include "../check.h"
#include "../npy.h"

#include <string.h>

static struct language language_of(const int64_t *offsets) {
    struct language l = {.tokens = 4, .length = 42, .max_n = 10};
    for (int i = 0; i < 4; i++)
        l.offsets[i] = (int)offsets[i];
    return l;
}

static bool rows_equal(const uint8_t *row, const int64_t *expected, int length) {
    for (int k = 0; k < length; k++)
        if (row[k] != expected[k])
            return false;
    return true;
}

static void test_golden_words(const struct npy *tasks) {
    struct npy task = npy_load("language/word_task"), n = npy_load("language/word_n"), tokens = npy_load("language/word_tokens");
    uint8_t row[42];
    for (size_t w = 0; w < task.count; w++) {
        struct language l = language_of(tasks->ints + 4 * task.ints[w]);
        language_word(&l, (int)n.ints[w], row);
        CHECK(rows_equal(row, tokens.ints + 42 * w, 42), "word %zu", w);
        CHECK(n.ints[w] >= language_min_n(&l), "word %zu", w);
    }
    npy_free(&task);
    npy_free(&n);
    npy_free(&tokens);
}

static void test_golden_verdicts(const struct npy *tasks) {
    struct npy tokens = npy_load("language/test_tokens"), task = npy_load("language/test_task"), accept = npy_load("language/test_accept");
    struct npy undefined = npy_load("language/test_undefined"), strict = npy_load("language/test_strict");
    for (size_t k = 0; k < task.count; k++) {
        struct language l = language_of(tasks->ints + 4 * task.ints[k]);
        uint8_t row[42];
        for (int i = 0; i < 42; i++)
            row[i] = (uint8_t)tokens.ints[42 * k + i];
        struct verdict v = language_judge(&l, row);
        CHECK(v.accepted == accept.ints[k], "row %zu", k);
        CHECK(v.undefined == undefined.ints[k], "row %zu", k);
        CHECK(v.strict == strict.ints[k], "row %zu", k);
    }
    npy_free(&tokens);
    npy_free(&task);
    npy_free(&accept);
    npy_free(&undefined);
    npy_free(&strict);
}

// Every sampled row that ends within the length is in the language, and every n of the range occurs.
static void test_samples(void) {
    struct language l = {.tokens = 4, .length = language_default_length(4, 10), .max_n = 10};
    uint8_t row[42];
    for (uint64_t run = 0; run < 50; run++) {
        struct rng rng = rng_make(1, run, "task");
        language_draw_task(&l, &rng);
        unsigned seen = 0;
        for (int k = 0; k < 300; k++) {
            language_sample_row(&l, &rng, row);
            struct verdict v = language_judge(&l, row);
            CHECK(v.strict || v.undefined, "run %d", (int)run);
            int n = 0;
            for (int i = 0; i < l.length; i++)
                n += row[i] == 0;
            seen |= 1u << n;
        }
        CHECK(seen == (1u << l.max_n) - (1u << language_min_n(&l)), "run %d: %x", (int)run, seen);
    }
    CHECK(language_default_length(2, 10) == 22);
    CHECK(language_bos(&l) == 4 && language_eos(&l) == 5 && language_symbols(&l) == 6);
}

static void test_draws(void) {
    int count[LANGUAGE_OFFSETS] = {0};
    struct language l = {.tokens = 3, .length = 32, .max_n = 10}, again = l;
    for (uint64_t run = 0; run < 6000; run++) {
        struct rng a = rng_make(5, run, "task"), b = rng_make(5, run, "task");
        language_draw_task(&l, &a);
        language_draw_task(&again, &b);
        CHECK(memcmp(&l, &again, sizeof l) == 0);
        CHECK(l.offsets[0] == 0);
        count[l.offsets[1] - LANGUAGE_OFFSET_LOW]++;
        count[l.offsets[2] - LANGUAGE_OFFSET_LOW]++;
    }
    for (int i = 0; i < LANGUAGE_OFFSETS; i++)
        CHECK(abs(count[i] - 2000) < 200, "offset %d: %d", i, count[i]);
}

// Every language once in 216 runs, then every one again in another order; another seed, another order.
static void test_distinct(void) {
    struct language l = {.tokens = 4, .length = 42, .max_n = 10};
    int seen[216] = {0}, same_order = 0, same_seed = 0;
    for (uint64_t run = 0; run < 432; run++) {
        struct language other = l, before = l;
        language_distinct_task(&l, 1, run);
        language_distinct_task(&other, 2, run);
        language_distinct_task(&before, 1, run % 216);
        CHECK(l.offsets[0] == 0 && l.length == 42 && l.tokens == 4);
        seen[((l.offsets[1] + 3) * 6 + l.offsets[2] + 3) * 6 + l.offsets[3] + 3]++;
        if (run == 215)
            for (int i = 0; i < 216; i++)
                CHECK(seen[i] == 1, "language %d: %d times", i, seen[i]);
        same_seed += memcmp(l.offsets, other.offsets, sizeof l.offsets) == 0;
        same_order += run >= 216 && memcmp(l.offsets, before.offsets, sizeof l.offsets) == 0;
    }
    for (int i = 0; i < 216; i++)
        CHECK(seen[i] == 2, "language %d: %d times", i, seen[i]);
    CHECK(same_seed < 12 && same_order < 12, "%d %d", same_seed, same_order);
}

static void next_task(struct language *l) {
    for (int i = l->tokens - 1; i > 0; i--) {
        if (++l->offsets[i] <= LANGUAGE_OFFSET_HIGH)
            return;
        l->offsets[i] = LANGUAGE_OFFSET_LOW;
    }
}

static void test_split_counts(int tokens, double validation, double ood, const int expected[SPLIT_COUNT]) {
    struct arena arena = {0};
    struct language_splits *s = language_splits_new(tokens, &(struct split_rule){validation, ood, 1}, &arena);
    struct language l = {.tokens = tokens};
    int count[SPLIT_COUNT] = {0}, tasks = expected[0] + expected[1] + expected[2];
    for (int i = 1; i < tokens; i++)
        l.offsets[i] = LANGUAGE_OFFSET_LOW;
    for (int k = 0; k < tasks; k++, next_task(&l))
        count[language_splits_of(s, &l)]++;
    for (int i = 0; i < SPLIT_COUNT; i++)
        CHECK(count[i] == expected[i], "%d tokens, %s: %d", tokens, split_names[i], count[i]);
    arena_free(&arena);
}

static int spread(const struct language *l) {
    int low = 0, high = 0;
    for (int i = 0; i < l->tokens; i++) {
        low = l->offsets[i] < low ? l->offsets[i] : low;
        high = l->offsets[i] > high ? l->offsets[i] : high;
    }
    return high - low;
}

// OOD are the tasks of nearly equal offsets, whatever the seed; the seed moves validation.
static void test_split_properties(void) {
    const struct split_rule rule = {0.15, 0.15, 1}, other_seed = {0.15, 0.15, 2};
    struct arena arena = {0};
    struct language_splits *s = language_splits_new(4, &rule, &arena), *again = language_splits_new(4, &rule, &arena);
    struct language_splits *other = language_splits_new(4, &other_seed, &arena);
    struct language l = {.tokens = 4, .offsets = {0, LANGUAGE_OFFSET_LOW, LANGUAGE_OFFSET_LOW, LANGUAGE_OFFSET_LOW}};
    int moved = 0, ood_moved = 0;
    for (int k = 0; k < 216; k++, next_task(&l)) {
        enum split split = language_splits_of(s, &l), split_other = language_splits_of(other, &l);
        CHECK(split == language_splits_of(again, &l));
        moved += split != split_other;
        ood_moved += (split == SPLIT_OOD) != (split_other == SPLIT_OOD);
        if (spread(&l) <= 1)
            CHECK(split == SPLIT_OOD, "%d %d %d", l.offsets[1], l.offsets[2], l.offsets[3]);
        if (spread(&l) == 5)
            CHECK(split != SPLIT_OOD, "%d %d %d", l.offsets[1], l.offsets[2], l.offsets[3]);
    }
    CHECK(moved > 20, "%d", moved);
    CHECK(ood_moved < 20, "%d", ood_moved);
    arena_free(&arena);
}

// Counted words are the rows' words, and go on beyond them; the words of a task tell the task, also among others that weigh less.
static void test_counted_words(void) {
    struct rng rng = rng_make(4, 0, "tasks");
    for (int trial = 0; trial < 50; trial++) {
        struct language l = {.tokens = 4, .length = 42, .max_n = 10}, told = l;
        language_draw_task(&l, &rng);
        int tokens[4 * 64], all[8 * 64], length[3], used = 0;
        double weight[3] = {0.4, 0.35, 0.25};
        uint8_t row[42];
        for (int n = 0; n < language_min_n(&l); n++)
            CHECK(language_family.counted(&l, n, NULL) == 0, "no word of %d", n);
        for (int n = language_min_n(&l); n < 20; n++) {
            int count = language_family.counted(&l, n, tokens);
            language_word(&l, n, row);
            bool same = tokens[count - 1] == language_eos(&l);
            for (int t = 0; t < count && t < 41; t++)
                same &= tokens[t] == row[t + 1];
            CHECK(same && language_family.counted(&l, n, NULL) == count, "n %d", n);
        }
        for (int i = 0; i < 3; i++) { // the first word is of another task, or of none
            length[i] = language_family.counted(&l, 5 + i, all + used) - 1;
            used += length[i];
            if (i == 0)
                all[0] = trial % 2 ? 1 : 3;
        }
        double share = language_family.of_words(&told, all, length, weight, 3);
        CHECK_CLOSE(share, 0.6, 1e-12);
        CHECK(memcmp(told.offsets, l.offsets, sizeof l.offsets) == 0, "trial %d", trial);
    }
    CHECK(language_family.of_words(&(struct language){.tokens = 4}, (int[]){1, 0}, (int[]){2}, (double[]){1}, 1) == 0, "no task's word");
}

int main(void) {
    struct npy tasks = npy_load("language/tasks");
    test_golden_words(&tasks);
    test_golden_verdicts(&tasks);
    npy_free(&tasks);
    test_samples();
    test_draws();
    test_distinct();
    test_split_counts(4, 0.15, 0.15, (int[]){152, 32, 32});
    test_split_counts(2, 0.15, 0.15, (int[]){4, 1, 1});
    test_split_counts(3, 0, 1, (int[]){0, 0, 36});
    test_split_counts(3, 1, 0, (int[]){0, 36, 0});
    test_split_counts(5, 0.25, 0, (int[]){972, 324, 0});
    test_split_properties();
    test_counted_words();
    return check_report("families/language");
}
