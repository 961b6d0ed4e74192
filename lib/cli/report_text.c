#include "base/escape.h"
#include "base/memory.h"
#include "cli/report.h"
#include "records/path.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A text of a record.
static void put_escaped(struct text *out, const void *text, size_t size) {
    char *shown = escaped(text, size);
    text_put(out, shown);
    free(shown);
}

// The name of an RNN, with a comma behind it; nothing where it has none.
static void put_name(struct text *out, const struct value *record) {
    const struct value *name = value_get(record, "name");
    if (!name || name->type != VALUE_STR || !name->size)
        return;
    put_escaped(out, name->data, name->size);
    text_put(out, ", ");
}

static void put_arch(struct text *out, const struct rnn_arch *a) {
    text_print(out, "%s of %d x %d units", a->cell->name, a->layers, a->hidden);
}

static void put_kind(struct text *out, const char *before, const struct rnn_arch *a, bool generates) {
    const char *answers = generates ? "next tokens" : rnn_answers_classes(a) ? "classes" : "numbers";
    text_print(out, "%s%d %s, answers with %d %s\n", before, a->input, rnn_reads_tokens(a) ? "tokens" : "numbers", a->output, answers);
}

// A class, so that no two look alike.
static void put_class(struct text *out, const struct label *label) {
    if (label->type == LABEL_TEXT)
        put_escaped(out, label->text, label->size);
    else if (label->type == LABEL_BOOLEAN)
        text_print(out, "%s", label->number != 0 ? "true" : "false");
    else if (label->type == LABEL_INTEGER)
        text_print(out, "%.0f", label->number);
    else
        json_write(out, &(struct value){.type = VALUE_FLOAT, .f = label->number}, JSON_WHOLE);
}

enum { MOST_DECIMALS = 15, LONGEST_TASK = 80 }; // bytes of its JSON

// How many decimals a number has that is known within this distance, of which two digits count; below 0: digits before the point that are
// zeros. False where an exponent is wanted, or where nothing tells.
static bool decimals_of(double within, int *decimals) {
    char text[32];
    if (!(within > 0) || !isfinite(within))
        return false;
    snprintf(text, sizeof text, "%.1e", within); // 9.96 becomes 1.0e+01
    *decimals = 1 - atoi(strchr(text, 'e') + 1);
    return *decimals >= -MOST_DECIMALS && *decimals <= MOST_DECIMALS;
}

static void put_number(struct text *out, double number, double within) {
    int decimals;
    if (!decimals_of(within, &decimals)) {
        text_print(out, "%.6g", number);
        return;
    }
    double unit = decimals < 0 ? pow(10, -decimals) : 1, rounded = unit * round(number / unit);
    text_print(out, "%.*f", decimals < 0 ? 0 : decimals, decimals < 0 ? rounded : number);
}

static void put_task(struct text *out, const struct task *task) {
    char text[FAMILY_KEY_SIZE];
    task_notation(task, text);
    text_put(out, text);
}

// --- What it does ---

static void put_evidence(struct text *out, const struct report *r) {
    if (r->speaks && r->task.family && r->task.family->of_words) {
        text_put(out, "    by its words       ");
        if (r->told >= 0.5)
            text_print(out, "%.1f %% of what it says are words of this language: counted exactly, by probability\n", 100 * r->told);
        else
            text_put(out, "no one language accounts for the greater part of what it says\n");
    }
    if (r->guessed) {
        text_put(out, "    by its embedding   ");
        if (r->agree && r->told >= 0.5)
            text_put(out, "the same");
        else
            put_task(out, &r->guess);
        text_print(out, ", %.0f %% sure%s\n", 100 * r->sure,
                   r->warnings                   ? ", which means little: see the warning"
                   : r->told >= 0.5 && !r->agree ? ": it differs, and words are better evidence"
                                                 : "");
    }
}

static void put_finding(struct text *out, const struct report *r) {
    bool sure = r->evidence != EVIDENCE_EMBEDDING || r->sure >= 0.5;
    text_print(out, "  what it does         %s", sure ? "" : "not known; the best guess is ");
    if (r->evidence == EVIDENCE_NONE)
        text_put(out, "not known");
    else
        put_task(out, r->evidence == EVIDENCE_WORDS ? &r->task : &r->guess);
    if (r->evidence == EVIDENCE_WORDS && r->first_n >= 0)
        text_print(out, ", n = %d .. %d", r->first_n, r->last_n);
    text_print(out, r->evidence == EVIDENCE_EMBEDDING && sure ? ", probably\n" : "\n");
    put_evidence(out, r);
}

static void put_warnings(struct text *out, const struct report *r) {
    for (int i = 0; i < r->warnings; i++)
        text_print(out, "  WARNING              %s\n", r->warning[i]);
    if (*r->unfit) {
        put_kind(out, "                       It asks one that reads ", &r->by->encoder->arch, rnn_tells_tokens(&r->by->encoder->arch));
        text_put(out, "                       Another interrogator can be trained, and be given by --model: see describe --fit\n");
    }
    if (r->warnings && r->z)
        text_put(out, "                       It is unlike the RNNs that the interrogator has learnt by: predictions mean little\n");
}

// A field of the task or of the metrics without the path before it, unless it is an index or itself a path.
static const char *last_part(const char *name) {
    size_t before = strncmp(name, "task.", 5) == 0 ? 5 : strncmp(name, "metrics.", 8) == 0 ? 8 : 0;
    return strchr(name + before, '.') || path_ends_in_index(name) ? name : name + before;
}

// The last part alone, where it could be no other predictor's name.
static const char *short_name(const struct report *r, int i) {
    const char *name = r->by->predictor[i]->property.name, *last = last_part(name);
    for (int k = 0; k < r->by->predictors; k++) {
        const char *other = r->by->predictor[k]->property.name;
        if (k != i && (strcmp(other, last) == 0 || strcmp(last_part(other), last) == 0))
            return name;
    }
    return last;
}

