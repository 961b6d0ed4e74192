// Constants of an ONNX graph: weights often reach their node through others that only move them about.
#ifdef HAVE_PROTOBUF_C

#include "formats/onnx_internal.h"

#include <string.h>

enum { MAX_DEPTH = 64, MAX_STEPS = 1 << 16 /* for a whole file */ };

struct evaluation {
    struct onnx *o;
    struct error *error;
    int depth;
};

static enum status evaluate(struct evaluation *e, const struct onnx_graph *graph, const char *name, struct stored *out, bool *found);

// --- Lists of integers: an attribute in older files, an input in newer ones ---

// False when there is none, it is no constant, or it is too long.
static bool read_ints(struct evaluation *e, const struct onnx_node *n, const char *attribute, size_t input, int64_t *out, int *count) {
    const Onnx__Attribute *a = onnx_attribute(n, attribute);
    struct stored s;
    bool found = false;
    if (a) {
        *count = (int)(a->n_ints < ONNX_MAX_INTS ? a->n_ints : ONNX_MAX_INTS);
        if (*count)
            memcpy(out, a->ints, (size_t)*count * sizeof *out);
        return a->n_ints <= ONNX_MAX_INTS;
    }
    if (!*onnx_input(n, input) || evaluate(e, n->graph, onnx_input(n, input), &s, &found) != STATUS_OK || !found ||
        (s.type != DTYPE_I8 && s.type != DTYPE_I4) || s.rank > 1 || s.count > ONNX_MAX_INTS)
        return false;
    struct array items = {.dtype = (enum dtype)s.type, .count = s.count, .data = s.storage->bytes + s.first * tensor_type_size(s.type)};
    for (uint64_t i = 0; i < s.count; i++)
        out[i] = s.rank == 0 || s.step[0] == 1 ? array_integer(&items, i) : 0;
    *count = (int)s.count;
    return s.rank == 0 || s.count == 0 || s.step[0] == 1;
}

// --- Operations on a tensor's shape and steps; false: not possible ---

static bool transpose(struct stored *s, const int64_t *order, int count) {
    struct stored from = *s;
    unsigned seen = 0;
    if (count != s->rank)
        return false;
    for (int i = 0; i < count; i++) {
        if (order[i] < 0 || order[i] >= s->rank || seen & 1u << order[i])
            return false;
        seen |= 1u << order[i];
        s->shape[i] = from.shape[order[i]];
        s->step[i] = from.step[order[i]];
    }
    return true;
}

static bool unsqueeze(struct stored *s, const int64_t *axes, int count) {
    struct stored from = *s;
    int rank = s->rank + count, used = 0;
    bool is_new[2 * ARRAY_MAX_RANK] = {false};
    if (rank > ARRAY_MAX_RANK)
        return false;
    for (int i = 0; i < count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
        if (axis < 0 || axis >= rank || is_new[axis])
            return false;
        is_new[axis] = true;
    }
    s->rank = rank;
    for (int i = 0; i < rank; i++) {
        s->shape[i] = is_new[i] ? 1 : from.shape[used];
        s->step[i] = is_new[i] ? 1 : from.step[used];
        used += !is_new[i];
    }
    return true;
}

static bool squeeze(struct stored *s, const int64_t *axes, int count) {
    int rank = 0;
    unsigned gone = 0;
    for (int i = 0; i < count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + s->rank : axes[i];
        if (axis < 0 || axis >= s->rank || s->shape[axis] != 1)
            return false;
        gone |= 1u << axis;
    }
    for (int i = 0; i < s->rank; i++) {
        if (gone & 1u << i || (count == 0 && s->shape[i] == 1))
            continue;
        s->shape[rank] = s->shape[i];
        s->step[rank++] = s->step[i];
    }
    s->rank = rank;
    return true;
}

static bool reshape(struct stored *s, const int64_t *shape, int count) {
    uint64_t known = 1, step = 1;
    int open = -1;
    if (count > ARRAY_MAX_RANK || !tensor_is_dense(s))
        return false;
    for (int i = 0; i < count; i++) {
        uint64_t size = shape[i] == 0 && i < s->rank ? s->shape[i] : (uint64_t)shape[i];
        if (shape[i] == 0 && i >= s->rank)
            return false;
        if (shape[i] == -1 && open < 0)
            open = i;
        else if (shape[i] < 0 || __builtin_mul_overflow(known, size, &known))
            return false;
    }
    if (open < 0 ? known != s->count : known == 0 || s->count % known)
        return false;
    for (int i = 0; i < count; i++)
        s->shape[i] = i == open ? s->count / known : shape[i] == 0 ? s->shape[i] : (uint64_t)shape[i];
    s->rank = count;
    for (int i = count - 1; i >= 0; i--) {
        s->step[i] = (int64_t)step;
        step *= s->shape[i];
    }
    return true;
}

