// Cuts a stream into shards. The whole input is checked and indexed before the first file is written.
#include "base/memory.h"
#include "base/table.h"
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int shards;
static uint64_t records;
static const char *output = "shard-%04d.mp";
static bool by_run, empty, force;

static struct option options[] = {
    {.type = OPTION_INT,
     .name = "shards",
     .letter = 'n',
     .target = &shards,
     .low = 1,
     .high = 1000000,
     .help = "How many shards; their sizes differ by one record at most"},
    {.type = OPTION_U64,
     .name = "records",
     .letter = 'm',
     .target = &records,
     .low = 1,
     .high = 0x1p63,
     .help = "Data records in a shard, at most"},
    {.type = OPTION_TEXT,
     .name = "output",
     .letter = 'o',
     .target = &output,
     .value = "PATTERN",
     .help = "Names of the shards: %d is the number from 0 on, %04d has four digits, %% is a percent sign"},
    {.type = OPTION_FLAG,
     .name = "by-run",
     .letter = 'r',
     .target = &by_run,
     .help = "Keep all records of a run in one shard; --shards counts runs"},
    {.type = OPTION_FLAG, .name = "empty", .target = &empty, .help = "Write shards without data records too"},
    {.type = OPTION_FLAG, .name = "force", .letter = 'f', .target = &force, .help = "Replace files that are there"},
    {0},
};

static struct program program = {
    .name = "rec-split",
    .summary = "cut a stream into shards",
    .synopsis = "--shards N [OPTION]... < STREAM > NAMES\n--records N [OPTION]... < STREAM > NAMES",
    .input = "a stream of any kind; mapped when it is a file, otherwise copied to a temporary file",
    .output = "text: the names of the files written, one a line",
    .examples = "rec-split --shards 4 --by-run < zoo.mp | parallel -k 'probe --model probe.mp < {}' > z.mp\n"
                "rec-split --records 100 --output 'part-%d.mp' < zoo.mp",
    .options = options,
};

// --- The names: text, number, text ---

struct pattern {
    char *before, *after;
    int width;
};

// Copies text up to a conversion or the end; *text then stands there.
static char *literal(const char **text) {
    char *copy = memory_strdup(*text), *end = copy;
    for (; **text && (**text != '%' || (*text)[1] == '%'); (*text)++) {
        *text += **text == '%';
        *end++ = **text;
    }
    *end = '\0';
    return copy;
}

// False when it is not text with exactly one conversion; what was copied is to be freed all the same.
static bool read_pattern(const char *text, struct pattern *p) {
    p->before = literal(&text);
    size_t digits = text[0] ? strspn(text + 1, "0123456789") : 0;
    if (!text[0] || text[1 + digits] != 'd' || digits > 3 || (digits && text[1] != '0'))
        return false;
    p->width = atoi(text + 1);
    text += 1 + digits + 1;
    p->after = literal(&text);
    return !*text && p->width <= 100;
}

static void pattern_free(struct pattern *p) {
    free(p->before);
    free(p->after);
}

static char *name_of(const struct pattern *p, int number, const char *suffix) {
    char *name;
    if (asprintf(&name, "%s%0*d%s%s", p->before, p->width, number, p->after, suffix) < 0)
        memory_failed(0);
    return name;
}

// --- The index ---

struct item {
    uint64_t offset, size;
    uint64_t unit; // what is not divided: the record's number, or its run's in order of appearance
    int segment;
};

struct index {
    struct mapping map;
    struct item *item, *meta; // [count] data records, [segments] meta records
    uint64_t count, item_capacity;
    int segments;
    uint64_t *unit_size; // [units] records
    uint64_t units, unit_capacity;
    int *shard_of; // [units]
};

