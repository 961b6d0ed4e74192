// The record reader, over the input as it is and over its records in a stream that is whole; and all that reads single records.
#include "fuzz.h"

#include "base/memory.h"
#include "records/model.h"

enum { MOST_WEIGHTS = 1 << 16 };

static void check_node(const struct value *record, const struct value *v) {
    struct array a;
    struct error error;
    bool data = v->type == VALUE_STR || v->type == VALUE_BIN || v->type == VALUE_EXT;
    FUZZ_CHECK(v->length && v->bytes >= record->bytes && v->bytes + v->length <= record->bytes + record->length);
    FUZZ_CHECK(!data || v->data + v->size == v->bytes + v->length);
    if (!array_is(v) || array_read(v, &a, &error) != STATUS_OK || a.count == 0)
        return;
    float f;
    int32_t i;
    array_to_floats(&a, a.count - 1, 1, &f);
    FUZZ_CHECK(array_to_ints(&a, a.count - 1, 1, &i, &error) == STATUS_OK || error.status == STATUS_DATA);
}

// A task that was understood is written so that it is understood again.
static void check_task(const struct task *task) {
    if (!task->value || !task->family)
        return;
    struct packer *p = packer_new();
    struct value_nodes nodes = {0};
    struct task again;
    struct error error;
    size_t size;
    task_pack(p, task);
    const uint8_t *bytes = packer_bytes(p, &size);
    FUZZ_CHECK(value_decode(bytes, size, 0, &nodes, &error) == STATUS_OK && task_read(nodes.node, &again, &error) == STATUS_OK);
    FUZZ_CHECK(again.family == task->family);
    packer_free(p);
    free(nodes.node);
}

static void check_rnn(const struct value *record) {
    struct rnn_record rnn, again;
    struct error error;
    if (rnn_record_read(record, &rnn, &error) != STATUS_OK)
        return;
    double metric;
    rnn_record_metric(&rnn, "accuracy", &metric);
    FUZZ_CHECK(rnn_record_view(record, &again, &error) == STATUS_OK && rnn_arch_equal(&rnn.arch, &again.arch));
    check_task(&rnn.task);
    if (!rnn.weights || rnn_size(&rnn.arch) > MOST_WEIGHTS)
        return;
    struct params table = {0};
    rnn_params(&table, &rnn.arch);
    FUZZ_CHECK(table.size == rnn_size(&rnn.arch));
    float *values = memory_alloc(table.size * sizeof *values);
    FUZZ_CHECK(rnn_record_weights(&rnn, &table, values, &error) == STATUS_OK || error.status == STATUS_DATA);
    free(values);
    params_free(&table);
}

static void check_record(const struct value *record) {
    for (uint32_t i = 0; i < record->nodes; i++)
        check_node(record, &record[i]);
    struct text text = {0};
    json_write(&text, record, JSON_SUMMARISED);
    json_write(&text, record, JSON_WHOLE);
    free(text.bytes);
    struct task_record task;
    struct model_record model;
    struct error error;
    if (task_record_read(record, &task, &error) == STATUS_OK)
        check_task(&task.task);
    FUZZ_CHECK(model_record_read(record, &model, &error) == STATUS_OK || error.status == STATUS_DATA);
    check_rnn(record);
}

// To the end; returns how it came to it.
static enum status read_all(struct reader *r) {
    struct error error;
    enum status status;
    while ((status = reader_next(r, &error)) == STATUS_OK)
        check_record(r->record);
    FUZZ_CHECK(status == STATUS_END || (status == STATUS_DATA && error.text[0]));
    FUZZ_CHECK(status == STATUS_END || reader_next(r, &error) == status); // an error is final
    reader_close(r);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct reader_limits narrow = {.record_bytes = 256, .depth = 4};
    struct reader *r;
    struct error error;
    enum status wide_status = read_all(reader_open_memory(data, size, "fuzz", (struct reader_limits){0}));
    FUZZ_CHECK(read_all(reader_open_memory(data, size, "fuzz", narrow)) != STATUS_END || wide_status == STATUS_END);
    struct fuzz_file f = fuzz_stream(data, size);
    FUZZ_CHECK(reader_open(&r, f.path, (struct reader_limits){0}, &error) == STATUS_OK);
    FUZZ_CHECK(read_all(r) == STATUS_END);
    close(f.fd);
    return 0;
}
