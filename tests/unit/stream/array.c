#include "stream/array.h"
#include "stream/packer.h"
#include "stream/reader.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static struct packer *p;
static struct value_nodes nodes;
static struct error error;

static enum status read_packed(struct array *a) {
    size_t size;
    const uint8_t *bytes = packer_bytes(p, &size);
    enum status status = value_decode(bytes, size, 0, &nodes, &error);
    CHECK(status == STATUS_OK, "%s", error.text);
    status = array_read(nodes.node, a, &error);
    return status;
}

static void check_types(void) {
    static const uint16_t f2[6] = {0x3c00, 0xc000, 0x0001, 0x8000, 0x7c00, 0x7bff};
    static const float f2_values[6] = {1, -2, 0x1p-24f, -0.0f, HUGE_VALF, 65504};
    static const int8_t i1[6] = {1, -2, 3, -4, 127, -128};
    static const int16_t i2[6] = {1, -2, 3, -4, 32767, -32768};
    static const int32_t i4[6] = {1, -2, 3, -4, INT32_MAX, INT32_MIN};
    static const int64_t i8[6] = {1, -2, 3, -4, INT32_MAX, INT32_MIN};
    static const uint64_t u8[6] = {1, 2, 3, 4, INT32_MAX, 0};
    static const double f8[6] = {1, -2, 0.5, 0, 1e300, -0x1p-149};
    const void *data[DTYPE_COUNT] = {f2, f2_values, f8, i1, i1, i2, i2, i4, i4, u8, i8, i1};
    const uint64_t shape[2] = {2, 3};
    for (int type = 0; type < DTYPE_COUNT; type++) {
        struct array a;
        float floats[6];
        int32_t ints[6];
        packer_clear(p);
        pack_array(p, (enum dtype)type, 2, shape, data[type]);
        CHECK(read_packed(&a) == STATUS_OK && a.dtype == (enum dtype)type && a.rank == 2 && a.count == 6 && array_is(nodes.node), "%s",
              error.text);
        CHECK(memcmp(a.data, data[type], 6 * dtype_size(a.dtype)) == 0, "is false");
        array_to_floats(&a, 0, 6, floats);
        enum status status = array_to_ints(&a, 0, 6, ints, &error);
        CHECK((status == STATUS_OK) == (type > DTYPE_F8 && type != DTYPE_U4), "%s", dtype_name(a.dtype));
        if (type == DTYPE_F2 || type == DTYPE_F4)
            CHECK(memcmp(floats, f2_values, sizeof floats) == 0, "is false");
        else if (type == DTYPE_F8)
            CHECK(floats[2] == 0.5f && floats[4] == HUGE_VALF && floats[5] == -0x1p-149f, "is false");
        else if (type == DTYPE_I1 || type == DTYPE_I2 || type == DTYPE_I4 || type == DTYPE_I8)
            CHECK(floats[1] == -2 && ints[1] == -2 && ints[3] == -4, "is false");
        else if (type == DTYPE_U1)
            CHECK(floats[1] == 254 && ints[5] == 128, "is false");
        else if (type == DTYPE_BOOL)
            CHECK(floats[1] == 1 && ints[5] == 1, "is false");
    }
}

// Every half is a quotient of small powers of two: compare with the definition.
static void check_halves(void) {
    uint16_t *halves = malloc(sizeof *halves << 16);
    float *floats = malloc(sizeof *floats << 16);
    for (int i = 0; i < 1 << 16; i++)
        halves[i] = (uint16_t)i;
    struct array a = {.dtype = DTYPE_F2, .count = 1 << 16, .data = (const uint8_t *)halves};
    array_to_floats(&a, 0, a.count, floats);
    int wrong = 0;
    for (int i = 0; i < 1 << 16; i++) {
        int e = i >> 10 & 31, m = i & 1023;
        double x = e == 31 ? (m ? NAN : HUGE_VAL) : e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
        x = i & 0x8000 ? -x : x;
        wrong += isnan(x) ? !isnan(floats[i]) : !(floats[i] == x && !signbit(floats[i]) == !signbit(x));
    }
    CHECK(wrong == 0, "%d halves", wrong);

    // And back; what lies between two goes to the nearer one, in the middle to the even one.
    uint16_t *back = malloc(sizeof *back << 16);
    array_halves(floats, a.count, back);
    for (int i = 0; i < 1 << 16; i++)
        wrong += isnan(floats[i]) ? (back[i] & 0x7fff) <= 0x7c00 : back[i] != halves[i];
    CHECK(wrong == 0, "%d halves are others after the way there and back", wrong);
    for (int i = 0; i < 0x7bff; i++) {
        float low = floats[i], high = floats[i + 1], middle = (low + high) / 2;
        array_halves((float[]){nextafterf(middle, low), middle, nextafterf(middle, high), -middle}, 4, back);
        wrong += back[0] != i || back[1] != i + (i & 1) || back[2] != i + 1 || back[3] != (back[1] | 0x8000);
    }
    CHECK(wrong == 0, "%d numbers between two halves", wrong);
    array_halves((float[]){65505, -1e30f, 1e-30f}, 3, back);
    CHECK(back[0] == 0x7bff && back[1] == 0xfbff && back[2] == 0, "%x %x %x", back[0], back[1], back[2]);
    free(halves);
    free(floats);
    free(back);
}

