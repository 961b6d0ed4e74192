#include "analysis/evaluation.h"

enum status evaluation_open(struct trainee **out, const struct rnn_record *record, int batch, uint64_t seed, struct image_sets *images,
                            struct error *error) {
    const struct task *task = &record->task;
    *out = NULL;
    if (!task->family || !task->family->trainee)
        return error_set(error, STATUS_DATA, "no way of training is known for the family of its task, so there is no loss");
    struct train_recipe recipe = train_paper_recipe;
    recipe.batch = batch;
    recipe.cell = record->arch.cell;
    recipe.hidden = record->arch.hidden;
    recipe.layers = record->arch.layers;
    const struct train_setting setting = {.recipe = &recipe, .seed = seed, .run = 0, .images = images};
    enum status status = task->family->trainee(out, task, &setting, error);
    if (status == STATUS_OK && !rnn_arch_equal(&(*out)->arch, &record->arch)) {
        trainee_free(*out);
        *out = NULL;
        status = error_set(error, STATUS_DATA, "an RNN of other inputs or outputs than its task asks for");
    }
    return status;
}
