// Puts the records of a stream into the order of their runs and steps, in bounded memory.
#include "base/hash.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "stream/field.h"
#include "stream/sorter.h"

#include <stdlib.h>
#include <string.h>

static uint64_t memory = 256 << 20;
static bool unique;

static struct option options[] = {
    {.type = OPTION_U64,
     .name = "memory",
     .letter = 'm',
     .target = &memory,
     .value = "BYTES",
     .low = 1,
     .high = 0x1p62,
     .help = "Records held in memory, in bytes; more of them go to temporary files"},
    {.type = OPTION_FLAG,
     .name = "unique",
     .letter = 'u',
     .target = &unique,
     .help = "Keep only the first of the records of one kind, run and step"},
    {0},
};

static struct program program = {
    .name = "rec-sort",
    .summary = "sort records by run and step",
    .synopsis = "[OPTION]... < STREAM > STREAM",
    .input = "a stream of any kind",
    .output = "the same records in one segment: those without a run, then the others by run and step",
    .examples = "rec-sort < zoo.mp > sorted.mp\ncat zoo.mp zoo.mp | rec-sort --unique > once.mp",
    .options = options,
};

// (0, 0, 0) without a run, else (1, run, step), as a step that is absent is 0.
static enum status key_of(const struct value *record, struct sort_key *key, struct error *error) {
    enum status status = STATUS_OK;
    *key = (struct sort_key){{0}};
    if (!value_get(record, "run"))
        return STATUS_OK;
    key->part[0] = 1;
    status = field_u64(record, "run", "record", &key->part[1], error);
    if (status == STATUS_OK && value_get(record, "step"))
        status = field_u64(record, "step", "record", &key->part[2], error);
    return status;
}

// --- Unique records ---

// The kinds of the records of the current run and step, as they were kept.
struct group {
    struct sort_key key;
    struct kept {
        char *kind; // its encoding
        size_t size;
        uint64_t hash; // of the record
    } * kept;
    size_t count, capacity;
    unsigned long long dropped, different;
};

static void group_clear(struct group *g) {
    for (size_t i = 0; i < g->count; i++)
        free(g->kept[i].kind);
    g->count = 0;
}

// Is it the first of its kind, run and step?
static bool group_take(struct group *g, const struct value *record) {
    struct sort_key key;
    const struct value *kind = value_get(record, "kind");
    if (key_of(record, &key, NULL) != STATUS_OK || key.part[0] == 0)
        return true;
    if (memcmp(&key, &g->key, sizeof key) != 0)
        group_clear(g);
    g->key = key;
    uint64_t hash = hash_bytes(0, record->bytes, record->length);
    for (size_t i = 0; i < g->count; i++)
        if (g->kept[i].size == kind->length && memcmp(g->kept[i].kind, kind->bytes, kind->length) == 0) {
            g->dropped++;
            g->different += g->kept[i].hash != hash;
            return false;
        }
    g->kept = memory_room(g->kept, g->count, &g->capacity, sizeof *g->kept);
    g->kept[g->count++] = (struct kept){memcpy(memory_alloc(kind->length), kind->bytes, kind->length), kind->length, hash};
    return true;
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);

    struct reader *in = cli_reader(cli, "-");
    struct writer *out = cli_writer(cli);
    struct sorter *sorter = sorter_new(memory, key_of, cli_identity(cli));
    struct group group = {0};

    while (cli_read(cli, in)) {
        if (in->event == READER_META)
            cli_keep_source(cli, in->record);
        enum status status = in->event == READER_DATA ? sorter_add(sorter, in->record, cli_error(cli)) : STATUS_OK;
        if (status == STATUS_DATA)
            cli_check_record(cli, in, status);
        cli_check(cli, status);
    }

    const struct value *record;
    enum status status;
    cli_begin_segment(cli, out, NULL, 0);
    while ((status = sorter_next(sorter, &record, cli_error(cli))) == STATUS_OK)
        if (!unique || group_take(&group, record))
            cli_check(cli, writer_copy(out, record, cli_error(cli)));
    cli_check(cli, status);
    cli_check(cli, writer_end_segment(out, cli_error(cli)));

    if (group.dropped)
        cli_note(cli, "%llu records dropped, %llu of them other than the one kept", group.dropped, group.different);
    group_clear(&group);
    free(group.kept);
    sorter_free(sorter);
    return cli_finish(cli, in, out);
}
