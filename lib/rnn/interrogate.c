#include "rnn/interrogate.h"

#include "rnn/oracle.h"
#include "rnn/subject.h"

#include <assert.h>

// --- Step by step ---

// RNNs of one architecture: their cells are computed together, in rows i * M + m for the group's i-th RNN.
struct group {
    struct rnn_arch arch;
    int *which; // [count] their numbers in the batch
    int count;
    struct subject *subject;      // [count]
    struct subject_states *layer; // [layers]
};

struct interrogation {
    struct tape *tape;
    int input, output, count, probes, max_steps, steps;
    struct group *groups;
    int group_count;
    bool weights_wanted;
    struct oracle *oracle; // instead of groups
    const float **asked;   // [max_steps] its inputs so far
};

struct step_saved {
    struct interrogation *it;
    struct tensor *inputs, *answers;
    int t;
};

// All RNNs of the architecture of RNN `first`, which none before it has.
static struct group group_of(struct interrogation *it, const struct rnn_batch *batch, int first) {
    struct arena *arena = &it->tape->arena;
    struct group g = {.arch = *batch->rnn[first].arch};
    for (int b = first; b < batch->count; b++)
        g.count += rnn_arch_equal(batch->rnn[b].arch, &g.arch);
    g.which = arena_alloc(arena, (size_t)g.count * sizeof *g.which);
    g.subject = arena_alloc(arena, (size_t)g.count * sizeof *g.subject);
    for (int b = first, i = 0; i < g.count; b++)
        if (rnn_arch_equal(batch->rnn[b].arch, &g.arch)) {
            g.subject[i] = subject_of(arena, &batch->rnn[b]);
            g.which[i++] = b;
        }
    g.layer = subject_states_new(arena, &g.arch, it->max_steps, g.count * it->probes, it->tape->recording);
    return g;
}

static bool grouped(const struct interrogation *it, const struct rnn_arch *arch) {
    for (int i = 0; i < it->group_count; i++)
        if (rnn_arch_equal(&it->groups[i].arch, arch))
            return true;
    return false;
}

struct interrogation *interrogation_begin(struct tape *tape, const struct rnn_batch *batch, int probes, int max_steps) {
    struct interrogation *it = arena_calloc(&tape->arena, sizeof *it);
    *it = (struct interrogation){.tape = tape,
                                 .input = batch->rnn->arch->input,
                                 .output = batch->rnn->arch->output,
                                 .count = batch->count,
                                 .probes = probes,
                                 .max_steps = max_steps,
                                 .weights_wanted = rnn_batch_trained(batch)};
    if (batch->rnn->oracle) {
        assert(batch->count == 1);
        it->oracle = batch->rnn->oracle;
        it->asked = arena_alloc(&tape->arena, (size_t)max_steps * sizeof *it->asked);
        return it;
    }
    it->groups = arena_alloc(&tape->arena, (size_t)batch->count * sizeof *it->groups);
    for (int b = 0; b < batch->count; b++) {
        const struct rnn_arch *arch = batch->rnn[b].arch;
        assert(arch->input == it->input && arch->output == it->output);
        if (!grouped(it, arch))
            it->groups[it->group_count++] = group_of(it, batch, b);
    }
    return it;
}

// The rows of the group's i-th RNN: among those of the whole batch, and among the group's.
static float *batch_rows(const struct interrogation *it, const struct group *g, int i, float *rows, int width) {
    return rows ? rows + (size_t)g->which[i] * (size_t)it->probes * (size_t)width : NULL;
}

static float *group_rows(const struct interrogation *it, int i, float *rows, size_t width) {
    return rows ? rows + (size_t)i * (size_t)it->probes * width : NULL;
}

static void group_forward(const struct step_saved *s, const struct group *g) {
    const struct interrogation *it = s->it;
    int M = it->probes, t = s->t, top = g->arch.layers - 1;
    size_t H = (size_t)g->arch.hidden, width = cell_width(g->arch.cell, g->arch.hidden);
    for (int l = 0; l <= top; l++) {
        const struct subject_states *y = &g->layer[l];
        float *before = subject_state(y, y->h, t - 1), *below = l ? subject_state(y - 1, y[-1].h, t) : NULL;
        for (int i = 0; i < g->count; i++) {
            float *gates = group_rows(it, i, subject_gates(y, t), width);
            const float *x = l ? group_rows(it, i, below, H) : batch_rows(it, g, i, s->inputs->value, it->input);
            layer_inputs(&g->subject[i].layer[l].forward, gates, x, M);
            layer_recurrence(&g->subject[i].layer[l].forward, gates, group_rows(it, i, before, H), M);
        }
        subject_step(y, t);
    }
    float *h = subject_state(&g->layer[top], g->layer[top].h, t);
    for (int i = 0; i < g->count; i++)
        subject_answer(&g->subject[i].head, batch_rows(it, g, i, s->answers->value, it->output), group_rows(it, i, h, H), M);
}

