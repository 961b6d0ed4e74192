#include "families/regular.h"

#include "base/memory.h"
#include "stream/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHARE_LENGTH = 10 /* of the words of which the task tells the accepted share */ };

// --- Tasks ---

static const struct dfa tomita[REGULAR_GRAMMARS] = {
    {2, 2, {{1, 0}, {1, 1}}, {1, 0}},
    {2, 3, {{2, 1}, {0, 2}, {2, 2}}, {1, 0, 0}},
    {2, 5, {{0, 1}, {2, 0}, {3, 4}, {2, 1}, {4, 4}}, {1, 1, 0, 1, 0}},
    {2, 4, {{1, 0}, {2, 0}, {3, 0}, {3, 3}}, {1, 1, 1, 0}},
    {2, 4, {{1, 2}, {0, 3}, {3, 0}, {2, 1}}, {1, 0, 0, 0}},
    {2, 3, {{1, 2}, {2, 0}, {0, 1}}, {1, 0, 0}},
    {2, 5, {{0, 1}, {2, 1}, {2, 3}, {4, 3}, {4, 4}}, {1, 1, 1, 1, 0}},
};

void regular_tomita(struct regular *task, int grammar) {
    task->tomita = grammar;
    task->dfa = tomita[grammar - 1];
    dfa_minimise(&task->dfa);
}

// Which of Tomita's it is; 0: none.
static int grammar_of(const struct dfa *minimal) {
    for (int g = 1; g <= REGULAR_GRAMMARS; g++) {
        struct regular task;
        regular_tomita(&task, g);
        if (memcmp(&task.dfa, minimal, sizeof *minimal) == 0)
            return g;
    }
    return 0;
}

void regular_draw_task(struct regular *task, struct rng *rng) {
    int states = task->dfa.states ? task->dfa.states : 2 + (int)rng_below(rng, DFA_MAX_STATES - 1);
    dfa_draw(&task->dfa, states, task->dfa.symbols, rng);
    task->tomita = grammar_of(&task->dfa);
}

static void draw_task(void *body, struct rng *rng) {
    regular_draw_task(body, rng);
}

// --- Records ---

static double accepted_share(const struct dfa *d) {
    dfa_share share[SHARE_LENGTH + 1];
    dfa_shares(d, SHARE_LENGTH, share);
    return share[SHARE_LENGTH][0][1];
}

static enum status row_read(const struct value *row, struct dfa *d, int q, struct error *error) {
    if (!row || row->type != VALUE_ARRAY || row->count != (uint32_t)d->symbols)
        return error_set(error, STATUS_DATA, "task: transitions of state %d are no list of %d states", q, d->symbols);
    for (int s = 0; s < d->symbols; s++) {
        int64_t to;
        if (!value_to_i64(value_at(row, (uint32_t)s), &to) || to < 0 || to >= d->states)
            return error_set(error, STATUS_DATA, "task: transition %d of state %d leads to none of 0 .. %d", s, q, d->states - 1);
        d->next[q][s] = (uint8_t)to;
    }
    return STATUS_OK;
}

static enum status states_read(const struct value *task, struct dfa *d, struct error *error) {
    const struct value *rows = value_get(task, "transitions"), *accepting = value_get(task, "accepting");
    if (!rows || rows->type != VALUE_ARRAY || rows->count != (uint32_t)d->states)
        return error_set(error, STATUS_DATA, "task: key 'transitions' is no list of %d states", d->states);
    if (!accepting || accepting->type != VALUE_ARRAY || accepting->count != (uint32_t)d->states)
        return error_set(error, STATUS_DATA, "task: key 'accepting' is no list of %d truths", d->states);
    for (int q = 0; q < d->states; q++) {
        const struct value *truth = value_at(accepting, (uint32_t)q);
        if (!value_to_bool(truth, &d->accepting[q]))
            return error_set(error, STATUS_DATA, "task: item %d of 'accepting' is neither true nor false", q);
        if (row_read(value_at(rows, (uint32_t)q), d, q, error) != STATUS_OK)
            return error->status;
    }
    return STATUS_OK;
}

// What follows from the automaton (grammar, share) is not looked at.
static enum status read_task(const struct value *task, void *body, struct error *error) {
    struct regular *r = body;
    enum status status = field_int(task, "symbols", "task", 2, DFA_MAX_SYMBOLS, &r->dfa.symbols, error);
    if (status == STATUS_OK)
        status = field_int(task, "states", "task", 1, DFA_MAX_STATES, &r->dfa.states, error);
    if (status == STATUS_OK)
        status = states_read(task, &r->dfa, error);
    if (status == STATUS_OK)
        status = field_int(task, "length", "task", 1, DFA_MAX_LENGTH / 2, &r->length, error);
    struct dfa minimal = r->dfa;
    if (status == STATUS_OK) {
        dfa_minimise(&minimal);
        r->tomita = grammar_of(&minimal);
    }
    return status;
}

