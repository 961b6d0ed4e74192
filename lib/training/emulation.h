// Emulation: training an encoder and an emulator together without labels (paper, section 3.1), and judging them.
#ifndef TRAINING_EMULATION_H
#define TRAINING_EMULATION_H

#include "nn/loss.h"
#include "records/loader.h"
#include "stream/writer.h"
#include "training/augmentation.h"
#include "training/emulator.h"
#include "training/learner.h"
#include "families/image_sets.h"

struct emulation_recipe {
    struct learner_recipe learner;    // paper: batch 64, rate 1e-4, decay 0.01, clip 0.1
    enum criterion criterion;         // paper: total_variation
    uint64_t steps;                   // paper: 100,000
    int validate_every;               // paper: 1,000
    struct augmentation augmentation; // of the RNNs that the encoder sees in training; zeroed: none
    int patience;                     // validations without improvement before stopping; 0 = never stop early
    int rollouts;                     // of each RNN in a step; 0: 1, as the paper
    double z_noise;                   // norm (root mean square) of normal noise that is added to z in training; 0: none
};
extern const struct emulation_recipe emulation_paper_recipe;

// One point of the training curve.
struct curve_point {
    uint64_t step;
    const char *split; // "train" (mean since the last point), "validation", "ood"
    double loss, seconds;
    double
        beside; // the mean reverse Kullback-Leibler divergence (criterion kl_reverse); NaN: not measured (train; answers that are numbers)
    // Of split train, NaN elsewhere: mean gradient norms since the last point; and, of RNNs that networks are judged by, at most LANE_SIZE:
    // the variance of z, 1 - |mean of z|^2, and the mean entropy of probing inputs that are mixtures of tokens, in nats (NaN: there are
    // none).
    double encoder_norm, emulator_norm, z_variance, probe_entropy;
};

struct emulation {
    struct encoder *encoder;
    struct emulator *emulator;
    struct learner *learner; // its best loss is on the validation split (on train when there is none)
    struct emulation_recipe recipe;
    struct curve_point *curve;
    int curve_count;
    bool stopped;         // out of patience, or diverged
    uint64_t diverged_at; // the step whose loss, gradient or validation was not finite; 0: none
    struct emulation_internal *internal;
};

// encoder and emulator are borrowed and trained in place. STATUS_DATA when the data have no rollouts, or rollouts of different lengths, or
// numbers that are not finite, or do not fit the encoder.
enum status emulation_new(struct emulation **out, struct encoder *encoder, struct emulator *emulator, const struct dataset *data,
                          const struct emulation_recipe *recipe, struct error *error) MUST_CHECK;
void emulation_free(struct emulation *e);

// Can an RNN be used by emulation_new together with those that were asked about before? The dataset_sift of a zoo in which some can't.
struct emulation_sift {
    const struct encoder *encoder;
    const struct emulator *emulator; // NULL: a fresh one, for RNNs such as the encoder was made for
    enum criterion criterion;
    struct rnn_loader rnn; // with one place
    uint64_t steps, rank;  // of the rollouts of the first; 0 before it
};
enum status emulation_usable(void *sift, const struct rnn_record *record, struct error *error);

// One step; validates every recipe.validate_every steps and remembers the best networks so far. Call until recipe.steps are done or
// `stopped`. STATUS_DIVERGED when it can't go on: diverged_at and `stopped` are set, and emulation_finish gives the best of before.
enum status emulation_step(struct emulation *e, double *loss, struct error *error) MUST_CHECK;
// Ends a training: validates once more when steps were done since the last time, which nothing of a training that goes on depends on (so
// save before it), and puts the best networks into encoder and emulator, with their step. Of a training that diverged before its first
// validation these are the networks as they came.
enum status emulation_finish(struct emulation *e, struct error *error) MUST_CHECK;

// Checkpoints: the whole state as a stream of records, written to a temporary file beside `path`, synced, then renamed over it.
enum status emulation_save(const struct emulation *e, const char *path, const struct writer_identity *identity,
                           struct error *error) MUST_CHECK;
// STATUS_NO_INPUT when there is no such file; STATUS_DATA when it is damaged, or belongs to other networks, data or recipe (but for steps
// and threads). It may be beyond recipe.steps. After a failure the networks' values are undefined.
enum status emulation_resume(struct emulation *e, const char *path, struct error *error) MUST_CHECK;

// Judging: how well does the emulator, given z, imitate an RNN? STATUS_DATA when the record has no suitable rollouts, the loss is not
// finite, or the images of its task are damaged; STATUS_NO_INPUT when they are not in the directory that was named.
struct imitation {
    enum criterion criterion;
    double loss;           // by it, mean over the rollouts looked at
    double kl_reverse;     // by criterion kl_reverse; NaN where answers are numbers
    double clone_accuracy; // share of generated strings in the language (strict), or of images told right at the last position; NaN when it
                           // can't be had: another family of tasks, no images, clones 0
    int clones;            // strings or images that it is a share of; 0: none
};
struct judge_options {
    enum criterion criterion;
    int rollouts;
    int clones; // strings or images; -1: 64 to 1,000 strings, most where the RNN's own accuracy is a half; 256 images
    uint64_t seed;
    struct image_sets *images; // borrowed; NULL: classifiers' clones aren't judged
};
struct judge;
struct judge *judge_new(const struct emulator *emulator, const struct judge_options *options);
// Can it judge RNNs of this architecture? STATUS_DATA otherwise.
enum status judge_fits(const struct judge *j, const struct rnn_arch *arch, struct error *error) MUST_CHECK;
enum status judge_imitation(struct judge *j, const struct rnn_record *record, const float *z, struct imitation *out,
                            struct error *error) MUST_CHECK;
// Why a clone could not be judged, if one could not for want of images (in directories that nobody named); else NULL.
const char *judge_missing_images(const struct judge *j);
void judge_free(struct judge *j);

#endif