static bool slice(struct stored *s, const int64_t *starts, const int64_t *ends, const int64_t *axes, int count) {
    for (int i = 0; i < count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + s->rank : axes[i];
        if (axis < 0 || axis >= s->rank)
            return false;
        int64_t size = (int64_t)s->shape[axis], start = starts[i] < 0 ? starts[i] + size : starts[i],
                end = ends[i] < 0 ? ends[i] + size : ends[i];
        start = start < 0 ? 0 : start > size ? size : start;
        end = end < start ? start : end > size ? size : end;
        s->first += (uint64_t)(start * s->step[axis]);
        s->count = size ? s->count / (uint64_t)size * (uint64_t)(end - start) : 0;
        s->shape[axis] = (uint64_t)(end - start);
    }
    return true;
}

// --- Nodes ---

static bool apply_slice(struct evaluation *e, const struct onnx_node *n, struct stored *s) {
    int64_t starts[ONNX_MAX_INTS], ends[ONNX_MAX_INTS], axes[ONNX_MAX_INTS], steps[ONNX_MAX_INTS];
    int count, end_count, axis_count, step_count;
    if (!read_ints(e, n, "starts", 1, starts, &count) || !read_ints(e, n, "ends", 2, ends, &end_count) || count != end_count)
        return false;
    if (!read_ints(e, n, "axes", 3, axes, &axis_count)) {
        if (*onnx_input(n, 3) || onnx_attribute(n, "axes"))
            return false;
        for (axis_count = 0; axis_count < count; axis_count++)
            axes[axis_count] = axis_count;
    }
    if (*onnx_input(n, 4)) {
        if (!read_ints(e, n, "steps", 4, steps, &step_count))
            return false;
        for (int i = 0; i < step_count; i++)
            if (steps[i] != 1)
                return false;
    }
    return axis_count == count && slice(s, starts, ends, axes, count);
}

static bool apply(struct evaluation *e, const struct onnx_node *n, struct stored *s) {
    int64_t ints[ONNX_MAX_INTS];
    int count = 0;
    if (onnx_is(n, "Identity") || onnx_is(n, "Dropout"))
        return true;
    if (onnx_is(n, "Cast"))
        return tensor_type_is_float(s->type) && (onnx_int(n, "to", 0) == 1 || onnx_int(n, "to", 0) == 11);
    if (onnx_is(n, "Slice"))
        return apply_slice(e, n, s);
    if (onnx_is(n, "Transpose")) {
        if (!read_ints(e, n, "perm", SIZE_MAX, ints, &count)) // the default turns all round
            for (count = 0; count < s->rank; count++)
                ints[count] = s->rank - 1 - count;
        return transpose(s, ints, count);
    }
    if (onnx_is(n, "Unsqueeze"))
        return read_ints(e, n, "axes", 1, ints, &count) && unsqueeze(s, ints, count);
    if (onnx_is(n, "Squeeze")) {
        bool has_axes = read_ints(e, n, "axes", 1, ints, &count);
        return (has_axes || !*onnx_input(n, 1)) && squeeze(s, ints, has_axes ? count : 0);
    }
    return onnx_is(n, "Reshape") && read_ints(e, n, "shape", 1, ints, &count) && reshape(s, ints, count);
}

// The items of s, dense, in C order.
static void copy_items(const struct stored *s, uint8_t *out) {
    size_t size = tensor_type_size(s->type);
    uint64_t at[ARRAY_MAX_RANK] = {0};
    for (uint64_t k = 0; k < s->count; k++) {
        uint64_t place = s->first;
        for (int i = 0; i < s->rank; i++)
            place += at[i] * (uint64_t)s->step[i];
        memcpy(out + k * size, s->storage->bytes + place * size, size);
        for (int i = s->rank - 1; i >= 0 && ++at[i] == s->shape[i]; i--)
            at[i] = 0;
    }
}

// Along the first dimension only, as gates are put in another order.
static enum status concatenate(struct evaluation *e, const struct onnx_node *n, struct stored *out, bool *found) {
    struct stored parts[ONNX_MAX_INTS];
    size_t count = n->proto->n_input;
    uint64_t rows = 0, items = 0;
    int64_t axis = onnx_int(n, "axis", 0);
    if (count == 0 || count > ONNX_MAX_INTS)
        return STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        bool there = false;
        enum status status = evaluate(e, n->graph, onnx_input(n, i), &parts[i], &there);
        if (status != STATUS_OK || !there)
            return status;
        bool fits = parts[i].type != TENSOR_OTHER && parts[i].type == parts[0].type && parts[i].rank == parts[0].rank &&
                    parts[0].rank >= 1 && (axis == 0 || axis == -parts[0].rank) &&
                    memcmp(parts[i].shape + 1, parts[0].shape + 1, (size_t)(parts[0].rank - 1) * sizeof *parts[0].shape) == 0;
        if (!fits)
            return STATUS_OK;
        rows += parts[i].shape[0];
        items += parts[i].count;
    }
    size_t size = tensor_type_size(parts[0].type);
    if (items > e->o->budget / size) // what is put together many times over is no weight
        return STATUS_OK;
    e->o->budget -= items * size;
    struct storage *storage = tensors_storage(e->o->t, NULL, items * size);
    uint64_t at = 0;
    for (size_t i = 0; i < count; at += parts[i++].count)
        copy_items(&parts[i], (uint8_t *)storage->bytes + at * size);
    uint64_t shape[ARRAY_MAX_RANK];
    memcpy(shape, parts[0].shape, sizeof shape);
    shape[0] = rows;
    struct stored_place place = {.type = parts[0].type, .rank = parts[0].rank, .shape = shape, .storage = storage};
    *found = true;
    return tensors_place(out, parts[0].name, 0, &place, e->error);
}

