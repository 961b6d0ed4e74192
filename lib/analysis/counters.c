#include "analysis/counters.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

const struct counter_limits counter_limits = {.slope = 0.15, .r2 = 0.98};

static int arg_max(const float *x, int n) {
    int best = 0;
    for (int i = 1; i < n; i++)
        best = x[i] > x[best] ? i : best;
    return best;
}

// Is the word of n right from the letter after the first block on?
static bool counts(struct walker *w, const int *word, int length, int n, int bos) {
    int O = walker_arch(w)->output, token = bos;
    float *state = memory_calloc(walker_state_size(w), sizeof *state), *answers = memory_calloc((size_t)O, sizeof *answers);
    bool right = true;
    for (int t = 0; t < length && right; t++) {
        walker_step(w, &(struct walk_step){.count = 1,
                                           .before = (const float *const[]){t ? state : NULL},
                                           .after = (float *const[]){state},
                                           .tokens = &token,
                                           .answers = answers});
        token = word[t];
        right = t <= n || arg_max(answers, O) == token; // tokens 0 .. n - 1 are a, token n is the one after them
    }
    free(state);
    free(answers);
    return right;
}

int counters_reach(struct walker *w, const struct task *task, int bos, int limit) {
    const void *body = task->body.bytes;
    int reach = -1;
    for (int n = 0; n <= limit; n++) {
        int length = task->family->counted(body, n, NULL);
        if (!length)
            continue;
        int *word = memory_alloc((size_t)length * sizeof *word);
        task->family->counted(body, n, word);
        bool right = counts(w, word, length, n, bos);
        free(word);
        if (!right)
            break;
        reach = n;
    }
    return reach;
}

static int find_blocks(const struct sequence *s, struct counter_block *blocks) {
    int count = 0;
    for (int t = 0, end; t < s->length; t = end) {
        for (end = t; end < s->length && s->tokens[end] == s->tokens[t]; end++) {
        }
        if (end - t >= COUNTER_BLOCK)
            blocks[count++] = (struct counter_block){.token = s->tokens[t], .first = t, .length = end - t};
    }
    return count;
}

// The line through the states of one unit: slope = Sxy / Sxx, R^2 = Sxy^2 / (Sxx Syy); 0 when the state does not move.
static void fit(struct counter_block *b, const struct trace *t, const struct walker *w, int layer, int unit) {
    double n = b->length, x_mean = (n - 1) / 2, y_mean = 0, xx = 0, xy = 0, yy = 0;
    int which = walker_vectors(w) - 1;
    for (int i = 0; i < b->length; i++)
        y_mean += (double)trace_state(t, w, b->first + i, layer, which)[unit] / n;
    for (int i = 0; i < b->length; i++) {
        double x = i - x_mean, y = (double)trace_state(t, w, b->first + i, layer, which)[unit] - y_mean;
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    b->slope = xy / xx;
    b->r2 = yy > 0 ? xy * xy / (xx * yy) : 0;
}

static bool is_counter(const struct counter_block *blocks, int count, const struct counter_limits *limits) {
    bool rises = false, falls = false;
    for (int i = 0; i < count; i++) {
        bool strong = blocks[i].r2 > limits->r2 && fabs(blocks[i].slope) > limits->slope;
        rises |= strong && blocks[i].slope > 0;
        falls |= strong && blocks[i].slope < 0;
    }
    return rises && falls;
}

int counters_find(struct counter **list, int *block_count, const struct trace *t, const struct walker *w, const struct sequence *s,
                  const struct counter_limits *limits) {
    const struct rnn_arch *arch = walker_arch(w);
    size_t units = (size_t)arch->layers * (size_t)arch->hidden, room = (size_t)s->length / COUNTER_BLOCK + 1;
    struct counter_block *blocks = memory_alloc(room * sizeof *blocks);
    int count = 0;
    *list = memory_calloc(units, sizeof **list);
    *block_count = find_blocks(s, blocks);
    for (int u = 0; u < (int)units; u++) {
        for (int i = 0; i < *block_count; i++)
            fit(&blocks[i], t, w, u / arch->hidden, u % arch->hidden);
        if (!is_counter(blocks, *block_count, limits))
            continue;
        struct counter *c = &(*list)[count++];
        *c = (struct counter){.layer = u / arch->hidden, .unit = u % arch->hidden, .blocks = memory_alloc(room * sizeof *blocks)};
        for (int i = 0; i < *block_count; i++)
            c->blocks[i] = blocks[i];
    }
    free(blocks);
    return count;
}

void counters_free(struct counter *list, int count) {
    for (int i = 0; i < count; i++)
        free(list[i].blocks);
    free(list);
}
