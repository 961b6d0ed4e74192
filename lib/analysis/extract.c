#include "analysis/extract.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SUFFIXES = 512, MOST_ROUNDS = 64, WALKS_PER_STATE = 200, WALK = 8 /* letters on from a state */ };

// A place that the RNN has come to: its state, and what it answers there.
struct place {
    float *state;  // NULL: the start without a BOS
    float *answer; // [O]; its first number is NaN where the RNN has not answered yet
};

struct suffix {
    int length, *tokens;
};

struct builder {
    struct walker *walker;
    const struct speech *speech;
    const struct extract_options *options;
    int outputs, letters; // a generator may say every token, a classifier reads letters only
    size_t state_size;
    struct suffix suffixes[MOST_SUFFIXES];
    int suffix_count;
    struct place *places; // of the states, in the order in which they were found
    float **rows;         // [states][suffixes,O]
    int *from, *by;       // the state before, and the letter from it: the way to it from the start
    int *next;            // [most_states, letters]
    int states;
    double merging; // the tolerance within which rows are one
    bool truncated;
};

// --- Steps ---

// Log-probabilities and the arg max are needed nowhere: an answer is a row of probabilities, a classifier's is 1 for its class and 0 else.
static void settle(const struct builder *b, float *answers, int count) {
    int O = b->outputs;
    double log_p[O];
    for (int i = 0; i < count; i++, answers += O) {
        walker_log_softmax(log_p, answers, 1, O);
        int best = 0;
        for (int o = 1; o < O; o++)
            best = log_p[o] > log_p[best] ? o : best;
        for (int o = 0; o < O; o++)
            answers[o] = b->options->generates ? (float)exp(log_p[o]) : (float)(o == best);
    }
}

static struct place place_new(const struct builder *b) {
    return (struct place){memory_calloc(b->state_size, sizeof(float)), memory_calloc((size_t)b->outputs, sizeof(float))};
}

static void place_free(struct place *p) {
    free(p->state);
    free(p->answer);
}

// to = the place after one more token.
static void go(const struct builder *b, const struct place *from, int token, struct place *to) {
    walker_step(b->walker, &(struct walk_step){.count = 1,
                                               .before = (const float *const[]){from->state},
                                               .after = (float *const[]){to->state},
                                               .tokens = &token,
                                               .answers = to->answer});
    settle(b, to->answer, 1);
}

// A generator does not say what it gives too small a probability.
static bool feasible(const struct builder *b, const struct place *at, int letter) {
    if (letter == b->speech->eos || (letter == b->speech->bos && !b->options->generates))
        return false;
    return !b->options->generates || isnan(at->answer[0]) || (double)at->answer[letter] >= b->options->threshold;
}

// What the RNN answers after these letters from a place, [O]: zeros where it would not say them.
static void answer_after(const struct builder *b, const struct place *from, const struct suffix *s, float *out) {
    struct place at = place_new(b);
    const struct place *here = from;
    bool alive = true;
    for (int i = 0; i < s->length && alive; i++) {
        alive = feasible(b, here, s->tokens[i]);
        if (alive)
            go(b, here, s->tokens[i], &at);
        here = &at;
    }
    if (alive)
        memcpy(out, here->answer, (size_t)b->outputs * sizeof(float));
    else
        memset(out, 0, (size_t)b->outputs * sizeof(float));
    place_free(&at);
}

// --- Rows ---

// The greatest difference of two answers; an unknown one is like any.
static double distance(const float *x, const float *y, int n) {
    double greatest = 0;
    if (isnan(x[0]) || isnan(y[0]))
        return 0;
    for (int i = 0; i < n; i++)
        greatest = fmax(greatest, fabs((double)x[i] - (double)y[i]));
    return greatest;
}

static float *row_of(const struct builder *b, const struct place *p) {
    float *row = memory_alloc((size_t)(b->suffix_count * b->outputs) * sizeof *row);
    for (int s = 0; s < b->suffix_count; s++)
        answer_after(b, p, &b->suffixes[s], row + s * b->outputs);
    return row;
}

static double row_distance(const struct builder *b, const float *x, const float *y) {
    double greatest = 0;
    for (int s = 0; s < b->suffix_count; s++)
        greatest = fmax(greatest, distance(x + s * b->outputs, y + s * b->outputs, b->outputs));
    return greatest;
}

