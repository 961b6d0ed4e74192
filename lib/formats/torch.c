// PyTorch's files: a pickle of dicts and tensors beside the tensors' storages. Since version 1.6 a zip file of STEM/data.pkl and
// STEM/data/KEY; before that the pickles of a magic number, a protocol, a dict about the machine, the data, and a list of keys, then for
// each key the number of its items (8 bytes) and they.
#include "base/memory.h"
#include "formats/pickle.h"
#include "formats/readers_internal.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 64, MAX_VISITS = 1 << 20 };

// --- What a pickle may mention ---

static const struct {
    const char *name;
    int type;
} storage_types[] = {
    {"FloatStorage", DTYPE_F4},
    {"DoubleStorage", DTYPE_F8},
    {"HalfStorage", DTYPE_F2},
    {"BFloat16Storage", TENSOR_BF16},
    {"ByteStorage", DTYPE_U1},
    {"CharStorage", DTYPE_I1},
    {"ShortStorage", DTYPE_I2},
    {"IntStorage", DTYPE_I4},
    {"LongStorage", DTYPE_I8},
    {"BoolStorage", DTYPE_BOOL},
    {"UntypedStorage", DTYPE_U1},
    {"_UntypedStorage", DTYPE_U1},
    {"QInt8Storage", TENSOR_OTHER},
    {"QUInt8Storage", TENSOR_OTHER},
    {"QInt32Storage", TENSOR_OTHER},
    {"ComplexFloatStorage", TENSOR_OTHER},
    {"ComplexDoubleStorage", TENSOR_OTHER},
};

// Beside storages and types: what holds tensors, and plain values that stand beside them.
static const char *const harmless[] = {
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.Counter",
    "builtins.dict",
    "builtins.list",
    "builtins.set",
    "builtins.int",
    "builtins.float",
    "builtins.complex",
    "builtins.bytearray",
    "__builtin__.dict",
    "__builtin__.list",
    "__builtin__.set",
    "__builtin__.int",
    "__builtin__.long",
    "__builtin__.float",
    "__builtin__.complex",
    "__builtin__.bytearray",
    "_codecs.encode",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state",
    "torch._utils._rebuild_qtensor",
    "torch._tensor._rebuild_from_type_v2",
    "torch.Tensor",
    "torch.nn.parameter.Parameter",
    "torch.ScriptObject",
    "torch._C.ScriptObject",
    "torch.Size",
    "torch.device",
    "torch.per_tensor_affine",
    "torch.per_channel_affine",
    "torch.serialization._get_layout",
    "numpy.dtype",
    "numpy.ndarray",
    "numpy.core.multiarray.scalar",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy._core.multiarray._reconstruct",
};

static const char *const scalar_types[] = {"float32", "float64", "float16", "bfloat16", "double", "half",  "float",  "uint8",
                                           "int8",    "int16",   "int32",   "int64",    "bool",   "qint8", "quint8", "qint32"};

// What follows one of PyTorch's modules in a name, or NULL.
static const char *behind(const char *name, const char *module) {
    size_t n = strlen(module);
    return strncmp(name, module, n) == 0 ? name + n : NULL;
}

static int storage_type(const char *global) {
    const char *name = behind(global, "torch.storage.");
    name = name ? name : behind(global, "torch.cuda.");
    name = name ? name : behind(global, "torch.");
    for (size_t i = 0; name && i < sizeof storage_types / sizeof *storage_types; i++)
        if (strcmp(name, storage_types[i].name) == 0)
            return storage_types[i].type;
    return -1;
}

static bool is_scalar_type(const char *global) {
    const char *name = behind(global, "torch.");
    for (size_t i = 0; name && i < sizeof scalar_types / sizeof *scalar_types; i++)
        if (strcmp(name, scalar_types[i]) == 0)
            return true;
    return false;
}

static enum status allowed(const char *name, struct error *error) {
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(name, harmless[i]) == 0)
            return STATUS_OK;
    if (storage_type(name) >= 0 || is_scalar_type(name))
        return STATUS_OK;
    if (behind(name, "__torch__."))
        return error_set(error, STATUS_DATA,
                         "a TorchScript module (%.100s): save its weights instead, torch.save(model.state_dict(), FILE)", name);
    return error_set(
        error, STATUS_DATA,
        "its pickle asks for '%.100s', which tensors don't need: nothing of it was run. If a whole module was saved, save its weights "
        "instead: torch.save(model.state_dict(), FILE)",
        name);
}

// --- Storages ---

struct known_storage {
    const char *key;
    int type;
    struct storage *storage;
};

