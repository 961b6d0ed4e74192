#include "formats/pickle.h"

#include "base/memory.h"
#include "formats/pickle_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HIGHEST_PROTOCOL = 5 };

// A growing list of values; what is marked has NULL below it.
struct values {
    struct pickled **at;
    size_t count, capacity;
};

struct machine {
    const uint8_t *bytes;
    size_t size, at, op_at;
    struct arena *arena;
    pickle_allowed *allowed;
    struct values stack, memo;
    struct error *error;
    enum status status; // the first error; from then on nothing happens
};

static void fail(struct machine *m, const char *what) {
    if (m->status == STATUS_OK)
        m->status = error_set(m->error, STATUS_DATA, "the pickle is damaged: byte %zu: %s", m->op_at, what);
}

// --- Bytes ---

// NULL, with the error set, when there are not so many.
static const uint8_t *take(struct machine *m, uint64_t size) {
    if (m->status == STATUS_OK && size > m->size - m->at)
        fail(m, "cut off");
    if (m->status != STATUS_OK)
        return NULL;
    const uint8_t *taken = m->bytes + m->at;
    m->at += size;
    return taken;
}

static uint64_t take_number(struct machine *m, size_t size) {
    uint64_t number = 0;
    const uint8_t *bytes = take(m, size);
    if (bytes)
        memcpy(&number, bytes, size); // little-endian, as this machine
    return number;
}

// --- Values ---

static struct pickled *value_new(struct machine *m, enum pickle_type type) {
    struct pickled *p = arena_calloc(m->arena, sizeof *p);
    p->type = type;
    return p;
}

static void push_to(struct values *list, struct pickled *p) {
    list->at = memory_room(list->at, list->count, &list->capacity, sizeof *list->at);
    list->at[list->count++] = p;
}

static void push(struct machine *m, struct pickled *p) {
    push_to(&m->stack, p);
}

static struct pickled *top(struct machine *m) {
    struct pickled *p = m->stack.count ? m->stack.at[m->stack.count - 1] : NULL;
    if (!p)
        fail(m, "something is taken from an empty stack");
    return m->status == STATUS_OK ? p : NULL;
}

static struct pickled *pop(struct machine *m) {
    struct pickled *p = top(m);
    if (p)
        m->stack.count--;
    return p;
}

// Items of containers; the list doubles in the arena.
static void item_add(struct machine *m, struct pickled *container, struct pickled *item) {
    if (container->count == container->capacity) {
        uint32_t capacity = container->capacity ? 2 * container->capacity : 4;
        struct pickled **items = arena_alloc(m->arena, capacity * sizeof *items);
        if (container->count)
            memcpy(items, container->item, container->count * sizeof *items);
        container->item = items;
        container->capacity = capacity;
    }
    container->item[container->count++] = item;
}

// A container of all that lies above the last mark; both go off the stack.
static struct pickled *pop_marked(struct machine *m) {
    size_t first = m->stack.count;
    while (first > 0 && m->stack.at[first - 1])
        first--;
    if (first == 0) {
        fail(m, "no mark on the stack");
        return NULL;
    }
    struct pickled *list = value_new(m, PICKLE_LIST);
    for (size_t i = first; i < m->stack.count; i++)
        item_add(m, list, m->stack.at[i]);
    m->stack.count = first - 1;
    return list;
}

static void push_integer(struct machine *m, enum pickle_type type, int64_t i) {
    struct pickled *p = value_new(m, type);
    p->i = i;
    push(m, p);
}

// Two's complement of so many bytes, little-endian. Greater ones (there is one in old files of PyTorch, a magic number) keep their lowest
// 64 bits.
static void push_long(struct machine *m, uint64_t size) {
    const uint8_t *bytes = take(m, size);
    uint64_t bits = 0;
    if (!bytes)
        return;
    memcpy(&bits, bytes, size < 8 ? size : 8);
    if (size && size < 8 && bytes[size - 1] & 0x80)
        bits |= ~UINT64_C(0) << 8 * size;
    push_integer(m, PICKLE_INT, (int64_t)bits);
}

