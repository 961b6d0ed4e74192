#include "training/prediction.h"

#include "../check.h"
#include "../records/decoded.h"
#include "families/language.h"
#include "settled.h"

#include <string.h>

// An embedding record of z numbers.
static const struct value *embedding(struct decoded *d, const float *z, uint64_t size) {
    struct packer *p = d->packer;
    struct task task = task_make(&language_family, &(struct language){.tokens = 4, .offsets = {0, 1, -3, 2}, .length = 42, .max_n = 10});
    packer_clear(p);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "embedding");
    pack_key(p, "run");
    pack_u64(p, 5);
    pack_key(p, "task");
    task_pack(p, &task);
    pack_key(p, "extra");
    pack_str(p, "kept");
    pack_key(p, "label");
    pack_str(p, "old");
    pack_key(p, "z");
    pack_array(p, DTYPE_F4, 1, &size, z);
    pack_end(p);
    return decoded_root(d);
}

static const struct value *prediction_of(struct decoded *d, const struct packer *record) {
    size_t size;
    struct error error;
    const uint8_t *bytes = packer_bytes(record, &size);
    CHECK(value_decode(bytes, size, 0, &d->nodes, &error) == STATUS_OK, "%s", error.text);
    return d->nodes.node;
}

static void test_batch(void) {
    struct predictor_config config = {.z = 2, .hidden = 3, .layers = 1};
    struct property task = settled("task", PROPERTY_UNDECIDED, 3, 0, NULL), absent = settled("metrics.r2", PROPERTY_NUMBER, 1, 0, NULL);
    struct predictor *p = predictor_new(&task, &config, 3), *second = predictor_new(&absent, &config, 4);
    struct prediction_batch *b = prediction_batch_new(NULL, (const struct predictor *const[]){p, second}, 2, "new");
    struct decoded in = decoded_new(), out = decoded_new();
    struct tape tape = {0};
    struct error error = {0};
    double direct[ANSWERS_MAX];
    int64_t offset;
    float z[3] = {0.6f, -0.8f, 0};
    prediction_batch_run(b);
    CHECK(b->count == 0);
    for (int i = 0; i < 3; i++) {
        z[0] = (float)i;
        CHECK(prediction_batch_add(b, embedding(&in, z, 2), &error) == STATUS_OK && b->count == i + 1, "%s", error.text);
    }
    prediction_batch_run(b);
    for (int i = 0; i < 3; i++) {
        CHECK(prediction_batch_end(b, i, &error) == STATUS_OK, "%s", error.text);
        const struct value *root = prediction_of(&out, b->records[i][0]), *predicted = value_get(root, "predicted");
        z[0] = (float)i;
        tape_reset(&tape, false);
        predictor_predict(&tape, p, tape_leaf(&tape, 1, 2, z, NULL), direct);
        for (uint32_t a = 0; a < 3; a++)
            CHECK(value_to_i64(value_at(predicted, a), &offset) && (double)offset == direct[a] - 3);
        CHECK(value_is(value_get(root, "kind"), "prediction") && value_is(value_first(root), "kind") &&
              value_is(value_get(root, "extra"), "kept"));
        CHECK(value_is(value_get(root, "label"), "new") && !value_get(root, "z") && value_is(value_get(root, "target"), "task"));
        CHECK(value_to_i64(value_at(value_get(root, "truth"), 1), &offset) && offset == -3 && predicted->count == 3);
        CHECK(value_get(root, "seen")->type == VALUE_BOOL && value_get(root, "seen")->boolean);
        CHECK(value_get(value_get(root, "predictor"), "seed") && !value_get(root, "as"));
        root = prediction_of(&out, b->records[i][1]); // nobody knows the truth
        CHECK(value_is(value_get(root, "target"), "metrics.r2") && value_is(value_get(root, "as"), "number") && !value_get(root, "truth"));
        CHECK(value_get(root, "predicted")->type == VALUE_FLOAT);
    }
    CHECK(prediction_batch_add(b, embedding(&in, z, 3), &error) == STATUS_DATA && strstr(error.text, "3 numbers, not 2"), "%s", error.text);
    z[1] = NAN;
    CHECK(prediction_batch_add(b, embedding(&in, z, 2), &error) == STATUS_DATA && strstr(error.text, "finite"), "%s", error.text);
    CHECK(b->count == 3);
    p->values[0] = NAN; // a damaged model gives no answer instead of a wrong one
    prediction_batch_run(b);
    CHECK(prediction_batch_end(b, 0, &error) == STATUS_DATA && strstr(error.text, "finite"), "%s", error.text);
    tape_free(&tape);
    decoded_free(&in);
    decoded_free(&out);
    prediction_batch_free(b);
    predictor_free(p);
    predictor_free(second);
}

int main(void) {
    test_batch();
    return check_report("training/prediction_batch");
}
