#include "analysis/automaton.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

static void fill(int *list, size_t count, int value) {
    for (size_t i = 0; i < count; i++)
        list[i] = value;
}

static void make(struct automaton *a, int states, int letters) {
    size_t cells = (size_t)states * (size_t)letters;
    *a = (struct automaton){.states = states, .letters = letters};
    a->next = memory_alloc(cells * sizeof *a->next);
    a->answer = memory_calloc((size_t)states, sizeof *a->answer);
    fill(a->next, cells, -1);
}

void automaton_free(struct automaton *a) {
    free(a->next);
    free(a->answer);
    free(a->p);
    *a = (struct automaton){0};
}

int automaton_run(const struct automaton *a, const int *tokens, int length) {
    int state = 0;
    for (int i = 0; i < length && state >= 0; i++)
        state = a->next[state * a->letters + tokens[i]];
    return state;
}

int automaton_arrows(const struct automaton *a) {
    int arrows = 0;
    for (int i = 0; i < a->states * a->letters; i++)
        arrows += a->next[i] >= 0;
    return arrows;
}

// --- The minimal automaton of words ---

static void make_trie(struct automaton *trie, const struct words *words, int letters) {
    make(trie, words->token_count + 1, letters);
    trie->states = 1;
    for (int i = 0; i < words->count; i++) {
        int state = 0;
        for (int k = 0; k < words->list[i].length; k++) {
            int *next = &trie->next[state * letters + words->tokens[words->list[i].first + k]];
            if (*next < 0)
                *next = trie->states++;
            state = *next;
        }
        trie->answer[state] = 1;
    }
}

// State `state` with its arrows replaced by the classes they lead to: its class, an old one or a new one. A hash that two different states
// share moves the second one on to the next key.
static int class_of(const struct automaton *trie, int state, struct table *known, struct automaton *classes, const int *arrows) {
    int A = trie->letters;
    uint64_t key = hash_bytes((uint64_t)trie->answer[state], arrows, (size_t)A * sizeof *arrows);
    for (;; key++) {
        uint64_t *found = table_at(known, key);
        int c = (int)*found - 1;
        if (c < 0) {
            *found = (uint64_t)++classes->states;
            c = classes->states - 1;
            memcpy(classes->next + c * A, arrows, (size_t)A * sizeof *arrows);
            classes->answer[c] = trie->answer[state];
            return c;
        }
        if (classes->answer[c] == trie->answer[state] && memcmp(classes->next + c * A, arrows, (size_t)A * sizeof *arrows) == 0)
            return c;
    }
}

// Breadth first from state `start` of `from`: states get numbers in the order in which they are met.
static void renumber(struct automaton *out, const struct automaton *from, int start) {
    int A = from->letters, met = 1, *number = memory_alloc((size_t)from->states * sizeof *number),
        *order = memory_alloc((size_t)from->states * sizeof *order);
    fill(number, (size_t)from->states, -1);
    make(out, from->states, A);
    order[0] = start;
    number[start] = 0;
    for (int s = 0; s < met; s++) {
        out->answer[s] = from->answer[order[s]];
        for (int t = 0; t < A; t++) {
            int next = from->next[order[s] * A + t];
            if (next >= 0 && number[next] < 0) {
                number[next] = met;
                order[met++] = next;
            }
            out->next[s * A + t] = next < 0 ? -1 : number[next];
        }
    }
    out->states = met;
    free(number);
    free(order);
}

void automaton_of_words(struct automaton *out, const struct words *words, int letters) {
    struct automaton trie, classes;
    struct table known = {0};
    make_trie(&trie, words, letters);
    make(&classes, trie.states, letters);
    classes.states = 0;
    int *class = memory_alloc((size_t)trie.states * sizeof *class), *arrows = memory_alloc((size_t)letters * sizeof *arrows);
    for (int s = trie.states; s-- > 0;) { // children have greater numbers than their parents
        for (int t = 0; t < letters; t++) {
            int next = trie.next[s * letters + t];
            arrows[t] = next < 0 ? -1 : class[next];
        }
        class[s] = class_of(&trie, s, &known, &classes, arrows);
    }
    renumber(out, &classes, class[0]);
    automaton_free(&trie);
    automaton_free(&classes);
    table_free(&known);
    free(class);
    free(arrows);
}

// --- Minimisation ---

// One round: the new class of each state from its old one and those that its arrows lead to. Returns how many there are.
static int refine(const struct automaton *a, const int *old, int *new) {
    int A = a->letters, count = 0;
    for (int s = 0; s < a->states; s++) {
        new[s] = -1;
        for (int r = 0; r < s && new[s] < 0; r++) {
            bool same = old[r] == old[s];
            for (int t = 0; t < A && same; t++) {
                int x = a->next[r * A + t], y = a->next[s * A + t];
                same = (x < 0 ? -1 : old[x]) == (y < 0 ? -1 : old[y]);
            }
            if (same)
                new[s] = new[r];
        }
        if (new[s] < 0)
            new[s] = count++;
    }
    return count;
}