static uint64_t unit_of(struct index *x, const struct value *record, struct table *runs) {
    uint64_t run, new = x->units, *known;
    if (by_run && value_to_u64(value_get(record, "run"), &run)) {
        known = table_at(runs, run); // the unit's number + 1
        if (*known)
            return *known - 1;
        *known = new + 1;
    }
    x->unit_size = memory_room(x->unit_size, x->units, &x->unit_capacity, sizeof *x->unit_size);
    x->unit_size[x->units++] = 0;
    return new;
}

static void read_index(struct cli *cli, struct index *x) {
    struct table runs = {0};
    uint64_t meta_capacity = 0;
    x->map = cli_mapping(cli, "-");
    struct reader *in = reader_open_memory(x->map.bytes, x->map.size, "-", cli_limits(cli));
    while (cli_read(cli, in)) {
        struct item item = {.offset = in->offset, .size = in->record->length, .segment = x->segments - 1};
        if (in->event == READER_META) {
            x->meta = memory_room(x->meta, (uint64_t)x->segments, &meta_capacity, sizeof item);
            x->meta[x->segments++] = item;
        } else if (in->event == READER_DATA) {
            item.unit = unit_of(x, in->record, &runs);
            x->unit_size[item.unit]++;
            x->item = memory_room(x->item, x->count, &x->item_capacity, sizeof item);
            x->item[x->count++] = item;
        }
    }
    reader_close(in);
    table_free(&runs);
}

// Sets each unit's shard, in order; returns how many shards there are.
static int assign(struct cli *cli, struct index *x) {
    uint64_t filled = 0, shard = 0, many = (uint64_t)shards;
    x->shard_of = memory_alloc((size_t)x->units * sizeof *x->shard_of);
    for (uint64_t unit = 0; unit < x->units; unit++) {
        uint64_t limit = shards ? x->units / many + (shard < x->units % many) : records, size = shards ? 1 : x->unit_size[unit];
        if (filled && (size > limit || filled > limit - size)) {
            shard++;
            filled = 0;
        }
        if (shard >= INT_MAX)
            cli_check(cli, error_set(cli_error(cli), STATUS_USAGE, "more shards than can be counted"));
        x->shard_of[unit] = (int)shard;
        filled += size;
    }
    int used = x->units ? (int)shard + 1 : 0;
    return !empty ? used : shards ? shards : used ? used : 1;
}

// Sorts the items by shard, and stays with their order within each; begin [count + 1] says where each shard begins.
static void sort_items(struct index *x, int count, uint64_t *begin) {
    for (uint64_t i = 0; i < x->count; i++)
        begin[x->shard_of[x->item[i].unit] + 1]++;
    for (int s = 0; s < count; s++)
        begin[s + 1] += begin[s];
    struct item *sorted = memory_alloc((size_t)x->count * sizeof *sorted);
    uint64_t *next = memory_alloc((size_t)count * sizeof *next);
    memcpy(next, begin, (size_t)count * sizeof *next);
    for (uint64_t i = 0; i < x->count; i++)
        sorted[next[x->shard_of[x->item[i].unit]]++] = x->item[i];
    free(next);
    free(x->item);
    x->item = sorted;
}

// --- The files ---

static enum status begin_segment(const struct index *x, struct writer *w, int segment, struct error *error) {
    struct value_nodes nodes = {0};
    const struct item *meta = &x->meta[segment];
    enum status status = value_decode(x->map.bytes + meta->offset, meta->size, 0, &nodes, error);
    if (status == STATUS_OK)
        status = writer_begin_segment(w, &(const struct value *){nodes.node}, 1, error);
    free(nodes.node);
    return status;
}

static enum status write_items(const struct index *x, struct writer *w, uint64_t from, uint64_t to, struct error *error) {
    int segment = from < to ? x->item[from].segment : x->segments - 1;
    enum status status = begin_segment(x, w, segment, error);
    for (uint64_t i = from; i < to && status == STATUS_OK; i++) {
        const struct item *item = &x->item[i];
        if (item->segment != segment && (status = writer_end_segment(w, error)) == STATUS_OK)
            status = begin_segment(x, w, segment = item->segment, error);
        struct value record = {.type = VALUE_MAP, .bytes = x->map.bytes + item->offset, .length = item->size};
        if (status == STATUS_OK)
            status = writer_copy(w, &record, error);
    }
    if (status == STATUS_OK)
        status = mapping_check(&x->map, "standard input", error); // nothing else would tell that it was not what was indexed
    return status == STATUS_OK ? writer_end_segment(w, error) : status;
}

