// The YAML reader: what it takes, and that each refusal names its line and column.
#include "../check.h"

#include "cli/config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char path[] = "/tmp/config-XXXXXX";

struct values {
    int steps;
    uint64_t seed;
    double rate;
    bool meta, help;
    const char *snapshots, *cell, *config;
};

// Applies a file of these bytes; steps counts as given on the command line when steps_given.
static enum status apply(const void *bytes, size_t size, bool steps_given, struct values *v, struct error *error) {
    *v = (struct values){.steps = 5, .seed = 1, .rate = 0.5, .snapshots = NULL, .cell = "lstm"};
    struct option own[] = {
        {.type = OPTION_HEADING, .help = "Training"},
        {.type = OPTION_INT, .name = "steps", .target = &v->steps, .low = 1, .high = 1000, .given = steps_given},
        {.type = OPTION_REAL, .name = "rate", .target = &v->rate, .low = 0, .high = 1},
        {.type = OPTION_FLAG, .name = "meta", .target = &v->meta},
        {.type = OPTION_TEXT, .name = "snapshots", .target = &v->snapshots},
        {.type = OPTION_CHOICE, .name = "cell", .target = &v->cell, .choices = "lstm|gru"},
        {0},
    };
    struct option common[] = {
        {.type = OPTION_U64, .name = "seed", .target = &v->seed},
        {.type = OPTION_TEXT, .name = "config", .target = &v->config},
        {.type = OPTION_ACTION, .name = "help", .target = &v->help},
        {0},
    };
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
        abort();
    error->text[0] = '\0';
    return config_apply(path, "train", own, common, error);
}

static void accept(void) {
    struct values v;
    struct error e;
    const char *text =
        "# a comment\ntrain: {steps: 7, seed: 18446744073709551615, rate: 1e-3, meta: true, snapshots: [0, 100, 2000], cell: gru}\n"
        "probe: {hidden: [1, {a: 2}], steps: x}\nprobe-linear: 3\nexperiment: [a, b]\n";
    CHECK(apply(text, strlen(text), false, &v, &e) == STATUS_OK, "%s", e.text);
    CHECK(v.steps == 7 && v.seed == UINT64_MAX && v.rate == 1e-3 && v.meta && strcmp(v.snapshots, "0,100,2000") == 0 &&
          strcmp(v.cell, "gru") == 0);
    free((char *)v.snapshots);
    free((char *)v.cell);
    CHECK(apply("train: {steps: 7, meta: false}", 30, true, &v, &e) == STATUS_OK && v.steps == 5, "the command line wins: %s", e.text);
    CHECK(apply("", 0, false, &v, &e) == STATUS_OK, "an empty file: %s", e.text);
    CHECK(apply("# nothing\n", 10, false, &v, &e) == STATUS_OK, "%s", e.text);
    CHECK(apply("train:\nprobe:\n", 14, false, &v, &e) == STATUS_OK, "an empty section: %s", e.text);
    CHECK(apply("\xef\xbb\xbftrain: {steps: 9}", 20, false, &v, &e) == STATUS_OK && v.steps == 9, "a byte order mark: %s", e.text);
    CHECK(apply("train: {snapshots: \"a, b\"}", 26, false, &v, &e) == STATUS_OK && strcmp(v.snapshots, "a, b") == 0, "%s", e.text);
    free((char *)v.snapshots);
}

