#include "records/census.h"

#include "base/hash.h"
#include "base/memory.h"
#include "math/stats.h"
#include "records/path.h"
#include "records/rnn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct census *census_new(uint64_t seed) {
    struct census *c = memory_calloc(1, sizeof *c);
    for (int i = 0; i < CENSUS_SUMMARIES; i++)
        c->summary[i].rng = rng_make(seed, (uint64_t)i, "median");
    return c;
}

void census_free(struct census *c) {
    if (!c)
        return;
    for (int i = 0; i < c->summaries; i++)
        free(c->summary[i].sample);
    for (int i = 0; i < c->history_count; i++)
        free(c->history[i].bytes);
    table_free(&c->runs);
    table_free(&c->steps);
    table_free(&c->tasks);
    table_free(&c->history_hashes);
    table_free(&c->identities);
    free(c);
}

static struct tally_name *count_name(struct tally *t, const char *name) {
    int i = 0;
    while (i < t->used && strcmp(t->name[i].name, name) != 0)
        i++;
    if (i == t->used && t->used < CENSUS_NAMES) {
        snprintf(t->name[i].name, sizeof t->name[i].name, "%s", t->used == CENSUS_NAMES - 1 ? "(other)" : name);
        t->used++;
    }
    i = i < t->used ? i : t->used - 1;
    t->name[i].count++;
    return &t->name[i];
}

static struct tally_name *count_value(struct tally *t, const struct value *v) {
    char name[TEXT_FIELD_SIZE];
    return count_name(t, value_to_text(v, name, sizeof name) ? name : "(other)");
}

// Has this value been seen before? By a 64-bit hash of its bytes.
static bool is_new(struct table *seen, const struct value *v) {
    uint64_t *times = table_at(seen, hash_bytes(0, v->bytes, v->length));
    return (*times)++ == 0;
}

static void count_arch(struct census *c, const struct value *arch) {
    struct rnn_arch a;
    char text[TEXT_FIELD_SIZE] = "(other)";
    if (arch_read(arch, &a, NULL) == STATUS_OK)
        snprintf(text, sizeof text, "%s %d -> %d x %d -> %d", a.cell->name, a.input, a.layers, a.hidden, a.output);
    count_name(&c->archs, text);
}

static struct summary *summary_of(struct census *c, const char *kind, const char *path) {
    char name[2 * TEXT_FIELD_SIZE];
    snprintf(name, sizeof name, "%s %s", kind, path);
    for (int i = 0; i < c->summaries; i++)
        if (strcmp(c->summary[i].name, name) == 0)
            return &c->summary[i];
    if (c->summaries == CENSUS_SUMMARIES)
        return NULL;
    struct summary *s = &c->summary[c->summaries++];
    strcpy(s->name, name);
    s->sample = memory_alloc(CENSUS_SAMPLE * sizeof *s->sample);
    return s;
}

static void summary_add(struct summary *s, double x) {
    if (!isfinite(x)) {
        s->not_finite++;
        return;
    }
    s->min = s->count && s->min < x ? s->min : x;
    s->max = s->count && s->max > x ? s->max : x;
    s->count++;
    s->mean += (x - s->mean) / (double)s->count;
    // Vitter's algorithm R: every number is in the sample with the same probability.
    uint64_t place = s->count <= CENSUS_SAMPLE ? s->count - 1 : rng_below(&s->rng, s->count);
    if (place < CENSUS_SAMPLE)
        s->sample[place] = x;
}

double summary_median(const struct summary *s) {
    return stats_median(s->sample, (int)(s->count < CENSUS_SAMPLE ? s->count : CENSUS_SAMPLE));
}

static void add_history(struct census *c, const struct value *entries) {
    const struct value *entry = entries && entries->type == VALUE_ARRAY ? value_first(entries) : NULL;
    for (uint32_t i = 0; entry && i < entries->count; i++, entry = value_next(entry)) {
        if (!is_new(&c->history_hashes, entry))
            continue;
        if (c->history_count == CENSUS_HISTORY || entry->length > CENSUS_HISTORY_BYTES) {
            c->history_left_out++;
            continue;
        }
        struct history_entry *new = &c->history[c->history_count++];
        *new = (struct history_entry){memory_alloc(entry->length), entry->length};
        memcpy(new->bytes, entry->bytes, entry->length);
    }
}

static void count_duplicate(struct census *c, const struct value *record, const char *kind, uint64_t run, uint64_t step) {
    static const char *const more[] = {"encoder", "label", "target", "predictor"};
    uint64_t hash = hash_mix(hash_bytes(run, kind, strlen(kind)) ^ step);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        const struct value *v = value_get(record, more[i]);
        hash = v ? hash_bytes(hash, v->bytes, v->length) : hash_mix(hash);
    }
    if ((*table_at(&c->identities, hash))++ != 1)
        return;
    if (c->duplicates < CENSUS_DUPLICATES) {
        struct census_duplicate *d = &c->duplicate[c->duplicates];
        *d = (struct census_duplicate){.run = run, .step = step};
        snprintf(d->kind, sizeof d->kind, "%s", kind);
    }
    c->duplicates++;
}

static void add_data(struct census *c, const struct value *record) {
    static const char *const numbers[] = {"metrics.accuracy", "metrics.loss", "accuracy", "loss", "clone_accuracy"};
    const struct value *kind = value_get(record, "kind"), *split = value_get(record, "split"), *task = value_get(record, "task"),
                       *arch = value_get(record, "arch"), *weights = value_get(record, "weights"),
                       *rollouts = value_get(record, "rollouts");
    c->records++;
    const char *name = count_value(&c->kinds, kind)->name;
    if (value_is(kind, "skipped")) // an RNN that is not there
        return;
    if (split)
        count_value(&c->splits, split);
    if (task)
        count_value(&c->families, value_get(task, "family"))->tasks += is_new(&c->tasks, task);
    if (arch)
        count_arch(c, arch);
    c->weights_bytes += weights ? weights->length : 0;
    c->rollouts_bytes += rollouts ? rollouts->length : 0;

    uint64_t run, step = 0;
    if (value_to_u64(value_get(record, "run"), &run)) {
        ++*table_at(&c->runs, run);
        const struct value *v = value_get(record, "step");
        if (!v || value_to_u64(v, &step)) {
            ++*table_at(&c->steps, step);
            count_duplicate(c, record, name, run, step);
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        double x;
        struct summary *s = path_number(record, numbers[i], &x) ? summary_of(c, name, numbers[i]) : NULL;
        if (s)
            summary_add(s, x);
    }
}

void census_add(struct census *c, const struct reader *in) {
    c->bytes += in->record->length;
    if (in->event == READER_META)
        add_history(c, value_get(in->record, "history"));
    else if (in->event == READER_END)
        c->segments++;
    else
        add_data(c, in->record);
}