// A map like an array's, with one thing replaced.
struct parts {
    bool no_nd, scalar, str_keys, structured, shape_is_text, negative, no_data, data_is_text;
    const char *type, *kind;
    int rank;
    uint64_t shape[10];
    size_t size;
};

static void pack_name(const struct parts *x, const char *key) {
    if (x->str_keys)
        pack_str(p, key);
    else
        pack_bin(p, key, strlen(key));
}

static void pack_parts(const struct parts *x) {
    static const char zeros[64];
    packer_clear(p);
    pack_map(p);
    if (!x->no_nd)
        pack_name(x, "nd"), pack_bool(p, !x->scalar);
    pack_name(x, "type");
    if (x->structured)
        pack_list(p), pack_list(p), pack_str(p, "a"), pack_str(p, "<f4"), pack_end(p), pack_end(p);
    else
        pack_str(p, x->type);
    if (x->kind)
        pack_name(x, "kind"), pack_bin(p, x->kind, strlen(x->kind));
    if (!x->scalar) {
        pack_name(x, "shape");
        x->shape_is_text ? pack_str(p, "3") : pack_list(p);
        for (int i = 0; i < x->rank; i++)
            x->negative ? pack_i64(p, -1) : pack_u64(p, x->shape[i]);
        if (!x->shape_is_text)
            pack_end(p);
    }
    if (!x->no_data) {
        pack_name(x, "data");
        x->data_is_text ? pack_str_n(p, zeros, x->size) : pack_bin(p, zeros, x->size);
    }
    pack_end(p);
}

static void check_forms(void) {
    static const struct {
        struct parts parts;
        const char *text; // of the error, or NULL
    } cases[] = {
        {{.type = "<f4", .kind = "", .rank = 1, .shape = {3}, .size = 12}, NULL},
        {{.type = "<f4", .rank = 1, .shape = {3}, .size = 12}, NULL},
        {{.type = "<f4", .kind = "", .str_keys = true, .rank = 1, .shape = {3}, .size = 12}, NULL},
        {{.type = "<f8", .scalar = true, .size = 8}, NULL},
        {{.type = "<f4", .rank = 0, .size = 4}, NULL},
        {{.type = "<f4", .rank = 8, .shape = {1, 1, 1, 1, 1, 1, 1, 2}, .size = 8}, NULL},
        {{.type = "<f4", .rank = 2, .shape = {0, 1ull << 60}, .size = 0}, NULL},
        {{.type = "<f4", .rank = 9, .shape = {1, 1, 1, 1, 1, 1, 1, 1, 1}, .size = 4}, "rank 9"},
        {{.type = "<f4", .rank = 2, .shape = {1ull << 32, 1ull << 32}, .size = 0}, "too large"},
        {{.type = "<f4", .rank = 1, .shape = {1ull << 62}, .size = 0}, "not as long"},
        {{.type = "<f4", .rank = 1, .shape = {3}, .size = 11}, "not as long"},
        {{.type = "<f4", .rank = 1, .shape = {3}, .size = 13}, "not as long"},
        {{.type = "<f4", .scalar = true, .size = 8}, "not as long"},
        {{.type = ">f4", .rank = 1, .shape = {3}, .size = 12}, "big-endian"},
        {{.type = "<c8", .rank = 1, .shape = {1}, .size = 8}, "unknown type"},
        {{.type = "", .rank = 1, .shape = {1}, .size = 8}, "unknown type"},
        {{.type = "|O", .kind = "O", .rank = 1, .shape = {1}, .size = 8}, "Python objects"},
        {{.structured = true, .kind = "V", .rank = 1, .shape = {1}, .size = 4}, "structured"},
        {{.structured = true, .rank = 1, .shape = {1}, .size = 4}, "structured"},
        {{.type = "<f4", .kind = "X", .rank = 1, .shape = {1}, .size = 4}, "unknown kind"},
        {{.type = "<f4", .rank = 1, .negative = true, .size = 4}, "negative"},
        {{.type = "<f4", .shape_is_text = true, .size = 4}, "without shape"},
        {{.type = "<f4", .rank = 1, .shape = {1}, .no_data = true}, "without data"},
        {{.type = "<f4", .rank = 1, .shape = {1}, .data_is_text = true, .size = 4}, "without data"},
        {{.type = "<f4", .no_nd = true, .rank = 1, .shape = {1}, .size = 4}, "no array"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct array a;
        pack_parts(&cases[i].parts);
        error.text[0] = 0;
        enum status status = read_packed(&a);
        CHECK(status == (cases[i].text ? STATUS_DATA : STATUS_OK), "case %zu: %s", i, error.text);
        CHECK(!cases[i].text || strstr(error.text, cases[i].text), "case %zu: %s", i, error.text);
    }
    struct array a;
    packer_clear(p);
    pack_list(p), pack_double(p, 1), pack_end(p);
    CHECK(read_packed(&a) == STATUS_DATA && !array_is(nodes.node), "is false");
}

int main(void) {
    p = packer_new();
    check_types();
    check_halves();
    check_forms();
    struct array a = {.rank = 2, .shape = {2, 3}};
    CHECK(array_has_shape(&a, 2, (int64_t[]){2, 3}) && array_has_shape(&a, 2, (int64_t[]){-1, 3}), "is false");
    CHECK(!array_has_shape(&a, 1, (int64_t[]){2}) && !array_has_shape(&a, 2, (int64_t[]){3, 3}), "is false");
    packer_free(p);
    free(nodes.node);
    return check_report("array");
}