static void refuse(void) {
    static const struct {
        const char *text, *where, *what;
    } table[] = {
        {"train:\n  steps: 1\n  stepz: 2\n", ":3:3: ", "unknown key 'stepz' in section 'train'"},
        {"train: {help: true}", ":1:9: ", "unknown key"},
        {"train: {config: x}", ":1:9: ", "unknown key"},
        {"train:\n  steps: 1\n  steps: 2\n", ":3:3: ", "duplicate key 'steps'"},
        {"train: {}\nprobe: {}\ntrain: {}\n", ":3:1: ", "duplicate key 'train'"},
        {"probe: {a: {b: 1, b: 2}}", ":1:19: ", "duplicate key 'b'"},
        {"probe: [{b: 1, b: 2}]", ":1:16: ", "duplicate key 'b'"},
        {"train: {steps: 1001}", ":1:16: steps: ", "too large"},
        {"train: {steps: yes}", ":1:16: steps: ", "no number"},
        {"train: {steps: [1]}", ":1:16: steps: ", "a scalar is expected"},
        {"train: {snapshots: {a: 1}}", ":1:20: snapshots: ", "a scalar or a list of scalars is expected"},
        {"train: {snapshots: [1, [2]]}", ":1:24: snapshots: ", "item"},
        {"train: {snapshots: ['1,2']}", ":1:21: snapshots: ", "comma"},
        {"train: {meta: yes}", ":1:15: meta: ", "neither true nor false"},
        {"train: {cell: rnn}", ":1:15: cell: ", "none of lstm|gru"},
        {"train: {steps: }", ":1:", "has no value"},
        {"train: 3", ":1:8: ", "map of options"},
        {"- a\n- b\n", ":1:1: ", "map of sections"},
        {"probe: &x {a: 1}\n", ":1:8: ", "anchors"},
        {"probe: *x\n", ":1:8: ", "aliases"},
        {"train: {steps: !!int 3}", ":1:16: ", "tags"},
        {"? [a]\n: b\n", ":1:3: ", "a key has to be a scalar"},
        {"a: 1\n---\nb: 2\n", ":2:1: ", "second document"},
        {"train: {snapshots: \"a\\0b\"}", ":1:20: ", "NUL"},
        {"train:\n\tsteps: 1\n", ":2:1: ", "cannot start any token"},
        {"train: {steps: 1\n", ":2:1: ", "flow mapping"},
        {"a: 1\nb: \"open\n", ":3:1: ", "end of stream"},
        {"train: {}\nprobes: {}\nanother: {}\n", ":2:1: ", "unknown section 'probes': there are experiment, and the filters: "},
        {"train: {}\nprobe-: {}\n", ":2:1: ", "unknown section 'probe-'"},
        {"a: 1\nb: 2\nc: x\xff\n", ":3:5: ", "UTF-8"},
        {"a: 1\n\xc3\xa9\xc3\xa9: \x01\n", ":2:5: ", "control characters"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct values v;
        struct error e;
        CHECK(apply(table[i].text, strlen(table[i].text), false, &v, &e) == STATUS_USAGE, "%s", table[i].text);
        CHECK(strncmp(e.text, path, strlen(path)) == 0, "%s", e.text);
        CHECK(strncmp(e.text + strlen(path), table[i].where, strlen(table[i].where)) == 0, "'%s' against '%s'", e.text, table[i].where);
        CHECK(strstr(e.text, table[i].what) != NULL, "'%s' against '%s'", e.text, table[i].what);
    }
}

static void extremes(void) {
    enum { MANY = 100000, MIB = 1 << 20 };
    struct values v;
    struct error e;
    char *bytes = malloc(MIB + 1);
    clock_t begun = clock();
    memcpy(bytes, "a: ", 3);
    memset(bytes + 3, '[', MANY);
    CHECK(apply(bytes, MANY + 3, false, &v, &e) == STATUS_USAGE && strstr(e.text, ":1:19: nested deeper than 16 levels"), "%s", e.text);
    memset(bytes + 3, '{', MANY);
    CHECK(apply(bytes, MANY + 3, false, &v, &e) == STATUS_USAGE, "%s", e.text);
    for (int i = 0; i < MANY; i++)
        snprintf(bytes + 10 * i, 11, "k%06u: \n", (unsigned)i % 1000000);
    CHECK(apply(bytes, 10 * MANY, false, &v, &e) == STATUS_USAGE && strstr(e.text, ":1:1: unknown section 'k000000'"), "%s", e.text);
    CHECK((double)(clock() - begun) / CLOCKS_PER_SEC < 3, "hostile files take %g s", (double)(clock() - begun) / CLOCKS_PER_SEC);
    memset(bytes, '\n', MIB + 1);
    CHECK(apply(bytes, MIB, false, &v, &e) == STATUS_OK, "%s", e.text);
    CHECK(apply(bytes, MIB + 1, false, &v, &e) == STATUS_USAGE && strstr(e.text, "longer than 1 MiB"), "%s", e.text);
    CHECK(apply("a: 1\nb\0", 7, false, &v, &e) == STATUS_USAGE && strstr(e.text, ":2:2: a NUL byte"), "%s", e.text);
    free(bytes);
    struct option none[] = {{0}};
    CHECK(config_apply("/nonexistent", "train", none, none, &e) == STATUS_NO_INPUT, "%s", e.text);
    CHECK(config_apply("/", "train", none, none, &e) == STATUS_NO_INPUT, "%s", e.text);
}

int main(void) {
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    accept();
    refuse();
    extremes();
    unlink(path);
    return check_report("cli/config");
}