struct torch {
    struct tensors *t;
    const char *stem;            // of a zip file: what stands before "data.pkl"
    struct storage **of_entry;   // of a zip file: the storages that were met [entries]
    struct known_storage *known; // of an old file: by key
    int known_count;
    size_t known_capacity;
    bool collecting; // an old file's storages, before their places are known
    unsigned visits;
    struct error *error;
};

static enum status damaged(struct torch *p, const char *name, const char *what) {
    return error_set(p->error, STATUS_DATA, "%.200s: %s", name, what);
}

static enum status find_in_zip(struct torch *p, const char *name, const char *key, struct storage **out) {
    struct zip_entry entry;
    int64_t index = zip_index_of(p->t->zip, tensors_text(p->t, "%sdata/%s", p->stem, key));
    if (index < 0)
        return damaged(p, name, "its storage is not in the file");
    if (!p->of_entry[index]) {
        enum status status = zip_entry_at(p->t->zip, (uint64_t)index, &entry, p->error);
        if (status != STATUS_OK)
            return status;
        p->of_entry[index] = tensors_storage_in_zip(p->t, (uint64_t)index, entry.size);
    }
    *out = p->of_entry[index];
    return STATUS_OK;
}

static int by_key(const void *a, const void *b) {
    return strcmp(((const struct known_storage *)a)->key, ((const struct known_storage *)b)->key);
}

static struct known_storage *find_known(const struct torch *p, const char *key) {
    struct known_storage wanted = {.key = key};
    return p->known_count ? bsearch(&wanted, p->known, (size_t)p->known_count, sizeof wanted, by_key) : NULL;
}

static void collect(struct torch *p, const char *key, int type) {
    p->known = memory_room(p->known, (size_t)p->known_count, &p->known_capacity, sizeof *p->known);
    p->known[p->known_count++] = (struct known_storage){.key = key, .type = type};
}

// identity: ("storage", type, key, location, items) and, in old files, None or a view (key, first item, items) of it.
static enum status find_storage(struct torch *p, const char *name, const struct pickled *identity, int *type, struct storage **out) {
    const struct pickled *class = pickled_at(identity, 1), *key = pickled_at(identity, 2);
    *out = NULL;
    if (!pickled_is(class, PICKLE_GLOBAL) || !pickled_is(key, PICKLE_TEXT) || (*type = storage_type(class->text)) < 0)
        return damaged(p, name, "its storage has no type or key that is known");
    if (*type == TENSOR_OTHER)
        return STATUS_OK;
    if (p->stem)
        return find_in_zip(p, name, key->text, out);
    if (pickled_at(identity, 5) && !pickled_is(pickled_at(identity, 5), PICKLE_NONE))
        return damaged(p, name, "it lies in a view of a storage, as files before PyTorch 0.4 have them: save it again");
    if (p->collecting) {
        collect(p, key->text, *type);
        return STATUS_OK;
    }
    const struct known_storage *known = find_known(p, key->text);
    if (!known || !known->storage)
        return damaged(p, name, "its storage is not in the file");
    *out = known->storage;
    return STATUS_OK;
}

// --- Tensors ---

static bool read_sizes(const struct pickled *list, int64_t *out, uint32_t most) {
    if (!pickled_is(list, PICKLE_LIST))
        return false;
    for (uint32_t i = 0; i < list->count && i < most; i++) {
        const struct pickled *size = pickled_at(list, i);
        if (!pickled_is(size, PICKLE_INT) || size->i < 0)
            return false;
        out[i] = size->i;
    }
    return true;
}

// _rebuild_tensor_v2(storage, first item, shape, steps, ...)
static enum status add_tensor(struct torch *p, const char *name, size_t scope, const struct pickled *arguments) {
    int64_t shape[ARRAY_MAX_RANK] = {0}, step[ARRAY_MAX_RANK] = {0};
    const struct pickled *storage = pickled_at(arguments, 0), *first = pickled_at(arguments, 1);
    const struct pickled *sizes = pickled_at(arguments, 2), *steps = pickled_at(arguments, 3);
    if (!pickled_is(storage, PICKLE_PERSISTENT) || !pickled_is(first, PICKLE_INT) || first->i < 0 ||
        !read_sizes(sizes, shape, ARRAY_MAX_RANK) || !read_sizes(steps, step, ARRAY_MAX_RANK) || sizes->count != steps->count)
        return damaged(p, name, "its shape and place are damaged");
    struct stored_place place = {.rank = (int)sizes->count, .shape = (const uint64_t *)shape, .step = step, .first = (uint64_t)first->i};
    enum status status = find_storage(p, name, pickled_at(storage, 0), &place.type, &place.storage);
    if (status != STATUS_OK || p->collecting)
        return status;
    place.type_name = place.type == TENSOR_OTHER ? "quantised or complex" : NULL;
    return tensors_add(p->t, name, scope, &place, p->error);
}

