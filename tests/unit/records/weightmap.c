#include "records/weightmap.h"

#include "../check.h"
#include "base/note.h"
#include "decoded.h"
#include "rnn/rnn.h"

#include <string.h>

static void test_weights(void) {
    struct params table = {0};
    params_add(&table, INIT_CONSTANT, 0, 2, (int[]){2, 3}, "a");
    params_add(&table, INIT_CONSTANT, 0, 1, (int[]){4}, "h0");
    params_add(&table, INIT_CONSTANT, 0, 1, (int[]){1}, "b");
    float values[11], read[11] = {0};
    for (int k = 0; k < 11; k++)
        values[k] = (float)k + 0.125f;
    struct decoded d = decoded_new(), variant = decoded_new();
    struct error error;
    weights_pack(d.packer, &table, values);
    const struct value *weights = decoded_root(&d);
    CHECK(weights_read(weights, &table, read, &error) == STATUS_OK, "%s", error.text);
    CHECK(memcmp(values, read, sizeof values) == 0);

    CHECK(weights_read(decoded_with_int(&variant, weights, "more", 1), &table, read, &error) == STATUS_OK, "%s", error.text);
    CHECK(weights_read(decoded_without(&variant, weights, "h0"), &table, read, &error) == STATUS_DATA);
    CHECK(strcmp(error.text, "weights: 'h0' is missing") == 0, "%s", error.text);
    table.list[1].unused = true;
    read[7] = -1;
    CHECK(weights_read(variant.nodes.node, &table, read, &error) == STATUS_OK, "%s", error.text);
    CHECK(read[7] == -1);
    CHECK(weights_read(decoded_with_text(&variant, weights, "b", "x"), &table, read, &error) == STATUS_DATA);
    CHECK(strncmp(error.text, "weights: 'b': ", 14) == 0, "%s", error.text);
    CHECK(weights_read(decoded_with(&variant, weights, "b", value_get(weights, "h0")), &table, read, &error) == STATUS_DATA);
    CHECK(strcmp(error.text, "weights: 'b' has the shape [4], not [1]") == 0, "%s", error.text);
    CHECK(weights_read(NULL, &table, read, &error) == STATUS_DATA);
    decoded_free(&d);
    decoded_free(&variant);
    params_free(&table);
}

// Every float type is read, integers are not.
static void test_weight_types(void) {
    struct params table = {0};
    params_add(&table, INIT_CONSTANT, 0, 1, (int[]){2}, "w");
    const double doubles[] = {1.5, -2};
    const uint16_t halves[] = {0x3e00, 0xc000};
    const int64_t integers[] = {1, 2};
    const void *const data[] = {doubles, halves, integers};
    const enum dtype types[] = {DTYPE_F8, DTYPE_F2, DTYPE_I8};
    for (int k = 0; k < 3; k++) {
        struct decoded d = decoded_new();
        struct error error;
        float read[2];
        pack_map(d.packer);
        pack_key(d.packer, "w");
        pack_array(d.packer, types[k], 1, (uint64_t[]){2}, data[k]);
        pack_end(d.packer);
        enum status status = weights_read(decoded_root(&d), &table, read, &error);
        if (k < 2)
            CHECK(status == STATUS_OK && read[0] == 1.5f && read[1] == -2, "%d", k);
        else
            CHECK(status == STATUS_DATA && strstr(error.text, "<i8"), "%s", error.text);
        decoded_free(&d);
    }
    params_free(&table);
}