static enum status write_file(struct cli *cli, const struct index *x, const char *name, uint64_t from, uint64_t to) {
    struct error *error = cli_error(cli);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_set(error, STATUS_IO, "%s: %s", name, strerror(errno));
    struct writer *w = cli_writer_fd(cli, fd, name);
    enum status status = write_items(x, w, from, to, error);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = error_set(error, STATUS_IO, "%s: %s", name, strerror(errno));
    if (status == STATUS_OK)
        return writer_close(w, error);
    writer_abandon(w);
    return status;
}

static enum status rename_file(const char *from, const char *to, struct error *error) {
    return rename(from, to) == 0 ? STATUS_OK : error_set(error, STATUS_IO, "%s: %s", to, strerror(errno));
}

// All shards are whole and on disk under temporary names before the first one gets its own.
static enum status write_files(struct cli *cli, const struct index *x, const struct pattern *p, const uint64_t *begin, int count) {
    enum status status = STATUS_OK;
    struct progress *progress = progress_new(cli, "records", 0, x->count);
    int written = 0, renamed = 0;
    while (written < count && status == STATUS_OK) {
        char *temporary = name_of(p, written, ".tmp");
        status = write_file(cli, x, temporary, begin[written], begin[written + 1]);
        free(temporary);
        written++;
        progress_step(progress, begin[written], "shard %d of %d", written, count);
    }
    while (renamed < count && status == STATUS_OK) {
        char *temporary = name_of(p, renamed, ".tmp"), *name = name_of(p, renamed, "");
        status = rename_file(temporary, name, cli_error(cli));
        renamed += status == STATUS_OK;
        free(temporary);
        free(name);
    }
    for (int s = renamed; s < written; s++) {
        char *temporary = name_of(p, s, ".tmp");
        unlink(temporary);
        free(temporary);
    }
    progress_end(progress);
    return status;
}

// One more number than there are shards is looked at: what an older split has left there would be taken for a part of this one.
static void check_names(struct cli *cli, const struct pattern *p, int count) {
    for (int s = 0; s <= count; s++) {
        char *name = name_of(p, s, "");
        if (access(name, F_OK) == 0 && s == count)
            cli_note(cli, "%s is there, and no part of this split", name);
        else if (access(name, F_OK) == 0 && !force)
            cli_check(cli, error_set(cli_error(cli), STATUS_IO, "%s is there already; --force replaces it", name));
        free(name);
    }
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    if (!shards == !records)
        cli_usage(cli, "one of --shards and --records is needed");
    struct pattern pattern = {0};
    if (!read_pattern(output, &pattern)) {
        pattern_free(&pattern);
        cli_usage(cli, "--output: '%s' has to have one %%d, or %%04d and the like", output);
    }

    struct index index = {0};
    read_index(cli, &index);
    int count = assign(cli, &index);
    uint64_t *begin = memory_calloc((size_t)count + 1, sizeof *begin);
    sort_items(&index, count, begin);

    check_names(cli, &pattern, count);
    cli_check(cli, write_files(cli, &index, &pattern, begin, count));
    for (int s = 0; s < count; s++) {
        char *name = name_of(&pattern, s, "\n");
        cli_print(cli, name, strlen(name));
        free(name);
    }

    mapping_close(&index.map);
    free(index.item);
    free(index.meta);
    free(index.unit_size);
    free(index.shard_of);
    free(begin);
    pattern_free(&pattern);
    return cli_finish(cli, NULL, NULL);
}
