#include "records/nametask.h"

#include "stream/json.h"

#include "../check.h"
#include "decoded.h"

#include <stdlib.h>
#include <string.h>

// The task of the file of this path, as canonical JSON; of those whose name is another, "no".
static void check(const char *text, const char *pattern, const char *path, const char *expected) {
    struct name_task *t;
    struct error error = {0};
    struct decoded d = decoded_new();
    struct text json = {0};
    CHECK(name_task_new(&t, text, pattern, &error) == STATUS_OK, "%s", error.text);
    for (int twice = 0; twice < 2; twice++) {
        packer_clear(d.packer);
        json.size = 0;
        if (name_task_pack(d.packer, t, path, &error) == STATUS_OK)
            json_write(&json, decoded_root(&d), JSON_CANONICAL);
        const char *got = json.size ? json.bytes : "no";
        CHECK(strlen(expected) == (json.size ? json.size : 2) && memcmp(got, expected, strlen(expected)) == 0, "%s of %s: %.*s",
              pattern ? pattern : "-", path, (int)json.size, got);
    }
    free(json.bytes);
    name_task_free(t);
    decoded_free(&d);
}

int main(void) {
    check("sorting", NULL, "x.pt", "{\"family\":\"sorting\"}");
    check(" {\"family\": \"sorting\", \"width\": [1, 2]}", NULL, "x.pt", "{\"family\":\"sorting\",\"width\":[1,2]}");
    check("s", "{data}-{width}.pt", "dir-1/up-3.pt", "{\"data\":\"up\",\"family\":\"s\",\"width\":3}");
    check("s", "{data}-{width}.pt", "a-b-3.pt", "{\"data\":\"a\",\"family\":\"s\",\"width\":\"b-3\"}");
    check("s", "*-{width}.pt", "a-b-3.pt", "{\"family\":\"s\",\"width\":\"b-3\"}");
    check("s", "{a}.pt", "x.pt.pt", "{\"a\":\"x.pt\",\"family\":\"s\"}");
    check("s", "{a}.pt", ".pt", "no");
    check("s", "{a}.pt", "x.pth", "no");
    check("s", "{a}.pt*", "x.pth", "{\"a\":\"x\",\"family\":\"s\"}");
    check("s", "lstm{a}", "lstm", "no");
    check("s", "lstm{a}", "lstm-1.50", "{\"a\":-1.5,\"family\":\"s\"}");
    check("s", "{a}x{b}x{c}", "xxxxx", "{\"a\":\"x\",\"b\":\"x\",\"c\":\"x\",\"family\":\"s\"}");
    check("s", "{a}x{b}x{c}", "xxxx", "no");
    check(NULL, "{family}/{n}.pt", "/zoo/sum/12.pt", "{\"family\":\"sum\",\"n\":12}");
    check(NULL, "{family}/{n}.pt", "12.pt", "no");
    check(NULL, "{family}/*/{n}.pt", "sum/x/1e2.pt", "{\"family\":\"sum\",\"n\":100}");
    check("s", "{a}.pt", "12345678901234567890123.pt", "{\"a\":\"12345678901234567890123\",\"family\":\"s\"}");
    check("s", "{a}-{b}.pt", "20241201123456789001-18446744073709551616.pt",
          "{\"a\":\"20241201123456789001\",\"b\":\"18446744073709551616\",\"family\":\"s\"}");
    check("s", "{a}_{b}.pt", "18446744073709551615_-9223372036854775808.pt",
          "{\"a\":18446744073709551615,\"b\":-9223372036854775808,\"family\":\"s\"}");
    check("s", "{a}_{b}.pt", "-9223372036854775809_1e300.pt", "{\"a\":\"-9223372036854775809\",\"b\":1e+300,\"family\":\"s\"}");
    check("s", "{a}_{b}_{c}.pt", "0012_1-2_+7.pt", "{\"a\":12,\"b\":\"1-2\",\"c\":7,\"family\":\"s\"}");
    check("formal-language", "{a}.pt", "x.pt", "no"); // a family that is known has keys of its own

    const char *const wrong[][2] = {{"s", "x.pt"},
                                    {"s", "{a"},
                                    {"s", "a}"},
                                    {"s", "{}"},
                                    {"s", "{a}{b}"},
                                    {"s", "{a}*"},
                                    {"s", "{a/b}"},
                                    {"s", "{a}-{a}"},
                                    {NULL, "{a}"},
                                    {NULL, NULL},
                                    {"", NULL},
                                    {" ", "{family}"},
                                    {"[1]", NULL},
                                    {" [1", NULL},
                                    {"{\"family\":\"\"}", NULL},
                                    {"{\"family\": ", NULL},
                                    {"{}", NULL},
                                    {"{} 3", "{family}"},
                                    {"s", "{family}"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct name_task *t;
        struct error error = {0};
        CHECK(name_task_new(&t, wrong[i][0], wrong[i][1], &error) == STATUS_USAGE && error.text[0], "%zu", i);
        CHECK(t == NULL);
    }
    return check_report("records/nametask");
}
