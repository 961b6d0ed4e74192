#include "analysis/speech.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_MOST_TOKENS = 100 };

static struct speech of_language(const struct language *l) {
    return (struct speech){
        .letters = l->tokens, .named = true, .bos = language_bos(l), .eos = language_eos(l), .most_tokens = l->length - 1};
}

static enum status check_token(int token, const char *what, const struct rnn_arch *arch, struct error *error) {
    if (token < arch->input)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "the token that %s a word is %d, outside 0 .. %d", what, token, arch->input - 1);
}

enum status speech_of(struct speech *out, const struct rnn_record *record, const struct speech_options *options, struct error *error) {
    bool known = record->task.family == TASK_LANGUAGE && language_symbols(&record->task.language) == record->arch.input;
    *out = known ? of_language(&record->task.language) : (struct speech){.bos = -2, .eos = -2};
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

bool speech_generates(const struct rnn_arch *arch) {
    return arch->input == arch->output;
}

bool speech_truth(struct words *out, const struct rnn_record *record) {
    *out = (struct words){0};
    if (record->task.family != TASK_LANGUAGE)
        return false;
    const struct language *l = &record->task.language;
    uint8_t row[LANGUAGE_MAX_LENGTH];
    int tokens[LANGUAGE_MAX_LENGTH];
    for (int n = language_min_n(l); n < l->max_n; n++) {
        language_word(l, n, row);
        int length = 0;
        while (length < l->length - 1 && row[length + 1] != language_eos(l)) {
            tokens[length] = row[length + 1];
            length++;
        }
        words_add(out, tokens, length, length == l->length - 1, 0);
    }
    return true;
}

const char *speech_letter(int token, const void *context) {
    static const char *const letters[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    static char numbers[8][12];
    static int turn;
    const struct speech *s = context;
    if (s->named && token < s->letters)
        return letters[token];
    if (token == s->bos)
        return "<";
    if (token == s->eos)
        return ">";
    turn = (turn + 1) % 8;
    snprintf(numbers[turn], sizeof numbers[turn], "%d", token);
    return numbers[turn];
}

void speech_text(char out[SPEECH_TEXT_SIZE], const struct speech *speech, const int *tokens, int length) {
    size_t used = 0;
    *out = 0;
    for (int i = 0; i < length; i++) {
        const char *name = speech_letter(tokens[i], speech);
        size_t size = strlen(name);
        bool blank = i && !speech->named;
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
