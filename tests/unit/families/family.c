// What every family of tasks must keep, whichever there are: a loop over the registry.
#include "families/family.h"

#include "../check.h"
#include "../records/decoded.h"
#include "base/memory.h"
#include "records/path.h"
#include "records/task.h"

#include <stdlib.h>
#include <string.h>

enum { DRAWS = 300 };

static struct task drawn(const struct family *family, uint64_t run) {
    struct rng rng = rng_make(1, run, "task");
    struct task task = task_make(family, family->usual);
    family->draw(task.body.bytes, &rng);
    return task;
}

// All words that a task wants are right.
static void test_words(const struct family *f, const void *task) {
    if (!f->word)
        return;
    struct vocabulary v = f->vocabulary(task);
    uint8_t *row = memory_alloc((size_t)v.length);
    int count = 0, wrong = 0;
    for (; f->word(task, count, row); count++)
        wrong += f->right && !f->right(task, row);
    CHECK(count > 0 && count - wrong >= 1 && wrong <= 1, "%s: %d words, %d of them wrong", f->name, count,
          wrong); // the longest may fill its row
    free(row);
}

static void test_form(const struct family *f) {
    CHECK(f->name && f->size <= TASK_SIZE && f->usual && f->read && f->pack && f->draw && f->key && f->shape, "%s", f->name);
    CHECK(family_find(f->name) == f && family_at(family_index(f)) == f, "%s", f->name);
    CHECK(f->ood_share > 0 && f->ood_share < 1 && !(f->ood && f->split), "%s", f->name);
    CHECK((f->trainee == answerer_trainee) == (f->answerer != NULL) && (f->exam != answerer_exam || f->answerer), "%s", f->name);
    CHECK((!f->right || f->vocabulary) && !f->exam == !f->exam_free && !(f->right && f->exam), "%s: one way of judging, and all of it",
          f->name);
    CHECK(!(f->right || f->exam) || f->judged > 0, "%s", f->name);
    struct task task = drawn(f, 0);
    struct rnn_arch arch = {.hidden = 7, .layers = 3};
    f->shape(task.body.bytes, &arch);
    CHECK(arch.input > 0 && arch.output > 0 && arch.hidden == 7 && arch.layers == 3, "%s", f->name);
    if (f->vocabulary) {
        struct vocabulary v = f->vocabulary(task.body.bytes);
        CHECK(v.letters > 0 && v.length > 0 && v.letters <= arch.input && v.bos < arch.input && v.eos < arch.input, "%s", f->name);
        CHECK(!f->right || v.bos >= 0, "%s: what is written begins with BOS", f->name);
    }
    test_words(f, task.body.bytes);
    for (const struct family_target *t = f->targets; t < f->targets + FAMILY_TARGETS && t->name; t++) {
        struct decoded d = decoded_new();
        struct found found;
        pack_map(d.packer), pack_key(d.packer, "task"), task_pack(d.packer, &task), pack_end(d.packer);
        CHECK(family_target(t->name) == t && path_find(decoded_root(&d), t->path, &found), "%s: %s", f->name, t->name);
        decoded_free(&d);
    }
    CHECK(!family_target("no such target"), "%s", f->name);
}

// read(pack(draw)) is the identity; drawing is pure.
static void test_round_trip(const struct family *f) {
    struct decoded d = decoded_new();
    struct error error = {0};
    int same = 0;
    for (uint64_t run = 0; run < DRAWS; run++) {
        struct task task = drawn(f, run), again = drawn(f, run), read, other = drawn(f, run + 1);
        packer_clear(d.packer);
        task_pack(d.packer, &task);
        CHECK(task_read(decoded_root(&d), &read, &error) == STATUS_OK, "%s: %s", f->name, error.text);
        CHECK(read.family == f && memcmp(read.body.bytes, task.body.bytes, f->size) == 0, "%s: run %llu", f->name, (unsigned long long)run);
        CHECK(memcmp(again.body.bytes, task.body.bytes, f->size) == 0, "%s", f->name);
        same += memcmp(other.body.bytes, task.body.bytes, f->size) == 0;
    }
    CHECK(same < DRAWS / 2, "%s: %d draws are as the one before", f->name, same);
    decoded_free(&d);
}

