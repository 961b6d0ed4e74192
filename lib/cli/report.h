// What an interrogator has to say of an RNN, in one report: for people as text, for programs as a record.
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "analysis/speech.h"
#include "analysis/specimen.h"
#include "cli/interrogatorfile.h"
#include "stream/json.h"

enum { REPORT_WARNINGS = 4, WARNING_SIZE = 256 };

struct report_options {
    int relatives;                // how many of the zoo
    int words;                    // that are shown
    double warn;                  // an RNN that is farther from the zoo than this share of the held-out ones is warned of
    const struct embedded *zoo;   // instead of the interrogator's index; NULL
    struct speech_options speech; // which tokens begin and end words, where no task tells
    uint64_t seed;
};

// What tells what an RNN does: its words, if most of them are of one task; otherwise its embedding.
enum evidence { EVIDENCE_NONE, EVIDENCE_WORDS, EVIDENCE_EMBEDDING };

struct report {
    const struct rnn_record *record;
    const struct interrogator *by;
    const struct report_options *options;
    size_t weights;
    char unfit[256]; // why the interrogator can't ask this RNN; "" when it can
    float *z;        // NULL: was not asked
    struct neighbours relatives;
    double distance, novelty; // to the nearest of the zoo, and the share of held-out RNNs that are nearer to it; NaN without an index
    char warning[REPORT_WARNINGS][WARNING_SIZE]; // why predictions mean little
    int warnings;
    struct opinion opinion[INTERROGATOR_PREDICTORS][ANSWERS_MAX];
    bool guessed; // predictors tell a task
    struct task guess;
    double sure;  // how sure they are of all of it: the product of the answers' confidences
    bool speaks;  // words were listed
    bool assumed; // no task tells how words begin and end: as in the zoo
    struct speech speech;
    struct words words;
    int shown;   // so many of them are told
    double told; // the share of all that it says that is of one task (0: of none)
    struct task task;
    int first_n, last_n; // its words of that task are of these n; first_n < 0: it is no task that counts
    enum evidence evidence;
    bool agree; // guess and task are the same
    bool has_truth;
    struct words_verdict verdict; // against the record's own task
    bool cloned;
    double loss, hardness; // the clone's total variation (or squared difference) on the RNN's own rollouts or words; and the share of
                           // held-out RNNs that are imitated better, NaN when not known
    struct words clone_words;
    double clone_told; // the share of all that the clone says that is of one task: what the embedding tells, without a predictor
    struct task clone_task;
    int clone_right; // of the words shown, so many the clone says too
};

// The record has to outlive the report. STATUS_DATA when its weights can't be read.
enum status report_make(struct report *out, const struct interrogator *m, const struct rnn_record *record,
                        const struct report_options *options, struct error *error) MUST_CHECK;
void report_free(struct report *r);

const struct value *report_relative(const struct report *r, int i); // the zoo's entry of relatives.list[i]

void report_text(struct text *out, const struct report *r);
void report_pack(struct packer *p, const struct report *r); // the whole record, of kind report

#endif