// A classifier's answers are equal, or 1 apart.
static const double class_tolerance = 0.5;

static double tolerance(const struct builder *b) {
    return b->options->generates ? b->options->tolerance : class_tolerance;
}

// The state with the nearest row, whatever the distance.
static int nearest(const struct builder *b, const float *row, double *far) {
    int best = 0;
    *far = INFINITY;
    for (int s = 0; s < b->states; s++) {
        double d = row_distance(b, row, b->rows[s]);
        if (d < *far) {
            *far = d;
            best = s;
        }
    }
    return best;
}

// --- Building ---

static int add_state(struct builder *b, struct place place, float *row, int from, int by) {
    int s = b->states++;
    b->places[s] = place;
    b->rows[s] = row;
    b->from[s] = from;
    b->by[s] = by;
    for (int t = 0; t < b->letters; t++)
        b->next[s * b->letters + t] = -1;
    return s;
}

static void forget_states(struct builder *b) {
    for (int s = 0; s < b->states; s++) {
        place_free(&b->places[s]);
        free(b->rows[s]);
    }
    b->states = 0;
    b->truncated = false;
}

// The start answers nothing before it has read a token: what a state that is like it answers is its answer, too.
static void learn_answer(struct builder *b, int state, const struct place *place, const float *row) {
    if (!isnan(b->places[state].answer[0]))
        return;
    memcpy(b->places[state].answer, place->answer, (size_t)b->outputs * sizeof(float));
    memcpy(b->rows[state], row, (size_t)(b->suffix_count * b->outputs) * sizeof(float));
}

static void follow(struct builder *b, int state, int letter) {
    struct place place = place_new(b);
    double far;
    go(b, &b->places[state], letter, &place);
    float *row = row_of(b, &place);
    int s = nearest(b, row, &far);
    if (far > b->merging && b->states < b->options->most_states) {
        s = add_state(b, place, row, state, letter);
    } else {
        b->truncated |= far > b->merging;
        learn_answer(b, s, &place, row);
        place_free(&place);
        free(row);
    }
    b->next[state * b->letters + letter] = s;
}

static void build(struct builder *b) {
    forget_states(b);
    struct place start = place_new(b);
    if (b->speech->bos >= 0) {
        go(b, &(struct place){0}, b->speech->bos, &start);
    } else {
        start.answer[0] = NAN;
    }
    add_state(b, start, row_of(b, &start), -1, -1);
    for (int s = 0; s < b->states; s++)
        for (int t = 0; t < b->letters; t++)
            if (feasible(b, &b->places[s], t))
                follow(b, s, t);
}

// --- Samples ---

struct walk {
    struct place at, next;
    int *tokens, length, state; // state: of the automaton, -1 when it has none
    int *opening, opening_left; // letters to a state from which it goes on by itself
};

struct survey {
    uint64_t positions, differences;
    struct suffix shortest; // tokens NULL: no difference met
};

// The letters from the start to a state, the last first.
static int way_to(const struct builder *b, int state, int *letters) {
    int n = 0;
    for (; b->from[state] >= 0; state = b->from[state])
        letters[n++] = b->by[state];
    return n;
}

static int draw_letter(const struct builder *b, const struct place *at, bool by_probability, struct rng *rng) {
    double sum = 0, u = rng_double(rng);
    int letters = b->letters, possible = 0, last = -1;
    for (int t = 0; t < letters; t++)
        possible += feasible(b, at, t);
    if (by_probability && !isnan(at->answer[0])) { // EOS and whatever is no letter end the walk
        for (int t = 0; t < letters; t++)
            if (t != b->speech->eos && u < (sum += (double)at->answer[t]))
                return t;
        return -1;
    }
    for (int t = 0; t < letters && possible; t++)
        if (feasible(b, at, t) && u * possible < (sum += 1))
            return t;
        else if (feasible(b, at, t))
            last = t;
    return last;
}

static void note(struct survey *survey, const struct walk *w) {
    survey->differences++;
    if (survey->shortest.tokens && survey->shortest.length <= w->length)
        return;
    free(survey->shortest.tokens);
    survey->shortest = (struct suffix){w->length, memory_alloc(((size_t)w->length + 1) * sizeof(int))};
    memcpy(survey->shortest.tokens, w->tokens, (size_t)w->length * sizeof(int));
}

