#include "base/numtext.h"

#include "../check.h"

#include <string.h>

static struct error reason;

static void check_i64(const char *text, int64_t low, int64_t high, int64_t expected, const char *why) {
    int64_t x = 77;
    enum status status = numtext_i64(text, low, high, &x, &reason);
    CHECK(status == (why ? STATUS_USAGE : STATUS_OK) && x == (why ? 77 : expected), "'%s'", text);
    CHECK(!why || strcmp(reason.text, why) == 0, "'%s': %s", text, reason.text);
}

static void check_u64(const char *text, uint64_t low, uint64_t high, uint64_t expected, const char *why) {
    uint64_t x = 77;
    enum status status = numtext_u64(text, low, high, &x, &reason);
    CHECK(status == (why ? STATUS_USAGE : STATUS_OK) && x == (why ? 77 : expected), "'%s'", text);
    CHECK(!why || strcmp(reason.text, why) == 0, "'%s': %s", text, reason.text);
}

static void check_double(const char *text, double low, double high, double expected, const char *why) {
    double x = 77;
    enum status status = numtext_double(text, low, high, &x, &reason);
    CHECK(status == (why ? STATUS_USAGE : STATUS_OK) && x == (why ? 77 : expected), "'%s'", text);
    CHECK(!why || strcmp(reason.text, why) == 0, "'%s': %s", text, reason.text);
}

static void test_range(void) {
    double range[2] = {7, 8};
    static const char *const wrong[] = {"", ":", "1", "1:", ":1", "2:1", "1:1", "1:2:3", "a:2", "1: 2", "0:101", "-101:0", "nan:1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(!numtext_range(wrong[i], -100, 100, range) && range[0] == 7 && range[1] == 8, "%s", wrong[i]);
    CHECK(numtext_range("-1.5:2e1", -100, 100, range) && range[0] == -1.5 && range[1] == 20);
}

int main(void) {
    test_range();
    static const char *const no_integers[] = {"", "-", "+", " 1", "1 ", "1.0", "1e3", "0x10", "--1", "abc", "1,2", "\t1"};
    for (size_t i = 0; i < sizeof no_integers / sizeof *no_integers; i++) {
        check_i64(no_integers[i], INT64_MIN, INT64_MAX, 0, "is no number");
        check_u64(no_integers[i], 0, UINT64_MAX, 0, "is no number");
    }
    check_i64("0", -5, 5, 0, NULL);
    check_i64("-5", -5, 5, -5, NULL);
    check_i64("+5", -5, 5, 5, NULL);
    check_i64("-6", -5, 5, 0, "is too small (at least -5)");
    check_i64("6", -5, 5, 0, "is too large (at most 5)");
    check_i64("9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX, NULL);
    check_i64("-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, NULL);
    check_i64("9223372036854775808", INT64_MIN, INT64_MAX, 0, "is too large (at most 9223372036854775807)");
    check_i64("-9223372036854775809", INT64_MIN, INT64_MAX, 0, "is too small (at least -9223372036854775808)");
    check_i64("99999999999999999999999", 1, 9, 0, "is too large (at most 9)");
    check_i64("-99999999999999999999999", 1, 9, 0, "is too small (at least 1)");
    check_u64("18446744073709551615", 0, UINT64_MAX, UINT64_MAX, NULL);
    check_u64("18446744073709551616", 0, UINT64_MAX, 0, "is too large (at most 18446744073709551615)");
    check_u64("-1", 0, 9, 0, "is too small (at least 0)");
    check_u64("-0", 0, 9, 0, NULL);
    check_u64("0", 1, 9, 0, "is too small (at least 1)");
    check_u64("007", 1, 9, 7, NULL);
    static const char *const no_reals[] = {"", "-", ".", "e5", " 1", "1 ", "1.0x", "0x10", "nan", "inf", "-inf", "1e", "1,5"};
    for (size_t i = 0; i < sizeof no_reals / sizeof *no_reals; i++)
        check_double(no_reals[i], -HUGE_VAL, HUGE_VAL, 0, "is no number");
    check_double("1e-3", 0, 1, 1e-3, NULL);
    check_double("-.5", -1, 1, -.5, NULL);
    check_double("1e-400", 0, 1, 0, NULL);
    check_double("0.1", 0.25, 1, 0, "is too small (at least 0.25)");
    check_double("1.1", 0, 0.1, 0, "is too large (at most 0.1)");
    check_double("1e999", -HUGE_VAL, HUGE_VAL, 0, "is too large (at most 1.7976931348623157e+308)");
    check_double("-1e999", -HUGE_VAL, HUGE_VAL, 0, "is too small (at least -1.7976931348623157e+308)");
    return check_report("numtext");
}
