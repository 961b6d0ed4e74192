#include "families/language.h"

#include "base/memory.h"
#include "families/train_internal.h"
#include "nn/loss.h"
#include "nn/recurrent.h"
#include "stream/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- Words ---

int language_bos(const struct language *l) {
    return l->tokens;
}

int language_eos(const struct language *l) {
    return l->tokens + 1;
}

struct token_rows language_form(const struct language *l) {
    return (struct token_rows){.length = l->length, .bos = language_bos(l), .eos = language_eos(l)};
}

int language_symbols(const struct language *l) {
    return l->tokens + 2;
}

int language_default_length(int tokens, int max_n) {
    return tokens * max_n + 2;
}

int language_min_n(const struct language *l) {
    int lowest = 0; // offsets[0]
    for (int i = 1; i < l->tokens; i++)
        if (l->offsets[i] < lowest)
            lowest = l->offsets[i];
    return -lowest;
}

void language_draw_task(struct language *l, struct rng *rng) {
    memset(l->offsets, 0, sizeof l->offsets);
    for (int i = 1; i < l->tokens; i++)
        l->offsets[i] = LANGUAGE_OFFSET_LOW + (int)rng_below(rng, LANGUAGE_OFFSETS);
}

int language_task_number(const struct language *l) {
    int number = 0;
    for (int i = 1; i < l->tokens; i++)
        number = number * LANGUAGE_OFFSETS + l->offsets[i] - LANGUAGE_OFFSET_LOW;
    return number;
}

int language_task_count(int tokens) {
    int tasks = 1;
    for (int i = 1; i < tokens; i++)
        tasks *= LANGUAGE_OFFSETS;
    return tasks;
}

struct language language_of_number(int tokens, int number) {
    struct language l = {.tokens = tokens};
    for (int i = tokens - 1; i > 0; i--, number /= LANGUAGE_OFFSETS)
        l.offsets[i] = number % LANGUAGE_OFFSETS + LANGUAGE_OFFSET_LOW;
    return l;
}

void language_distinct_task(struct language *l, uint64_t seed, uint64_t run) {
    int tasks = language_task_count(l->tokens), *order = memory_calloc((size_t)tasks, sizeof *order);
    struct rng rng = rng_make(seed, run / (uint64_t)tasks, "order of languages");
    rng_permutation(&rng, order, tasks);
    struct language drawn = language_of_number(l->tokens, order[run % (uint64_t)tasks]);
    memcpy(l->offsets, drawn.offsets, sizeof l->offsets);
    free(order);
}

void language_word(const struct language *l, int n, uint8_t *row) {
    int at = 0;
    row[at++] = (uint8_t)language_bos(l);
    for (int letter = 0; letter < l->tokens; letter++)
        for (int k = 0; k < n + l->offsets[letter] && at < l->length; k++)
            row[at++] = (uint8_t)letter;
    memset(row + at, language_eos(l), (size_t)(l->length - at));
}

void language_sample_row(const struct language *l, struct rng *rng, uint8_t *row) {
    int low = language_min_n(l);
    language_word(l, low + (int)rng_below(rng, (uint64_t)(l->max_n - low)), row);
}

struct verdict language_judge(const struct language *l, const uint8_t *row) {
    const uint8_t *end = memchr(row, language_eos(l), (size_t)l->length);
    if (!end)
        return (struct verdict){.undefined = true};
    int count[LANGUAGE_MAX_TOKENS] = {0};
    bool ordered = row[0] == language_bos(l);
    for (int k = 0; k < end - row; k++) {
        if (row[k] < l->tokens)
            count[row[k]]++;
        ordered = ordered && (k == 0 || (row[k] < l->tokens && (k == 1 || row[k] >= row[k - 1])));
    }
    bool accepted = true;
    for (int i = 1; i < l->tokens; i++)
        accepted = accepted && count[i] - l->offsets[i] == count[0];
    return (struct verdict){.accepted = accepted, .strict = accepted && ordered};
}

// --- Records ---

