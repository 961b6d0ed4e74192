#include "families/smnist.h"

#include "../check.h"
#include "digit_images.h"

static const struct train_recipe recipe = {
    .cell = &cell_lstm, .steps = 300, .batch = 16, .hidden = 16, .layers = 2, .rate = {0.02, 0.01, 0.001}, .weight_decay = 0.5};
static const struct smnist task = {.data = "squares", .tile = 7, .rotation = 30, .weight_decay = 0.001};
enum { T = 17, I = 49, COUNT = 300 };

static struct trainee *new_trainee(const struct smnist *s, const struct train_recipe *r, const struct image_set *images, uint64_t run) {
    struct trainee *t;
    struct error error;
    CHECK(trainee_of_smnist(&t, s, images, r, 1, run, &error) == STATUS_OK, "%s", error.text);
    return t;
}

static bool same_weights(const struct trainee *a, const struct trainee *b) {
    return memcmp(a->weights, b->weights, a->table.size * sizeof(float)) == 0;
}

// What is looked at between updates does not change the course of training; run, rotation, and the task's own decay do, the recipe's does
// not.
static void test_determinism(const struct image_set *images) {
    struct smnist turned = task, decayed = task;
    turned.rotation = 31;
    decayed.weight_decay = 0.1;
    struct train_recipe other = recipe;
    other.weight_decay = 0;
    struct trainee *plain = new_trainee(&task, &recipe, images, 2), *same = new_trainee(&task, &other, images, 2),
                   *others[] = {new_trainee(&task, &recipe, images, 3), new_trainee(&turned, &recipe, images, 2),
                                new_trainee(&decayed, &recipe, images, 2)};
    CHECK(plain->arch.input == I && plain->arch.output == 10 && plain->arch.hidden == 16 && plain->arch.layers == 2 && plain->step == 0);
    for (int s = 0; s < 4; s++) {
        struct rollouts r = trainee_rollouts(same, 20);
        rollouts_free(&r);
        trainee_performance(same, 40);
        CHECK(trainee_update(plain) && trainee_update(same));
        CHECK(plain->loss == same->loss && same_weights(plain, same));
        for (int i = 0; i < 3; i++)
            CHECK(trainee_update(others[i]) && !same_weights(plain, others[i]), "trainee %d", i);
    }
    for (int i = 0; i < 3; i++)
        trainee_free(others[i]);
    trainee_free(plain);
    trainee_free(same);
}

static double metric(const struct performance *p, const char *name) {
    for (int i = 0; i < PERFORMANCE_OTHERS; i++)
        if (p->others[i].name && strcmp(p->others[i].name, name) == 0)
            return p->others[i].value;
    return NAN;
}

// The labels of the evaluation images are all wrong: an RNN that had seen one of them could not be as good on one kind, as bad on the
// other.
static void test_learning(struct digit_images *d) {
    for (int i = 0; i < d->set.count; i++)
        if (!image_trains_on((uint64_t)i))
            d->labels[i] = (uint8_t)((d->labels[i] + 1) % 10);
    struct trainee *t = new_trainee(&task, &recipe, &d->set, 0);
    CHECK(trainee_update(t));
    CHECK_CLOSE(t->loss, log(10), 0.3);
    while (t->step <= recipe.steps && trainee_update(t))
        continue;
    struct performance p = trainee_performance(t, 0), again = trainee_performance(t, 12000), some = trainee_performance(t, 20);
    CHECK(t->step == recipe.steps + 1 && t->loss < 1.5, "%g", t->loss);
    CHECK(metric(&p, "train_accuracy") > 0.9 && p.accuracy < 0.1, "%g %g", metric(&p, "train_accuracy"), p.accuracy);
    CHECK(metric(&p, "train_loss") < 1.5 && metric(&p, "evaluation_loss") > metric(&p, "train_loss") + 1);
    CHECK(metric(&p, "generalisation_gap") == metric(&p, "evaluation_loss") - metric(&p, "train_loss"));
    CHECK(memcmp(&p, &again, sizeof p) == 0, "0 stands for 12,000, of which there are fewer");
    CHECK(metric(&some, "train_loss") != metric(&p, "train_loss"));
    trainee_free(t);
}

// All images the same: the loss of any batch is what a rollout's logits give, over all positions, and rollouts are that image's sequence.
static void test_rollouts(struct digit_images *d) {
    for (int i = 1; i < d->set.count; i++) {
        memcpy(d->pixels + i * DIGIT_PIXELS, d->pixels, DIGIT_PIXELS);
        d->labels[i] = d->labels[0];
    }
    struct trainee *t = new_trainee(&task, &recipe, &d->set, 0);
    for (int s = 0; s < 3; s++)
        CHECK(trainee_update(t));
    struct rollouts r = trainee_rollouts(t, 3);
    CHECK(r.count == 3 && r.steps == T && !r.tokens);
    uint8_t turned[DIGIT_PIXELS];
    float sequence[T * I];
    image_rotate(d->pixels, task.rotation, turned);
    image_sequence(turned, task.tile, sequence, I);
    for (int i = 0; i < 3; i++) {
        CHECK(memcmp(r.inputs + i * T * I, sequence, sizeof sequence) == 0);
        double loss = 0;
        for (int s = 0; s < T; s++) {
            const float *logits = r.logits + (i * T + s) * 10;
            double sum = 0;
            for (int c = 0; c < 10; c++)
                sum += exp(logits[c]);
            loss += (log(sum) - logits[d->labels[0]]) / T;
        }
        struct performance p = trainee_performance(t, 40);
        CHECK_CLOSE(loss, metric(&p, "train_loss"), 1e-5);
        CHECK_CLOSE(metric(&p, "generalisation_gap"), 0, 1e-6);
    }
    struct performance p = trainee_performance(t, 40);
    CHECK(trainee_update(t));
    CHECK_CLOSE(t->loss, metric(&p, "train_loss"), 1e-5);
    rollouts_free(&r);
    trainee_free(t);
}

static void test_failures(const struct digit_images *d) {
    struct image_set one = d->set;
    one.count = 1;
    struct trainee *t;
    struct error error;
    CHECK(trainee_of_smnist(&t, &task, &one, &recipe, 1, 0, &error) == STATUS_DATA && !t && strstr(error.text, "too few"), "%s",
          error.text);
    t = new_trainee(&task, &recipe, &d->set, 0);
    t->weights[3] = NAN;
    CHECK(!trainee_update(t) && t->step == 0, "a loss that is not finite ends the run");
    trainee_free(t);
}

int main(void) {
    struct digit_images d = digit_images_new(COUNT);
    test_determinism(&d.set);
    test_failures(&d);
    test_learning(&d);
    test_rollouts(&d);
    digit_images_free(&d);
    return check_report("families/smnist_training");
}
