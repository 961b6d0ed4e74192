#include "../check.h"
#include "records/census.h"
#include "stream/packer.h"

#include <stdlib.h>
#include <string.h>

struct feed {
    struct packer *packer;
    struct value_nodes nodes;
    struct census *census;
};

// What has been packed, as if a reader had come to it.
static void add(struct feed *f, enum reader_event event) {
    size_t size;
    const uint8_t *bytes = packer_bytes(f->packer, &size);
    if (value_decode(bytes, size, 0, &f->nodes, NULL) != STATUS_OK)
        abort();
    struct reader in = {.event = event, .record = f->nodes.node};
    census_add(f->census, &in);
    packer_clear(f->packer);
}

static void pack_number(struct packer *p, const char *key, uint64_t number) {
    pack_key(p, key), pack_u64(p, number);
}

static void add_rnn(struct feed *f, uint64_t run, uint64_t step, uint64_t task, double loss) {
    struct packer *p = f->packer;
    pack_map(p);
    pack_key(p, "kind"), pack_str(p, "rnn");
    pack_number(p, "run", run);
    if (step)
        pack_number(p, "step", step);
    pack_key(p, "split"), pack_str(p, task % 2 ? "ood" : "train");
    pack_key(p, "task"), pack_map(p), pack_key(p, "family"), pack_str(p, "x"), pack_number(p, "number", task), pack_end(p);
    pack_key(p, "arch"), pack_map(p), pack_key(p, "cell"), pack_str(p, "lstm"), pack_number(p, "input", 6), pack_number(p, "hidden", 8);
    pack_number(p, "layers", 2), pack_number(p, "output", 5), pack_end(p);
    pack_key(p, "weights"), pack_map(p), pack_key(p, "w"), pack_bin(p, "12345678", 8), pack_end(p); // 1 + 2 + 10 bytes
    pack_key(p, "metrics"), pack_map(p), pack_key(p, "loss"), pack_double(p, loss), pack_end(p);
    pack_end(p);
    add(f, READER_DATA);
}

static void add_meta(struct feed *f, uint64_t first, uint64_t count, size_t argument) {
    struct packer *p = f->packer;
    char *text = calloc(1, argument + 1);
    memset(text, 'x', argument);
    pack_map(p);
    pack_key(p, "kind"), pack_str(p, "meta");
    pack_key(p, "history"), pack_list(p);
    for (uint64_t i = first; i < first + count; i++)
        pack_map(p), pack_number(p, "n", i), pack_key(p, "argv"), pack_list(p), pack_str(p, text), pack_end(p), pack_end(p);
    pack_end(p), pack_end(p);
    add(f, READER_META);
    free(text);
}

static void check_counts(struct feed *f) {
    struct census *c = f->census;
    add_meta(f, 0, 3, 10);
    add_meta(f, 1, 3, 10);
    CHECK(c->history_count == 4 && c->history_left_out == 0);
    for (uint64_t run = 0; run < 10; run++)
        for (uint64_t step = 0; step <= run % 3; step++)
            add_rnn(f, run, step, run / 2, run == 9 ? NAN : (double)run);
    CHECK(c->records == 19 && c->runs.count == 10 && c->steps.count == 3 && c->segments == 0);
    CHECK(*table_at(&c->steps, 0) == 10 && *table_at(&c->steps, 2) == 3 && *table_at(&c->runs, 2) == 3);
    CHECK(c->kinds.used == 1 && strcmp(c->kinds.name[0].name, "rnn") == 0 && c->kinds.name[0].count == 19);
    CHECK(c->splits.used == 2 && c->splits.name[0].count + c->splits.name[1].count == 19);
    CHECK(c->families.used == 1 && c->families.name[0].tasks == 5 && c->families.name[0].count == 19);
    CHECK(c->archs.used == 1 && strcmp(c->archs.name[0].name, "lstm 6 -> 2 x 8 -> 5") == 0, "%s", c->archs.name[0].name);
    CHECK(c->weights_bytes == 19 * 13 && c->rollouts_bytes == 0);

    const struct summary *s = &c->summary[0];
    CHECK(c->summaries == 1 && strcmp(s->name, "rnn metrics.loss") == 0);
    CHECK(s->count == 18 && s->not_finite == 1 && s->min == 0 && s->max == 8);
    CHECK_CLOSE(s->mean, (1 * (0 + 3 + 6) + 2 * (1 + 4 + 7) + 3 * (2 + 5 + 8)) / 18.0, 1e-12);
    CHECK(summary_median(s) == 4.5, "%g", summary_median(s));
}

// Nothing that a stream may hold makes it grow without end.
static void check_bounds(struct feed *f) {
    struct census *c = f->census;
    struct packer *p = f->packer;
    char name[300];
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "kind%d", i);
        pack_map(p), pack_key(p, "kind"), pack_str(p, name), pack_key(p, "loss"), pack_double(p, i), pack_key(p, "arch"), pack_nil(p),
            pack_end(p);
        add(f, READER_DATA);
    }
    memset(name, 'k', sizeof name - 1), name[sizeof name - 1] = '\0';
    pack_map(p), pack_key(p, "kind"), pack_str(p, name), pack_end(p);
    add(f, READER_DATA);
    uint64_t total = 0;
    for (int i = 0; i < c->kinds.used; i++)
        total += c->kinds.name[i].count;
    CHECK(c->kinds.used == CENSUS_NAMES && total == c->records);
    CHECK(strcmp(c->kinds.name[CENSUS_NAMES - 1].name, "(other)") == 0);
    CHECK(c->summaries <= CENSUS_SUMMARIES);

    add_meta(f, 1000, CENSUS_HISTORY, 10);
    add_meta(f, 5, 1, CENSUS_HISTORY_BYTES);
    CHECK(c->history_count == CENSUS_HISTORY && c->history_left_out == 5, "%d, %d", c->history_count, (int)c->history_left_out);
}

// Of more numbers than the sample holds the median is an estimate, whatever their order.
static void check_median(struct feed *f) {
    for (int i = 0; i < 5 * CENSUS_SAMPLE; i++)
        add_rnn(f, 1, 1, 1, (double)i / (5 * CENSUS_SAMPLE));
    const struct summary *s = &f->census->summary[0];
    CHECK(s->count == 5 * CENSUS_SAMPLE);
    CHECK_CLOSE(summary_median(s), 0.5, 0.025); // 5 standard deviations
    CHECK(summary_median(s) != 0.5);
}

int main(void) {
    struct feed f = {.packer = packer_new(), .census = census_new(1)};
    check_counts(&f);
    check_bounds(&f);
    census_free(f.census);
    f.census = census_new(1);
    check_median(&f);
    census_free(f.census);
    census_free(NULL);
    packer_free(f.packer);
    free(f.nodes.node);
    return check_report("records/census");
}
