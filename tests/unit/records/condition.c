#include "../check.h"
#include "decoded.h"
#include "records/condition.h"

#include <string.h>

static void check_ranges(void) {
    struct ranges r;
    struct error error;
    bool last = false;
    CHECK(ranges_read("100, 500-2000,18446744073709551000-", NULL, NULL, &r, &error) == STATUS_OK && r.count == 3);
    const uint64_t in[] = {100, 500, 777, 2000, 18446744073709551000u, UINT64_MAX}, out[] = {0, 99, 101, 499, 2001, 18446744073709550999u};
    for (int i = 0; i < 6; i++)
        CHECK(ranges_have(&r, in[i]) && !ranges_have(&r, out[i]), "%d", i);
    ranges_free(&r);
    CHECK(ranges_read("last", "last", &last, &r, &error) == STATUS_OK && last && r.count == 0 && !ranges_have(&r, 0));
    ranges_free(&r);
    last = false;
    CHECK(ranges_read("0,last,7-7", "last", &last, &r, &error) == STATUS_OK && last && r.count == 2 && ranges_have(&r, 7));
    ranges_free(&r);
    const char *const bad[] = {"", "x", "1,", ",1", "-5", "5-4", "1-2-3", "1.5", "last", "18446744073709551616", "1--2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(ranges_read(bad[i], NULL, NULL, &r, &error) == STATUS_USAGE && !r.range && error.text[0], "'%s'", bad[i]);
}

static void check_conditions(const struct value *record) {
    struct conditions c;
    struct error error;
    const char *const holding[] = {"run=7",        "run >= 7",     "run<=7,run>6", "metrics.accuracy > 0.5 , metrics.accuracy < 0.51",
                                   "kind = rnn",   "kind != task", "run != 8",     "metrics.bad != 0",
                                   "kind != 5",    "number = 10",  "yes = 1",      "run != seven",
                                   "number != 11", "yes = true",   "yes != false"};
    const char *const failing[] = {"run=8",        "run < 7",     "run > 7",         "run=7,run=8",     "metrics.accuracy <= 0.5",
                                   "kind = task",  "kind != rnn", "absent = 1",      "absent != 1",     "absent != x",
                                   "metrics != 1", "metrics = 1", "metrics.bad = 0", "metrics.bad < 1", "kind > 0",
                                   "list = 1",     "list != x",   "run = seven",     "number < 5",      "nil != x",
                                   "nil = 0",      "yes = false"};
    for (size_t i = 0; i < sizeof holding / sizeof *holding; i++) {
        CHECK(conditions_read(holding[i], &c, &error) == STATUS_OK && conditions_hold(&c, record), "%s", holding[i]);
        conditions_free(&c);
    }
    for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) {
        CHECK(conditions_read(failing[i], &c, &error) == STATUS_OK && !conditions_hold(&c, record), "%s", failing[i]);
        conditions_free(&c);
    }
    const char *const bad[] = {"",         "run",      "run=",    "=7",      "run=7,", "run == 7",
                               "run => 7", "run <> 7", "run < x", "run ! 7", "run >",  "a=1,,b=2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(conditions_read(bad[i], &c, &error) == STATUS_USAGE && !c.comparison && error.text[0], "'%s'", bad[i]);
}

int main(void) {
    check_ranges();
    struct decoded d = decoded_new();
    struct packer *p = d.packer;
    pack_map(p);
    pack_key(p, "kind"), pack_str(p, "rnn");
    pack_key(p, "run"), pack_u64(p, 7);
    pack_key(p, "number"), pack_str(p, "10");
    pack_key(p, "yes"), pack_bool(p, true);
    pack_key(p, "nil"), pack_nil(p);
    pack_key(p, "list"), pack_list(p), pack_u64(p, 1), pack_end(p);
    pack_key(p, "metrics"), pack_map(p);
    pack_key(p, "accuracy"), pack_double(p, 0.505);
    pack_key(p, "bad"), pack_double(p, NAN);
    pack_end(p), pack_end(p);
    check_conditions(decoded_root(&d));
    decoded_free(&d);
    return check_report("records/condition");
}
