#include "records/condition.h"

#include "base/memory.h"
#include "base/numtext.h"
#include "base/textlist.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

// A copy of size bytes without the blanks around them.
static char *trimmed(const char *text, size_t size) {
    static const char blank[] = " \t\n";
    while (size && strchr(blank, text[0]))
        text++, size--;
    while (size && strchr(blank, text[size - 1]))
        size--;
    char *copy = memory_alloc(size + 1);
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

// The next item of a list with commas between its items, to be freed; NULL after the last one.
static char *next_item(const char **list) {
    const char *item;
    size_t size;
    return textlist_next(list, &item, &size) ? trimmed(item, size) : NULL;
}

// "7", "7-9" or "7-".
static enum status range_read(char *text, struct range *out, struct error *error) {
    struct error reason;
    char *dash = strchr(text, '-');
    if (dash)
        *dash = '\0';
    *out = (struct range){0, UINT64_MAX};
    enum status status = numtext_u64(text, 0, UINT64_MAX, &out->low, &reason);
    const char *wrong = text;
    if (!dash)
        out->high = out->low;
    else if (status == STATUS_OK && dash[1]) {
        wrong = dash + 1;
        status = numtext_u64(wrong, 0, UINT64_MAX, &out->high, &reason);
    }
    if (status != STATUS_OK)
        return error_set(error, STATUS_USAGE, "'%s' %s", wrong, reason.text);
    if (out->high < out->low)
        return error_set(error, STATUS_USAGE, "'%s-%s' ends before it begins", text, dash + 1);
    return STATUS_OK;
}

enum status ranges_read(const char *text, const char *word, bool *has_word, struct ranges *out, struct error *error) {
    enum status status = STATUS_OK;
    char *item;
    *out = (struct ranges){0};
    while (status == STATUS_OK && (item = next_item(&text))) {
        if (word && strcmp(item, word) == 0) {
            *has_word = true;
        } else {
            size_t size = (size_t)out->count * sizeof *out->range;
            out->range = memory_realloc(out->range, size, size + sizeof *out->range);
            status = range_read(item, &out->range[out->count++], error);
        }
        free(item);
    }
    if (status != STATUS_OK)
        ranges_free(out);
    return status;
}

bool ranges_have(const struct ranges *r, uint64_t number) {
    for (int i = 0; i < r->count; i++)
        if (r->range[i].low <= number && number <= r->range[i].high)
            return true;
    return false;
}

void ranges_free(struct ranges *r) {
    free(r->range);
    *r = (struct ranges){0};
}

enum operation { EQUAL, UNEQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL };
static const char *const operators[] = {"=", "!=", "<", "<=", ">", ">="};

struct comparison {
    char *path, *text; // text: what it is compared with
    enum operation operation;
    bool numeric; // is the text a number?
    double number;
    bool integral; // is it an integer of at most 64 bits?
    struct integer integer;
    bool looked, found; // did a record come by, and did one have the field?
};

static bool integer_read(const char *text, struct integer *out) {
    int64_t low;
    if (numtext_i64(text, INT64_MIN, INT64_MAX, &low, NULL) != STATUS_OK) {
        out->negative = false;
        return numtext_u64(text, 0, UINT64_MAX, &out->bits, NULL) == STATUS_OK;
    }
    *out = (struct integer){low < 0, (uint64_t)low};
    return true;
}

static enum status comparison_read(const char *item, struct comparison *c, struct error *error) {
    size_t before = strcspn(item, "=!<>"), size = strspn(item + before, "=!<>");
    int which = 0;
    while (which < 6 && !(strlen(operators[which]) == size && strncmp(item + before, operators[which], size) == 0))
        which++;
    *c = (struct comparison){.operation = (enum operation)which};
    c->path = trimmed(item, before);
    c->text = trimmed(item + before + size, strlen(item + before + size));
    bool truth = strcmp(c->text, "true") == 0;
    c->number = truth;
    c->numeric = truth || strcmp(c->text, "false") == 0 || numtext_double(c->text, -DBL_MAX, DBL_MAX, &c->number, NULL) == STATUS_OK;
    c->integral = integer_read(c->text, &c->integer);
    if (which == 6 || !*c->path || !*c->text)
        return error_set(error, STATUS_USAGE, "'%s' is no FIELD OPERATOR VALUE with an operator = != < <= > >=", item);
    if (which >= LESS && !c->numeric)
        return error_set(error, STATUS_USAGE, "'%s': '%s' is no number", item, c->text);
    return STATUS_OK;
}

enum status conditions_read(const char *text, struct conditions *out, struct error *error) {
    enum status status = STATUS_OK;
    char *item;
    *out = (struct conditions){0};
    while (status == STATUS_OK && (item = next_item(&text))) {
        size_t size = (size_t)out->count * sizeof *out->comparison;
        out->comparison = memory_realloc(out->comparison, size, size + sizeof *out->comparison);
        status = comparison_read(item, &out->comparison[out->count++], error);
        free(item);
    }
    if (status != STATUS_OK)
        conditions_free(out);
    return status;
}

static bool compare(double a, enum operation operation, double b) {
    switch (operation) {
    case EQUAL:
        return a == b;
    case UNEQUAL:
        return a != b;
    case LESS:
        return a < b;
    case LESS_EQUAL:
        return a <= b;
    case GREATER:
        return a > b;
    case GREATER_EQUAL:
        return a >= b;
    }
    return false;
}

// -1, 0 or 1, as a is less than b, the same, or greater.
static int order(struct integer a, struct integer b) {
    if (a.negative != b.negative)
        return a.negative ? -1 : 1;
    return (a.bits > b.bits) - (a.bits < b.bits);
}

static bool holds(const struct comparison *c, const struct value *record) {
    double number;
    struct integer integer;
    struct found f;
    if (c->integral && path_integer(record, c->path, &integer))
        return compare(order(integer, c->integer), c->operation, 0);
    if (c->numeric && path_number(record, c->path, &number))
        return compare(number, c->operation, c->number);
    if (c->operation > UNEQUAL || !path_find(record, c->path, &f) || f.in_array)
        return false;
    bool text = f.value->type == VALUE_STR, scalar = text || (f.value->type != VALUE_NIL && f.value->type <= VALUE_FLOAT);
    return scalar && (text && value_is(f.value, c->text)) == (c->operation == EQUAL);
}

bool conditions_hold(struct conditions *c, const struct value *record) {
    bool all = true;
    for (int i = 0; i < c->count; i++) {
        struct comparison *one = &c->comparison[i];
        struct found f;
        one->looked = true;
        one->found = one->found || path_find(record, one->path, &f);
        all = all && holds(one, record);
    }
    return all;
}

const char *conditions_missing(const struct conditions *c) {
    for (int i = 0; i < c->count; i++)
        if (c->comparison[i].looked && !c->comparison[i].found)
            return c->comparison[i].path;
    return NULL;
}

void conditions_free(struct conditions *c) {
    for (int i = 0; i < c->count; i++) {
        free(c->comparison[i].path);
        free(c->comparison[i].text);
    }
    free(c->comparison);
    *c = (struct conditions){0};
}
