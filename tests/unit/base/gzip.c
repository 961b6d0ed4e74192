#include "base/gzip.h"

#include "../check.h"
#include "packed.h"

#include <string.h>

enum { MOST = 1 << 24 };

// Text that packs well, but not by the utmost.
static uint8_t *text(size_t size) {
    uint8_t *t = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        t[i] = (uint8_t)(i * i % 251 + i / 1000);
    return t;
}

static bool unpacks_to(const uint8_t *bytes, size_t size, const uint8_t *expected, size_t count) {
    struct error error = {.text = ""};
    uint8_t *out;
    size_t out_size;
    enum status status = gzip_unpack(bytes, size, MOST, &out, &out_size, &error);
    bool equal = status == STATUS_OK && out_size == count && memcmp(out, expected, count) == 0;
    if (!equal)
        fprintf(stderr, "status %d, %zu bytes of %zu: %s\n", status, out_size, count, error.text);
    free(out);
    return equal;
}

// Refused as damaged, with this in the message?
static bool refuses(const uint8_t *bytes, size_t size, size_t most, const char *message) {
    struct error error = {.text = ""};
    uint8_t *out = (uint8_t *)1;
    size_t out_size;
    enum status status = gzip_unpack(bytes, size, most, &out, &out_size, &error);
    bool right = status == STATUS_DATA && !out && strstr(error.text, message);
    if (!right)
        fprintf(stderr, "status %d: %s\n", status, error.text);
    return right;
}

static void test_sizes(void) {
    const size_t sizes[] = {0, 1, 1000, 1000000};
    for (int i = 0; i < 4; i++) {
        size_t size;
        uint8_t *t = text(sizes[i]), *p = packed(t, sizes[i], &size);
        CHECK(unpacks_to(p, size, t, sizes[i]), "%zu", sizes[i]);
        free(t);
        free(p);
    }
    size_t size;
    uint8_t *zeros = calloc(MOST, 1),
            *p = packed(zeros, MOST, &size); // nearly as small as deflate can make it, and the most that is allowed
    CHECK(unpacks_to(p, size, zeros, MOST));
    CHECK(refuses(p, size, MOST - 1, "more than"));
    CHECK(refuses(p, size, 0, "more than"));
    free(zeros);
    free(p);
}

// The file's last bytes are the size of its last member only.
static void test_members(void) {
    uint8_t *t = text(300000);
    size_t first, last, none;
    uint8_t *a = packed(t, 299999, &first), *b = packed(t + 299999, 1, &last), *c = packed(t, 0, &none);
    uint8_t *all = malloc(first + none + last + 1);
    memcpy(all, a, first);
    memcpy(all + first, c, none);
    memcpy(all + first + none, b, last);
    CHECK(unpacks_to(all, first + none + last, t, 300000));
    all[first + none + last] = 'x';
    CHECK(refuses(all, first + none + last + 1, MOST, "no gzip data follow"));
    CHECK(refuses(all, first + none + last, 299999, "more than the 299999"));
    free(t);
    free(a);
    free(b);
    free(c);
    free(all);
}

static void test_damage(void) {
    enum { COUNT = 2000 };
    size_t size;
    uint8_t *t = text(COUNT), *p = packed(t, COUNT, &size);
    for (size_t cut = 0; cut < size; cut++)
        CHECK(refuses(p, cut, MOST, cut ? "byte 0" : "empty"), "%zu", cut);
    const uint8_t lies[][4] = {{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}, {COUNT % 256 + 1, COUNT / 256, 0, 0}};
    for (int i = 0; i < 3; i++) { // about its size
        memcpy(p + size - 4, lies[i], 4);
        CHECK(refuses(p, size, MOST, "damaged or cut"), "%d", i);
    }
    memcpy(p + size - 4, (uint8_t[]){COUNT % 256, COUNT / 256, 0, 0}, 4);
    for (size_t at = 10; at < size; at += 7) {
        p[at] ^= 0x40;
        CHECK(refuses(p, size, MOST, "byte 0"), "%zu", at);
        p[at] ^= 0x40;
    }
    CHECK(unpacks_to(p, size, t, COUNT));
    CHECK(refuses(t, COUNT, MOST, "no gzip file"));
    free(t);
    free(p);
}

int main(void) {
    test_sizes();
    test_members();
    test_damage();
    return check_report("base/gzip");
}
