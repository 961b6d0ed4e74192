// What an interrogator has beside its networks: calibrations and indices, as records; and inputs for RNNs, as text or .npy (the same
// bytes).
#include "fuzz.h"

#include "analysis/sequences.h"
#include "training/interrogator.h"

#include <math.h>

static void visit(void *context, const struct value *record) {
    struct calibration c;
    struct zoo_index index;
    struct error error;
    (void)context;
    if (calibration_read(&c, record, &error) == STATUS_OK)
        FUZZ_CHECK(c.temperature > 0 && c.answers >= 0);
    if (zoo_index_read(&index, record, &error) != STATUS_OK)
        return;
    FUZZ_CHECK(index.size > 0 && index.count >= 0);
    float *z = calloc((size_t)index.size, sizeof *z);
    double distance = neighbours_nearest(z, index.z, (size_t)index.count, (size_t)index.size, NULL);
    FUZZ_CHECK(distance >= 0);
    double share = zoo_index_nearer(&index, distance);
    FUZZ_CHECK(index.distance_count == 0 || (share >= 0 && share <= 1));
    struct packer *p = packer_new();
    struct value_nodes nodes = {0};
    struct zoo_index again;
    size_t size;
    zoo_index_pack(p, &index);
    const uint8_t *bytes = packer_bytes(p, &size);
    FUZZ_CHECK(value_decode(bytes, size, 0, &nodes, &error) == STATUS_OK && zoo_index_read(&again, nodes.node, &error) == STATUS_OK);
    FUZZ_CHECK(again.count == index.count && again.distance_count == index.distance_count);
    zoo_index_free(&again);
    zoo_index_free(&index);
    packer_free(p);
    free(nodes.node);
    free(z);
}

static void parse(const uint8_t *data, size_t size, bool tokens, int width) {
    const struct rnn_arch arch = {.cell = cell_at(0), .input = width, .hidden = 1, .layers = 1, .output = 2};
    struct sequences s;
    struct error error;
    if (sequences_parse(&s, (const char *)data, size, tokens, width, &error) != STATUS_OK)
        return;
    FUZZ_CHECK(s.count > 0);
    if (sequences_check(&s, &arch, &error) == STATUS_OK)
        for (int i = 0; i < s.count; i++)
            for (int t = 0; s.list[i].tokens && t < s.list[i].length; t++)
                FUZZ_CHECK(s.list[i].tokens[t] >= 0 && s.list[i].tokens[t] < width);
    for (int i = 0; i < s.count; i++)
        for (int k = 0; s.list[i].inputs && k < s.list[i].length * width; k++)
            FUZZ_CHECK(isfinite(s.list[i].inputs[k]));
    sequences_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_records(data, size, visit, NULL);
    parse(data, size, true, 4);
    parse(data, size, false, 2);
    return 0;
}