// The machine whose states are these classes.
static void merge(struct automaton *a, const int *class, int count) {
    int A = a->letters;
    struct automaton merged, numbered;
    make(&merged, count, A);
    for (int s = 0; s < a->states; s++) {
        merged.answer[class[s]] = a->answer[s];
        for (int t = 0; t < A; t++) {
            int next = a->next[s * A + t];
            merged.next[class[s] * A + t] = next < 0 ? -1 : class[next];
        }
    }
    renumber(&numbered, &merged, class[0]);
    automaton_free(&merged);
    automaton_free(a);
    *a = numbered;
}

void automaton_minimise(struct automaton *a) {
    int *old = memory_alloc((size_t)a->states * sizeof *old), *new = memory_alloc((size_t)a->states * sizeof *new), count = 0, before = -1;
    memcpy(old, a->answer, (size_t)a->states * sizeof *old);
    while (count != before) {
        before = count;
        count = refine(a, old, new);
        memcpy(old, new, (size_t)a->states * sizeof *old);
    }
    merge(a, old, count);
    free(old);
    free(new);
}

void automaton_trim(struct automaton *a) {
    int A = a->letters;
    bool *alive = memory_calloc((size_t)a->states, sizeof *alive), changed = true;
    for (int s = 0; s < a->states; s++)
        alive[s] = a->answer[s] != 0;
    while (changed) {
        changed = false;
        for (int i = 0; i < a->states * A; i++)
            if (!alive[i / A] && a->next[i] >= 0 && alive[a->next[i]])
                changed = alive[i / A] = true;
    }
    alive[0] = true;
    for (int i = 0; i < a->states * A; i++)
        if (a->next[i] >= 0 && !alive[a->next[i]])
            a->next[i] = -1;
    struct automaton numbered;
    renumber(&numbered, a, 0);
    automaton_free(a);
    *a = numbered;
    free(alive);
}

static bool answers_fit(int a, int b) {
    return a == b || a < 0 || b < 0;
}

bool automaton_equal(const struct automaton *a, const struct automaton *b) {
    if (a->letters != b->letters)
        return false;
    struct automaton x, y;
    renumber(&x, a, 0);
    renumber(&y, b, 0);
    bool equal = x.states == y.states && memcmp(x.next, y.next, (size_t)(x.states * x.letters) * sizeof *x.next) == 0;
    for (int s = 0; s < x.states && equal; s++)
        equal = answers_fit(x.answer[s], y.answer[s]);
    automaton_free(&x);
    automaton_free(&y);
    return equal;
}

// --- Text and records ---

// In double quotes, as Graphviz wants it.
static void put_quoted(struct text *out, const char *text) {
    for (; *text; text++)
        text_print(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
}

// One arrow for all letters that lead from state s to state `to`.
static void put_arrow(struct text *out, const struct automaton *a, int s, int to, letter_name *name, const void *context) {
    bool first = true;
    for (int t = 0; t < a->letters; t++) {
        if (a->next[s * a->letters + t] != to)
            continue;
        if (first)
            text_print(out, "  %d -> %d [label=\"", s, to);
        else
            text_put(out, ", ");
        put_quoted(out, name(t, context));
        if (a->p)
            text_print(out, " %.2f", (double)a->p[s * a->letters + t]);
        first = false;
    }
    if (!first)
        text_put(out, "\"];\n");
}

void automaton_dot(struct text *out, const struct automaton *a, const char *title, letter_name *name, const void *context) {
    text_put(out, "digraph \"");
    put_quoted(out, title);
    text_put(out, "\" {\n  rankdir=LR;\n  node [shape=circle];\n  start [shape=point];\n  start -> 0;\n");
    for (int s = 0; s < a->states; s++) {
        if (a->answer[s] > 1)
            text_print(out, "  %d [label=\"%d: %d\"];\n", s, s, a->answer[s]);
        else
            text_print(out, "  %d%s;\n", s, a->answer[s] == 1 ? " [shape=doublecircle]" : "");
    }
    for (int s = 0; s < a->states; s++)
        for (int to = 0; to < a->states; to++)
            put_arrow(out, a, s, to, name, context);
    text_put(out, "}\n");
}

void automaton_pack(struct packer *p, const struct automaton *a, letter_name *name, const void *context) {
    uint64_t S = (uint64_t)a->states, A = (uint64_t)a->letters;
    pack_key(p, "states");
    pack_i64(p, a->states);
    pack_key(p, "alphabet");
    pack_list(p);
    for (int t = 0; t < a->letters; t++)
        pack_str(p, name(t, context));
    pack_end(p);
    pack_key(p, "start");
    pack_i64(p, 0);
    pack_key(p, "transitions");
    pack_array(p, DTYPE_I4, 2, (uint64_t[]){S, A}, a->next);
    pack_key(p, "answers");
    pack_array(p, DTYPE_I4, 1, (uint64_t[]){S}, a->answer);
    if (a->p) {
        pack_key(p, "p");
        pack_array(p, DTYPE_F4, 2, (uint64_t[]){S, A}, a->p);
    }
}
