#include "analysis/words.h"

#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TOGETHER = 32 }; // prefixes that are stepped at once: some of them too early, which costs a little and changes no result

// A prefix: its last token, and the prefix before it. An ended one is a word.
struct node {
    int parent, token; // parent -1: the empty prefix
    int length;        // tokens, BOS not counted
    bool ended;
    double log_prob;
    int state;    // after its tokens, in the pool; -1 while it has not been stepped
    int children; // that are still to be stepped from its state
};

struct search {
    struct walker *walker;
    const struct speech *speech;
    const struct words_limits *limits;
    struct node *nodes;
    size_t node_count, node_capacity;
    int *heap; // nodes, the most probable first
    size_t heap_count, heap_capacity;
    float **pool; // states
    int *spare;   // those not in use
    size_t pool_count, pool_capacity, spare_count, spare_capacity;
};

// --- The queue: a heap; of two equally probable nodes the older one comes first ---

static bool before(const struct search *s, int a, int b) {
    double x = s->nodes[a].log_prob, y = s->nodes[b].log_prob;
    return x > y || (x == y && a < b);
}

static void swap(int *a, int *b) {
    int c = *a;
    *a = *b;
    *b = c;
}

static void push(struct search *s, struct node node) {
    s->nodes = memory_room(s->nodes, s->node_count, &s->node_capacity, sizeof *s->nodes);
    s->heap = memory_room(s->heap, s->heap_count, &s->heap_capacity, sizeof *s->heap);
    s->nodes[s->node_count] = node;
    size_t at = s->heap_count++;
    s->heap[at] = (int)s->node_count++;
    for (; at && before(s, s->heap[at], s->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&s->heap[at], &s->heap[(at - 1) / 2]);
}

static int pop(struct search *s) {
    int top = s->heap[0];
    s->heap[0] = s->heap[--s->heap_count];
    for (size_t at = 0, child; (child = 2 * at + 1) < s->heap_count; at = child) {
        if (child + 1 < s->heap_count && before(s, s->heap[child + 1], s->heap[child]))
            child++;
        if (!before(s, s->heap[child], s->heap[at]))
            break;
        swap(&s->heap[at], &s->heap[child]);
    }
    return top;
}

// --- States, given back when the last child has been stepped ---

static int take_state(struct search *s) {
    if (s->spare_count)
        return s->spare[--s->spare_count];
    s->pool = memory_room(s->pool, s->pool_count, &s->pool_capacity, sizeof *s->pool);
    s->pool[s->pool_count] = memory_calloc(walker_state_size(s->walker), sizeof(float));
    return (int)s->pool_count++;
}

static void give_back(struct search *s, int node) {
    struct node *n = &s->nodes[node];
    if (n->children || n->state < 0)
        return;
    s->spare = memory_room(s->spare, s->spare_count, &s->spare_capacity, sizeof *s->spare);
    s->spare[s->spare_count++] = n->state;
    n->state = -1;
}

// --- Steps ---

// The children of a node that has been stepped, from the log-probabilities of what comes next.
static void branch(struct search *s, int node, const double *log_p, int tokens) {
    double least = s->limits->threshold > 0 ? log(s->limits->threshold) : -INFINITY;
    for (int t = 0; t < tokens; t++) {
        const struct node *n = &s->nodes[node];
        if (!(log_p[t] >= least) || isinf(log_p[t]))
            continue;
        bool ended = t == s->speech->eos;
        struct node child = {.parent = node,
                             .token = t,
                             .length = ended ? n->length : n->length + 1,
                             .ended = ended,
                             .log_prob = n->log_prob + log_p[t],
                             .state = -1};
        if (!ended && child.length < s->speech->most_tokens)
            s->nodes[node].children++;
        push(s, child);
    }
    give_back(s, node);
}

// Steps these prefixes from where their parents are.
static void expand(struct search *s, const int *nodes, int count) {
    int O = walker_arch(s->walker)->output, tokens[TOGETHER];
    const float *from[TOGETHER];
    float *to[TOGETHER], *answers = memory_calloc((size_t)(count * O), sizeof *answers);
    double *log_p = memory_calloc((size_t)(count * O), sizeof *log_p);
    for (int i = 0; i < count; i++)
        s->nodes[nodes[i]].state = take_state(s);
    for (int i = 0; i < count; i++) {
        struct node *n = &s->nodes[nodes[i]];
        tokens[i] = n->token;
        from[i] = n->parent < 0 ? NULL : s->pool[s->nodes[n->parent].state];
        to[i] = s->pool[n->state];
    }
    walker_step(s->walker, &(struct walk_step){.count = count, .before = from, .after = to, .tokens = tokens, .answers = answers});
    walker_log_softmax(log_p, answers, count, O);
    for (int i = 0; i < count; i++) {
        int parent = s->nodes[nodes[i]].parent;
        branch(s, nodes[i], log_p + i * O, O);
        if (parent >= 0) {
            s->nodes[parent].children--;
            give_back(s, parent);
        }
    }
    free(answers);
    free(log_p);
}

// --- Words ---

static bool is_word(const struct search *s, const struct node *n) {
    return n->ended || n->length >= s->speech->most_tokens;
}

void words_add(struct words *words, const int *tokens, int length, bool open, double log_prob) {
    struct word word = {.first = words->token_count, .length = length, .open = open, .log_prob = log_prob};
    for (int i = 0; i < length; i++) {
        words->tokens = memory_room(words->tokens, (size_t)words->token_count, &words->token_capacity, sizeof *words->tokens);
        words->tokens[words->token_count++] = tokens[i];
    }
    words->list = memory_room(words->list, (size_t)words->count, &words->capacity, sizeof *words->list);
    words->list[words->count++] = word;
    words->mass += exp(log_prob);
}

static void emit(const struct search *s, int node, struct words *out) {
    const struct node *n = &s->nodes[node];
    int *tokens = memory_alloc(((size_t)n->length + 1) * sizeof *tokens), at = n->length;
    for (int k = n->ended ? n->parent : node; at > 0; k = s->nodes[k].parent)
        tokens[--at] = s->nodes[k].token;
    words_add(out, tokens, n->length, !n->ended, n->log_prob);
    free(tokens);
}

// The prefixes at the head of the queue, up to the first word.
static int take_prefixes(struct search *s, int *nodes, int most) {
    int count = 0;
    while (count < most && s->heap_count && !is_word(s, &s->nodes[s->heap[0]]))
        nodes[count++] = pop(s);
    return count;
}

// The empty prefix, after BOS. Without a BOS every token may be the first, and all are equally likely: there is nothing that would say
// more.
static void begin(struct search *s) {
    int I = walker_arch(s->walker)->input;
    struct node start = {.parent = -1, .token = s->speech->bos, .state = -1};
    if (s->speech->bos >= 0)
        push(s, start);
    for (int t = 0; s->speech->bos < 0 && t < I; t++)
        if (t != s->speech->eos)
            push(s, (struct node){.parent = -1, .token = t, .length = 1, .log_prob = -log(s->speech->eos < 0 ? I : I - 1), .state = -1});
}

static void search_free(struct search *s) {
    for (size_t i = 0; i < s->pool_count; i++)
        free(s->pool[i]);
    free(s->pool);
    free(s->spare);
    free(s->heap);
    free(s->nodes);
}

void words_find(struct words *out, struct walker *w, const struct speech *speech, const struct words_limits *limits) {
    assert(walker_arch(w)->input == walker_arch(w)->output);
    struct search s = {.walker = w, .speech = speech, .limits = limits};
    *out = (struct words){0};
    begin(&s);
    while (s.heap_count && out->mass < limits->mass) {
        if (is_word(&s, &s.nodes[s.heap[0]])) {
            emit(&s, pop(&s), out);
            continue;
        }
        int left = limits->prefixes - out->prefixes, nodes[TOGETHER];
        if (left <= 0) {
            out->truncated = true;
            break;
        }
        int count = take_prefixes(&s, nodes, left < TOGETHER ? left : TOGETHER);
        expand(&s, nodes, count);
        out->prefixes += count;
    }
    search_free(&s);
}

void words_free(struct words *words) {
    free(words->list);
    free(words->tokens);
    *words = (struct words){0};
}

int words_index(const struct words *words, const int *tokens, int length) {
    for (int i = 0; i < words->count; i++) {
        const struct word *w = &words->list[i];
        bool same = w->length == length; // without tokens there may be no memory of any
        if (same && (length == 0 || memcmp(words->tokens + w->first, tokens, (size_t)length * sizeof *tokens) == 0))
            return i;
    }
    return -1;
}
