#include "training/prediction.h"

#include "../check.h"
#include "../records/decoded.h"
#include "families/language.h"
#include "families/smnist.h"

#include <stdlib.h>
#include <string.h>

static struct task language(int b, int c, int d, int length) {
    return task_make(&language_family, &(struct language){.tokens = 4, .offsets = {0, b, c, d}, .length = length, .max_n = 10});
}

static bool seen_in(const char *split, const struct task *task) {
    struct rnn_record record = {.task = *task, .run = 3};
    strcpy(record.split, split);
    return prediction_seen(&record);
}

static void test_seen(void) {
    int ood = 0, seen = 0;
    for (int i = 0; i < 216; i++) {
        struct task task = language(i % 6 - 3, i / 6 % 6 - 3, i / 36 - 3, 42),
                    longer = language(i % 6 - 3, i / 6 % 6 - 3, i / 36 - 3, 60); // the half is the language's, not its strings'
        CHECK(seen_in("", &task) && seen_in("train", &task));
        CHECK(!seen_in("validation", &task) && !seen_in("other", &task));
        CHECK(seen_in("ood", &task) == seen_in("ood", &longer));
        ood++;
        seen += seen_in("ood", &task);
    }
    CHECK(seen > ood / 3 && seen < 2 * ood / 3, "%d of %d", seen, ood);

    struct splits *splits = splits_new(&(struct split_rule){0.15, 0.15, 1});
    ood = seen = 0;
    for (int i = 0; i < 216; i++) {
        struct task task = language(i % 6 - 3, i / 6 % 6 - 3, i / 36 - 3, 42);
        bool out = splits_of(splits, &task) == SPLIT_OOD;
        ood += out;
        seen += out && seen_in("ood", &task);
    }
    CHECK(ood == 32 && seen == 16, "%d of %d", seen, ood); // part of the format: does not change
    splits_free(splits);
}

// The half of a rotation is that of all runs with it, and about a half of the OOD rotations.
static void test_seen_rotations(void) {
    const int n = 4800;
    int seen = 0, neighbours = 0;
    bool last = false;
    for (int i = 0; i < n; i++) {
        struct smnist smnist = {.data = "mnist", .tile = 4, .rotation = 312 + 0.01 * i, .weight_decay = 0.1};
        struct task task = task_make(&smnist_family, &smnist);
        smnist.weight_decay = 0.001;
        struct task other = task_make(&smnist_family, &smnist);
        bool now = seen_in("ood", &task);
        CHECK(seen_in("train", &task) && !seen_in("validation", &task) && seen_in("ood", &other) == now);
        seen += now;
        neighbours += now == last;
        last = now;
    }
    CHECK(abs(seen - n / 2) < 140 && abs(neighbours - n / 2) < 140, "%d seen, %d as the one before, of %d", seen, neighbours,
          n); // four deviations

    const double rotations[] = {312, 313.5, 320.25, 333.3, 340.0000001, 359.99};
    const bool expected[] = {1, 0, 0, 1, 1, 0};
    for (int i = 0; i < 6; i++) { // part of the format: does not change
        struct task task = task_make(&smnist_family, &(struct smnist){.rotation = rotations[i]});
        CHECK(seen_in("ood", &task) == expected[i], "%g", rotations[i]);
    }
}

// Of a family that nobody here knows, and of no task at all.
static void test_seen_others(void) {
    int seen = 0, runs = 0;
    for (int i = 0; i < 400; i++) {
        struct decoded d = decoded_new();
        pack_map(d.packer);
        pack_key(d.packer, "family");
        pack_str(d.packer, "sorting");
        pack_key(d.packer, "algorithm");
        pack_i64(d.packer, i);
        pack_end(d.packer);
        struct rnn_record with = {.split = "ood", .run = 1, .task = {.value = decoded_root(&d)}}, without = {.split = "ood"};
        struct rnn_record other_run = with;
        without.run = (uint64_t)i;
        other_run.run = 2;
        struct rnn_record later = without;
        later.step = 9;
        CHECK(prediction_seen(&with) == prediction_seen(&other_run) && prediction_seen(&without) == prediction_seen(&later));
        seen += prediction_seen(&with);
        runs += prediction_seen(&without);
        decoded_free(&d);
    }
    CHECK(abs(seen - 200) < 40 && abs(runs - 200) < 40, "%d tasks and %d runs of 400", seen, runs);
}

int main(void) {
    test_seen();
    test_seen_rotations();
    test_seen_others();
    return check_report("training/prediction");
}
