#include "cli/report.h"

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
        pack_known(p, "within", r->by->calibration[i].within);
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
            if (value_get(report_relative(r, i), told[k])) {
                pack_key(p, told[k]);
                pack_value(p, value_get(report_relative(r, i), told[k]));
            }
        pack_key(p, "distance");
        pack_double(p, r->relatives.list[i].distance);
        pack_end(p);
    }
    pack_end(p);
}

static void pack_task_share(struct packer *p, const char *key, const struct task *task, double share) {
    pack_key(p, key);
    pack_map(p);
    pack_key(p, "task");
    task_pack(p, task);
    pack_key(p, "share");
    pack_double(p, share);
    pack_end(p);
}

static void pack_told(struct packer *p, const struct report *r) {
    pack_words(p, "says", r, &r->words);
    if (r->told > 0)
        pack_task_share(p, "told", &r->task, r->told);
    if (!r->has_truth)
        return;
    const int counts[] = {r->verdict.right, r->verdict.missing, r->verdict.extra};
    const char *const keys[] = {"right", "missing", "extra"};
    for (int i = 0; i < 3; i++) {
        pack_key(p, keys[i]);
        pack_i64(p, counts[i]);
    }
}

// What it does, all in all.
static void pack_finding(struct packer *p, const struct report *r) {
    const struct task *task = r->evidence == EVIDENCE_WORDS ? &r->task : &r->guess;
    char text[FAMILY_KEY_SIZE];
    pack_key(p, "does");
    if (r->evidence == EVIDENCE_NONE) {
        pack_nil(p);
        return;
    }
    task_notation(task, text);
    pack_map(p);
    pack_key(p, "task");
    task_pack(p, task);
    pack_key(p, "text");
    pack_str(p, text);
    pack_key(p, "by");
    pack_str(p, r->evidence == EVIDENCE_WORDS ? "words" : "embedding");
    pack_key(p, r->evidence == EVIDENCE_WORDS ? "share" : "confidence");
    pack_double(p, r->evidence == EVIDENCE_WORDS ? r->told : r->sure);
    if (r->evidence == EVIDENCE_WORDS && r->guessed) {
        pack_key(p, "agree");
        pack_bool(p, r->agree);
    }
    pack_end(p);
}

static void pack_warnings(struct packer *p, const struct report *r) {
    pack_key(p, "warned");
    pack_bool(p, r->warnings > 0);
    pack_key(p, "warnings");
    pack_list(p);
    for (int i = 0; i < r->warnings; i++)
        pack_str(p, r->warning[i]);
    pack_end(p);
}

void report_pack(struct packer *p, const struct report *r) {
    static const char *const anew[] = {"kind",   "weights",  "rollouts",   "weight_count", "unfit",   "does",
                                       "warned", "warnings", "says",       "told",         "right",   "missing",
                                       "extra",  "z",        "predicted",  "distance",     "novelty", "nearest",
                                       "loss",   "hardness", "clone_says", "clone_told",   NULL};
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "report");
    pack_rest(p, r->record->root, anew);
    pack_key(p, "weight_count");
    pack_u64(p, r->weights);
    if (*r->unfit) {
        pack_key(p, "unfit");
        pack_str(p, r->unfit);
    }
    pack_finding(p, r);
    pack_warnings(p, r);
    if (r->speaks)
        pack_told(p, r);
    if (r->z) {
        pack_key(p, "z");
        pack_array(p, DTYPE_F4, 1, (uint64_t[]){(uint64_t)r->by->encoder->config.z}, r->z);
        pack_opinions(p, r);
        pack_known(p, "distance", r->distance);
        pack_known(p, "novelty", r->novelty);
        pack_relatives(p, r);
    }
    if (r->cloned) {
        pack_key(p, "loss");
        pack_double(p, r->loss);
        pack_known(p, "hardness", r->hardness);
        if (r->speaks)
            pack_words(p, "clone_says", r, &r->clone_words);
        if (r->speaks && r->clone_told > 0)
            pack_task_share(p, "clone_told", &r->clone_task, r->clone_told);
    }
    pack_end(p);
}