static void push_float(struct machine *m) {
    uint64_t bits = __builtin_bswap64(take_number(m, 8)); // the one big-endian number
    struct pickled *p = value_new(m, PICKLE_FLOAT);
    memcpy(&p->f, &bits, sizeof p->f);
    push(m, p);
}

static char *copy_text(struct machine *m, const uint8_t *bytes, size_t size) {
    char *text = arena_alloc(m->arena, size + 1);
    memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}

static void push_text(struct machine *m, enum pickle_type type, uint64_t size) {
    const uint8_t *bytes = take(m, size);
    if (!bytes)
        return;
    struct pickled *p = value_new(m, type);
    p->size = size;
    if (type == PICKLE_TEXT)
        p->text = copy_text(m, bytes, size);
    else
        p->bytes = bytes;
    push(m, p);
}

// --- Functions and classes ---

static void push_global(struct machine *m, const char *module, size_t module_size, const char *name, size_t name_size) {
    struct pickled *p = value_new(m, PICKLE_GLOBAL);
    char *text = arena_alloc(m->arena, module_size + name_size + 2);
    memcpy(text, module, module_size);
    text[module_size] = '.';
    memcpy(text + module_size + 1, name, name_size);
    text[module_size + 1 + name_size] = '\0';
    p->text = text;
    p->size = module_size + 1 + name_size;
    push(m, p);
    if (m->status == STATUS_OK)
        m->status = m->allowed(text, m->error);
}

static size_t line_length(struct machine *m) {
    const uint8_t *end = memchr(m->bytes + m->at, '\n', m->size - m->at);
    if (!end)
        fail(m, "a name without an end");
    return end ? (size_t)(end - (m->bytes + m->at)) : 0;
}

static void push_global_lines(struct machine *m) {
    size_t module_size = line_length(m);
    const uint8_t *module = take(m, module_size + 1);
    size_t name_size = module ? line_length(m) : 0;
    const uint8_t *name = take(m, name_size + 1);
    if (name)
        push_global(m, (const char *)module, module_size, (const char *)name, name_size);
}

static void push_stack_global(struct machine *m) {
    const struct pickled *name = pop(m), *module = pop(m);
    if (!pickled_is(name, PICKLE_TEXT) || !pickled_is(module, PICKLE_TEXT))
        fail(m, "a name that is no text");
    else
        push_global(m, module->text, module->size, name->text, name->size);
}

// --- Calls, of which only a note is taken ---

static const char *const dicts[] = {"collections.OrderedDict", "builtins.dict", "__builtin__.dict"};

static bool makes_dict(const struct pickled *callee) {
    for (size_t i = 0; i < sizeof dicts / sizeof *dicts; i++)
        if (pickled_is_global(callee, dicts[i]))
            return true;
    return false;
}

// OrderedDict() or, by Python 2, OrderedDict([[key, value], ...]).
static struct pickled *dict_of_arguments(struct machine *m, const struct pickled *arguments) {
    struct pickled *dict = value_new(m, PICKLE_DICT);
    const struct pickled *pairs = pickled_at(arguments, 0);
    for (uint32_t i = 0; pickled_is(pairs, PICKLE_LIST) && i < pairs->count; i++) {
        struct pickled *pair = pairs->item[i];
        if (!pickled_is(pair, PICKLE_LIST) || pair->count != 2) {
            fail(m, "a dict of something that is no pair");
            break;
        }
        item_add(m, dict, pair->item[0]);
        item_add(m, dict, pair->item[1]);
    }
    return dict;
}

static void push_call(struct machine *m) {
    struct pickled *arguments = pop(m), *callee = pop(m);
    if (!pickled_is(arguments, PICKLE_LIST)) {
        fail(m, "a call without arguments");
        return;
    }
    if (makes_dict(callee)) {
        push(m, dict_of_arguments(m, arguments));
        return;
    }
    struct pickled *call = value_new(m, PICKLE_CALL);
    item_add(m, call, callee);
    item_add(m, call, arguments);
    push(m, call);
}

