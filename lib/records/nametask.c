#include "records/nametask.h"

#include "base/memory.h"
#include "base/numtext.h"
#include "base/utf8.h"
#include "stream/json.h"
#include "stream/reader.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_KEYS = 16 };

struct span {
    const char *at;
    size_t size;
};

struct name_task {
    const char *pattern; // or NULL
    struct packer *said, *whole;
    struct value_nodes of_all, of_one;
    struct span keys[MAX_KEYS], values[MAX_KEYS]; // of {KEY}s, in their order
    int count;
};

// --- Patterns ---

// The {KEY} or * that a pattern begins with; its length, or 0 when it begins with something else. key->at is NULL for *.
static size_t wildcard(const char *pattern, struct span *key) {
    *key = (struct span){0};
    if (*pattern == '*')
        return 1;
    size_t size = *pattern == '{' ? strcspn(pattern + 1, "{}/") : 0;
    if (!size || pattern[size + 1] != '}')
        return 0;
    *key = (struct span){pattern + 1, size};
    return size + 2;
}

static bool is_text(struct span a, const char *b) {
    return strlen(b) == a.size && memcmp(a.at, b, a.size) == 0;
}

static bool is_same(struct span a, struct span b) {
    return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

static enum status add_key(struct name_task *t, struct span key, struct error *error) {
    if (t->count == MAX_KEYS)
        return error_set(error, STATUS_USAGE, "'%s': more than %d keys", t->pattern, MAX_KEYS);
    for (int i = 0; i < t->count; i++)
        if (is_same(t->keys[i], key))
            return error_set(error, STATUS_USAGE, "'%s': {%.*s} stands there twice", t->pattern, (int)key.size, key.at);
    t->keys[t->count++] = key;
    return STATUS_OK;
}

static enum status read_pattern(struct name_task *t, struct error *error) {
    struct span key;
    bool after_wildcard = false;
    enum status status = STATUS_OK;
    for (const char *p = t->pattern; *p && status == STATUS_OK;) {
        size_t size = wildcard(p, &key);
        if (!size && (*p == '{' || *p == '}'))
            return error_set(error, STATUS_USAGE, "'%s': braces are for {KEY}", t->pattern);
        if (size && after_wildcard)
            return error_set(error, STATUS_USAGE, "'%s': something has to stand between {KEY}s, so that they can be told apart",
                             t->pattern);
        if (key.at)
            status = add_key(t, key, error);
        after_wildcard = size > 0;
        p += size ? size : 1;
    }
    if (status == STATUS_OK && t->count == 0)
        return error_set(error, STATUS_USAGE, "'%s': no {KEY} in it", t->pattern);
    return status;
}

// Does this part of a name, without slashes, look like this part of the pattern? Values go to values. Wildcards take as little as they can,
// so the first place where what follows them fits is the right one, but for what ends the pattern, which has to end the name.
static bool match_part(const char *pattern, size_t pattern_size, const char *name, size_t size, struct span *values) {
    const char *p = pattern, *pattern_end = pattern + pattern_size, *end = name + size;
    struct span key = {0};
    size_t wild = 0;
    for (;;) {
        size_t literal = 0;
        struct span next;
        while (p + literal < pattern_end && !wildcard(p + literal, &next))
            literal++;
        bool is_last = p + literal == pattern_end;
        const char *at = name + (key.at != NULL); // a key has a character at least
        if (wild && is_last && literal <= (size_t)(end - name))
            at = at > end - literal ? at : end - literal;
        while (wild && at + literal <= end && memcmp(at, p, literal) != 0)
            at++;
        if (at + literal > end || memcmp(at, p, literal) != 0 || (is_last && at + literal != end))
            return false;
        if (key.at)
            *values++ = (struct span){name, (size_t)(at - name)};
        if (is_last)
            return true;
        name = at + literal;
        p += literal;
        wild = wildcard(p, &key);
        p += wild;
    }
}

static int slashes(const char *s) {
    int n = 0;
    for (; *s; s++)
        n += *s == '/';
    return n;
}

static int keys_in(const struct name_task *t, const char *from, const char *to) {
    int n = 0;
    for (int i = 0; i < t->count; i++)
        n += t->keys[i].at >= from && t->keys[i].at < to;
    return n;
}

static bool match(struct name_task *t, const char *path) {
    const char *p = t->pattern, *name = path + strlen(path);
    struct span *values = t->values;
    for (int parts = slashes(p) + 1; name > path; name--) // the last parts of the path
        if (name[-1] == '/' && --parts == 0)
            break;
    if (slashes(name) != slashes(p))
        return false;
    for (;;) {
        size_t pattern_size = strcspn(p, "/"), size = strcspn(name, "/");
        if (!match_part(p, pattern_size, name, size, values))
            return false;
        values += keys_in(t, p, p + pattern_size);
        if (!p[pattern_size])
            return true;
        p += pattern_size + 1;
        name += size + 1;
    }
}

// --- Tasks ---

static enum status decode(const struct packer *p, struct value_nodes *nodes, struct error *error) {
    size_t size;
    const uint8_t *bytes = packer_bytes(p, &size);
    return value_decode(bytes, size, 0, nodes, error);
}

// What is said of all files, as a map.
static enum status read_text(struct name_task *t, const char *text, struct error *error) {
    char first = text ? text[strspn(text, " \t\n")] : '\0';
    if (text && !first)
        return error_set(error, STATUS_USAGE, "'%s' is no name of a family", text);
    if (first == '{' || first == '[') {
        if (json_read(t->said, text, strlen(text), error) != STATUS_OK) {
            error_prefix(error, "'%.200s'", text);
            return error->status = STATUS_USAGE;
        }
        if (first == '[')
            return error_set(error, STATUS_USAGE, "'%.200s' is no JSON object: a task is one, or the name of its family", text);
    } else {
        pack_map(t->said);
        if (text) {
            pack_key(t->said, "family");
            pack_str(t->said, text);
        }
        pack_end(t->said);
    }
    return decode(t->said, &t->of_all, error);
}

static enum status check(const struct name_task *t, struct error *error) {
    const struct value *family = value_get(t->of_all.node, "family");
    bool has_family = family != NULL;
    if (has_family && value_is(family, ""))
        return error_set(error, STATUS_USAGE, "the task's family has no name");
    for (int i = 0; i < t->count; i++) {
        char *key = memory_alloc(t->keys[i].size + 1);
        memcpy(key, t->keys[i].at, t->keys[i].size);
        key[t->keys[i].size] = '\0';
        bool is_given = value_get(t->of_all.node, key) != NULL;
        free(key);
        if (is_given)
            return error_set(error, STATUS_USAGE, "'%s': {%.*s} is in the task already", t->pattern, (int)t->keys[i].size, t->keys[i].at);
        has_family |= is_text(t->keys[i], "family");
    }
    return has_family ? STATUS_OK
                      : error_set(error, STATUS_USAGE, "nothing tells the task's family: a name or a map that has it, or {family}");
}

enum status name_task_new(struct name_task **out, const char *text, const char *pattern, struct error *error) {
    struct name_task *t = memory_calloc(1, sizeof *t);
    t->pattern = pattern;
    t->said = packer_new();
    t->whole = packer_new();
    enum status status = pattern ? read_pattern(t, error) : STATUS_OK;
    if (status == STATUS_OK)
        status = read_text(t, text, error);
    if (status == STATUS_OK)
        status = check(t, error);
    *out = t;
    if (status == STATUS_OK)
        return status;
    name_task_free(t);
    *out = NULL;
    return status;
}

void name_task_free(struct name_task *t) {
    if (!t)
        return;
    packer_free(t->said);
    packer_free(t->whole);
    free(t->of_all.node);
    free(t->of_one.node);
    free(t);
}

// A number, if it is one that is written as people do. An integer of more than 64 bits stays a text: as a double it would be others, too.
static void pack_told(struct packer *p, struct span v) {
    char text[64];
    int64_t integer;
    uint64_t large;
    double number;
    if (v.size < sizeof text) {
        memcpy(text, v.at, v.size);
        text[v.size] = '\0';
        if (numtext_i64(text, INT64_MIN, INT64_MAX, &integer, NULL) == STATUS_OK) {
            pack_i64(p, integer);
            return;
        }
        if (numtext_u64(text, 0, UINT64_MAX, &large, NULL) == STATUS_OK) {
            pack_u64(p, large);
            return;
        }
        bool integral = !text[strspn(text, "+-0123456789")];
        if (!integral && numtext_double(text, -DBL_MAX, DBL_MAX, &number, NULL) == STATUS_OK) {
            pack_double(p, number);
            return;
        }
    }
    pack_str_n(p, v.at, v.size);
}

enum status name_task_pack(struct packer *p, struct name_task *t, const char *path, struct error *error) {
    static const char *const nothing[] = {NULL};
    if (t->pattern && !utf8_valid(path, strlen(path)))
        return error_set(error, STATUS_DATA, "its name is no UTF-8");
    if (t->pattern && !match(t, path))
        return error_set(error, STATUS_DATA, "its name is not as '%s'", t->pattern);
    packer_clear(t->whole);
    pack_map(t->whole);
    pack_rest(t->whole, t->of_all.node, nothing);
    for (int i = 0; i < t->count; i++) {
        pack_str_n(t->whole, t->keys[i].at, t->keys[i].size);
        pack_told(t->whole, t->values[i]);
    }
    pack_end(t->whole);
    struct task task;
    enum status status = decode(t->whole, &t->of_one, error);
    if (status == STATUS_OK)
        status = task_read(t->of_one.node, &task, error);
    if (status == STATUS_OK)
        pack_value(p, t->of_one.node);
    return status;
}