// Keys are equal just where hashes are, and splits go by key.
static void test_keys_and_splits(const struct family *f) {
    const struct split_rule rules[2] = {{0.15, NAN, 1}, {0.15, NAN, 2}};
    struct splits *splits[2] = {splits_new(&rules[0]), splits_new(&rules[1])}, *fresh = splits_new(&rules[0]);
    char(*keys)[FAMILY_KEY_SIZE] = memory_calloc(DRAWS, sizeof *keys);
    struct task *tasks = memory_alloc(DRAWS * sizeof *tasks);
    int count[SPLIT_COUNT] = {0}, moved = 0, distinct = 0;
    for (int i = 0; i < DRAWS; i++) {
        tasks[i] = drawn(f, (uint64_t)i);
        int length = f->key(tasks[i].body.bytes, keys[i]);
        CHECK(length > 0 && length < FAMILY_KEY_SIZE && strlen(keys[i]) == (size_t)length, "%s: '%s'", f->name, keys[i]);
        enum split split = splits_of(splits[0], &tasks[i]);
        CHECK(split == splits_of(splits[0], &tasks[i]), "%s", f->name);
        count[split]++;
        moved += split != splits_of(splits[1], &tasks[i]);
        bool new = true;
        for (int k = 0; k < i; k++) {
            bool equal = strcmp(keys[i], keys[k]) == 0;
            new = new && !equal;
            CHECK(equal == (task_hash(&tasks[i], 9) == task_hash(&tasks[k], 9)), "%s: '%s', '%s'", f->name, keys[i], keys[k]);
            if (equal)
                CHECK(split == splits_of(splits[0], &tasks[k]), "%s: %s", f->name, keys[i]);
        }
        distinct += new;
    }
    for (int i = DRAWS - 1; i >= 0; i--) // in another order, from the beginning
        CHECK(splits_of(fresh, &tasks[i]) == splits_of(splits[0], &tasks[i]), "%s", f->name);
    for (int i = 0; f->ood && i < DRAWS; i++)
        CHECK(f->ood(tasks[i].body.bytes, f->ood_share) == (splits_of(splits[0], &tasks[i]) == SPLIT_OOD), "%s: %s", f->name, keys[i]);
    CHECK(count[SPLIT_TRAIN] > DRAWS / 2 && count[SPLIT_VALIDATION] > 0 && count[SPLIT_OOD] > 0 && moved > 0,
          "%s: %d train, %d validation, %d ood, %d moved", f->name, count[0], count[1], count[2], moved);
    CHECK(distinct > DRAWS / 4, "%s: %d different keys", f->name, distinct);
    for (int i = 0; i < 2; i++)
        splits_free(splits[i]);
    splits_free(fresh);
    free(keys);
    free(tasks);
}

static void test_keys_tell_families_apart(void) {
    for (int i = 0; i < family_count(); i++)
        for (int k = 0; k < i; k++) {
            struct task a = drawn(family_at(i), 0), b = drawn(family_at(k), 0);
            CHECK(task_hash(&a, 1) != task_hash(&b, 1), "%s, %s", family_at(i)->name, family_at(k)->name);
        }
    CHECK(!family_find("sorting") && !family_find(""));
}

static void test_answers_right(void) {
    const float logits[] = {9, 0, 0, 9, 0, 0, /* last position */ 1, 2, 0, 5, 2, 4};
    CHECK(answers_right(logits, 2, 2, 3, (uint8_t[]){1, 0}) == 2);
    CHECK(answers_right(logits, 2, 2, 3, (uint8_t[]){0, 0}) == 1);
}

int main(void) {
    CHECK(family_count() >= 2);
    for (int i = 0; i < family_count(); i++) {
        test_form(family_at(i));
        test_round_trip(family_at(i));
        test_keys_and_splits(family_at(i));
    }
    test_keys_tell_families_apart();
    test_answers_right();
    return check_report("families/family");
}