static enum status offsets_read(const struct value *task, struct language *l, struct error *error) {
    const struct value *offsets = value_get(task, "offsets");
    if (!offsets || offsets->type != VALUE_ARRAY || offsets->count != (uint32_t)l->tokens)
        return error_set(error, STATUS_DATA, "task: key 'offsets' is no list of %d integers", l->tokens);
    for (int i = 0; i < l->tokens; i++) {
        int64_t offset;
        int low = i ? LANGUAGE_OFFSET_LOW : 0, high = i ? LANGUAGE_OFFSET_HIGH : 0; // the first letter is the measure: 0
        if (!value_to_i64(value_at(offsets, (uint32_t)i), &offset) || offset < low || offset > high)
            return error_set(error, STATUS_DATA, "task: offset %d is no integer of %d .. %d", i, low, high);
        l->offsets[i] = (int)offset;
    }
    return STATUS_OK;
}

static enum status read_task(const struct value *task, void *body, struct error *error) {
    struct language *l = body;
    enum status status = field_int(task, "tokens", "task", 2, LANGUAGE_MAX_TOKENS, &l->tokens, error);
    if (status == STATUS_OK)
        status = offsets_read(task, l, error);
    if (status == STATUS_OK)
        status = field_int(task, "length", "task", 2, LANGUAGE_MAX_LENGTH, &l->length, error);
    if (status == STATUS_OK)
        status = field_int(task, "max_n", "task", language_min_n(l) + 1, LANGUAGE_MAX_LENGTH, &l->max_n, error);
    return status;
}

static void pack_task(struct packer *p, const void *body) {
    const struct language *l = body;
    pack_key(p, "tokens");
    pack_i64(p, l->tokens);
    pack_key(p, "offsets");
    pack_list(p);
    for (int i = 0; i < l->tokens; i++)
        pack_i64(p, l->offsets[i]);
    pack_end(p);
    pack_key(p, "length");
    pack_i64(p, l->length);
    pack_key(p, "max_n");
    pack_i64(p, l->max_n);
}

// The language is its offsets; how long the strings are that it is learned by is another matter. Part of the format (prediction_seen).
static int task_key(const void *body, char text[FAMILY_KEY_SIZE]) {
    const struct language *l = body;
    int length = snprintf(text, FAMILY_KEY_SIZE, "formal-language");
    for (int i = 0; i < l->tokens; i++)
        length += snprintf(text + length, FAMILY_KEY_SIZE - (size_t)length, " %d", l->offsets[i]);
    return length;
}

// a^n b^(n+1) c^n d^(n-2)
static int task_as_text(const void *body, char text[FAMILY_KEY_SIZE]) {
    const struct language *l = body;
    int length = 0;
    for (int i = 0; i < l->tokens; i++) {
        const char *form = l->offsets[i] ? "%s%c^(n%+d)" : "%s%c^n";
        length += snprintf(text + length, FAMILY_KEY_SIZE - (size_t)length, form, i ? " " : "", 'a' + i, l->offsets[i]);
    }
    return length;
}

// --- Training: next-token cross-entropy over all positions of a row (paper, section 4.1) ---

struct training {
    struct language language;
    uint8_t *rows, *inputs, *labels; // [batch,length]; [T,batch] each
    int capacity;                    // rows they have room for
};

static void make_room(struct training *in, int batch) {
    if (batch <= in->capacity)
        return;
    size_t bytes = (size_t)batch * (size_t)in->language.length;
    free(in->rows);
    free(in->inputs);
    free(in->labels);
    in->rows = memory_alloc(bytes);
    in->inputs = memory_alloc(bytes);
    in->labels = memory_alloc(bytes);
    in->capacity = batch;
}

static void free_task(void *task) {
    struct training *in = task;
    free(in->rows);
    free(in->inputs);
    free(in->labels);
    free(in);
}

// Rows to time-major inputs and next-token labels.
static void split_rows(struct training *in, const uint8_t *rows, int batch) {
    int length = in->language.length;
    for (int b = 0; b < batch; b++)
        for (int t = 0; t < length - 1; t++) {
            in->inputs[t * batch + b] = rows[b * length + t];
            in->labels[t * batch + b] = rows[b * length + t + 1];
        }
}

static struct tensor *rows_loss(struct trainee *t, const struct weights *w, const uint8_t *rows, int batch) {
    struct training *in = t->internal->task;
    struct tape *tape = &t->internal->tape;
    int T = in->language.length - 1;
    split_rows(in, rows, batch);
    struct tensor *h = recurrent_sequence_tokens(tape, t->arch.cell, w, 0, in->inputs, T, batch);
    return cross_entropy(tape, trainee_readout(t, w, h, T), in->labels);
}

double language_gradient(struct trainee *t, const uint8_t *rows, int batch, float *grad) {
    make_room(t->internal->task, batch);
    struct weights w = trainee_begin_pass(t, grad);
    return trainee_backward(t, rows_loss(t, &w, rows, batch));
}

