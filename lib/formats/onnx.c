#include "formats/network_internal.h"
#include "formats/readers_internal.h"

#ifdef HAVE_PROTOBUF_C

#include "base/memory.h"
#include "formats/onnx_internal.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 16, MAX_NODES = 1 << 20, BYTES_FOR_ONE = 64 };

// --- Memory of messages: bounded, as empty ones take many times the two bytes that they have in a file ---

static void *budget_alloc(void *data, size_t size) {
    struct onnx *o = data;
    if (size > o->budget)
        return NULL;
    o->budget -= size;
    return malloc(size);
}

static void budget_free(void *data, void *block) {
    (void)data;
    free(block);
}

static ProtobufCAllocator allocator_of(struct onnx *o) {
    return (ProtobufCAllocator){budget_alloc, budget_free, o};
}

static void onnx_free(void *graph) {
    struct onnx *o = graph;
    ProtobufCAllocator allocator = allocator_of(o);
    for (int i = 0; i < o->inner_count; i++)
        onnx__graph__free_unpacked(o->inner[i], &allocator);
    if (o->model)
        onnx__model__free_unpacked(o->model, &allocator);
    free(o->inner);
    free(o->graphs);
    free(o->nodes);
    free(o->values);
    free(o);
}

// Room for one more at the end of a list.
#define ADD(list, count, capacity) (*((list) = memory_room((list), (size_t)(count), &(capacity), sizeof *(list)), &(list)[(count)++]))

// --- Tensors ---

static const struct {
    int onnx, type;
} types[] = {{1, DTYPE_F4},   {2, DTYPE_U1},  {3, DTYPE_I1},  {4, DTYPE_U2},  {5, DTYPE_I2},  {6, DTYPE_I4},    {7, DTYPE_I8},
             {9, DTYPE_BOOL}, {10, DTYPE_F2}, {11, DTYPE_F8}, {12, DTYPE_U4}, {13, DTYPE_U8}, {16, TENSOR_BF16}};

static int type_of(int onnx) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].onnx == onnx)
            return types[i].type;
    return TENSOR_OTHER;
}

// The small types have an int32 each.
static struct storage *storage_of_ints(struct tensors *t, const Onnx__Tensor *proto, int type) {
    size_t size = tensor_type_size(type);
    struct storage *s = tensors_storage(t, NULL, proto->n_int32_data * size);
    for (size_t i = 0; i < proto->n_int32_data; i++)
        memcpy((uint8_t *)s->bytes + i * size, &proto->int32_data[i], size < 4 ? size : 4);
    return s;
}

static struct storage *storage_of(struct tensors *t, const Onnx__Tensor *proto, int type) {
    if (proto->has_raw_data && proto->raw_data.len)
        return tensors_storage(t, proto->raw_data.data, proto->raw_data.len);
    if (type == DTYPE_F4)
        return tensors_storage(t, proto->float_data, proto->n_float_data * sizeof(float));
    if (type == DTYPE_F8)
        return tensors_storage(t, proto->double_data, proto->n_double_data * sizeof(double));
    if (type == DTYPE_I8)
        return tensors_storage(t, proto->int64_data, proto->n_int64_data * sizeof(int64_t));
    return storage_of_ints(t, proto, type);
}

enum status onnx_tensor(struct tensors *t, const Onnx__Tensor *proto, const char *name, struct stored *out, struct error *error) {
    struct stored_place place = {.type = type_of(proto->data_type),
                                 .rank = proto->n_dims > ARRAY_MAX_RANK ? ARRAY_MAX_RANK + 1 : (int)proto->n_dims,
                                 .shape = (const uint64_t *)proto->dims};
    if (proto->has_data_location && proto->data_location == 1) {
        place.type = TENSOR_OTHER;
        place.type_name = "in another file, which is not read";
    } else if (place.type == TENSOR_OTHER) {
        place.type_name = tensors_text(t, "of ONNX's type %d", proto->data_type);
    } else {
        place.storage = storage_of(t, proto, place.type);
    }
    return tensors_place(out, name, 0, &place, error);
}

