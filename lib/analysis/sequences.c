#include "analysis/sequences_internal.h"

#include "base/memory.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void sequences_free(struct sequences *s) {
    for (int i = 0; i < s->count; i++) {
        free(s->list[i].tokens);
        free(s->list[i].inputs);
    }
    free(s->list);
    *s = (struct sequences){0};
}

void sequences_add(struct sequences *s, struct sequence sequence) {
    s->list = memory_room(s->list, (size_t)s->count, &s->capacity, sizeof *s->list);
    s->list[s->count++] = sequence;
    for (int t = 0; sequence.tokens && t < sequence.length; t++)
        s->width = sequence.tokens[t] >= s->width ? sequence.tokens[t] + 1 : s->width;
}

// --- Where they come from ---

enum status sequences_of_rollouts(struct sequences *out, const struct rnn_record *record, int most, struct error *error) {
    *out = (struct sequences){0};
    if (!record->has_rollouts)
        return STATUS_OK;
    uint64_t R = record->logits.shape[0], T = record->logits.shape[1], I = (uint64_t)record->arch.input;
    bool tokens = record->inputs.rank == 2;
    out->width = tokens ? 0 : record->arch.input;
    for (uint64_t r = 0; r < R && r < (uint64_t)most; r++) {
        struct sequence s = {.length = (int)T};
        if (!tokens) {
            s.inputs = memory_alloc(T * I * sizeof *s.inputs);
            array_to_floats(&record->inputs, r * T * I, T * I, s.inputs);
        } else {
            s.tokens = memory_alloc(T * sizeof *s.tokens);
            if (array_to_ints(&record->inputs, r * record->inputs.shape[1], T, s.tokens, error) != STATUS_OK) {
                free(s.tokens);
                sequences_free(out);
                return error->status;
            }
        }
        sequences_add(out, s);
    }
    return STATUS_OK;
}

static int draw(const double *log_p, int n, struct rng *rng) {
    double u = rng_double(rng), sum = 0;
    for (int i = 0; i < n - 1; i++)
        if (u < (sum += exp(log_p[i])))
            return i;
    return n - 1;
}

static struct sequence sample_one(struct walker *w, const struct speech *speech, float *state, float *answers, double *log_p,
                                  struct rng *rng) {
    int O = walker_arch(w)->output, most = speech->most_tokens + 1;
    struct sequence s = {.tokens = memory_alloc((size_t)most * sizeof *s.tokens)};
    int next = speech->bos >= 0 ? speech->bos : (int)rng_below(rng, (uint64_t)walker_arch(w)->input);
    while (s.length < most && (s.length == 0 || next != speech->eos)) {
        walker_step(w, &(struct walk_step){.count = 1,
                                           .before = (const float *const[]){s.length ? state : NULL},
                                           .after = (float *const[]){state},
                                           .tokens = &next,
                                           .answers = answers});
        s.tokens[s.length++] = next;
        walker_log_softmax(log_p, answers, 1, O);
        next = draw(log_p, O, rng);
    }
    return s;
}

void sequences_sample(struct sequences *out, struct walker *w, const struct speech *speech, int count, struct rng *rng) {
    size_t O = (size_t)walker_arch(w)->output;
    float *state = memory_calloc(walker_state_size(w), sizeof *state), *answers = memory_calloc(O, sizeof *answers);
    double *log_p = memory_calloc(O, sizeof *log_p);
    *out = (struct sequences){0};
    for (int i = 0; i < count; i++)
        sequences_add(out, sample_one(w, speech, state, answers, log_p, rng));
    free(state);
    free(answers);
    free(log_p);
}

enum status sequences_own(struct sequences *out, const struct rnn_record *record, struct walker *w, const struct speech_options *options,
                          int most, struct rng *rng, struct error *error) {
    struct speech speech;
    enum status status = sequences_of_rollouts(out, record, most, error);
    if (status != STATUS_OK || out->count)
        return status;
    if (!speech_generates(record))
        return error_set(error, STATUS_DATA, "the RNN has no rollouts and says no words of its own: --inputs has to tell what it reads");
    status = speech_of(&speech, record, options, error);
    if (status == STATUS_OK)
        sequences_sample(out, w, &speech, most, rng);
    return status;
}

// --- Text ---

struct row {
    double *numbers;
    int count;
    size_t capacity;
};

static void row_add(struct row *row, double number) {
    row->numbers = memory_room(row->numbers, (size_t)row->count, &row->capacity, sizeof number);
    row->numbers[row->count++] = number;
}

// The numbers of one line; false when something else is in it.
static bool row_parse(struct row *row, const char *line) {
    row->count = 0;
    for (line += strspn(line, " \t,\r"); *line; line += strspn(line, " \t,\r")) {
        char *end;
        double number = strtod(line, &end);
        if (end == line || !isfinite((float)number))
            return false;
        row_add(row, number);
        line = end;
    }
    return true;
}

enum status sequences_check_token(double n, struct error *error) {
    return n == floor(n) && n >= 0 && n < RNN_MAX_SIZE ? STATUS_OK : error_set(error, STATUS_DATA, "%.17g is no token", n);
}