// The state of an object; a dict's (PyTorch hangs _metadata there) is no matter.
static void build(struct machine *m) {
    struct pickled *state = pop(m), *object = top(m);
    if (pickled_is(object, PICKLE_CALL) && object->count == 2)
        item_add(m, object, state);
}

static void push_persistent(struct machine *m) {
    struct pickled *identity = pop(m);
    if (!identity)
        return;
    struct pickled *p = value_new(m, PICKLE_PERSISTENT);
    item_add(m, p, identity);
    push(m, p);
}

// --- Containers ---

static void push_tuple(struct machine *m, int count) {
    struct pickled *item[3], *tuple = value_new(m, PICKLE_LIST);
    for (int i = count - 1; i >= 0; i--)
        item[i] = pop(m);
    for (int i = 0; i < count && m->status == STATUS_OK; i++)
        item_add(m, tuple, item[i]);
    push(m, tuple);
}

static bool takes_items(const struct pickled *container) {
    return pickled_is(container, PICKLE_LIST) || pickled_is(container, PICKLE_DICT);
}

// Items go to a list or dict; to an object of another class (a defaultdict, a Counter) they are of no interest.
static void add_items(struct machine *m, const struct pickled *items, enum pickle_type type) {
    struct pickled *container = top(m);
    if (!items || !container)
        return;
    if (type == PICKLE_DICT && items->count % 2)
        fail(m, "a key without a value");
    if (takes_items(container) && container->type != type)
        fail(m, "items of the wrong kind");
    for (uint32_t i = 0; takes_items(container) && m->status == STATUS_OK && i < items->count; i++)
        item_add(m, container, items->item[i]);
}

static void add_popped(struct machine *m, int count, enum pickle_type type) {
    push_tuple(m, count);
    add_items(m, pop(m), type);
}

// --- The memo ---

static void put(struct machine *m, uint64_t index) {
    struct pickled *p = top(m);
    if (index >= m->size) // each one in the memo takes a byte at least
        fail(m, "a memo's place that is too far");
    if (m->status != STATUS_OK)
        return;
    while (m->memo.count <= index)
        push_to(&m->memo, NULL);
    m->memo.at[index] = p;
}

static void get(struct machine *m, uint64_t index) {
    if (index >= m->memo.count || !m->memo.at[index])
        fail(m, "something that was never put into the memo");
    if (m->status == STATUS_OK)
        push(m, m->memo.at[index]);
}

// --- The machine ---

static void unsupported(struct machine *m, uint8_t op) {
    char what[64];
    snprintf(what, sizeof what, "the instruction 0x%02x, which tensors don't need", op);
    fail(m, what);
}

// Bytes of the length that stands before a text's bytes.
static size_t length_size(uint8_t op) {
    switch (op) {
    case OP_SHORT_BINSTRING:
    case OP_SHORT_BINUNICODE:
    case OP_SHORT_BINBYTES:
        return 1;
    case OP_BINSTRING:
    case OP_BINUNICODE:
    case OP_BINBYTES:
        return 4;
    case OP_BINUNICODE8:
    case OP_BINBYTES8:
        return 8;
    default:
        return 0;
    }
}

static void step_text(struct machine *m, uint8_t op) {
    bool is_bytes = op == OP_SHORT_BINBYTES || op == OP_BINBYTES || op == OP_BINBYTES8;
    size_t size = length_size(op);
    if (size)
        push_text(m, is_bytes ? PICKLE_BYTES : PICKLE_TEXT, take_number(m, size));
    else
        unsupported(m, op);
}

