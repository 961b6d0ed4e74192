#include "cli/config.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

enum { MAX_BYTES = 1 << 20, MAX_DEPTH = 16 };

struct config {
    const char *path, *name;
    struct option *own, *common;
    struct error *error;
    unsigned char *bytes;
    size_t size;
    yaml_parser_t parser;
    yaml_event_t event; // the one being looked at
    int depth;
    char *unknown; // the first unknown section: an error when the file is well formed
    yaml_mark_t unknown_mark;
};

static enum status refuse(struct config *c, yaml_mark_t mark, const char *format, ...) __attribute__((format(printf, 3, 4)));
static enum status refuse(struct config *c, yaml_mark_t mark, const char *format, ...) {
    char text[sizeof c->error->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(c->error, STATUS_USAGE, "%s:%zu:%zu: %s", c->path, mark.line + 1, mark.column + 1, text);
}

// Line and column of a byte, for errors to which libyaml gives no mark.
static yaml_mark_t mark_of(const struct config *c, size_t offset) {
    yaml_mark_t mark = {.index = offset};
    for (size_t i = 0; i < offset && i < c->size; i++) {
        unsigned char b = c->bytes[i];
        if (b == '\n' || (b == '\r' && !(i + 1 < c->size && c->bytes[i + 1] == '\n'))) {
            mark.line++;
            mark.column = 0;
        } else if ((b & 0xc0) != 0x80) { // one column a character, not a byte
            mark.column++;
        }
    }
    return mark;
}

static enum status syntax_error(struct config *c) {
    const yaml_parser_t *p = &c->parser;
    if (p->error == YAML_MEMORY_ERROR)
        memory_failed(0);
    yaml_mark_t mark = p->error == YAML_READER_ERROR ? mark_of(c, p->problem_offset) : p->problem_mark;
    bool context = p->context && p->error != YAML_READER_ERROR;
    return refuse(c, mark, "%s%s%s", p->problem ? p->problem : "no YAML", context ? " " : "", context ? p->context : "");
}

// Fetches the next event; what no configuration needs is refused here.
static enum status advance(struct config *c) {
    yaml_event_delete(&c->event);
    if (!yaml_parser_parse(&c->parser, &c->event))
        return syntax_error(c);
    yaml_event_t *e = &c->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (e->type) {
    case YAML_ALIAS_EVENT:
        return refuse(c, e->start_mark, "aliases are not allowed");
    case YAML_SCALAR_EVENT:
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
        if (memchr(e->data.scalar.value, '\0', e->data.scalar.length))
            return refuse(c, e->start_mark, "a NUL character is not allowed");
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
        c->depth++;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
        c->depth++;
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        c->depth--;
        break;
    default:
        break;
    }
    if (anchor)
        return refuse(c, e->start_mark, "anchors are not allowed");
    if (tag)
        return refuse(c, e->start_mark, "tags are not allowed");
    if (c->depth > MAX_DEPTH)
        return refuse(c, e->start_mark, "nested deeper than %d levels", MAX_DEPTH);
    return STATUS_OK;
}

static const char *scalar(const struct config *c) {
    return (const char *)c->event.data.scalar.value;
}

// `key:` with nothing behind it.
static bool is_nothing(const struct config *c) {
    return c->event.type == YAML_SCALAR_EVENT && c->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE && c->event.data.scalar.length == 0;
}

static int compare_keys(const void *a, const void *b) {
    return strcmp(a, b);
}

// Looks at the value of a key; the current event is its first, and will be its last.
typedef enum status (*visit)(struct config *c, const char *key, yaml_mark_t mark);

// Walks over a map, whose start is the current event, up to its end; refuses keys that come twice.
static enum status walk_map(struct config *c, visit value) {
    void *seen = NULL;
    enum status status;
    while ((status = advance(c)) == STATUS_OK && c->event.type != YAML_MAPPING_END_EVENT) {
        yaml_mark_t mark = c->event.start_mark;
        if (c->event.type != YAML_SCALAR_EVENT) {
            status = refuse(c, mark, "a key has to be a scalar");
            break;
        }
        char *key = memory_strdup(scalar(c)), **node = tsearch(key, &seen, compare_keys);
        if (!node)
            memory_failed(0);
        if (*node != key) {
            status = refuse(c, mark, "duplicate key '%s'", key);
            free(key);
            break;
        }
        if ((status = advance(c)) != STATUS_OK || (status = value(c, key, mark)) != STATUS_OK)
            break;
    }
    tdestroy(seen, free);
    return status;
}

// Any value, checked for syntax and duplicates only.
static enum status skip(struct config *c, const char *key, yaml_mark_t mark) {
    (void)key;
    (void)mark;
    if (c->event.type == YAML_MAPPING_START_EVENT)
        return walk_map(c, skip);
    if (c->event.type != YAML_SEQUENCE_START_EVENT)
        return STATUS_OK;
    for (;;) {
        enum status status = advance(c);
        if (status != STATUS_OK || c->event.type == YAML_SEQUENCE_END_EVENT)
            return status;
        if ((status = skip(c, NULL, c->event.start_mark)) != STATUS_OK)
            return status;
    }
}

// A list of scalars as comma-separated text, to be freed; the current event is its start.
static enum status join_list(struct config *c, const char *key, char **out) {
    char *text = memory_strdup("");
    size_t length = 0, capacity = 1;
    enum status status;
    while ((status = advance(c)) == STATUS_OK && c->event.type != YAML_SEQUENCE_END_EVENT) {
        if (c->event.type != YAML_SCALAR_EVENT || strchr(scalar(c), ',')) {
            status = refuse(c, c->event.start_mark, "%s: an item of a list has to be a scalar without a comma", key);
            break;
        }
        size_t needed = length + 1 + c->event.data.scalar.length + 1;
        if (needed > capacity) {
            text = memory_realloc(text, length + 1, 2 * needed);
            capacity = 2 * needed;
        }
        length += (size_t)sprintf(text + length, "%s%s", length ? "," : "", scalar(c));
    }
    if (status == STATUS_OK)
        *out = text;
    else
        free(text);
    return status;
}

static enum status set_option(struct config *c, const char *key, yaml_mark_t mark) {
    struct option *o = option_find(c->own, c->common, key);
    if (!o || o->type == OPTION_ACTION || strcmp(key, "config") == 0)
        return refuse(c, mark, "unknown key '%s' in section '%s'", key, c->name);
    mark = c->event.start_mark;
    char *text = NULL;
    enum status status = STATUS_OK;
    if (c->event.type == YAML_SEQUENCE_START_EVENT && o->type == OPTION_TEXT)
        status = join_list(c, key, &text);
    else if (c->event.type != YAML_SCALAR_EVENT)
        return refuse(c, mark, "%s: a %s is expected", key, o->type == OPTION_TEXT ? "scalar or a list of scalars" : "scalar");
    else if (is_nothing(c))
        return refuse(c, mark, "%s: has no value", key);
    else
        text = memory_strdup(scalar(c));
    if (status != STATUS_OK || o->given) {
        free(text);
        return status;
    }
    char what[384];
    snprintf(what, sizeof what, "%s:%zu:%zu: %s", c->path, mark.line + 1, mark.column + 1, key);
    status = option_set(o, text, what, c->error);
    o->from_file = status == STATUS_OK;
    bool kept = status == STATUS_OK && (o->type == OPTION_TEXT || o->type == OPTION_CHOICE);
    if (!kept)
        free(text);
    return status;
}

// Is it the name of a filter, or does it begin with one and a hyphen, as sections for one part of an experiment do
// (pipelines/experiment.mk)?
static bool is_section(const char *key) {
    for (const char *at = RNNPIPE_FILTERS; *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        if (strncmp(key, at, n) == 0 && (!key[n] || (key[n] == '-' && key[n + 1])))
            return true;
        at += n;
    }
    return strcmp(key, "experiment") == 0;
}

static void note_unknown(struct config *c, const char *key, yaml_mark_t mark) {
    if (c->unknown || is_section(key))
        return;
    c->unknown = memory_strdup(key);
    c->unknown_mark = mark;
}

static enum status section(struct config *c, const char *key, yaml_mark_t mark) {
    if (strcmp(key, c->name) != 0)
        return note_unknown(c, key, mark), skip(c, key, mark);
    if (is_nothing(c))
        return STATUS_OK;
    if (c->event.type != YAML_MAPPING_START_EVENT)
        return refuse(c, c->event.start_mark, "section '%s' has to be a map of options", key);
    return walk_map(c, set_option);
}

// stream start, document start, map, document end, stream end. A file without a document, of comments say, is an empty configuration.
static enum status walk_stream(struct config *c) {
    if (advance(c) != STATUS_OK || advance(c) != STATUS_OK)
        return STATUS_USAGE;
    if (c->event.type == YAML_STREAM_END_EVENT)
        return STATUS_OK;
    if (advance(c) != STATUS_OK)
        return STATUS_USAGE;
    if (c->event.type != YAML_MAPPING_START_EVENT)
        return refuse(c, c->event.start_mark, "a configuration has to be a map of sections");
    if (walk_map(c, section) != STATUS_OK || advance(c) != STATUS_OK || advance(c) != STATUS_OK)
        return STATUS_USAGE;
    if (c->event.type != YAML_STREAM_END_EVENT)
        return refuse(c, c->event.start_mark, "a second document is not allowed");
    return STATUS_OK;
}

static enum status load(struct config *c) {
    int fd = open(c->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(c->error, STATUS_NO_INPUT, "%s: %s", c->path, strerror(errno));
    c->bytes = memory_alloc(MAX_BYTES + 1);
    ssize_t n = 0;
    while (c->size <= MAX_BYTES && ((n = read(fd, c->bytes + c->size, MAX_BYTES + 1 - c->size)) > 0 || (n < 0 && errno == EINTR)))
        c->size += n > 0 ? (size_t)n : 0;
    int reason = errno;
    close(fd);
    if (n < 0)
        return error_set(c->error, STATUS_NO_INPUT, "%s: %s", c->path, strerror(reason));
    if (c->size > MAX_BYTES)
        return refuse(c, mark_of(c, MAX_BYTES), "longer than 1 MiB");
    const unsigned char *nul = memchr(c->bytes, '\0', c->size);
    if (nul)
        return refuse(c, mark_of(c, (size_t)(nul - c->bytes)), "a NUL byte is not allowed");
    return STATUS_OK;
}

enum status config_apply(const char *path, const char *name, struct option *own, struct option *common, struct error *error) {
    struct config c = {.path = path, .name = name, .own = own, .common = common, .error = error};
    enum status status = load(&c);
    if (status == STATUS_OK) {
        if (!yaml_parser_initialize(&c.parser))
            memory_failed(0);
        yaml_parser_set_input_string(&c.parser, c.bytes, c.size);
        status = walk_stream(&c);
        if (status == STATUS_OK && c.unknown)
            status =
                refuse(&c, c.unknown_mark, "unknown section '%s': there are experiment, and the filters: %s", c.unknown, RNNPIPE_FILTERS);
        yaml_event_delete(&c.event);
        yaml_parser_delete(&c.parser);
    }
    free(c.bytes);
    free(c.unknown);
    return status;
}