// Layer l of the group's i-th RNN, from its gates' gradients.
static void layer_backward(const struct step_saved *s, const struct group *g, int l, int i) {
    const struct interrogation *it = s->it;
    const struct subject_states *y = &g->layer[l], *below = y - 1;
    const struct subject_layer *v = &g->subject[i].layer[l];
    int M = it->probes, t = s->t;
    size_t H = (size_t)g->arch.hidden;
    const float *dgates = group_rows(it, i, subject_gates(y, t), cell_width(g->arch.cell, g->arch.hidden));
    float *x = l ? group_rows(it, i, subject_state(below, below->h, t), H) : batch_rows(it, g, i, s->inputs->value, it->input);
    float *dx = l ? group_rows(it, i, subject_state(below, below->dh, t), H) : batch_rows(it, g, i, s->inputs->grad, it->input);
    if (dx)
        subject_inputs_backward(v, dgates, dx, M);
    subject_weights_backward(v, dgates, x, M);
    if (t) {
        subject_states_backward(v, dgates, group_rows(it, i, subject_state(y, y->dh, t - 1), H), M);
        subject_recurrence_backward(v, dgates, group_rows(it, i, subject_state(y, y->h, t - 1), H), M);
    }
}

static void group_backward(const struct step_saved *s, const struct group *g) {
    const struct interrogation *it = s->it;
    const struct subject_states *top = &g->layer[g->arch.layers - 1];
    size_t H = (size_t)g->arch.hidden;
    float *h = subject_state(top, top->h, s->t), *dh = subject_state(top, top->dh, s->t);
    for (int i = 0; i < g->count; i++)
        subject_answer_backward(&g->subject[i].head, batch_rows(it, g, i, s->answers->grad, it->output), group_rows(it, i, h, H),
                                group_rows(it, i, dh, H), it->probes);
    for (int l = g->arch.layers; l-- > 0;) {
        subject_step_backward(&g->layer[l], s->t);
        for (int i = 0; i < g->count; i++)
            layer_backward(s, g, l, i);
    }
}

static void step_backward(void *saved) {
    const struct step_saved *s = saved;
    for (int i = 0; i < s->it->group_count; i++)
        group_backward(s, &s->it->groups[i]);
}

struct tensor *interrogation_step(struct interrogation *it, struct tensor *inputs) {
    int rows = it->count * it->probes;
    assert(it->steps < it->max_steps && inputs->rows == rows && inputs->cols == it->input);
    struct step_saved *s = arena_alloc(&it->tape->arena, sizeof *s);
    struct tensor *answers = tape_tensor(it->tape, rows, it->output, inputs->grad || it->weights_wanted);
    *s = (struct step_saved){it, inputs, answers, it->steps++};
    if (it->oracle) {
        it->asked[s->t] = inputs->value;
        oracle_step(it->oracle, it->asked, answers->value, s->t, it->probes);
    }
    for (int i = 0; i < it->group_count; i++)
        group_forward(s, &it->groups[i]);
    if (answers->grad)
        tape_record(it->tape, step_backward, s);
    return answers;
}

// --- All steps at once: RNN by RNN, so that an RNN's weights stay in the nearest cache for all its steps ---

struct sequence_saved {
    int count, probes, steps, output;
    struct tensor *inputs, *answers; // [K*M,I], [K*B,M*O]
    struct subject *subject;         // [B]
    struct subject_states **layer;   // [B][layers]; rows m
};

// Row block (k, b) of the answers, M*O numbers.
static float *answer_at(const struct sequence_saved *s, float *answers, int k, int b) {
    return answers + ((size_t)k * (size_t)s->count + (size_t)b) * (size_t)(s->probes * s->output);
}