static enum status walk(struct torch *p, const char *name, size_t scope, const struct pickled *value, int depth);

static enum status walk_call(struct torch *p, const char *name, size_t scope, const struct pickled *call, int depth) {
    const struct pickled *callee = pickled_at(call, 0), *arguments = pickled_at(call, 1);
    if (!pickled_is(callee, PICKLE_GLOBAL))
        return STATUS_OK;
    const char *function = behind(callee->text, "torch._utils.");
    if (function && (strcmp(function, "_rebuild_tensor_v2") == 0 || strcmp(function, "_rebuild_tensor") == 0))
        return add_tensor(p, name, scope, arguments);
    if (function && strncmp(function, "_rebuild_parameter", 18) == 0)
        return walk(p, name, scope, pickled_at(arguments, 0), depth + 1);
    if (strcmp(callee->text, "torch._tensor._rebuild_from_type_v2") == 0) { // function, class, arguments, state
        struct pickled *items[] = {(struct pickled *)pickled_at(arguments, 0), (struct pickled *)pickled_at(arguments, 2)};
        struct pickled inner = {.type = PICKLE_CALL, .count = 2, .item = items};
        return walk_call(p, name, scope, &inner, depth + 1);
    }
    if (p->collecting)
        return STATUS_OK;
    if (function || strstr(callee->text, "ScriptObject"))
        tensors_add_other(p->t, name, scope, function ? "quantised" : "ScriptObject, quantised");
    else if (strstr(callee->text, "_reconstruct"))
        tensors_add_other(p->t, name, scope, "a pickled NumPy array");
    return STATUS_OK;
}

static enum status walk_items(struct torch *p, const char *name, size_t scope, const struct pickled *value, int depth) {
    enum status status = STATUS_OK;
    bool is_dict = value->type == PICKLE_DICT;
    const char *dot = *name ? "." : "";
    for (uint32_t i = 0; status == STATUS_OK && i + is_dict < value->count; i += 1 + is_dict) {
        const struct pickled *key = is_dict ? value->item[i] : NULL, *item = value->item[i + is_dict];
        if (!pickled_is(item, PICKLE_LIST) && !pickled_is(item, PICKLE_DICT) && !pickled_is(item, PICKLE_CALL))
            continue; // no tensor in it
        if (key && key->type == PICKLE_TEXT)
            status = walk(p, tensors_text(p->t, "%s%s%s", name, dot, key->text), strlen(name) + (*name != 0), item, depth + 1);
        else if (!key || key->type == PICKLE_INT)
            status = walk(p, tensors_text(p->t, "%s%s%lld", name, dot, key ? (long long)key->i : (long long)i), scope, item, depth + 1);
    }
    return status;
}

// The value under this name, and all in it. One that contains itself has no end.
static enum status walk(struct torch *p, const char *name, size_t scope, const struct pickled *value, int depth) {
    if (depth > MAX_DEPTH || ++p->visits > MAX_VISITS)
        return damaged(p, name, "the pickle has more parts in each other than any network");
    if (pickled_is(value, PICKLE_CALL))
        return walk_call(p, name, scope, value, depth);
    if (pickled_is(value, PICKLE_LIST) || pickled_is(value, PICKLE_DICT))
        return walk_items(p, name, scope, value, depth);
    return STATUS_OK;
}

// --- The two kinds of file ---

static enum status read_entry(struct tensors *t, const char *name, const uint8_t **out, size_t *size, struct error *error) {
    struct zip_entry entry;
    int64_t index = zip_index_of(t->zip, name);
    enum status status = zip_entry_at(t->zip, (uint64_t)index, &entry, error);
    if (status != STATUS_OK)
        return status;
    struct storage *s = tensors_storage(t, NULL, entry.size);
    *out = s->bytes;
    *size = entry.size;
    return zip_read(t->zip, (uint64_t)index, (uint8_t *)s->bytes, entry.size, error);
}

static enum status check_byte_order(struct torch *p) {
    const uint8_t *text;
    size_t size;
    const char *name = tensors_text(p->t, "%sbyteorder", p->stem);
    if (zip_index_of(p->t->zip, name) < 0)
        return STATUS_OK;
    enum status status = read_entry(p->t, name, &text, &size, p->error);
    if (status == STATUS_OK && (size < 6 || memcmp(text, "little", 6) != 0))
        status = error_set(p->error, STATUS_DATA, "its numbers are big-endian: only little-endian files are read");
    return status;
}