static void pack_task(struct packer *p, const void *body) {
    const struct regular *r = body;
    const struct dfa *d = &r->dfa;
    if (r->tomita) {
        pack_key(p, "tomita");
        pack_i64(p, r->tomita);
    }
    pack_key(p, "symbols");
    pack_i64(p, d->symbols);
    pack_key(p, "states");
    pack_i64(p, d->states);
    pack_key(p, "transitions");
    pack_list(p);
    for (int q = 0; q < d->states; q++) {
        pack_list(p);
        for (int s = 0; s < d->symbols; s++)
            pack_i64(p, d->next[q][s]);
        pack_end(p);
    }
    pack_end(p);
    pack_key(p, "accepting");
    pack_list(p);
    for (int q = 0; q < d->states; q++)
        pack_bool(p, d->accepting[q]);
    pack_end(p);
    pack_key(p, "share");
    pack_double(p, accepted_share(d));
    pack_key(p, "length");
    pack_i64(p, r->length);
}

// The language, however its automaton is written down.
static int task_key(const void *body, char text[FAMILY_KEY_SIZE]) {
    struct dfa d = ((const struct regular *)body)->dfa;
    dfa_minimise(&d);
    int length = snprintf(text, FAMILY_KEY_SIZE, "regular-language %d", d.symbols);
    for (int q = 0; q < d.states; q++) {
        length += snprintf(text + length, FAMILY_KEY_SIZE - (size_t)length, d.accepting[q] ? " +" : " -");
        for (int s = 0; s < d.symbols; s++)
            length += snprintf(text + length, FAMILY_KEY_SIZE - (size_t)length, "%d", d.next[q][s]);
    }
    return length;
}

// The automata of the most states: a share of 1/7 are those of 8, two shares those of 7 and 8, and so on.
static bool is_ood(const void *body, double share) {
    struct dfa d = ((const struct regular *)body)->dfa;
    dfa_minimise(&d);
    return d.states > DFA_MAX_STATES - share * (DFA_MAX_STATES - 1) + 1e-9;
}

// --- Words, and the RNNs that read them ---

void regular_draw_word(const struct dfa *d, int length, const dfa_share *share, struct rng *rng, uint8_t *word) {
    uint64_t coin = rng_below(rng, 4);
    bool both = share[length][0][0] > 0 && share[length][0][1] > 0;
    if (coin < 2 || !both)
        dfa_draw_word(d, length, rng, word);
    else
        dfa_draw_word_of(d, length, coin == 3, share, rng, word);
}

// What drawing words takes.
struct word_source {
    struct dfa dfa;
    dfa_share share[]; // [length+1]
};

static void draw_word(const void *data, int length, struct rng *rng, uint8_t *word, uint8_t *answers) {
    const struct word_source *source = data;
    regular_draw_word(&source->dfa, length, source->share, rng, word);
    dfa_read(&source->dfa, word, length, answers);
}

static struct answerer answerer_of(const void *body) {
    const struct regular *task = body;
    const int longest = 2 * task->length;
    struct word_source *source = memory_alloc(sizeof *source + (size_t)(longest + 1) * sizeof *source->share);
    source->dfa = task->dfa;
    dfa_shares(&task->dfa, longest, source->share);
    return (struct answerer){draw_word, source, task->length, longest};
}

static void shape(const void *body, struct rnn_arch *arch) {
    arch->input = ((const struct regular *)body)->dfa.symbols;
    arch->output = 2;
    arch->reads = RNN_READS_TOKENS;
}

// --- The family ---

static struct vocabulary vocabulary(const void *body) {
    const struct regular *r = body;
    return (struct vocabulary){.letters = r->dfa.symbols, .names = "0123", .bos = -1, .eos = -1, .length = r->length};
}

static void machine(const void *body, struct dfa *out) {
    *out = ((const struct regular *)body)->dfa;
}

static const struct regular usual = {.dfa = {.symbols = 2}, .length = REGULAR_DEFAULT_LENGTH};

const struct family regular_family = {
    .name = "regular-language",
    .size = sizeof(struct regular),
    .usual = &usual,
    .read = read_task,
    .pack = pack_task,
    .draw = draw_task,
    .key = task_key,
    .ood = is_ood,
    .ood_share = 1.0 / (DFA_MAX_STATES - 1),
    .shape = shape,
    .trainee = answerer_trainee,
    .answerer = answerer_of,
    .judged = 256,
    .exam = answerer_exam,
    .exam_free = answerer_exam_free,
    .vocabulary = vocabulary,
    .machine = machine,
};