static enum status evaluate_node(struct evaluation *e, const struct onnx_node *n, struct stored *out, bool *found) {
    if (onnx_is(n, "Constant")) {
        const Onnx__Attribute *value = onnx_attribute(n, "value");
        *found = value && value->t;
        return *found ? onnx_tensor(e->o->t, value->t, n->name, out, e->error) : STATUS_OK;
    }
    if (onnx_is(n, "Concat"))
        return concatenate(e, n, out, found);
    enum status status = evaluate(e, n->graph, onnx_input(n, 0), out, found);
    if (status == STATUS_OK && *found)
        *found = out->type != TENSOR_OTHER && apply(e, n, out);
    return status;
}

static bool moves_constants(const struct onnx_node *n) {
    static const char *const ops[] = {"Constant",  "Identity", "Dropout", "Cast",  "Transpose",
                                      "Unsqueeze", "Squeeze",  "Reshape", "Slice", "Concat"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (onnx_is(n, ops[i]))
            return true;
    return false;
}

static enum status evaluate(struct evaluation *e, const struct onnx_graph *graph, const char *name, struct stored *out, bool *found) {
    const struct onnx_value *v = *name ? onnx_find(e->o, graph, name) : NULL;
    *found = false;
    if (!v || e->depth >= MAX_DEPTH || ++e->o->steps > MAX_STEPS)
        return STATUS_OK;
    if (v->tensor) {
        *found = true;
        return onnx_tensor(e->o->t, v->tensor, tensors_text(e->o->t, "%s", name), out, e->error);
    }
    if (v->node < 0 || v->output || !moves_constants(&e->o->nodes[v->node]))
        return STATUS_OK;
    e->depth++;
    enum status status = evaluate_node(e, &e->o->nodes[v->node], out, found);
    e->depth--;
    return status;
}

enum status onnx_constant(struct onnx *o, const struct onnx_graph *graph, const char *name, const struct stored **out,
                          struct error *error) {
    struct evaluation e = {.o = o, .error = error};
    struct stored found;
    bool is_there;
    *out = NULL;
    enum status status = evaluate(&e, graph, name, &found, &is_there);
    if (status != STATUS_OK || !is_there)
        return status;
    struct stored *kept = arena_alloc(&o->t->arena, sizeof *kept);
    *kept = found;
    *out = kept;
    return STATUS_OK;
}

bool onnx_ints(struct onnx *o, const struct onnx_node *n, const char *attribute, size_t input, int64_t out[ONNX_MAX_INTS], int *count) {
    struct evaluation e = {.o = o};
    return read_ints(&e, n, attribute, input, out, count);
}

// --- Copies of constants ---

static const struct stored *origin(struct onnx *o, const struct onnx_graph *graph, const char *name, int depth) {
    static const char *const copying[] = {"Expand",  "Slice",    "Transpose", "Unsqueeze", "Squeeze",
                                          "Reshape", "Identity", "Gather",    "Cast",      "Tile"};
    static const struct stored_place zero = {.type = DTYPE_F4, .rank = 0};
    const struct stored *constant;
    if (depth > MAX_DEPTH)
        return NULL;
    if (onnx_constant(o, graph, name, &constant, NULL) == STATUS_OK && constant)
        return constant;
    const struct onnx_value *v = onnx_find(o, graph, name);
    const struct onnx_node *n = v && v->node >= 0 ? &o->nodes[v->node] : NULL;
    if (n && onnx_is(n, "ConstantOfShape")) {
        const Onnx__Attribute *value = onnx_attribute(n, "value");
        struct stored *s = arena_alloc(&o->t->arena, sizeof *s);
        struct stored_place place = zero;
        place.storage = value ? NULL : tensors_storage(o->t, NULL, sizeof(float));
        enum status status = !value     ? tensors_place(s, name, 0, &place, NULL)
                             : value->t ? onnx_tensor(o->t, value->t, name, s, NULL)
                                        : STATUS_DATA;
        return status == STATUS_OK ? s : NULL;
    }
    for (size_t i = 0; n && i < sizeof copying / sizeof *copying; i++)
        if (onnx_is(n, copying[i]))
            return origin(o, n->graph, onnx_input(n, 0), depth + 1);
    return NULL;
}

const struct stored *onnx_origin(struct onnx *o, const struct onnx_graph *graph, const char *name) {
    return origin(o, graph, name, 0);
}

bool onnx_is_zero(struct onnx *o, const struct onnx_graph *graph, const char *name) {
    const struct stored *s = onnx_origin(o, graph, name);
    size_t size = !s || s->type == TENSOR_OTHER ? 0 : tensor_type_size(s->type);
    for (uint64_t i = 0; size && i < s->storage->size; i++)
        if (s->storage->bytes[i])
            return false;
    return size > 0;
}

#endif