static void put_opinion(struct text *out, const struct report *r, int i) {
    const struct predictor *p = r->by->predictor[i];
    const double within = r->by->calibration[i].within;
    char *name = escaped(short_name(r, i), strlen(short_name(r, i)));
    text_print(out, "  predicted %-10s ", name);
    free(name);
    for (int a = 0; a < p->answers; a++) {
        text_print(out, a ? ", " : "");
        if (p->property.kind == PROPERTY_CLASSES)
            put_class(out, &r->opinion[i][a].label);
        else
            put_number(out, r->opinion[i][a].label.number, within);
        if (!isnan(r->opinion[i][a].confidence))
            text_print(out, " (%.0f %%)", 100 * r->opinion[i][a].confidence);
    }
    if (!isnan(within)) {
        text_put(out, " +- ");
        put_number(out, within, within);
        text_put(out, " (nine times of ten)");
    }
    text_put(out, "\n");
}

// --- What it says ---

static void put_words(struct text *out, const struct report *r, const struct words *words) {
    char text[SPEECH_TEXT_SIZE];
    int n = words->count < r->options->words ? words->count : r->options->words;
    for (int i = 0; i < n; i++) {
        speech_text(text, &r->speech, words->tokens + words->list[i].first, words->list[i].length);
        text_print(out, "%s%.60s%s", i ? " " : "", *text ? text : "(empty)", strlen(text) > 60 ? "..." : "");
    }
    if (words->count > n)
        text_print(out, " and %d more", words->count - n);
}

static void put_speech(struct text *out, const struct report *r) {
    text_put(out, "  says                 ");
    put_words(out, r, &r->words);
    text_print(out, "\n                       (%.1f %% of all that it says%s%s)\n", 100 * r->words.mass,
               r->words.truncated ? "; the rest is in too many words to be listed" : "",
               r->assumed ? "; words begin and end with the tokens of the zoo's" : "");
    if (r->has_truth) {
        text_put(out, "  its record's task    ");
        put_task(out, &r->record->task);
        text_print(out, ": %d words right, %d missing, %d extra\n", r->verdict.right, r->verdict.missing, r->verdict.extra);
    }
}

// A task of any family: of one that is not known what its record has, unless that is long.
static void put_any_task(struct text *out, const struct value *of) {
    struct task task = {0};
    struct error ignored;
    if (!of || task_read(of, &task, &ignored) != STATUS_OK)
        return;
    text_put(out, ", ");
    if (task.family) {
        put_task(out, &task);
        return;
    }
    struct text json = {0};
    const struct value *family = value_get(of, "family");
    json_write(&json, of, JSON_CANONICAL);
    text_append(&json, "", 1); // ends it
    char *shown = json.size - 1 <= LONGEST_TASK ? escaped_message(json.bytes) : escaped(family->data, family->size);
    text_put(out, shown);
    free(shown);
    free(json.bytes);
}

static void put_relatives(struct text *out, const struct report *r) {
    for (int i = 0; i < r->relatives.count; i++) {
        const struct value *of = report_relative(r, i), *arch = value_get(of, "arch");
        struct rnn_arch a;
        struct error ignored;
        uint64_t run = 0, step = 0;
        value_to_u64(value_get(of, "run"), &run);
        value_to_u64(value_get(of, "step"), &step);
        text_print(out, i ? "                       " : "  relatives            ");
        put_name(out, of);
        text_print(out, "run %llu, step %llu", (unsigned long long)run, (unsigned long long)step);
        if (arch && arch_read(arch, &a, &ignored) == STATUS_OK) {
            text_put(out, ", ");
            put_arch(out, &a);
        }
        put_any_task(out, value_get(of, "task"));
        text_print(out, ", at %.3f\n", r->relatives.list[i].distance);
    }
}

static void put_novelty(struct text *out, const struct report *r) {
    if (!isnan(r->novelty))
        text_print(out, "  novelty              %.0f %% of the RNNs held out are nearer to the zoo than it is", 100 * r->novelty);
    if (!isnan(r->hardness))
        text_print(out, "%s%.0f %% are easier to imitate", isnan(r->novelty) ? "  novelty              " : ", ", 100 * r->hardness);
    if (!isnan(r->novelty) || !isnan(r->hardness))
        text_put(out, "\n");
}

static void put_clone(struct text *out, const struct report *r) {
    text_print(out, "  its clone            imitates it with a loss of %.4f%s\n", r->loss,
               rnn_answers_classes(&r->record->arch) ? " (total variation)" : " (squared difference, the answers' variance being 1)");
    if (!r->speaks)
        return;
    text_put(out, "  its clone says       ");
    put_words(out, r, &r->clone_words);
    text_print(out, "\n                       (%d of the %d words shown above are among its %d)\n", r->clone_right, r->shown,
               r->clone_words.count);
}

void report_text(struct text *out, const struct report *r) {
    const struct rnn_arch *a = &r->record->arch;
    put_name(out, r->record->root);
    text_print(out, "run %llu, step %llu: ", (unsigned long long)r->record->run, (unsigned long long)r->record->step);
    put_arch(out, a);
    text_print(out, ", %zu weights", r->weights);
    put_kind(out, ", reads ", a, speech_generates(r->record));
    put_finding(out, r);
    put_warnings(out, r);
    if (r->speaks)
        put_speech(out, r);
    for (int i = 0; i < r->by->predictors && r->z; i++)
        put_opinion(out, r, i);
    put_novelty(out, r);
    put_relatives(out, r);
    if (r->cloned)
        put_clone(out, r);
}
