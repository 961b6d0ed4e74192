#include "cli/options.h"

#include "base/memory.h"
#include "base/numtext.h"
#include "base/utf8.h"

#include <float.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The C library's struct of the same name keeps out of our way.
#define option getopt_option
#include <getopt.h>
#undef option

enum { MAX_OPTIONS = 128, CODE_BASE = 1000 }; // getopt_long's value of option i is CODE_BASE + 2i, of its --no- form one more

bool option_is_choice(const char *choices, const char *text) {
    size_t n = strlen(text);
    for (const char *c = choices; *c;) {
        size_t length = strcspn(c, "|,");
        if (length == n && strncmp(c, text, n) == 0)
            return true;
        c += length + (c[length] != '\0');
    }
    return false;
}

// The name of a file may be any bytes. All other texts are compared with those of records, or get into them.
static bool is_file(const struct option *o) {
    return o->value && option_is_choice("FILE|DIR|DIRECTORY|PATTERN", o->value);
}

static enum status set_text(struct option *o, const char *text, const char *what, struct error *error) {
    if (!is_file(o) && !utf8_valid(text, strlen(text)))
        return error_set(error, STATUS_USAGE, "%s: '%s' is no UTF-8, as texts in records are", what, text);
    *(const char **)o->target = text;
    return STATUS_OK;
}

static enum status set_number(struct option *o, const char *text, const char *what, struct error *error) {
    bool bounded = o->low != 0 || o->high != 0;
    struct error reason;
    enum status status;
    if (o->type == OPTION_REAL) {
        status = numtext_double(text, bounded ? o->low : -DBL_MAX, bounded ? o->high : DBL_MAX, o->target, &reason);
    } else if (o->type == OPTION_U64) {
        uint64_t high = bounded && o->high < 0x1p64 ? (uint64_t)o->high : UINT64_MAX;
        status = numtext_u64(text, o->low > 0 ? (uint64_t)o->low : 0, high, o->target, &reason);
    } else {
        int64_t low = bounded && o->low > INT_MIN ? (int64_t)o->low : INT_MIN,
                high = bounded && o->high < INT_MAX ? (int64_t)o->high : INT_MAX, i;
        status = numtext_i64(text, low, high, &i, &reason);
        if (status == STATUS_OK)
            *(int *)o->target = (int)i;
    }
    return status == STATUS_OK ? STATUS_OK : error_set(error, status, "%s: '%s' %s", what, text, reason.text);
}

enum status option_set(struct option *option, const char *text, const char *what, struct error *error) {
    enum status status = STATUS_OK;
    switch (option->type) {
    case OPTION_FLAG:
    case OPTION_ACTION:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return error_set(error, STATUS_USAGE, "%s: '%s' is neither true nor false", what, text);
        *(bool *)option->target = text[0] == 't';
        break;
    case OPTION_INT:
    case OPTION_U64:
    case OPTION_REAL:
        status = set_number(option, text, what, error);
        break;
    case OPTION_CHOICE:
        if (!option_is_choice(option->choices, text))
            return error_set(error, STATUS_USAGE, "%s: '%s' is none of %s", what, text, option->choices);
        *(const char **)option->target = text;
        break;
    case OPTION_TEXT:
        status = set_text(option, text, what, error);
        break;
    case OPTION_HEADING:
        return error_set(error, STATUS_USAGE, "%s: no option", what);
    }
    option->given = option->given || status == STATUS_OK;
    return status;
}

// The tables' ends are zeroed: type OPTION_FLAG without a name.
static bool is_end(const struct option *o) {
    return !o->name && o->type != OPTION_HEADING;
}

