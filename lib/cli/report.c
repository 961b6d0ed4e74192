#include "cli/report.h"

#include "analysis/compare.h"
#include "base/memory.h"
#include "training/clone.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PREFIXES = 4000, SEQUENCES = 16 };
static const double mass = 0.95;

// --- What it is near to, and what predictors make of it ---

static void embed(struct report *r, struct specimen *s) {
    const struct encoder *e = r->by->encoder;
    struct tape tape = {0};
    struct weights w = {&e->table, e->values, NULL};
    struct rnn rnn = {.arch = &s->arch, .table = &s->table, .weights = s->weights};
    struct tensor *z = encoder_embed(&tape, e, &w, &(struct rnn_batch){&rnn, 1}, NULL, NULL, NULL);
    r->z = memory_alloc((size_t)z->cols * sizeof *r->z);
    memcpy(r->z, z->value, (size_t)z->cols * sizeof *r->z);
    tape_free(&tape);
}

// The zoo's entry of a relative.
static const struct value *entry(const struct report *r, int i) {
    uint64_t index = r->relatives.list[i].index;
    return r->options->zoo ? r->options->zoo->record[index] : r->by->index.entry[index];
}

static bool itself(const struct report *r, const struct value *of_zoo) {
    uint64_t run, step = 0;
    value_to_u64(value_get(of_zoo, "step"), &step);
    return r->options->zoo && value_to_u64(value_get(of_zoo, "run"), &run) && run == r->record->run && step == r->record->step;
}