static enum status list_tensor(struct onnx *o, const struct onnx_graph *g, const Onnx__Tensor *proto, const char *name,
                               struct error *error) {
    struct stored s;
    name = tensors_text(o->t, "%s%s", g->path, name);
    enum status status = onnx_tensor(o->t, proto, name, &s, error);
    if (status == STATUS_OK)
        ADD(o->t->list, o->t->count, o->t->capacity) = s;
    return status;
}

// --- Graphs ---

// Other domains than ONNX's own may have operators of the same names that do something else.
bool onnx_is(const struct onnx_node *n, const char *op_type) {
    const char *domain = n->proto->domain ? n->proto->domain : "";
    return n->proto->op_type && strcmp(n->proto->op_type, op_type) == 0 && (!*domain || strcmp(domain, "ai.onnx") == 0);
}

const char *onnx_input(const struct onnx_node *n, size_t i) {
    return i < n->proto->n_input ? n->proto->input[i] : "";
}

const Onnx__Attribute *onnx_attribute(const struct onnx_node *n, const char *name) {
    for (size_t i = 0; i < n->proto->n_attribute; i++)
        if (n->proto->attribute[i]->name && strcmp(n->proto->attribute[i]->name, name) == 0)
            return n->proto->attribute[i];
    return NULL;
}

int64_t onnx_int(const struct onnx_node *n, const char *name, int64_t otherwise) {
    const Onnx__Attribute *a = onnx_attribute(n, name);
    return a && a->has_i ? a->i : otherwise;
}

static void add_value(struct onnx *o, const struct onnx_graph *g, const char *name, const Onnx__Tensor *tensor, int node, int output) {
    if (name && *name)
        ADD(o->values, o->value_count, o->value_capacity) = (struct onnx_value){name, g, tensor, node, output};
}

static enum status add_graph(struct onnx *o, const Onnx__Graph *proto, const struct onnx_graph *outer, const char *path, int depth,
                             struct error *error);

static enum status add_branch(struct onnx *o, const struct onnx_graph *g, const Onnx__Attribute *a, const char *node_name, int depth,
                              struct error *error) {
    ProtobufCAllocator allocator = allocator_of(o);
    Onnx__Graph *inner = onnx__graph__unpack(&allocator, a->g.len, a->g.data);
    if (!inner)
        return error_set(error, STATUS_DATA, "the graph in node '%.200s' is damaged or cut off", node_name);
    ADD(o->inner, o->inner_count, o->inner_capacity) = inner;
    return add_graph(o, inner, g, tensors_text(o->t, "%s.%s.", node_name, a->name ? a->name : ""), depth + 1, error);
}

static enum status add_node(struct onnx *o, const struct onnx_graph *g, const Onnx__Node *proto, int depth, struct error *error) {
    const char *plain = proto->name && *proto->name ? proto->name : proto->n_output ? proto->output[0] : "?";
    const char *name = tensors_text(o->t, "%s%s", g->path, plain);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < proto->n_attribute && status == STATUS_OK; i++)
        if (proto->attribute[i]->has_g && proto->attribute[i]->g.len)
            status = add_branch(o, g, proto->attribute[i], name, depth, error);
    if (status == STATUS_OK && o->node_count >= MAX_NODES)
        status = error_set(error, STATUS_DATA, "a graph of more than %d nodes", MAX_NODES);
    if (status != STATUS_OK)
        return status;
    ADD(o->nodes, o->node_count, o->node_capacity) = (struct onnx_node){.proto = proto, .graph = g, .name = name};
    const struct onnx_node *n = &o->nodes[o->node_count - 1];
    for (size_t i = 0; i < proto->n_output; i++)
        add_value(o, g, proto->output[i], NULL, o->node_count - 1, (int)i);
    if (onnx_is(n, "LSTM") || onnx_is(n, "GRU") || onnx_is(n, "RNN")) // for people who look for its name
        tensors_add_other(o->t, name, 0, tensors_text(o->t, "node %s", proto->op_type));
    const Onnx__Attribute *value = onnx_is(n, "Constant") ? onnx_attribute(n, "value") : NULL;
    return value && value->t && proto->n_output ? list_tensor(o, g, value->t, proto->output[0], error) : STATUS_OK;
}

