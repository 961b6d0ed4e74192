#include "cli/report.h"

#include "analysis/compare.h"
#include "base/memory.h"
#include "records/same.h"
#include "training/clone.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PREFIXES = 4000, SEQUENCES = 16 };
static const double mass = 0.95;

static void warn(struct report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void warn(struct report *r, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(r->warning[r->warnings++], sizeof *r->warning, format, args);
    va_end(args);
}

// --- What it is near to, and what predictors make of it ---

static enum status embed(struct report *r, struct specimen *s, struct error *error) {
    const struct encoder *e = r->by->encoder;
    struct tape tape = {0};
    struct weights w = {&e->table, e->values, NULL};
    struct rnn rnn = {.arch = &s->arch, .table = &s->table, .weights = s->weights};
    struct tensor *z = encoder_embed(&tape, e, &w, &(struct rnn_batch){&rnn, 1}, NULL, NULL, NULL);
    r->z = memory_alloc((size_t)z->cols * sizeof *r->z);
    memcpy(r->z, z->value, (size_t)z->cols * sizeof *r->z);
    enum status status = encoder_check_norm(z, 0, error);
    tape_free(&tape);
    return status == STATUS_OK ? status : rnn_record_prefix(r->record, error);
}

// The zoo's entry of a relative.
const struct value *report_relative(const struct report *r, int i) {
    uint64_t index = r->relatives.list[i].index;
    return r->options->zoo ? r->options->zoo->record[index] : r->by->index.entry[index];
}

// Is this entry of the zoo the RNN? The embedding has to be the same, too: files of one name may have been imported apart, and the
// interrogator's index tells neither names nor seeds.
static bool itself(const struct report *r, const struct value *of_zoo, double distance) {
    return distance < SAME_DISTANCE &&
           (r->options->zoo ? same_rnn(r->record->root, of_zoo, false) : same_snapshot(r->record->root, of_zoo));
}

static void find_relatives(struct report *r) {
    const struct zoo_index *index = &r->by->index;
    const struct embedded *zoo = r->options->zoo;
    int count = zoo ? zoo->count : index->count;
    size_t Z = (size_t)r->by->encoder->config.z;
    const float *z = zoo ? zoo->z : index->z;
    r->relatives =
        (struct neighbours){.k = r->options->relatives, .list = memory_calloc((size_t)r->options->relatives, sizeof *r->relatives.list)};
    for (int i = 0; i < count; i++) {
        double distance = neighbours_distance(r->z, z + (size_t)i * Z, Z);
        if (!itself(r, zoo ? zoo->record[i] : index->entry[i], distance))
            neighbours_offer(&r->relatives, (uint64_t)i, distance);
    }
    if (index->count) {
        r->distance = neighbours_nearest(r->z, index->z, (size_t)index->count, Z, NULL);
        r->novelty = zoo_index_nearer(index, r->distance);
        if (r->novelty > r->options->warn)
            warn(r, "its embedding is farther from the zoo than those of %.1f %% of the RNNs held out", 100 * r->novelty);
    }
}

// --- What it says ---

// The zoo's task stands for the unknown one of an RNN that reads the same tokens: its words begin and end likewise.
static struct task task_of_zoo(const struct report *r) {
    struct task task = {0};
    struct error ignored;
    if (r->by->index.count && value_get(r->by->index.entry[0], "task") &&
        task_read(value_get(r->by->index.entry[0], "task"), &task, &ignored) != STATUS_OK)
        task = (struct task){0};
    return task;
}

// What it says is not known where nobody tells how words begin and end; tokens that were chosen have to be the RNN's.
static enum status find_speech(struct report *r, struct error *error) {
    struct rnn_record as = *r->record;
    const struct speech_options *chosen = &r->options->speech;
    r->speaks = speech_of(&r->speech, &as, chosen, error) == STATUS_OK;
    as.task = task_of_zoo(r);
    r->assumed = !r->speaks && !*r->unfit && speech_of(&r->speech, &as, chosen, error) == STATUS_OK;
    r->speaks |= r->assumed;
    bool all_chosen = chosen->bos > -2 && chosen->eos > -2, out_of_range = chosen->bos >= as.arch.input || chosen->eos >= as.arch.input;
    return !r->speaks && (all_chosen || out_of_range) ? error->status : STATUS_OK;
}

// The words of the task that it says: those of n = first_n .. last_n.
static void find_counts(struct report *r) {
    const struct family *family = r->task.family;
    int *tokens = memory_calloc((size_t)r->speech.most_tokens + 2, sizeof *tokens);
    r->first_n = -1;
    for (int n = 0; family->counted && n <= r->speech.most_tokens; n++) {
        int length = family->counted(r->task.body.bytes, n, NULL) - 1;
        if (length < 0 || length > r->speech.most_tokens)
            continue;
        family->counted(r->task.body.bytes, n, tokens);
        if (words_index(&r->words, tokens, length) < 0)
            continue;
        r->first_n = r->first_n < 0 ? n : r->first_n;
        r->last_n = n;
    }
    free(tokens);
}

// The task that most of some words are of, and its share of all that is said; 0: of none.
static double task_of_words(struct task *task, const struct words *words) {
    if (!task->family || !task->family->of_words)
        return 0;
    int *length = memory_calloc((size_t)words->count + 1, sizeof *length);
    double *weight = memory_calloc((size_t)words->count + 1, sizeof *weight);
    for (int i = 0; i < words->count; i++) {
        length[i] = words->list[i].length;
        weight[i] = exp(words->list[i].log_prob);
    }
    double share = words->mass * task->family->of_words(task->body.bytes, words->tokens, length, weight, words->count);
    free(length);
    free(weight);
    return share;
}

static void read_task_off(struct report *r) {
    r->task = r->record->task.family ? r->record->task : r->z ? task_of_zoo(r) : (struct task){0};
    r->told = task_of_words(&r->task, &r->words);
    if (r->told > 0)
        find_counts(r);
}

static enum status listen(struct report *r, struct specimen *s, struct error *error) {
    struct words truth;
    enum status status = speech_generates(r->record) ? find_speech(r, error) : STATUS_OK;
    if (!r->speaks)
        return status;
    words_find(&r->words, s->walker, &r->speech, &(struct words_limits){mass, 0, MOST_PREFIXES});
    r->shown = r->words.count < r->options->words ? r->words.count : r->options->words;
    r->has_truth = speech_truth(&truth, r->record);
    if (r->has_truth)
        r->verdict = words_judge(&r->words, &truth);
    words_free(&truth);
    read_task_off(r);
    return STATUS_OK;
}

// --- Its clone ---

static enum status own_sequences(const struct report *r, struct specimen *s, struct sequences *out, struct error *error) {
    enum status status = sequences_of_rollouts(out, r->record, SEQUENCES, error);
    if (status == STATUS_OK && !out->count && r->speaks) {
        struct rng rng = rng_make(r->options->seed, r->record->run, "describe");
        struct speech rows = r->speech; // to their end, as rollouts are
        rows.eos = -1;
        rows.most_tokens--;
        sequences_sample(out, s->walker, &rows, SEQUENCES, &rng);
    }
    return status;
}

static void listen_to_clone(struct report *r, struct specimen *s) {
    if (!r->speaks)
        return;
    words_find(&r->clone_words, s->walker, &r->speech, &(struct words_limits){mass, 0, MOST_PREFIXES});
    r->clone_task = r->task;
    r->clone_told = task_of_words(&r->clone_task, &r->clone_words);
    for (int i = 0; i < r->shown; i++)
        r->clone_right += words_index(&r->clone_words, r->words.tokens + r->words.list[i].first, r->words.list[i].length) >= 0;
}

static enum status clone(struct report *r, struct specimen *s, struct error *error) {
    struct clone c;
    struct sequences own;
    enum status status = own_sequences(r, s, &own, error);
    if (status != STATUS_OK || !own.count || !clone_make(&c, r->by->emulator, r->z, r->speaks ? r->speech.bos : -1)) {
        sequences_free(&own);
        return status;
    }
    struct specimen copy = {.arch = c.arch, .table = c.table, .weights = c.weights, .walker = walker_new(&c.arch, &c.table, c.weights)};
    struct likeness l;
    compare_networks(&l, s, &copy, &own, !rnn_answers_classes(&s->arch));
    if (!l.finite) {
        error_set(error, STATUS_DATA, "its answers, or those of its clone, are not finite");
        status = rnn_record_prefix(r->record, error);
    }
    r->cloned = true;
    r->loss = rnn_answers_classes(&s->arch) ? l.total_variation : l.mean_squared / r->by->emulator->variance; // as emulate has it
    r->hardness = zoo_index_easier(&r->by->index, r->loss);
    if (r->hardness > r->options->warn)
        warn(r, "its embedding does not tell what it does: its clone imitates it worse than those of %.1f %% of the RNNs held out do",
             100 * r->hardness);
    listen_to_clone(r, &copy);
    likeness_free(&l);
    sequences_free(&own);
    specimen_close(&copy);
    return status;
}

// --- What it does, all in all ---

static void ask_predictors(struct report *r) {
    const struct task own = r->record->task, zoo = task_of_zoo(r);
    for (int i = 0; i < r->by->predictors; i++) {
        const struct predictor *p = r->by->predictor[i];
        struct opinion *o = r->opinion[i];
        struct label answers[ANSWERS_MAX];
        opinion_of(o, p, &r->by->calibration[i], r->z, r->loss);
        double sure = 1;
        for (int a = 0; a < p->answers; a++) {
            answers[a] = o[a].label;
            sure *= o[a].confidence;
        }
        if (!r->guessed && p->property.kind == PROPERTY_CLASSES &&
            (property_task(&r->guess, &p->property, answers, &own) || property_task(&r->guess, &p->property, answers, &zoo))) {
            r->guessed = true;
            r->sure = sure;
        }
    }
}

// Words are evidence of what the RNN does, as they are all that it says; what is read off the embedding is an estimate, and none where it
// is warned of.
static void conclude(struct report *r) {
    if (r->told >= 0.5)
        r->evidence = EVIDENCE_WORDS;
    else if (r->guessed && !r->warnings)
        r->evidence = EVIDENCE_EMBEDDING;
    r->agree = r->guessed && r->told > 0 && task_hash(&r->guess, 0) == task_hash(&r->task, 0);
}

enum status report_make(struct report *out, const struct interrogator *m, const struct rnn_record *record,
                        const struct report_options *options, struct error *error) {
    struct specimen s;
    struct error unfit = {0};
    *out = (struct report){.record = record, .by = m, .options = options, .distance = NAN, .novelty = NAN, .loss = NAN, .hardness = NAN};
    enum status status = specimen_open(&s, record, error);
    if (status != STATUS_OK)
        return status;
    out->weights = s.table.size;
    if (encoder_fits(m->encoder, &s.arch, &unfit) == STATUS_OK) {
        status = embed(out, &s, error);
        if (status == STATUS_OK)
            find_relatives(out);
    } else {
        snprintf(out->unfit, sizeof out->unfit, "%.255s", unfit.text);
        warn(out, "it is of another kind than the RNNs that the interrogator can ask: nothing is predicted");
    }
    if (status == STATUS_OK)
        status = listen(out, &s, error);
    if (status == STATUS_OK && out->z && m->emulator)
        status = clone(out, &s, error);
    if (status == STATUS_OK && out->z)
        ask_predictors(out);
    conclude(out);
    specimen_close(&s);
    return status;
}

void report_free(struct report *r) {
    free(r->z);
    free(r->relatives.list);
    words_free(&r->words);
    words_free(&r->clone_words);
}