static void subject_forward(struct sequence_saved *s, int b) {
    int M = s->probes, K = s->steps, top = s->subject[b].arch->layers - 1;
    const float *x = s->inputs->value;
    for (int l = 0; l <= top; l++) {
        const struct layer *v = &s->subject[b].layer[l].forward;
        const struct subject_states *y = &s->layer[b][l];
        layer_inputs(v, y->gates, x, K * M); // of all steps
        for (int t = 0; t < K; t++) {
            layer_recurrence(v, subject_gates(y, t), subject_state(y, y->h, t - 1), M);
            subject_step(y, t);
        }
        x = y->h;
    }
    for (int t = 0; t < K; t++)
        subject_answer(&s->subject[b].head, answer_at(s, s->answers->value, t, b), subject_state(&s->layer[b][top], s->layer[b][top].h, t),
                       M);
}

static void subject_backward(struct sequence_saved *s, int b) {
    int M = s->probes, K = s->steps, top = s->subject[b].arch->layers - 1;
    const struct subject_states *last = &s->layer[b][top];
    for (int t = 0; t < K; t++)
        subject_answer_backward(&s->subject[b].head, answer_at(s, s->answers->grad, t, b), subject_state(last, last->h, t),
                                subject_state(last, last->dh, t), M);
    for (int l = top; l >= 0; l--) {
        const struct subject_layer *v = &s->subject[b].layer[l];
        const struct subject_states *y = &s->layer[b][l];
        for (int t = K; t-- > 0;) {
            subject_step_backward(y, t);
            if (t)
                subject_states_backward(v, subject_gates(y, t), subject_state(y, y->dh, t - 1), M);
        }
        float *dx = l ? y[-1].dh : s->inputs->grad;
        if (dx)
            subject_inputs_backward(v, y->gates, dx, K * M);
        subject_weights_backward(v, y->gates, l ? y[-1].h : s->inputs->value, K * M);
        if (K > 1)
            subject_recurrence_backward(v, subject_gates(y, 1), y->h, (K - 1) * M);
    }
}

static void sequence_backward(void *saved) {
    struct sequence_saved *s = saved;
    for (int b = 0; b < s->count; b++)
        subject_backward(s, b);
}

// h of a layer at all steps, and its gradient, where they are: the way back of what is made of it comes before that of the sequence.
static struct tensor *states_of(struct tape *tape, const struct subject_states *y, int steps) {
    return tape_leaf(tape, steps * y->rows, y->hidden, y->h, y->dh);
}

static struct tensor *interrogation_all(struct tape *tape, const struct rnn_batch *batch, struct tensor *inputs, int probes,
                                        struct tensor **states) {
    struct arena *arena = &tape->arena;
    struct sequence_saved *s = arena_alloc(arena, sizeof *s);
    *s = (struct sequence_saved){
        .count = batch->count, .probes = probes, .steps = inputs->rows / probes, .output = batch->rnn->arch->output, .inputs = inputs};
    s->answers = tape_tensor(tape, s->steps * s->count, probes * s->output, inputs->grad || rnn_batch_trained(batch));
    if (batch->rnn->oracle) {
        assert(s->count == 1 && !s->answers->grad);
        oracle_sequences(batch->rnn->oracle, inputs->value, s->answers->value, s->steps, probes);
        return s->answers;
    }
    s->subject = arena_alloc(arena, (size_t)s->count * sizeof *s->subject);
    s->layer = arena_alloc(arena, (size_t)s->count * sizeof *s->layer);
    for (int b = 0; b < s->count; b++) {
        const struct rnn_arch *arch = batch->rnn[b].arch;
        assert(inputs->rows % probes == 0 && inputs->cols == arch->input && s->output == arch->output);
        s->subject[b] = subject_of(arena, &batch->rnn[b]);
        s->layer[b] = subject_states_new(arena, arch, s->steps, probes, s->answers->grad);
        subject_forward(s, b);
        for (int l = 0; states && l < arch->layers; l++)
            states[b * arch->layers + l] = states_of(tape, &s->layer[b][l], s->steps);
    }
    if (s->answers->grad)
        tape_record(tape, sequence_backward, s);
    return s->answers;
}

struct tensor *interrogation_sequence(struct tape *tape, const struct rnn_batch *batch, struct tensor *inputs, int probes) {
    return interrogation_all(tape, batch, inputs, probes, NULL);
}

struct tensor *interrogation_states(struct tape *tape, const struct rnn_batch *batch, struct tensor *inputs, int probes,
                                    struct tensor **states) {
    assert(!batch->rnn->oracle);
    return interrogation_all(tape, batch, inputs, probes, states);
}