static enum status add_graph(struct onnx *o, const Onnx__Graph *proto, const struct onnx_graph *outer, const char *path, int depth,
                             struct error *error) {
    if (depth > MAX_DEPTH)
        return error_set(error, STATUS_DATA, "graphs in each other, more than %d deep", MAX_DEPTH);
    struct onnx_graph *g = arena_alloc(&o->t->arena, sizeof *g);
    *g = (struct onnx_graph){proto, outer, path};
    ADD(o->graphs, o->graph_count, o->graph_capacity) = g;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < proto->n_initializer && status == STATUS_OK; i++) {
        const Onnx__Tensor *tensor = proto->initializer[i];
        add_value(o, g, tensor->name, tensor, -1, 0);
        status = list_tensor(o, g, tensor, tensor->name ? tensor->name : "?", error);
    }
    for (size_t i = 0; i < proto->n_input; i++)
        add_value(o, g, proto->input[i]->name, NULL, -1, 0);
    for (size_t i = 0; i < proto->n_node && status == STATUS_OK; i++)
        status = add_node(o, g, proto->node[i], depth, error);
    return status;
}

// --- Names ---

// By name; of equal ones, initializers come before inputs (old files list an initializer as an input, too).
static int by_name(const void *a, const void *b) {
    const struct onnx_value *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->tensor == NULL) - (y->tensor == NULL);
}

const struct onnx_value *onnx_find(const struct onnx *o, const struct onnx_graph *graph, const char *name) {
    int low = 0, high = o->value_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (strcmp(o->values[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; graph; graph = graph->outer)
        for (int i = low; i < o->value_count && strcmp(o->values[i].name, name) == 0; i++)
            if (o->values[i].graph == graph)
                return &o->values[i];
    return NULL;
}

static int64_t dimension_in(Onnx__ValueInfo *const *infos, size_t count, const char *name, size_t axis) {
    for (size_t i = 0; i < count; i++) {
        const Onnx__Type *type = infos[i]->name && strcmp(infos[i]->name, name) == 0 ? infos[i]->type : NULL;
        const Onnx__Shape *shape = type && type->tensor_type ? type->tensor_type->shape : NULL;
        if (shape && axis < shape->n_dim && shape->dim[axis]->has_dim_value)
            return shape->dim[axis]->dim_value;
    }
    return -1;
}

int64_t onnx_dimension(const struct onnx *o, const struct onnx_graph *graph, const char *name, size_t axis) {
    const struct onnx_value *v = onnx_find(o, graph, name);
    if (!v)
        return -1;
    const Onnx__Graph *g = v->graph->proto;
    int64_t size = dimension_in(g->input, g->n_input, name, axis);
    return size >= 0 ? size : dimension_in(g->value_info, g->n_value_info, name, axis);
}

// --- The file ---

enum status onnx_read(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) {
    struct onnx *o = memory_calloc(1, sizeof *o);
    o->t = t;
    o->budget = (uint64_t)size * BYTES_FOR_ONE + (1 << 16);
    t->kind = "an ONNX file";
    t->form = FORM_ONNX;
    t->graph = o;
    t->graph_free = onnx_free;
    ProtobufCAllocator allocator = allocator_of(o);
    o->model = onnx__model__unpack(&allocator, size, bytes);
    if (!o->model || !o->model->graph)
        return error_set(error, STATUS_DATA,
                         "no ONNX file that is whole (a damaged or cut one, or some other message of protocol buffers)");
    enum status status = add_graph(o, o->model->graph, NULL, "", 0, error);
    if (o->value_count)
        qsort(o->values, (size_t)o->value_count, sizeof *o->values, by_name);
    return status;
}

#else

enum status onnx_read(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) {
    (void)t, (void)bytes, (void)size;
    return error_set(error, STATUS_DATA, "an ONNX file, as it seems, but this build has no protobuf-c: install it and build again");
}

enum status network_of_onnx(struct tensors *t, const struct network_choice *choice, struct network *out, struct error *error) {
    (void)t, (void)choice, (void)out;
    return error_set(error, STATUS_DATA, "this build has no protobuf-c");
}

#endif
