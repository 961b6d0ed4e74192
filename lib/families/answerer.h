// What families have in common whose RNNs read words of tokens and answer with a class at every position: training by cross-entropy of all
// answers, accuracy at the last position, rollouts, and exams. Letters: T length of a word, C classes.
#ifndef FAMILIES_ANSWERER_H
#define FAMILIES_ANSWERER_H

#include "base/error.h"
#include "base/rng.h"
#include "families/train.h"

struct exam;
struct image_sets;
struct task;
struct train_setting;

struct answerer {
    // Draws a word [length] and the right answers [length] to its prefixes, as a pure function of the first three arguments.
    void (*draw)(const void *data, int length, struct rng *rng, uint8_t *word, uint8_t *answers);
    void *data;      // allocated
    int length;      // T, of the words that it is learnt by
    int long_length; // metric accuracy_long is of words of this length; 0: there is no such metric
};

// The trainee and the exam of any family that has an answerer, as struct family wants them. The words of an exam are drawn as for training,
// the same for all RNNs of a task.
enum status answerer_trainee(struct trainee **out, const struct task *task, const struct train_setting *setting, struct error *error);
enum status answerer_exam(struct exam *exam, const struct task *task, int count, struct image_sets *images, struct error *error);
void answerer_exam_free(struct exam *exam);

// The loss of given words [batch,T] with their answers [batch,T], and the gradient [table.size], without an update.
double answerer_gradient(struct trainee *t, const uint8_t *words, const uint8_t *answers, int batch, float *grad);

#endif