enum status torch_read_zip(struct tensors *t, const char *pickle, struct error *error) {
    struct torch p = {.t = t, .error = error};
    const uint8_t *bytes;
    size_t size, used;
    struct pickled *root;
    t->kind = "a PyTorch file";
    p.stem = tensors_text(t, "%.*s", (int)(strlen(pickle) - strlen("data.pkl")), pickle);
    p.of_entry = arena_calloc(&t->arena, (zip_count(t->zip) + 1) * sizeof *p.of_entry);
    enum status status = check_byte_order(&p);
    if (status == STATUS_OK)
        status = read_entry(t, pickle, &bytes, &size, error);
    if (status == STATUS_OK)
        status = pickle_read(bytes, size, &t->arena, allowed, &root, &used, error);
    return status == STATUS_OK ? walk(&p, "", 0, root, 0) : status;
}

// Takes the next pickle of an old file.
static enum status next_pickle(struct torch *p, const uint8_t **bytes, size_t *size, struct pickled **out) {
    size_t used;
    enum status status = pickle_read(*bytes, *size, &p->t->arena, allowed, out, &used, p->error);
    *bytes += used;
    *size -= used;
    return status;
}

// Sorts what was met by key, once each; an item's size follows from the first mention.
static void sort_known(struct torch *p) {
    int count = 0;
    if (p->known_count)
        qsort(p->known, (size_t)p->known_count, sizeof *p->known, by_key);
    for (int i = 0; i < p->known_count; i++)
        if (count == 0 || strcmp(p->known[count - 1].key, p->known[i].key) != 0)
            p->known[count++] = p->known[i];
    p->known_count = count;
}

static enum status place_storages(struct torch *p, const struct pickled *keys, const uint8_t *bytes, size_t size) {
    for (uint32_t i = 0; pickled_is(keys, PICKLE_LIST) && i < keys->count; i++) {
        const struct pickled *key = keys->item[i];
        struct known_storage *known = pickled_is(key, PICKLE_TEXT) ? find_known(p, key->text) : NULL;
        uint64_t items, all;
        if (!known)
            return error_set(p->error, STATUS_DATA, "a storage belongs to no tensor");
        if (size < sizeof items)
            return error_set(p->error, STATUS_DATA, "the file is cut off: storages are missing");
        memcpy(&items, bytes, sizeof items);
        bytes += sizeof items;
        size -= sizeof items;
        if (__builtin_mul_overflow(items, tensor_type_size(known->type), &all) || all > size)
            return error_set(p->error, STATUS_DATA, "the file is cut off: a storage has not the %llu items that it claims",
                             (unsigned long long)items);
        known->storage = tensors_storage(p->t, bytes, all);
        bytes += all;
        size -= all;
    }
    return STATUS_OK;
}

static enum status read_legacy(struct torch *p, const uint8_t *bytes, size_t size) {
    struct pickled *magic, *protocol, *machine, *root, *keys;
    enum status status = next_pickle(p, &bytes, &size, &magic);
    if (status == STATUS_OK && (!pickled_is(magic, PICKLE_INT) || (uint64_t)magic->i != UINT64_C(0xa86a20f9469cfc6c)))
        return error_set(p->error, STATUS_DATA, "a Python pickle, but none of PyTorch's files: save tensors by torch.save or safetensors");
    if (status == STATUS_OK)
        status = next_pickle(p, &bytes, &size, &protocol);
    if (status == STATUS_OK)
        status = next_pickle(p, &bytes, &size, &machine);
    if (status == STATUS_OK && pickled_get(machine, "little_endian") && !pickled_get(machine, "little_endian")->i)
        return error_set(p->error, STATUS_DATA, "its numbers are big-endian: only little-endian files are read");
    if (status == STATUS_OK)
        status = next_pickle(p, &bytes, &size, &root);
    if (status == STATUS_OK)
        status = next_pickle(p, &bytes, &size, &keys);
    p->collecting = true;
    if (status == STATUS_OK)
        status = walk(p, "", 0, root, 0);
    p->collecting = false;
    p->visits = 0;
    sort_known(p);
    if (status == STATUS_OK)
        status = place_storages(p, keys, bytes, size);
    return status == STATUS_OK ? walk(p, "", 0, root, 0) : status;
}

enum status torch_read_legacy(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) {
    struct torch p = {.t = t, .error = error};
    t->kind = "an old PyTorch file";
    enum status status = read_legacy(&p, bytes, size);
    free(p.known);
    return status;
}
