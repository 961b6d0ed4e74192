// Judging clones of classifiers by images.
#include "training/emulation.h"

#include "../records/decoded.h"
#include "../families/digit_images.h"
#include "clone.h"
#include "families/language.h"
#include "families/smnist.h"

#include "records/rnn.h"
#include "records/snapshot.h"

enum { Z = 2, COUNT = 400 };
static const float z[Z] = {0.6f, -0.8f};
static char directory[] = "/tmp/rnnpipe-judge-XXXXXX";

// A snapshot of an RNN that has seen `steps` batches; returns its performance on 60 images. Data in a directory data/NAME there are not.
static struct performance subject(struct decoded *d, struct rnn_record *record, const struct image_set *images, double rotation, int steps,
                                  struct emulator **clone) {
    const struct train_recipe recipe = {
        .cell = &cell_lstm, .steps = 1000, .batch = 16, .hidden = 16, .layers = 1, .rate = {0.01, 0.01, 0.01}};
    struct task_record task = {.run = 3};
    struct decoded packed = decoded_new();
    const struct smnist smnist = {.data = "no-such-images", .tile = 4, .rotation = rotation, .weight_decay = 0.01};
    const struct task turned = task_make(&smnist_family, &smnist);
    struct error error;
    task_pack(packed.packer, &turned);
    CHECK(task_read(decoded_root(&packed), &task.task, &error) == STATUS_OK, "%s", error.text);
    struct decoded root = decoded_new();
    pack_map(root.packer), pack_end(root.packer);
    task.root = decoded_root(&root);
    struct trainee *t;
    CHECK(trainee_of_smnist(&t, TASK_BODY(struct smnist, &task.task), images, &recipe, 1, task.run, &error) == STATUS_OK, "%s", error.text);
    while (t->step < steps && trainee_update(t))
        continue;
    struct performance p;
    packer_clear(d->packer);
    CHECK(snapshot_pack(d->packer, t, &task, 1, steps, &(struct snapshot_recipe){.train = &recipe, .rollouts = 8, .samples = 60}, &p));
    CHECK(rnn_record_read(decoded_root(d), record, &error) == STATUS_OK, "%s", error.text);
    if (clone)
        *clone = clone_of(&t->arch, t->weights, Z, CONDITION_BOS);
    trainee_free(t);
    decoded_free(&packed);
    decoded_free(&root);
    return p;
}

// Its own weights imitate an RNN perfectly, up to the half precision of what is stored; on the same images it is as accurate.
static void test_perfect_clone(const struct image_set *images) {
    struct decoded d = decoded_new();
    struct rnn_record record;
    struct image_sets sets = {.directory = directory};
    double worst = 1, best = 0;
    struct judge *first = NULL;
    struct emulator *first_clone = NULL;
    for (int i = 0; i < 6; i++) {
        static const int steps[] = {1, 10, 400, 1, 60, 400};
        static const double rotations[] = {100, 100, 100, 0, 0, 33};
        struct emulator *clone;
        struct performance p = subject(&d, &record, images, rotations[i], steps[i], &clone);
        struct judge *j = judge_new(clone, &(struct judge_options){.rollouts = 8, .clones = 60, .seed = 1, .images = &sets});
        struct imitation imitation;
        struct error error;
        CHECK(judge_imitation(j, &record, z, &imitation, &error) == STATUS_OK, "%s", error.text);
        CHECK(imitation.loss < 2e-3, "%g", imitation.loss);
        CHECK(imitation.clone_accuracy == p.accuracy, "%g against %g", imitation.clone_accuracy, p.accuracy);
        worst = fmin(worst, p.accuracy);
        best = fmax(best, p.accuracy);
        if (i == 0) {
            first = j;
            first_clone = clone;
            continue;
        }
        // The first judge has seen all rotations so far; a fresh one says the same of its clone's imitation of this RNN.
        struct imitation a, b;
        struct judge *fresh = judge_new(first_clone, &(struct judge_options){.rollouts = 8, .clones = 60, .seed = 2, .images = &sets});
        CHECK(judge_imitation(first, &record, z, &a, &error) == STATUS_OK && judge_imitation(fresh, &record, z, &b, &error) == STATUS_OK);
        CHECK(a.clone_accuracy == b.clone_accuracy && a.loss == b.loss && a.clone_accuracy < 0.9);
        judge_free(fresh);
        judge_free(j);
        emulator_free(clone);
    }
    CHECK(worst < 0.3 && best > 0.9, "%g %g", worst, best);
    judge_free(first);
    emulator_free(first_clone);
    image_sets_close(&sets);
    decoded_free(&d);
}

// Without images the loss is judged, unless they were promised; also when nobody wants clones, or the RNN does not fit its task.
static void test_without(const struct image_set *images) {
    struct decoded d = decoded_new();
    struct rnn_record record;
    struct emulator *clone;
    subject(&d, &record, images, 10, 2, &clone);
    struct image_sets unnamed = {0}, named = {.directory = "no-such-directory"}, there = {.directory = directory};
    struct imitation imitation;
    struct error error;
    const struct judge_options options[] = {{.rollouts = 8, .clones = -1, .images = &unnamed},
                                            {.rollouts = 8, .clones = -1},
                                            {.rollouts = 8, .images = &named},
                                            {.rollouts = 8, .clones = -1, .images = &named}};
    for (int i = 0; i < 4; i++) {
        struct judge *j = judge_new(clone, &options[i]);
        enum status status = judge_imitation(j, &record, z, &imitation, &error);
        CHECK(status == (i == 3 ? STATUS_NO_INPUT : STATUS_OK), "options %d: %d", i, status);
        CHECK(isnan(imitation.clone_accuracy) && imitation.loss < 2e-3);
        const char *missing = judge_missing_images(j);
        CHECK(i ? !missing : missing && strstr(missing, "data/no-such-images"), "%s", missing ? missing : "nothing missing");
        judge_free(j);
    }
    struct judge *j = judge_new(clone, &(struct judge_options){.rollouts = 8, .clones = -1, .images = &there});
    struct rnn_record other = record;
    struct smnist tiled = *TASK_BODY(struct smnist, &record.task);
    tiled.tile = 2;
    other.task = task_make(&smnist_family, &tiled);
    CHECK(judge_imitation(j, &other, z, &imitation, &error) == STATUS_OK && isnan(imitation.clone_accuracy));
    other.task = task_make(&language_family, &(struct language){.tokens = 4, .length = 42, .max_n = 10});
    CHECK(judge_imitation(j, &other, z, &imitation, &error) == STATUS_OK && isnan(imitation.clone_accuracy));
    CHECK(judge_imitation(j, &record, z, &imitation, &error) == STATUS_OK && imitation.clone_accuracy >= 0 && !judge_missing_images(j));
    judge_free(j);
    image_sets_close(&there);
    emulator_free(clone);
    decoded_free(&d);
}

int main(void) {
    struct digit_images d = digit_images_new(COUNT);
    CHECK(mkdtemp(directory) != NULL);
    digit_images_write(&d, directory);
    test_perfect_clone(&d.set);
    test_without(&d.set);
    digit_images_remove(directory);
    digit_images_free(&d);
    return check_report("training/judge_images");
}
