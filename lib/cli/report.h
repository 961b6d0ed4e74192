// What an interrogator has to say of an RNN, in one report: for people as text, for programs as a record.
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "analysis/speech.h"
#include "analysis/specimen.h"
#include "cli/interrogatorfile.h"
#include "stream/json.h"

struct report_options {
    int relatives;              // how many of the zoo
    int words;                  // that are shown
    double warn;                // an RNN that is farther from the zoo than this share of the held-out ones is warned of
    const struct embedded *zoo; // instead of the interrogator's index; NULL
    uint64_t seed;
};

struct report {
    const struct rnn_record *record;
    const struct interrogator *by;
    const struct report_options *options;
    size_t weights;
    char unfit[256]; // why the interrogator can't ask this RNN; "" when it can
    float *z;        // NULL: was not asked
    struct neighbours relatives;
    double distance, novelty; // to the nearest of the zoo, and the share of held-out RNNs that are nearer to it; NaN without an index
    bool warned;              // too far from the zoo, or imitated too badly
    struct opinion opinion[INTERROGATOR_PREDICTORS][ANSWERS_MAX];
    bool speaks; // words were listed
    struct speech speech;
    struct words words;
    double told; // the share of its words that are of one task (0: of none)
    struct task task;
    bool has_truth;
    struct words_verdict verdict; // against the record's own task
    bool cloned;
    double loss, hardness; // the clone's total variation (or squared difference) on the RNN's own rollouts or words; and the share of
                           // held-out RNNs that are imitated better, NaN when not known
    struct words clone_words;
    int clone_right; // of the words shown, so many the clone says too
};

// The record has to outlive the report. STATUS_DATA when its weights can't be read.
enum status report_make(struct report *out, const struct interrogator *m, const struct rnn_record *record,
                        const struct report_options *options, struct error *error) MUST_CHECK;
void report_free(struct report *r);

void report_text(struct json_text *out, const struct report *r);
void report_pack(struct packer *p, const struct report *r); // the whole record, of kind report

#endif
