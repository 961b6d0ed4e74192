#include "training/prediction.h"

#include "../check.h"

static struct task language(int b, int c, int d) {
    return (struct task){.family = TASK_LANGUAGE, .language = {.tokens = 4, .offsets = {0, b, c, d}, .length = 42, .max_n = 10}};
}

static void test_seen(void) {
    int ood = 0, seen = 0;
    for (int i = 0; i < 216; i++) {
        struct task task = language(i % 6 - 3, i / 6 % 6 - 3, i / 36 - 3), longer = task;
        longer.language.length = 60; // the half is the language's, not its strings'
        CHECK(prediction_seen("", &task) && prediction_seen("train", &task));
        CHECK(!prediction_seen("validation", &task) && !prediction_seen("other", &task));
        CHECK(prediction_seen("ood", &task) == prediction_seen("ood", &longer));
        ood++;
        seen += prediction_seen("ood", &task);
    }
    CHECK(seen > ood / 3 && seen < 2 * ood / 3, "%d of %d", seen, ood);

    struct language_splits *splits = language_splits_new(4, 0.15, 0.15, 1);
    ood = seen = 0;
    for (int i = 0; i < 216; i++) {
        struct task task = language(i % 6 - 3, i / 6 % 6 - 3, i / 36 - 3);
        bool out = language_splits_of(splits, &task.language) == SPLIT_OOD;
        ood += out;
        seen += out && prediction_seen("ood", &task);
    }
    CHECK(ood == 32 && seen == 16, "%d of %d", seen, ood); // part of the format: does not change
    language_splits_free(splits);
}

int main(void) {
    test_seen();
    return check_report("training/prediction");
}