// Names of a small LSTM that records of people have, and what the error has to name.
static const struct variation {
    const char *from, *to; // a name is changed, or added (from NULL), or left out (to NULL)
    int rank;              // of the array, when it is another one than the table wants; 0: unchanged
    uint64_t shape[3];
    const char *wanted[2]; // in the message; the first NULL: it is read
} variations[] = {
    {NULL, "lstm.weight_ih_l0_reverse", 2, {8, 3}, {"'lstm.weight_ih_l0_reverse': no place", "bidirectional"}},
    {NULL, "lstm.weight_hr_l0", 2, {2, 2}, {"'lstm.weight_hr_l0': no place", "proj_size"}},
    {NULL, "lstm.weight_ih_l1", 2, {8, 2}, {"'lstm.weight_ih_l1': no place"}},
    {NULL, "linear2.weight", 2, {2, 2}, {"'linear2.weight': no place"}},
    {NULL, "linear_aux.bias", 1, {2}, {"'linear_aux.bias': no place"}},
    {NULL, "lstm2.weight_hh_l0", 2, {8, 2}, {"'lstm2.weight_hh_l0': no place"}},
    {"linear.weight", "linear.0.weight", 2, {2, 2}, {"'linear.0.weight': no place"}},
    {"lstm.weight_hh_l0", "lstm.weight_hh_l0_raw", 2, {8, 2}, {"'lstm.weight_hh_l0_raw': no place"}},
    {"lstm.weight_ih_l0", "module.lstm.weight_ih_l0", 2, {8, 3}, {"'lstm.weight_ih_l0' is missing", "take 'module.' off"}},
    {"lstm.weight_ih_l0", "rnn.weight_ih_l0", 2, {8, 3}, {"'lstm.weight_ih_l0' is missing", "'rnn.weight_ih_l0'"}},
    {"lstm.bias_hh_l0", NULL, 0, {0}, {"'lstm.bias_hh_l0' is missing", "zeros"}},
    {"linear.weight", NULL, 0, {0}, {"'linear.weight' is missing", "identity"}},
    {"lstm.weight_ih_l0", "lstm.weight_ih_l0", 2, {3, 8}, {"has the shape [3,8], not [8,3]", "transposed"}},
    {"lstm.weight_ih_l0", "lstm.weight_ih_l0", 3, {1, 8, 3}, {"has the shape [1,8,3], not [8,3]"}},
    {"lstm.bias_ih_l0", "lstm.bias_ih_l0", 1, {6}, {"has the shape [6], not [8]"}},
    {NULL, "num_batches", 1, {1}, {NULL}},
    {NULL, "lstmish", 1, {1}, {NULL}},
};

static char noted[256];
static int notes;

static void take_note(const char *text) {
    snprintf(noted, sizeof noted, "%s", text);
    notes++;
}

static void pack_zeros(struct packer *p, const char *name, int rank, const uint64_t *shape) {
    static const float zeros[64];
    pack_key(p, name);
    pack_array(p, DTYPE_F4, rank, shape, zeros);
}

static const struct value *vary(struct decoded *d, const struct params *table, const struct variation *v) {
    packer_clear(d->packer);
    pack_map(d->packer);
    for (int i = 0; i < table->count; i++) {
        const struct param *p = &table->list[i];
        uint64_t shape[PARAM_MAX_RANK];
        for (int k = 0; k < p->rank; k++)
            shape[k] = (uint64_t)p->shape[k];
        if (!v->from || strcmp(v->from, p->name) != 0)
            pack_zeros(d->packer, p->name, p->rank, shape);
        else if (v->to)
            pack_zeros(d->packer, v->to, v->rank, v->shape);
    }
    if (!v->from)
        pack_zeros(d->packer, v->to, v->rank, v->shape);
    pack_end(d->packer);
    return decoded_root(d);
}

// Nothing of a network is dropped in silence, and what is wrong is named together with what is there.
static void test_names(void) {
    struct params table = {0};
    struct rnn_arch arch = {.cell = cell_find("lstm"), .input = 3, .hidden = 2, .layers = 1, .output = 2};
    rnn_params(&table, &arch);
    float *values = calloc(table.size, sizeof *values);
    struct decoded d = decoded_new();
    note_on(take_note);
    for (size_t i = 0; i < sizeof variations / sizeof *variations; i++) {
        const struct variation *v = &variations[i];
        struct error error = {0};
        const struct value *weights = vary(&d, &table, v);
        int before = notes;
        enum status status = weights_read(weights, &table, values, &error);
        CHECK(status == (v->wanted[0] ? STATUS_DATA : STATUS_OK), "%s: %s", v->to, error.text);
        CHECK(weights_read(weights, &table, NULL, &error) == status, "%s", v->to);
        for (int k = 0; k < 2 && v->wanted[k]; k++)
            CHECK(strstr(error.text, v->wanted[k]), "%s: %s", v->wanted[k], error.text);
        CHECK(notes == before + (v->wanted[0] ? 0 : 1), "%s: %d", v->to, notes - before); // once, though read twice
        CHECK(v->wanted[0] || strstr(noted, v->to), "%s", noted);
    }
    note_on(NULL);
    decoded_free(&d);
    free(values);
    params_free(&table);
}

int main(void) {
    test_weights();
    test_weight_types();
    test_names();
    return check_report("records/weightmap");
}