static void find_relatives(struct report *r) {
    const struct zoo_index *index = &r->by->index;
    const struct embedded *zoo = r->options->zoo;
    int count = zoo ? zoo->count : index->count;
    size_t Z = (size_t)r->by->encoder->config.z;
    const float *z = zoo ? zoo->z : index->z;
    r->relatives =
        (struct neighbours){.k = r->options->relatives, .list = memory_calloc((size_t)r->options->relatives, sizeof *r->relatives.list)};
    for (int i = 0; i < count; i++)
        if (!zoo || !itself(r, zoo->record[i]))
            neighbours_offer(&r->relatives, (uint64_t)i, neighbours_distance(r->z, z + (size_t)i * Z, Z));
    if (index->count) {
        r->distance = neighbours_nearest(r->z, index->z, (size_t)index->count, Z, NULL);
        r->novelty = zoo_index_nearer(index, r->distance);
        r->warned = r->novelty > r->options->warn;
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

static bool find_speech(struct report *r) {
    struct rnn_record as = *r->record;
    struct error ignored;
    const struct speech_options none = {-2, -2, 0};
    if (!rnn_reads_tokens(&as.arch))
        return false;
    if (speech_of(&r->speech, &as, &none, &ignored) == STATUS_OK)
        return true;
    as.task = task_of_zoo(r);
    return !*r->unfit && speech_of(&r->speech, &as, &none, &ignored) == STATUS_OK;
}

static void read_task_off(struct report *r) {
    r->task = r->record->task.family ? r->record->task : task_of_zoo(r);
    if (!r->task.family || !r->task.family->of_words)
        return;
    int *length = memory_calloc((size_t)r->words.count + 1, sizeof *length);
    double *weight = memory_calloc((size_t)r->words.count + 1, sizeof *weight);
    for (int i = 0; i < r->words.count; i++) {
        length[i] = r->words.list[i].length;
        weight[i] = exp(r->words.list[i].log_prob);
    }
    r->told = r->task.family->of_words(r->task.body.bytes, r->words.tokens, length, weight, r->words.count);
    r->told *= r->words.mass;
    free(length);
    free(weight);
}

static void listen(struct report *r, struct specimen *s) {
    struct words truth;
    r->speaks = speech_generates(r->record) && find_speech(r);
    if (!r->speaks)
        return;
    words_find(&r->words, s->walker, &r->speech, &(struct words_limits){mass, 0, MOST_PREFIXES});
    r->has_truth = speech_truth(&truth, r->record);
    if (r->has_truth)
        r->verdict = words_judge(&r->words, &truth);
    words_free(&truth);
    read_task_off(r);
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

static int shown(const struct report *r) {
    return r->words.count < r->options->words ? r->words.count : r->options->words;
}

static void listen_to_clone(struct report *r, struct specimen *s) {
    if (!r->speaks)
        return;
    words_find(&r->clone_words, s->walker, &r->speech, &(struct words_limits){mass, 0, MOST_PREFIXES});
    for (int i = 0; i < shown(r); i++)
        r->clone_right += words_index(&r->clone_words, r->words.tokens + r->words.list[i].first, r->words.list[i].length) >= 0;
}

static enum status clone(struct report *r, struct specimen *s, struct error *error) {
    struct clone c;
    struct sequences own;
    enum status status = own_sequences(r, s, &own, error);
    if (status != STATUS_OK || !own.count || !clone_make(&c, r->by->emulator, r->z, r->speaks ? r->speech.bos : -1))
        return status;
    struct specimen copy = {.arch = c.arch, .table = c.table, .weights = c.weights, .walker = walker_new(&c.arch, &c.table, c.weights)};
    struct likeness l;
    compare_networks(&l, s, &copy, &own, !rnn_answers_classes(&s->arch));
    r->cloned = true;
    r->loss = rnn_answers_classes(&s->arch) ? l.total_variation : l.mean_squared;
    r->hardness = zoo_index_easier(&r->by->index, r->loss);
    r->warned |= r->hardness > r->options->warn;
    listen_to_clone(r, &copy);
    likeness_free(&l);
    sequences_free(&own);
    specimen_close(&copy);
    return STATUS_OK;
}

enum status report_make(struct report *out, const struct interrogator *m, const struct rnn_record *record,
                        const struct report_options *options, struct error *error) {
    struct specimen s;
    struct error unfit = {0};
    *out = (struct report){.record = record, .by = m, .options = options, .distance = NAN, .novelty = NAN, .hardness = NAN};
    enum status status = specimen_open(&s, record, error);
    if (status != STATUS_OK)
        return status;
    out->weights = s.table.size;
    if (encoder_fits(m->encoder, &s.arch, &unfit) == STATUS_OK) {
        embed(out, &s);
        find_relatives(out);
        for (int i = 0; i < m->predictors; i++)
            opinion_of(out->opinion[i], m->predictor[i], &m->calibration[i], out->z);
    } else {
        snprintf(out->unfit, sizeof out->unfit, "%.255s", unfit.text);
    }
    listen(out, &s);
    if (out->z && m->emulator)
        status = clone(out, &s, error);
    specimen_close(&s);
    return status;
}

void report_free(struct report *r) {
    free(r->z);
    free(r->relatives.list);
    words_free(&r->words);
    words_free(&r->clone_words);
}

// --- Text ---

static void put(struct json_text *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct json_text *out, const char *format, ...) {
    char text[2048];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t size = length < (int)sizeof text ? (size_t)length : sizeof text - 1;
    if (out->size + size > out->capacity) {
        size_t capacity = 2 * (out->size + size) + 1024;
        out->bytes = memory_realloc(out->bytes, out->size, capacity);
        out->capacity = capacity;
    }
    memcpy(out->bytes + out->size, text, size);
    out->size += size;
}

static void put_arch(struct json_text *out, const struct rnn_arch *a) {
    put(out, "%s of %d x %d units", a->cell->name, a->layers, a->hidden);
}

static void put_label(struct json_text *out, const struct label *label) {
    if (label->type == LABEL_TEXT)
        put(out, "%.*s", (int)label->size, (const char *)label->text);
    else if (label->type == LABEL_BOOLEAN)
        put(out, "%s", label->number != 0 ? "true" : "false");
    else
        put(out, "%.4g", label->number);
}

// A field of a task, if it is one's, without the path before it.
static const char *short_name(const struct predictor *p) {
    const char *dot = strrchr(p->property.name, '.');
    return dot ? dot + 1 : p->property.name;
}

static void put_opinion(struct json_text *out, const struct report *r, int i) {
    const struct predictor *p = r->by->predictor[i];
    put(out, "  predicted %-10s ", short_name(p));
    for (int a = 0; a < p->answers; a++) {
        put(out, a ? ", " : "");
        put_label(out, &r->opinion[i][a].label);
        if (!isnan(r->opinion[i][a].confidence))
            put(out, " (%.0f %%)", 100 * r->opinion[i][a].confidence);
    }
    if (!isnan(r->by->calibration[i].within))
        put(out, " +- %.2g (nine times of ten)", r->by->calibration[i].within);
    put(out, "\n");
}

static void put_task(struct json_text *out, const struct task *task) {
    char text[FAMILY_KEY_SIZE];
    int length = task->family->key(task->body.bytes, text);
    put(out, "%.*s", length, text);
}

static void put_words(struct json_text *out, const struct report *r, const struct words *words) {
    char text[SPEECH_TEXT_SIZE];
    int n = words->count < r->options->words ? words->count : r->options->words;
    for (int i = 0; i < n; i++) {
        speech_text(text, &r->speech, words->tokens + words->list[i].first, words->list[i].length);
        put(out, "%s%.60s%s", i ? " " : "", *text ? text : "(empty)", strlen(text) > 60 ? "..." : "");
    }
    if (words->count > n)
        put(out, " and %d more", words->count - n);
}

static void put_speech(struct json_text *out, const struct report *r) {
    put(out, "  says                 ");
    put_words(out, r, &r->words);
    put(out, "\n                       (%.1f %% of what it says%s)\n", 100 * r->words.mass,
        r->words.truncated ? "; there is much more" : "");
    if (r->told >= 0.5) {
        put(out, "  these are of         ");
        put_task(out, &r->task);
        put(out, " (%.1f %% of what it says)\n", 100 * r->told);
    } else if (r->task.family && r->task.family->of_words) {
        put(out, "  these are of         no task of the zoo's family for the greater part\n");
    }
    if (r->has_truth)
        put(out, "  its record's task    %d words right, %d missing, %d extra\n", r->verdict.right, r->verdict.missing, r->verdict.extra);
}

static void put_relatives(struct json_text *out, const struct report *r) {
    for (int i = 0; i < r->relatives.count; i++) {
        const struct value *of = entry(r, i), *arch = value_get(of, "arch");
        struct task task = {0};
        struct rnn_arch a;
        struct error ignored;
        uint64_t run = 0, step = 0;
        value_to_u64(value_get(of, "run"), &run);
        value_to_u64(value_get(of, "step"), &step);
        put(out, "%s run %llu, step %llu", i ? "                      " : "  relatives           ", (unsigned long long)run,
            (unsigned long long)step);
        if (arch && arch_read(arch, &a, &ignored) == STATUS_OK) {
            put(out, ", ");
            put_arch(out, &a);
        }
        if (value_get(of, "task") && task_read(value_get(of, "task"), &task, &ignored) == STATUS_OK && task.family) {
            put(out, ", ");
            put_task(out, &task);
        }
        put(out, ", at %.3f\n", r->relatives.list[i].distance);
    }
}

static void put_novelty(struct json_text *out, const struct report *r) {
    if (!isnan(r->novelty))
        put(out, "  novelty              %.0f %% of the RNNs held out of the zoo are nearer to it", 100 * r->novelty);
    if (!isnan(r->hardness))
        put(out, "%s%.0f %% are easier to imitate", isnan(r->novelty) ? "  novelty              " : ", ", 100 * r->hardness);
    if (!isnan(r->novelty) || !isnan(r->hardness))
        put(out, "\n");
    if (r->warned)
        put(out,
            "  WARNING              it is unlike the RNNs that the interrogator has learnt by: what is predicted of it means little\n");
}

static void put_clone(struct json_text *out, const struct report *r) {
    put(out, "  its clone            imitates it with a loss of %.4f%s\n", r->loss,
        rnn_answers_classes(&r->record->arch) ? " (total variation)" : " (squared difference)");
    if (!r->speaks)
        return;
    put(out, "  its clone says       ");
    put_words(out, r, &r->clone_words);
    put(out, "\n                       (%d of the %d words shown above are among its %d)\n", r->clone_right, shown(r),
        r->clone_words.count);
}

void report_text(struct json_text *out, const struct report *r) {
    const struct rnn_arch *a = &r->record->arch;
    char name[TEXT_FIELD_SIZE];
    if (value_to_text(value_get(r->record->root, "name"), name, sizeof name))
        put(out, "%s, ", name);
    put(out, "run %llu, step %llu: ", (unsigned long long)r->record->run, (unsigned long long)r->record->step);
    put_arch(out, a);
    put(out, ", reads %d %s, answers with %d %s, %zu weights\n", a->input, rnn_reads_tokens(a) ? "tokens" : "numbers", a->output,
        speech_generates(r->record) ? "next tokens"
        : rnn_answers_classes(a)    ? "classes"
                                    : "numbers",
        r->weights);
    if (*r->unfit)
        put(out, "  not asked            %s\n", r->unfit);
    if (r->speaks)
        put_speech(out, r);
    for (int i = 0; i < r->by->predictors && r->z; i++)
        put_opinion(out, r, i);
    put_novelty(out, r);
    put_relatives(out, r);
    if (r->cloned)
        put_clone(out, r);
}

// --- Records ---

static void pack_number(struct packer *p, const char *key, double number) {
    if (isnan(number))
        return;
    pack_key(p, key);
    pack_double(p, number);
}

static void pack_words(struct packer *p, const char *key, const struct report *r, const struct words *words) {
    char text[SPEECH_TEXT_SIZE];
    pack_key(p, key);
    pack_map(p);
    pack_key(p, "mass");
    pack_double(p, words->mass);
    pack_key(p, "truncated");
    pack_bool(p, words->truncated);
    pack_key(p, "words");
    pack_i64(p, words->count);
    pack_key(p, "list");
    pack_list(p);
    for (int i = 0; i < words->count && i < r->options->words; i++) {
        const struct word *w = &words->list[i];
        speech_text(text, &r->speech, words->tokens + w->first, w->length);
        pack_map(p);
        pack_key(p, "text");
        pack_str(p, text);
        pack_key(p, "log_prob");
        pack_double(p, w->log_prob);
        pack_end(p);
    }
    pack_end(p);
    pack_end(p);
}

static void pack_opinions(struct packer *p, const struct report *r) {
    pack_key(p, "predicted");
    pack_list(p);
    for (int i = 0; i < r->by->predictors; i++) {
        const struct predictor *by = r->by->predictor[i];
        pack_map(p);
        pack_key(p, "target");
        pack_str(p, by->property.name);
        pack_key(p, "answers");
        pack_list(p);
        for (int a = 0; a < by->answers; a++)
            label_pack(p, &r->opinion[i][a].label);
        pack_end(p);
        if (by->property.kind == PROPERTY_CLASSES) {
            pack_key(p, "confidence");
            pack_list(p);
            for (int a = 0; a < by->answers; a++)
                pack_double(p, r->opinion[i][a].confidence);
            pack_end(p);
        }
        pack_number(p, "within", r->by->calibration[i].within);
        pack_end(p);
    }
    pack_end(p);
}

static void pack_relatives(struct packer *p, const struct report *r) {
    static const char *const told[] = {"run", "step", "name", "task", "arch"};
    pack_key(p, "nearest");
    pack_list(p);
    for (int i = 0; i < r->relatives.count; i++) {
        pack_map(p);
        for (size_t k = 0; k < sizeof told / sizeof *told; k++)
            if (value_get(entry(r, i), told[k])) {
                pack_key(p, told[k]);
                pack_value(p, value_get(entry(r, i), told[k]));
            }
        pack_key(p, "distance");
        pack_double(p, r->relatives.list[i].distance);
        pack_end(p);
    }
    pack_end(p);
}

static void pack_told(struct packer *p, const struct report *r) {
    pack_words(p, "says", r, &r->words);
    if (r->told > 0) {
        pack_key(p, "told");
        pack_map(p);
        pack_key(p, "task");
        task_pack(p, &r->task);
        pack_key(p, "share");
        pack_double(p, r->told);
        pack_end(p);
    }
    if (!r->has_truth)
        return;
    const int counts[] = {r->verdict.right, r->verdict.missing, r->verdict.extra};
    const char *const keys[] = {"right", "missing", "extra"};
    for (int i = 0; i < 3; i++) {
        pack_key(p, keys[i]);
        pack_i64(p, counts[i]);
    }
}

void report_pack(struct packer *p, const struct report *r) {
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "report");
    pack_rest(p, r->record->root, (const char *const[]){"kind", "weights", "rollouts", NULL});
    pack_key(p, "weight_count");
    pack_u64(p, r->weights);
    if (*r->unfit) {
        pack_key(p, "unfit");
        pack_str(p, r->unfit);
    }
    if (r->speaks)
        pack_told(p, r);
    if (r->z) {
        pack_key(p, "z");
        pack_array(p, DTYPE_F4, 1, (uint64_t[]){(uint64_t)r->by->encoder->config.z}, r->z);
        pack_opinions(p, r);
        pack_number(p, "distance", r->distance);
        pack_number(p, "novelty", r->novelty);
        pack_key(p, "warned");
        pack_bool(p, r->warned);
        pack_relatives(p, r);
    }
    if (r->cloned) {
        pack_key(p, "loss");
        pack_double(p, r->loss);
        pack_number(p, "hardness", r->hardness);
        if (r->speaks)
            pack_words(p, "clone_says", r, &r->clone_words);
    }
    pack_end(p);
}
