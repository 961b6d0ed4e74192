// The reader of JSON Lines. What it accepts is written as JSON that is read again to the same.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct packer *p = packer_new();
    struct value_nodes nodes = {0};
    struct text first = {0}, second = {0};
    struct error error = {0};
    size_t packed;
    if (json_read(p, (const char *)data, size, &error) == STATUS_OK) {
        const uint8_t *bytes = packer_bytes(p, &packed);
        if (value_decode(bytes, packed, 0, &nodes, &error) == STATUS_OK) {
            FUZZ_CHECK(nodes.node->length == packed);
            json_write(&first, nodes.node, JSON_SUMMARISED);
            first.size = 0;
            json_write(&first, nodes.node, JSON_WHOLE);
            packer_clear(p);
            FUZZ_CHECK(json_read(p, first.bytes, first.size, &error) == STATUS_OK);
            bytes = packer_bytes(p, &packed);
            FUZZ_CHECK(value_decode(bytes, packed, 0, &nodes, &error) == STATUS_OK);
            json_write(&second, nodes.node, JSON_WHOLE);
            FUZZ_CHECK(first.size == second.size && memcmp(first.bytes, second.bytes, first.size) == 0);
        }
    }
    FUZZ_CHECK(error.status == STATUS_OK || (error.status == STATUS_DATA && error.text[0]));
    free(first.bytes);
    free(second.bytes);
    free(nodes.node);
    packer_free(p);
    return 0;
}