static void step_scalar(struct machine *m, uint8_t op) {
    switch (op) {
    case OP_NONE:
        push_integer(m, PICKLE_NONE, 0);
        break;
    case OP_NEWTRUE:
    case OP_NEWFALSE:
        push_integer(m, PICKLE_BOOL, op == OP_NEWTRUE);
        break;
    case OP_BININT:
        push_integer(m, PICKLE_INT, (int32_t)take_number(m, 4));
        break;
    case OP_BININT1:
        push_integer(m, PICKLE_INT, (int64_t)take_number(m, 1));
        break;
    case OP_BININT2:
        push_integer(m, PICKLE_INT, (int64_t)take_number(m, 2));
        break;
    case OP_LONG1:
        push_long(m, take_number(m, 1));
        break;
    case OP_LONG4:
        push_long(m, take_number(m, 4));
        break;
    case OP_BINFLOAT:
        push_float(m);
        break;
    default:
        step_text(m, op);
    }
}

static void step_container(struct machine *m, uint8_t op) {
    struct pickled *p;
    switch (op) {
    case OP_EMPTY_TUPLE:
    case OP_EMPTY_LIST:
    case OP_EMPTY_SET:
        push(m, value_new(m, PICKLE_LIST));
        break;
    case OP_EMPTY_DICT:
        push(m, value_new(m, PICKLE_DICT));
        break;
    case OP_TUPLE:
    case OP_FROZENSET:
        if ((p = pop_marked(m)))
            push(m, p);
        break;
    case OP_TUPLE1:
    case OP_TUPLE2:
    case OP_TUPLE3:
        push_tuple(m, op - OP_TUPLE1 + 1);
        break;
    case OP_APPEND:
        add_popped(m, 1, PICKLE_LIST);
        break;
    case OP_SETITEM:
        add_popped(m, 2, PICKLE_DICT);
        break;
    case OP_APPENDS:
    case OP_ADDITEMS:
        add_items(m, pop_marked(m), PICKLE_LIST);
        break;
    case OP_SETITEMS:
        add_items(m, pop_marked(m), PICKLE_DICT);
        break;
    default:
        step_scalar(m, op);
    }
}

static void step_call(struct machine *m, uint8_t op) {
    switch (op) {
    case OP_GLOBAL:
        push_global_lines(m);
        break;
    case OP_STACK_GLOBAL:
        push_stack_global(m);
        break;
    case OP_REDUCE:
    case OP_NEWOBJ:
        push_call(m);
        break;
    case OP_BUILD:
        build(m);
        break;
    case OP_BINPERSID:
        push_persistent(m);
        break;
    default:
        step_container(m, op);
    }
}

static void step(struct machine *m, uint8_t op) {
    switch (op) {
    case OP_PROTO:
        if (take_number(m, 1) > HIGHEST_PROTOCOL)
            fail(m, "a protocol that is not known");
        break;
    case OP_FRAME:
        take_number(m, 8);
        break;
    case OP_MARK:
        push(m, NULL);
        break;
    case OP_POP:
        if (m->stack.count == 0)
            fail(m, "something is taken from an empty stack");
        else
            m->stack.count--;
        break;
    case OP_BINPUT:
        put(m, take_number(m, 1));
        break;
    case OP_LONG_BINPUT:
        put(m, take_number(m, 4));
        break;
    case OP_MEMOIZE:
        put(m, m->memo.count);
        break;
    case OP_BINGET:
        get(m, take_number(m, 1));
        break;
    case OP_LONG_BINGET:
        get(m, take_number(m, 4));
        break;
    default:
        step_call(m, op);
    }
}

enum status pickle_read(const uint8_t *bytes, size_t size, struct arena *arena, pickle_allowed *allowed, struct pickled **out, size_t *used,
                        struct error *error) {
    struct machine m = {.bytes = bytes, .size = size, .arena = arena, .allowed = allowed, .error = error};
    *out = NULL;
    while (m.status == STATUS_OK) {
        m.op_at = m.at;
        const uint8_t *op = take(&m, 1);
        if (op && *op == OP_STOP) {
            *out = pop(&m);
            break;
        }
        if (op)
            step(&m, *op);
    }
    *used = m.at;
    free(m.stack.at);
    free(m.memo.at);
    return m.status;
}
