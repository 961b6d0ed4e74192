// Sorting is stable and exact whatever fits into memory, and files are few however many parts there are.
#include "stream/sorter.h"

#include "../check.h"
#include "base/rng.h"
#include "sample.h"

#include <dirent.h>

enum { RECORDS = 3000 };

static struct error error;

static enum status by_run(const struct value *record, struct sort_key *key, struct error *e) {
    *key = (struct sort_key){{0}};
    return value_to_u64(value_get(record, "run"), &key->part[1]) ? STATUS_OK : error_set(e, STATUS_DATA, "no run");
}

static int descriptors(void) {
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

// A record with its key, its place, and a payload whose size and bytes follow from the place.
static const struct value *make(struct packer *p, struct value_nodes *nodes, uint64_t run, uint64_t place) {
    size_t size;
    uint8_t payload[300];
    memset(payload, (int)place, sizeof payload);
    packer_clear(p);
    pack_map(p);
    pack_key(p, "kind"), pack_str(p, "rnn");
    pack_key(p, "run"), pack_u64(p, run);
    pack_key(p, "place"), pack_u64(p, place);
    pack_key(p, "payload"), pack_bin(p, payload, place % sizeof payload);
    pack_end(p);
    const uint8_t *bytes = packer_bytes(p, &size);
    return value_decode(bytes, size, 0, nodes, NULL) == STATUS_OK ? nodes->node : NULL;
}

static void check_sorting(uint64_t memory, uint64_t count, uint64_t keys) {
    struct packer *p = packer_new();
    struct value_nodes nodes = {0};
    struct sorter *s = sorter_new(memory, by_run, &sample_identity);
    struct rng rng = rng_make(1, count, "sorter");
    int before = descriptors(), most = before;
    bool good = true;
    for (uint64_t i = 0; i < count; i++) {
        good &= sorter_add(s, make(p, &nodes, rng_below(&rng, keys), i), &error) == STATUS_OK;
        int now = i % 16 ? 0 : descriptors();
        most = now > most ? now : most;
    }
    CHECK(good, "adding: %s", error.text);
    CHECK(most - before < 4 * 32, "%d files open at a time", most - before);

    const struct value *record;
    enum status status;
    uint64_t n = 0, run, place, last_run = 0, last_place = 0;
    good = true;
    for (; (status = sorter_next(s, &record, &error)) == STATUS_OK; n++) {
        good &= value_to_u64(value_get(record, "run"), &run) && value_to_u64(value_get(record, "place"), &place);
        good &= n == 0 || run > last_run || (run == last_run && place > last_place);
        last_run = run;
        last_place = place;
        uint8_t copy[512];
        size_t length = record->length;
        memcpy(copy, record->bytes, length);
        const struct value *wanted = make(p, &nodes, run, place);
        good &= wanted->length == length && memcmp(wanted->bytes, copy, length) == 0;
    }
    CHECK(status == STATUS_END && n == count && good, "memory %d: %d of %d records, or a wrong order, or other bytes", (int)memory, (int)n,
          (int)count);
    sorter_free(s);
    CHECK(descriptors() == before, "files are closed");
    packer_free(p);
    free(nodes.node);
}

static void check_errors(void) {
    struct packer *p = packer_new();
    struct value_nodes nodes = {0};
    struct sorter *s = sorter_new(1, by_run, &sample_identity);
    setenv("TMPDIR", "/no/such/directory", 1);
    CHECK(sorter_add(s, make(p, &nodes, 1, 1), &error) == STATUS_OK, "one record needs no file");
    CHECK(sorter_add(s, make(p, &nodes, 1, 2), &error) == STATUS_IO && strstr(error.text, "/no/such/directory"), "%s", error.text);
    sorter_free(s);
    unsetenv("TMPDIR");

    s = sorter_new(1, by_run, &sample_identity);
    struct value empty = {.type = VALUE_MAP, .nodes = 1};
    CHECK(sorter_add(s, &empty, &error) == STATUS_DATA, "the key's errors are handed on");
    sorter_free(s);
    sorter_free(NULL);
    packer_free(p);
    free(nodes.node);
}

int main(void) {
    unsetenv("TMPDIR");
    check_sorting(1 << 20, 0, 1);
    check_sorting(1 << 20, 1, 1);
    check_sorting(1 << 20, RECORDS, 100); // one file or none
    check_sorting(100000, RECORDS, 100);  // a few files
    check_sorting(1, RECORDS, 100);       // a file for each record, three levels of merging
    check_sorting(1, RECORDS, 1);         // all keys equal
    check_sorting(1, 32 * 32, 1000000);   // the levels come out even
    check_errors();
    return check_report("stream/sorter");
}