static struct tensor *batch_loss(struct trainee *t, const struct weights *w) {
    struct training *in = t->internal->task;
    int batch = t->internal->recipe.batch;
    make_room(in, batch);
    for (int b = 0; b < batch; b++)
        language_sample_row(&in->language, &t->internal->batches, in->rows + (size_t)b * (size_t)in->language.length);
    return rows_loss(t, w, in->rows, batch);
}

static void sample(const struct trainee *t, const char *purpose, int count, uint8_t *rows, float *log_p) {
    const struct training *in = t->internal->task;
    struct rng rng = trainee_rng(t, purpose);
    struct stepper *s = stepper_of_rnn(&t->arch, &t->table, t->weights, STEPPER_BLOCK);
    struct token_rows form = language_form(&in->language);
    stepper_sample(s, &form, count, (struct stepper_opening){0}, &rng, rows, log_p);
    stepper_free(s);
}

static bool right(const void *body, const uint8_t *row) {
    return language_judge(body, row).strict;
}

static struct performance performance(const struct trainee *t, int samples) {
    const struct language *l = &((const struct training *)t->internal->task)->language;
    uint8_t *rows = memory_alloc((size_t)samples * (size_t)l->length);
    sample(t, "performance", samples, rows, NULL);
    int strict = 0, accepted = 0;
    for (int i = 0; i < samples; i++) {
        struct verdict v = language_judge(l, rows + (size_t)i * (size_t)l->length);
        strict += v.strict;
        accepted += v.accepted;
    }
    free(rows);
    return (struct performance){(double)strict / samples, {{"accuracy_counts", (double)accepted / samples}}};
}

static struct rollouts rollouts(const struct trainee *t, int count) {
    const struct language *l = &((const struct training *)t->internal->task)->language;
    struct rollouts r = {.count = count, .steps = l->length - 1, .row = l->length};
    size_t positions = (size_t)count * (size_t)r.steps;
    r.tokens = memory_alloc((size_t)count * (size_t)l->length);
    r.logits = memory_alloc(positions * (size_t)t->arch.output * sizeof *r.logits);
    sample(t, "rollouts", count, r.tokens, r.logits);
    return r;
}

static const struct trainee_family training_of_language = {batch_loss, performance, rollouts, free_task, .samples = 1000};

static void shape(const void *body, struct rnn_arch *arch) {
    arch->input = arch->output = language_symbols(body);
}

struct trainee *trainee_of_language(const struct language *language, const struct train_recipe *recipe, uint64_t seed, uint64_t run) {
    struct training *task = memory_calloc(1, sizeof *task);
    task->language = *language;
    struct rnn_arch arch = {0};
    shape(language, &arch);
    return trainee_new(&training_of_language, task, &arch, recipe->weight_decay, recipe, seed, run);
}

static enum status trainee_of_task(struct trainee **out, const struct task *task, const struct train_setting *s, struct error *error) {
    (void)error;
    *out = trainee_of_language(TASK_BODY(struct language, task), s->recipe, s->seed, s->run);
    return STATUS_OK;
}

// --- The family ---

static void draw_task(void *body, struct rng *rng) {
    language_draw_task(body, rng);
}

static enum split split_of_task(const void *body, const struct split_rule *rule, struct arena *arena, void **memory) {
    const struct language *l = body;
    struct language_splits **of = *memory; // of every alphabet that has occurred, by its number of letters
    if (!of)
        of = *memory = arena_calloc(arena, (LANGUAGE_MAX_TOKENS + 1) * sizeof *of);
    if (!of[l->tokens])
        of[l->tokens] = language_splits_new(l->tokens, rule, arena);
    return language_splits_of(of[l->tokens], l);
}

static struct vocabulary vocabulary(const void *body) {
    const struct language *l = body;
    return (struct vocabulary){l->tokens, language_bos(l), language_eos(l), l->length, "abcdefgh"};
}

static bool word(const void *body, int i, uint8_t *row) {
    const struct language *l = body;
    int n = language_min_n(l) + i;
    if (n >= l->max_n)
        return false;
    language_word(l, n, row);
    return true;
}

