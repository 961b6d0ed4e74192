// The smallest encodings, byte by byte as the specification gives them, at both sides of every boundary.
#include "stream/packer.h"
#include "stream/reader.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static struct packer *p;

static void check_bytes(const char *what, const char *hex) {
    size_t size;
    const uint8_t *bytes = packer_bytes(p, &size);
    char found[64] = "";
    for (size_t i = 0; i < size && i < strlen(hex) / 2; i++)
        sprintf(found + 2 * i, "%02x", bytes[i]);
    CHECK(strcmp(found, hex) == 0, "%s: %s instead of %s", what, found, hex);
    packer_clear(p);
}

static void check_numbers(void) {
    static const struct {
        uint64_t u;
        const char *hex;
    } naturals[] = {{0, "00"},
                    {127, "7f"},
                    {128, "cc80"},
                    {255, "ccff"},
                    {256, "cd0100"},
                    {65535, "cdffff"},
                    {65536, "ce00010000"},
                    {UINT32_MAX, "ceffffffff"},
                    {1ull << 32, "cf0000000100000000"},
                    {UINT64_MAX, "cfffffffffffffffff"}};
    static const struct {
        int64_t i;
        const char *hex;
    } integers[] = {{-1, "ff"},
                    {-32, "e0"},
                    {-33, "d0df"},
                    {-128, "d080"},
                    {-129, "d1ff7f"},
                    {-32768, "d18000"},
                    {-32769, "d2ffff7fff"},
                    {INT32_MIN, "d280000000"},
                    {INT32_MIN - 1ll, "d3ffffffff7fffffff"},
                    {INT64_MIN, "d38000000000000000"},
                    {200, "ccc8"},
                    {INT64_MAX, "cf7fffffffffffffff"}};
    for (size_t i = 0; i < sizeof naturals / sizeof *naturals; i++)
        pack_u64(p, naturals[i].u), check_bytes("natural", naturals[i].hex);
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        pack_i64(p, integers[i].i), check_bytes("integer", integers[i].hex);
    pack_double(p, -1.5), check_bytes("double", "cbbff8000000000000");
    pack_bool(p, true), check_bytes("true", "c3");
    pack_bool(p, false), check_bytes("false", "c2");
    pack_nil(p), check_bytes("nil", "c0");
}

static void check_texts(void) {
    static const struct {
        size_t size;
        const char *str, *bin;
    } sizes[] = {{0, "a0", "c400"},
                 {31, "bf", "c41f"},
                 {32, "d920", "c420"},
                 {255, "d9ff", "c4ff"},
                 {256, "da0100", "c50100"},
                 {65535, "daffff", "c5ffff"},
                 {65536, "db00010000", "c600010000"}};
    char *text = calloc(1, 65536);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pack_str_n(p, text, sizes[i].size), check_bytes("str", sizes[i].str);
        pack_bin(p, text, sizes[i].size), check_bytes("bin", sizes[i].bin);
    }
    free(text);
}

// A container of any size, with one more in front and behind: closing it inserts its count without harm to its neighbours.
static void check_containers(void) {
    static const struct {
        uint32_t count;
        const char *list, *map;
    } sizes[] = {{0, "90", "80"},
                 {1, "91", "81"},
                 {15, "9f", "8f"},
                 {16, "dc0010", "de0010"},
                 {65535, "dcffff", "deffff"},
                 {65536, "dd00010000", "df00010000"}};
    struct value_nodes nodes = {0};
    struct error error;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size;
        for (int map = 0; map < 2; map++) {
            char hex[64];
            pack_list(p), pack_str(p, "in front");
            map ? pack_map(p) : pack_list(p);
            for (uint32_t k = 0; k < sizes[i].count; k++)
                map ? pack_u64(p, k), pack_nil(p) : pack_u64(p, k);
            pack_end(p), pack_str(p, "behind"), pack_end(p);
            const uint8_t *bytes = packer_bytes(p, &size);
            enum status status = value_decode(bytes, size, 0, &nodes, &error);
            const struct value *inner = status == STATUS_OK ? value_at(nodes.node, 1) : NULL;
            CHECK(inner && inner->count == sizes[i].count && nodes.node->length == size && value_is(value_at(nodes.node, 2), "behind"),
                  "is false");
            CHECK(!sizes[i].count || (!map && value_at(inner, sizes[i].count - 1)->u == sizes[i].count - 1) || map, "is false");
            snprintf(hex, sizeof hex, "93a8%s%s", "696e2066726f6e74", map ? sizes[i].map : sizes[i].list);
            check_bytes("container", hex);
        }
    }
    free(nodes.node);
}

// What is packed again from a decoded value has the same bytes, be they the shortest or not.
static void check_value(void) {
    static const uint8_t loose[] = {0x93, 0xcd, 0x00, 0x01, 0xd9, 0x01, 'a', 0xc7, 0x01, 0x05, 0xff};
    struct value_nodes nodes = {0};
    struct error error;
    CHECK(value_decode(loose, sizeof loose, 0, &nodes, &error) == STATUS_OK, "%s", error.text);
    pack_list(p), pack_value(p, nodes.node), pack_value(p, value_at(nodes.node, 1)), pack_end(p);
    check_bytes("value", "9293cd0001d90161c70105ffd90161");
    free(nodes.node);
}

int main(void) {
    p = packer_new();
    check_numbers();
    check_texts();
    check_containers();
    check_value();
    packer_free(p);
    return check_report("packer");
}