static enum status add_tokens(struct sequences *out, const struct row *row, int line, struct error *error) {
    struct sequence s = {.length = row->count, .tokens = memory_alloc((size_t)(row->count + 1) * sizeof *s.tokens)};
    for (int i = 0; i < row->count; i++) {
        if (sequences_check_token(row->numbers[i], error) != STATUS_OK) {
            free(s.tokens);
            return error_prefix(error, "line %d", line);
        }
        s.tokens[i] = (int)row->numbers[i];
    }
    sequences_add(out, s);
    return STATUS_OK;
}

// Appends a row of numbers to the sequence that is being read.
static void add_row(struct sequence *s, const struct row *row) {
    size_t old = (size_t)s->length * (size_t)row->count, new = old + (size_t)row->count;
    s->inputs = memory_realloc(s->inputs, old * sizeof *s->inputs, new * sizeof *s->inputs);
    for (int i = 0; i < row->count; i++)
        s->inputs[old + (size_t)i] = (float)row->numbers[i];
    s->length++;
}

static enum status parse_line(struct sequences *out, struct sequence *open, struct row *row, const char *text, int line, bool tokens,
                              struct error *error) {
    if (*text == '#')
        return STATUS_OK;
    if (!row_parse(row, text))
        return error_set(error, STATUS_DATA, "line %d: what is no number", line);
    if (tokens)
        return row->count ? add_tokens(out, row, line, error) : STATUS_OK;
    if (row->count == 0 && open->length) {
        sequences_add(out, *open);
        *open = (struct sequence){0};
    }
    if (row->count && row->count != out->width)
        return error_set(error, STATUS_DATA, "line %d: %d numbers, not %d", line, row->count, out->width);
    if (row->count)
        add_row(open, row);
    return STATUS_OK;
}

enum status sequences_parse(struct sequences *out, const char *bytes, size_t size, bool tokens, int width, struct error *error) {
    struct row row = {0};
    struct sequence open = {0};
    enum status status = STATUS_OK;
    if (sequences_is_npy(bytes, size))
        return sequences_from_npy(out, bytes, size, tokens, width, error);
    *out = (struct sequences){.width = tokens ? 0 : width};
    int line = 1;
    for (size_t at = 0; at < size && status == STATUS_OK; line++) {
        const char *end = memchr(bytes + at, '\n', size - at);
        size_t length = end ? (size_t)(end - bytes) - at : size - at;
        char *text = memcpy(memory_calloc(length + 1, 1), bytes + at, length);
        status = parse_line(out, &open, &row, text, line, tokens, error);
        free(text);
        at += length + 1;
    }
    if (open.length && status == STATUS_OK)
        sequences_add(out, open);
    else
        free(open.inputs);
    free(row.numbers);
    if (status == STATUS_OK && out->count == 0)
        status = error_set(error, STATUS_DATA, "no sequence in it");
    if (status != STATUS_OK)
        sequences_free(out);
    return status;
}

enum status sequences_check(const struct sequences *s, const struct rnn_arch *arch, struct error *error) {
    if (s->count && s->list[0].tokens && s->width > arch->input)
        return error_set(error, STATUS_DATA, "token %d for an RNN that knows 0 .. %d", s->width - 1, arch->input - 1);
    if (s->count && s->list[0].inputs && s->width != arch->input)
        return error_set(error, STATUS_DATA, "rows of %d numbers for an RNN of %d inputs", s->width, arch->input);
    return STATUS_OK;
}

// --- Traces ---

void trace_take(struct trace *out, struct walker *w, const struct sequence *s) {
    const struct rnn_arch *arch = walker_arch(w);
    size_t T = (size_t)s->length, state = walker_state_size(w), O = (size_t)arch->output, I = (size_t)arch->input;
    size_t gates = (size_t)(walker_gates(w) * arch->layers * arch->hidden);
    *out = (struct trace){.steps = s->length};
    out->answers = memory_calloc(T * O, sizeof(float));
    out->states = memory_calloc(T * state, sizeof(float));
    out->gates = memory_calloc(T * gates, sizeof(float));
    for (size_t t = 0; t < T; t++)
        walker_step(w, &(struct walk_step){.count = 1,
                                           .before = (const float *const[]){t ? out->states + (t - 1) * state : NULL},
                                           .after = (float *const[]){out->states + t * state},
                                           .tokens = s->tokens ? s->tokens + t : NULL,
                                           .inputs = s->inputs ? s->inputs + t * I : NULL,
                                           .answers = out->answers + t * O,
                                           .gates = out->gates + t * gates});
}

void trace_free(struct trace *t) {
    free(t->answers);
    free(t->states);
    free(t->gates);
    *t = (struct trace){0};
}

const float *trace_state(const struct trace *t, const struct walker *w, int step, int layer, int which) {
    size_t H = (size_t)walker_arch(w)->hidden;
    return t->states + (size_t)step * walker_state_size(w) + (size_t)(layer * walker_vectors(w) + which) * H;
}