static int counted(const void *body, int n, int *tokens) {
    const struct language *l = body;
    int length = 0;
    for (int letter = 0; letter < l->tokens && n >= language_min_n(l); letter++)
        for (int k = 0; k < n + l->offsets[letter]; k++, length++)
            if (tokens)
                tokens[length] = letter;
    if (n < language_min_n(l))
        return 0;
    if (tokens)
        tokens[length] = language_eos(l);
    return length + 1;
}

// Offsets; the authors' judge counts letters, whatever their order.
static bool from_published(const struct published *row, void *body, struct performance *performance) {
    struct language *l = body;
    *l = (struct language){0};
    if (field_int(row->args, "num_tokens", "args", 2, LANGUAGE_MAX_TOKENS, &l->tokens, NULL) != STATUS_OK ||
        field_int(row->args, "sequence_length", "args", 2, LANGUAGE_MAX_LENGTH, &l->length, NULL) != STATUS_OK ||
        field_int(row->args, "max_n", "args", 1 - LANGUAGE_OFFSET_LOW, LANGUAGE_MAX_LENGTH, &l->max_n, NULL) != STATUS_OK ||
        row->columns != l->tokens || row->task[0] != 0)
        return false;
    for (int i = 0; i < l->tokens; i++) {
        double offset = row->task[i];
        if (!(offset >= LANGUAGE_OFFSET_LOW && offset <= LANGUAGE_OFFSET_HIGH) || offset != (int)offset)
            return false;
        l->offsets[i] = (int)offset;
    }
    *performance = (struct performance){row->correct, {{"accuracy_counts", row->correct}}};
    return true;
}

static int publish(const void *body, struct packer *args, double task[FAMILY_COLUMNS]) {
    const struct language *l = body;
    pack_key(args, "num_tokens");
    pack_i64(args, l->tokens);
    pack_key(args, "sequence_length");
    pack_i64(args, l->length);
    pack_key(args, "max_n");
    pack_i64(args, l->max_n);
    for (int i = 0; i < l->tokens; i++)
        task[i] = l->offsets[i];
    return l->tokens;
}

// The offsets that a word shows, whose letters have to be in order; false when they are no task's.
static bool offsets_of(struct language *l, const int *tokens, int length) {
    int count[LANGUAGE_MAX_TOKENS] = {0};
    for (int t = 0; t < length; t++) {
        if (tokens[t] < 0 || tokens[t] >= l->tokens || (t && tokens[t] < tokens[t - 1]))
            return false;
        count[tokens[t]]++;
    }
    for (int i = 0; i < l->tokens; i++) {
        l->offsets[i] = count[i] - count[0];
        if (i && (l->offsets[i] < LANGUAGE_OFFSET_LOW || l->offsets[i] > LANGUAGE_OFFSET_HIGH))
            return false;
    }
    return true;
}

static double of_words(void *body, const int *tokens, const int *length, const double *weight, int count) {
    struct language *l = body, shown = *l;
    double total = 0, heaviest = 0, *sum = memory_calloc((size_t)count + 1, sizeof *sum);
    int *number = memory_calloc((size_t)count + 1, sizeof *number);
    for (int i = 0; i < count; tokens += length[i++]) {
        bool of_task = offsets_of(&shown, tokens, length[i]);
        total += weight[i];
        number[i] = of_task ? language_task_number(&shown) : -1;
        for (int k = 0; k <= i && of_task; k++)
            if (number[k] == number[i]) { // the first word of the task has the sum
                sum[k] += weight[i];
                if (sum[k] > heaviest) {
                    heaviest = sum[k];
                    memcpy(l->offsets, shown.offsets, sizeof l->offsets);
                }
                break;
            }
    }
    free(sum);
    free(number);
    return total > 0 ? heaviest / total : 0;
}

static const struct language usual = {.tokens = 4, .length = 42, .max_n = 10};

const struct family language_family = {
    .name = "formal-language",
    .size = sizeof(struct language),
    .usual = &usual,
    .read = read_task,
    .pack = pack_task,
    .draw = draw_task,
    .key = task_key,
    .text = task_as_text,
    .split = split_of_task,
    .ood_share = 0.15,
    .shape = shape,
    .trainee = trainee_of_task,
    .judged = 64,
    .right = right,
    .vocabulary = vocabulary,
    .word = word,
    .counted = counted,
    .of_words = of_words,
    .from_published = from_published,
    .publish = publish,
    .published_as = DTYPE_I8,
    .targets = {{"task", "task.offsets", .skip = 1, LANGUAGE_OFFSETS, LANGUAGE_OFFSET_LOW}},
};
