#include "analysis/speech.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MOST_TOKENS = 100 };

// What the task says, if the RNN is one that does it.
static struct speech of_task(const struct rnn_record *record) {
    const struct task *task = &record->task;
    if (!rnn_record_suits_task(record) || !task->family->vocabulary)
        return (struct speech){.bos = -2, .eos = -2};
    const struct vocabulary v = task->family->vocabulary(task->body.bytes);
    return (struct speech){
        .letters = v.letters, .names = v.names, .bos = v.bos, .eos = v.eos, .most_tokens = v.bos < 0 ? v.length : v.length - 1};
}

static enum status check_token(int token, const char *what, const struct rnn_arch *arch, struct error *error) {
    if (token < arch->input)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "the token that %s a word is %d, outside 0 .. %d", what, token, arch->input - 1);
}

enum status speech_of(struct speech *out, const struct rnn_record *record, const struct speech_options *options, struct error *error) {
    *out = of_task(record);
    if (!rnn_reads_tokens(&record->arch)) {
        error_set(error, STATUS_DATA, "it reads numbers, so it has no words");
        return rnn_record_prefix(record, error);
    }
    if (options->bos > -2)
        out->bos = options->bos;
    if (options->eos > -2)
        out->eos = options->eos;
    if (options->most_tokens)
        out->most_tokens = options->most_tokens;
    if (out->bos == -2 || out->eos == -2)
        return error_set(error, STATUS_DATA,
                         "the task does not tell which tokens begin and end words: --bos and --eos can (-1: none does)");
    if (!out->letters)
        out->letters = record->arch.input;
    if (!out->most_tokens)
        out->most_tokens = DEFAULT_MOST_TOKENS;
    enum status status = check_token(out->bos, "begins", &record->arch, error);
    return status == STATUS_OK ? check_token(out->eos, "ends", &record->arch, error) : status;
}

bool speech_generates(const struct rnn_record *record) {
    return rnn_record_generates(record);
}

bool speech_machine(struct automaton *out, const struct rnn_record *record) {
    const struct family *family = record->task.family;
    struct dfa d;
    *out = (struct automaton){0};
    if (!rnn_record_suits_task(record) || !family->machine)
        return false;
    family->machine(record->task.body.bytes, &d);
    *out = (struct automaton){.states = d.states, .letters = d.symbols};
    out->next = memory_alloc((size_t)(d.states * d.symbols) * sizeof *out->next);
    out->answer = memory_alloc((size_t)d.states * sizeof *out->answer);
    for (int s = 0; s < d.states; s++) {
        out->answer[s] = d.accepting[s];
        for (int t = 0; t < d.symbols; t++)
            out->next[s * d.symbols + t] = d.next[s][t];
    }
    return true;
}

bool speech_truth(struct words *out, const struct rnn_record *record) {
    *out = (struct words){0};
    const struct family *family = record->task.family;
    if (!rnn_record_suits_task(record) || !family->word)
        return false;
    const void *task = record->task.body.bytes;
    const struct vocabulary v = family->vocabulary(task);
    uint8_t *row = memory_alloc((size_t)v.length);
    int *tokens = memory_alloc((size_t)v.length * sizeof *tokens);
    const int first = v.bos >= 0; // BOS is no part of a word
    for (int i = 0; family->word(task, i, row); i++) {
        int length = 0;
        while (first + length < v.length && row[first + length] != v.eos) {
            tokens[length] = row[first + length];
            length++;
        }
        words_add(out, tokens, length, first + length == v.length, 0);
    }
    free(row);
    free(tokens);
    return true;
}

const char *speech_letter(int token, const void *context) {
    static char texts[8][12];
    static int turn;
    const struct speech *s = context;
    char *text = texts[turn = (turn + 1) % 8];
    if (s->names && token < s->letters)
        snprintf(text, sizeof texts[0], "%c", s->names[token]);
    else if (token == s->bos || token == s->eos)
        return token == s->bos ? "<" : ">";
    else
        snprintf(text, sizeof texts[0], "%d", token);
    return text;
}

void speech_text(char out[SPEECH_TEXT_SIZE], const struct speech *speech, const int *tokens, int length) {
    size_t used = 0;
    *out = 0;
    for (int i = 0; i < length; i++) {
        const char *name = speech_letter(tokens[i], speech);
        size_t size = strlen(name);
        bool blank = i && !speech->names;
        if (used + size + blank + 4 > SPEECH_TEXT_SIZE) {
            strcpy(out + used, "...");
            return;
        }
        used += (size_t)snprintf(out + used, SPEECH_TEXT_SIZE - used, "%s%s", blank ? " " : "", name);
    }
}

struct words_verdict words_judge(const struct words *found, const struct words *truth) {
    struct words_verdict v = {0};
    for (int i = 0; i < truth->count; i++) {
        const struct word *want = &truth->list[i];
        int at = words_index(found, truth->tokens + want->first, want->length);
        v.right += at >= 0 && found->list[at].open == want->open;
    }
    v.missing = truth->count - v.right;
    v.extra = found->count - v.right;
    return v;
}