// One walk to its end. Its positions are compared from the first token on.
static void take_walk(struct builder *b, struct walk *w, int most, bool by_probability, struct rng *rng, struct survey *survey) {
    const struct place *here = &b->places[0];
    w->length = w->state = 0;
    while (w->length < most && w->state >= 0) {
        int letter = w->opening_left ? w->opening[--w->opening_left] : draw_letter(b, here, by_probability, rng);
        if (letter < 0)
            break;
        w->tokens[w->length++] = letter;
        w->state = b->next[w->state * b->letters + letter];
        go(b, here, letter, &w->next);
        struct place swap = w->at;
        w->at = w->next;
        w->next = swap;
        here = &w->at;
        survey->positions++;
        if (w->state < 0 && by_probability) // a letter below the threshold: left out on purpose
            break;
        if (w->state < 0 || distance(here->answer, b->places[w->state].answer, b->outputs) > tolerance(b))
            note(survey, w);
    }
}

// `count` walks: a generator's own words, or (guided) ways on from each state in turn.
static struct survey survey(struct builder *b, int count, bool guided, struct rng *rng) {
    struct survey found = {0};
    int most = b->speech->most_tokens;
    struct walk w = {.at = place_new(b), .next = place_new(b)};
    w.tokens = memory_alloc((size_t)(most + 1) * sizeof *w.tokens);
    w.opening = memory_alloc((size_t)(b->states + 1) * sizeof *w.opening);
    for (int i = 0; i < count; i++) {
        w.opening_left = guided ? way_to(b, i % b->states, w.opening) : 0;
        int on = w.opening_left + (guided && i % 2 ? WALK : most);
        take_walk(b, &w, on < most ? on : most, !guided, rng, &found);
    }
    place_free(&w.at);
    place_free(&w.next);
    free(w.tokens);
    free(w.opening);
    return found;
}

static double error_of(const struct survey *s) {
    return s->positions ? (double)s->differences / (double)s->positions : 0;
}

// --- Refining ---

// What the RNN answers when it goes to the automaton's state after the first k letters in the state's own way, and on by the rest.
static void answer_by(const struct builder *b, const struct suffix *word, int k, float *out) {
    int state = 0;
    for (int i = 0; i < k; i++)
        state = b->next[state * b->letters + word->tokens[i]];
    struct suffix rest = {word->length - k, word->tokens + k};
    if (state < 0)
        memset(out, 0, (size_t)b->outputs * sizeof(float));
    else
        answer_after(b, &b->places[state], &rest, out);
}

static bool has_suffix(const struct builder *b, const struct suffix *s) {
    for (int i = 0; i < b->suffix_count; i++)
        if (b->suffixes[i].length == s->length && memcmp(b->suffixes[i].tokens, s->tokens, (size_t)s->length * sizeof *s->tokens) == 0)
            return true;
    return false;
}

static bool add_suffix(struct builder *b, const struct suffix *s) {
    if (b->suffix_count == MOST_SUFFIXES || has_suffix(b, s))
        return false;
    struct suffix copy = {s->length, memory_alloc(((size_t)s->length + 1) * sizeof *copy.tokens)};
    memcpy(copy.tokens, s->tokens, (size_t)s->length * sizeof *copy.tokens);
    b->suffixes[b->suffix_count++] = copy;
    return true;
}

// The suffix and all of its own, which will be wanted soon (Maler and Pnueli 1995).
static bool add_all_suffixes(struct builder *b, const struct suffix *s) {
    bool added = false;
    for (int k = 0; k < s->length; k++)
        added |= add_suffix(b, &(struct suffix){s->length - k, s->tokens + k});
    return added;
}

// Along the word the answer changes from the RNN's to the automaton's; where it changes most, two places were merged that the rest of the
// word tells apart. False when that teaches nothing new.
static bool learn(struct builder *b, const struct suffix *word) {
    float *now = memory_alloc((size_t)b->outputs * sizeof *now), *then = memory_alloc((size_t)b->outputs * sizeof *then);
    double greatest = 0;
    struct suffix rest = {0};
    answer_by(b, word, 0, now);
    for (int k = 0; k < word->length; k++) {
        answer_by(b, word, k + 1, then);
        double d = distance(now, then, b->outputs);
        if (d > greatest) {
            greatest = d;
            rest = (struct suffix){word->length - k - 1, word->tokens + k + 1};
        }
        float *swap = now;
        now = then;
        then = swap;
    }
    free(now);
    free(then);
    return rest.tokens && add_all_suffixes(b, &rest);
}

