// Judging emulators, above all one that is the RNN itself.
#include "training/emulation.h"

#include "../records/decoded.h"
#include "clone.h"
#include "zoo.h"

enum { Z = 2 };

// A trained RNN's record, as train-rnn would write it; its rollouts are 6 strings.
struct subject {
    struct trainee *trainee;
    struct decoded decoded;
    struct rnn_record record;
};

static struct subject subject_new(void) {
    struct train_recipe recipe = train_paper_recipe;
    recipe.steps = 400;
    recipe.hidden = 8;
    struct subject s = {.trainee = trainee_of_language(&zoo_language, &recipe, 1, 1), .decoded = decoded_new()};
    while (s.trainee->step <= recipe.steps && trainee_update(s.trainee))
        continue;
    enum { N = 6, L = 9, V = 4 };
    struct rollouts r = trainee_rollouts(s.trainee, N);
    struct packer *p = s.decoded.packer;
    struct task task = task_make(&language_family, &zoo_language);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "rnn");
    pack_key(p, "run");
    pack_u64(p, 1);
    pack_key(p, "task");
    task_pack(p, &task);
    pack_key(p, "arch");
    arch_pack(p, &s.trainee->arch);
    pack_key(p, "weights");
    weights_pack(p, &s.trainee->table, s.trainee->weights);
    pack_key(p, "rollouts");
    pack_map(p);
    pack_key(p, "inputs");
    pack_array(p, DTYPE_U1, 2, (uint64_t[]){N, L}, r.tokens);
    pack_key(p, "logits");
    pack_array(p, DTYPE_F4, 3, (uint64_t[]){N, L - 1, V}, r.logits);
    pack_end(p);
    rollouts_free(&r);
    pack_end(p);
    struct error error;
    CHECK(rnn_record_read(decoded_root(&s.decoded), &s.record, &error) == STATUS_OK, "%s", error.text);
    return s;
}

static const float z[Z] = {0.6f, -0.8f};

static void test_perfect_clone(const struct subject *s) {
    double accuracy = trainee_performance(s->trainee, 1000).accuracy;
    CHECK(accuracy > 0.3, "%g", accuracy);
    for (int condition = CONDITION_BOS; condition <= CONDITION_EVERY; condition++) {
        struct emulator *e = clone_of(&s->trainee->arch, s->trainee->weights, Z, condition);
        for (int c = 0; c < CRITERION_DISTRIBUTIONS; c++) {
            struct judge *j = judge_new(e, &(struct judge_options){(enum criterion)c, 10, 2000, 1, NULL});
            struct imitation imitation;
            struct error error;
            CHECK(judge_imitation(j, &s->record, z, &imitation, &error) == STATUS_OK, "%s", error.text);
            CHECK(c == CRITERION_CE ? imitation.loss > 0.05 : fabs(imitation.loss) < 1e-5, "criterion %d: %g", c, imitation.loss);
            CHECK_CLOSE(imitation.clone_accuracy, accuracy, 0.06); // four deviations of 1,000 and 2,000 strings
            judge_free(j);
        }
        emulator_free(e);
    }
}

// The mean over the rollouts asked for; the same answer again, and z matters.
static void test_other_emulator(const struct subject *s) {
    struct emulator *e = emulator_new(&(struct emulator_config){.z = Z, .hidden = 6, .layers = 1}, &s->trainee->arch, 1);
    for (size_t i = 0; i < e->table.size; i++)
        e->values[i] *= 3;
    struct judge *one = judge_new(e, &(struct judge_options){.rollouts = 1, .clones = 100, .seed = 1}),
                 *all = judge_new(e, &(struct judge_options){.rollouts = 6, .clones = 100, .seed = 1}),
                 *none = judge_new(e, &(struct judge_options){.rollouts = 1000, .seed = 1});
    struct imitation a, b, c;
    struct error error;
    CHECK(judge_imitation(one, &s->record, z, &a, &error) == STATUS_OK && judge_imitation(all, &s->record, z, &b, &error) == STATUS_OK);
    CHECK(judge_imitation(none, &s->record, z, &c, &error) == STATUS_OK && isnan(c.clone_accuracy) && c.loss == b.loss);
    CHECK(a.loss > 0.1 && a.loss != b.loss && a.clone_accuracy < 0.2, "%g %g %g", a.loss, b.loss, a.clone_accuracy);
    const float other[Z] = {-1, 0};
    struct imitation again, moved;
    CHECK(judge_imitation(all, &s->record, z, &again, &error) == STATUS_OK &&
          judge_imitation(all, &s->record, other, &moved, &error) == STATUS_OK);
    CHECK(again.loss == b.loss && again.clone_accuracy == b.clone_accuracy && moved.loss != b.loss);

    const float nothing[Z] = {NAN, 0};
    CHECK(judge_imitation(all, &s->record, nothing, &a, &error) == STATUS_DATA && strstr(error.text, "run 1"), "%s", error.text);
    struct rnn_record r = s->record;
    r.has_rollouts = false;
    CHECK(judge_imitation(all, &r, z, &a, &error) == STATUS_DATA && strstr(error.text, "no rollouts"), "%s", error.text);
    r = s->record;
    r.arch.input = r.arch.output = 6;
    CHECK(judge_imitation(all, &r, z, &a, &error) == STATUS_DATA && strstr(error.text, "inputs 6 and 4"), "%s", error.text);
    r = s->record;
    r.task.family = NULL;
    CHECK(judge_imitation(all, &r, z, &a, &error) == STATUS_OK && isnan(a.clone_accuracy) && a.loss == b.loss);
    judge_free(one);
    judge_free(all);
    judge_free(none);
    judge_free(NULL);
    emulator_free(e);
}

int main(void) {
    struct subject s = subject_new();
    test_perfect_clone(&s);
    test_other_emulator(&s);
    decoded_free(&s.decoded);
    trainee_free(s.trainee);
    return check_report("training/judge");
}