static struct option *find_in(struct option *table, const char *name) {
    for (struct option *o = table; o && !is_end(o); o++)
        if (o->type != OPTION_HEADING && strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

struct option *option_find(struct option *own, struct option *common, const char *name) {
    struct option *o = find_in(own, name);
    return o ? o : find_in(common, name);
}

// What getopt_long wants to know, made from both tables.
struct grammar {
    struct option *options[MAX_OPTIONS];
    int count;
    struct getopt_option longs[2 * MAX_OPTIONS + 1];
    int long_count;
    char letters[2 * MAX_OPTIONS + 2];
    char no_names[MAX_OPTIONS][40];
};

static void grammar_add(struct grammar *g, struct option *table) {
    for (struct option *o = table; o && !is_end(o) && g->count < MAX_OPTIONS; o++) {
        if (o->type == OPTION_HEADING)
            continue;
        int i = g->count++, code = CODE_BASE + 2 * i;
        bool argument = o->type != OPTION_FLAG && o->type != OPTION_ACTION;
        g->options[i] = o;
        g->longs[g->long_count++] = (struct getopt_option){o->name, argument ? required_argument : no_argument, NULL, code};
        if (o->type == OPTION_FLAG) {
            snprintf(g->no_names[i], sizeof g->no_names[i], "no-%s", o->name);
            g->longs[g->long_count++] = (struct getopt_option){g->no_names[i], no_argument, NULL, code + 1};
        }
        if (o->letter && !strchr(g->letters, o->letter)) {
            char letter[] = {o->letter, argument ? ':' : '\0', '\0'};
            strcat(g->letters, letter);
        }
    }
}

static struct option *by_code(const struct grammar *g, int code) {
    if (code >= CODE_BASE)
        return g->options[(code - CODE_BASE) / 2];
    for (int i = 0; i < g->count; i++)
        if (g->options[i]->letter == code)
            return g->options[i];
    return NULL;
}

static bool is_negative(int code) {
    return code >= CODE_BASE && (code - CODE_BASE) % 2;
}

// How many letters have to be changed, added or left out to make b of a [size] (Levenshtein).
static int distance(const char *a, int size, const char *b) {
    int row[64], n = (int)strlen(b);
    if (n >= 64 || size < 0)
        return 64;
    for (int k = 0; k <= n; k++)
        row[k] = k;
    for (int i = 1; i <= size; i++) {
        int before = row[0]; // the row above, one to the left
        row[0] = i;
        for (int k = 1; k <= n; k++) {
            int changed = before + (a[i - 1] != b[k - 1]), shorter = (row[k] < row[k - 1] ? row[k] : row[k - 1]) + 1;
            before = row[k];
            row[k] = changed < shorter ? changed : shorter;
        }
    }
    return row[n];
}

// The option that a misspelt one is likely to be: at most two letters off, and at most half of them; NULL: none is.
static const char *nearest_name(const struct grammar *g, const char *word, int size) {
    const char *nearest = NULL;
    int least = size / 2 < 2 ? size / 2 : 2;
    for (int i = 0; i < g->long_count; i++) {
        int d = distance(word, size, g->longs[i].name);
        if (d < least || (d == least && d > 0 && !nearest)) {
            nearest = g->longs[i].name;
            least = d;
        }
    }
    return nearest;
}

// Why getopt_long answered ':' (no argument) or '?'; word is the argument it looked at.
static enum status misuse(int answer, const char *word, const struct grammar *g, struct error *error) {
    const struct option *o = optopt ? by_code(g, optopt) : NULL;
    if (answer == ':')
        return error_set(error, STATUS_USAGE, "option '--%s' needs a value", o ? o->name : word);
    if (o)
        return error_set(error, STATUS_USAGE, "option '--%s%s' takes no value", is_negative(optopt) ? "no-" : "", o->name);
    if (optopt)
        return error_set(error, STATUS_USAGE, "unknown option '-%c'", optopt);
    int length = (int)strcspn(word, "="), matches = 0;
    for (int i = 0; i < g->long_count; i++)
        matches += length > 2 && strncmp(g->longs[i].name, word + 2, (size_t)length - 2) == 0;
    const char *near = matches > 1 ? NULL : nearest_name(g, word + 2, length - 2);
    return error_set(error, STATUS_USAGE, "%s option '%.*s'%s%s%s", matches > 1 ? "ambiguous" : "unknown", length, word,
                     near ? " (did you mean '--" : "", near ? near : "", near ? "'?)" : "");
}

// One walk over argv; without `set` it only looks for misuse and actions. *acted tells that an action was met.
static enum status walk(int argc, char **argv, struct grammar *g, bool set, bool *acted, struct error *error) {
    opterr = 0;
    optind = 0; // glibc: begin anew
    for (;;) {
        int code = getopt_long(argc, argv, g->letters, g->longs, NULL);
        if (code == -1)
            return STATUS_OK;
        if (code == ':' || code == '?')
            return misuse(code, argv[optind - 1], g, error);
        struct option *o = by_code(g, code);
        if (o->type == OPTION_ACTION) {
            *acted = true;
            return option_set(o, "true", o->name, error);
        }
        if (!set)
            continue;
        char what[64];
        snprintf(what, sizeof what, "--%s", o->name);
        const char *text = o->type != OPTION_FLAG ? optarg : is_negative(code) ? "false" : "true";
        if (option_set(o, text, what, error) != STATUS_OK)
            return STATUS_USAGE;
    }
}

enum status options_parse(int argc, char **argv, struct option *own, struct option *common, int *first_operand, struct error *error) {
    struct grammar *g = memory_calloc(1, sizeof *g);
    g->letters[0] = ':';
    grammar_add(g, own);
    grammar_add(g, common);
    bool acted = false;
    enum status status = walk(argc, argv, g, false, &acted, error);
    if (status == STATUS_OK && !acted)
        status = walk(argc, argv, g, true, &acted, error);
    *first_operand = optind;
    free(g);
    return status;
}