// The error has to become smaller: by a new suffix, or, where small differences add up along a word, by merging less.
static bool improve(struct builder *b, const struct suffix *word) {
    if (learn(b, word))
        return true;
    b->merging /= 2;
    return b->options->generates && b->merging > tolerance(b) / 64;
}

static void begin(struct builder *b, struct walker *w, const struct speech *speech, const struct extract_options *options) {
    size_t most = (size_t)options->most_states;
    *b = (struct builder){.walker = w, .speech = speech, .options = options, .outputs = walker_arch(w)->output};
    b->letters = options->generates ? b->outputs : speech->letters;
    b->state_size = walker_state_size(w);
    b->merging = tolerance(b);
    b->places = memory_calloc(most, sizeof *b->places);
    b->rows = memory_calloc(most, sizeof *b->rows);
    b->from = memory_calloc(most, sizeof *b->from);
    b->by = memory_calloc(most, sizeof *b->by);
    b->next = memory_calloc(most * (size_t)b->letters, sizeof *b->next);
    add_suffix(b, &(struct suffix){0, (int[]){0}});
    for (int t = 0; t < b->letters && !options->generates; t++) // without a BOS the start is known by its successors only
        if (t != speech->eos && t != speech->bos)
            add_suffix(b, &(struct suffix){1, &t});
}

static void builder_free(struct builder *b) {
    forget_states(b);
    for (int s = 0; s < b->suffix_count; s++)
        free(b->suffixes[s].tokens);
    void *const all[] = {b->places, b->rows, b->from, b->by, b->next};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

// The class of an answer; of a generator, whether it may end there.
static int answer_class(const struct builder *b, const float *answer) {
    if (isnan(answer[0]))
        return -1;
    if (b->options->generates)
        return b->speech->eos >= 0 && (double)answer[b->speech->eos] >= b->options->threshold;
    int class = 0;
    while (class < b->outputs - 1 && answer[class] < 1)
        class ++;
    return class;
}

static struct automaton automaton_of(const struct builder *b) {
    size_t S = (size_t)b->states, A = (size_t)b->letters;
    struct automaton a = {.states = b->states, .letters = b->letters};
    a.next = memory_alloc(S * A * sizeof *a.next);
    a.answer = memory_alloc(S * sizeof *a.answer);
    memcpy(a.next, b->next, S * A * sizeof *a.next);
    for (int s = 0; s < b->states; s++)
        a.answer[s] = answer_class(b, b->places[s].answer);
    if (!b->options->generates) {
        automaton_minimise(&a);
        return a;
    }
    a.p = memory_alloc(S * A * sizeof *a.p);
    for (size_t i = 0; i < S * A; i++)
        a.p[i] = b->places[i / A].answer[i % A];
    return a;
}

void extract(struct extraction *out, struct walker *w, const struct speech *speech, const struct extract_options *options) {
    struct builder b;
    struct rng samples = rng_make(options->seed, 0, "samples"), fresh = rng_make(options->seed, 0, "fresh");
    bool guided = !options->generates, more = true;
    *out = (struct extraction){0};
    begin(&b, w, speech, options);
    while (more) {
        build(&b);
        struct survey s = survey(&b, options->samples, guided, &samples);
        more = ++out->rounds < MOST_ROUNDS && error_of(&s) > options->error && !b.truncated && improve(&b, &s.shortest);
        free(s.shortest.tokens);
    }
    struct survey s = survey(&b, options->samples, guided, &fresh), wide = survey(&b, WALKS_PER_STATE * b.states, true, &fresh);
    out->error = error_of(&s);
    bool narrow = s.shortest.tokens && (!wide.shortest.tokens || s.shortest.length < wide.shortest.length);
    out->counterexample = narrow ? s.shortest.tokens : wide.shortest.tokens;
    out->counterexample_length = narrow ? s.shortest.length : wide.shortest.length;
    free(narrow ? wide.shortest.tokens : s.shortest.tokens);
    out->suffixes = b.suffix_count;
    out->truncated = b.truncated;
    out->automaton = automaton_of(&b);
    builder_free(&b);
}

void extraction_free(struct extraction *e) {
    automaton_free(&e->automaton);
    free(e->counterexample);
    *e = (struct extraction){0};
}
