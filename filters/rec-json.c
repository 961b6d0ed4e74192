// A stream as JSON Lines, one record a line, and back.
#include "base/hash.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/shared_options.h"
#include "records/kinds.h"
#include "stream/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *arrays = "summary", *kind;
static bool meta = true, reverse;

static struct option options[] = {
    {.type = OPTION_CHOICE,
     .name = "arrays",
     .letter = 'a',
     .target = &arrays,
     .choices = "summary|whole",
     .help = "Show arrays by type, shape, least, greatest and mean item, or by all items"},
    KIND_OPTION(&kind, "Show only data records"),
    {.type = OPTION_FLAG, .name = "meta", .letter = 'm', .target = &meta, .help = "Show meta and end records too"},
    {.type = OPTION_FLAG,
     .name = "reverse",
     .letter = 'r',
     .target = &reverse,
     .help = "Read JSON Lines, written with --arrays whole, and write the stream; count and checksum of each end record are made anew"},
    {0},
};

static struct program program = {
    .name = "rec-json",
    .summary = "show a stream of records as JSON Lines, one record a line, or make a stream of them again",
    .synopsis = "[OPTION]... < STREAM > LINES\n--reverse [OPTION]... < LINES > STREAM",
    .input = "a stream of any kind (with --reverse: JSON Lines)",
    .output = "JSON Lines (with --reverse: a stream)",
    .examples = "rec-json < zoo.mp | head -2\n"
                "rec-json --no-meta --kind rnn < zoo.mp | jq .metrics\n"
                "rec-json --arrays whole < zoo.mp | sed 's/\"ood\"/\"validation\"/' | rec-json --reverse > edited.mp",
    .options = options,
};

static void print_record(struct cli *cli, const struct value *record, struct text *line) {
    line->size = 0;
    json_write(line, record, arrays[0] == 'w' ? JSON_WHOLE : JSON_SUMMARISED);
    cli_print(cli, line->bytes, line->size);
    cli_print(cli, "\n", 1);
}

static void print_stream(struct cli *cli, struct reader *in) {
    struct text line = {0};
    char name[64];
    bool any = false;
    while (cli_read(cli, in)) {
        bool named = value_to_text(value_get(in->record, "kind"), name, sizeof name);
        bool is_kind = in->event == READER_DATA && (!kind || (named && option_is_choice(kind, name)));
        if (is_kind || (in->event != READER_DATA && meta))
            print_record(cli, in->record, &line);
        any |= is_kind;
    }
    if (kind && !any)
        cli_note(cli, "no record of kind %s", kind);
    free(line.bytes);
}

// A segment being written from lines.
struct segment {
    bool open;
    uint64_t records;
    uint32_t crc;
};

static void write_bytes(struct cli *cli, const struct packer *p) {
    size_t size;
    const uint8_t *bytes = packer_bytes(p, &size);
    cli_print(cli, bytes, size);
}

static void write_end(struct cli *cli, struct packer *p, struct segment *s) {
    packer_clear(p);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "end");
    pack_key(p, "records");
    pack_u64(p, s->records);
    pack_key(p, "crc32");
    pack_u64(p, s->crc);
    pack_end(p);
    write_bytes(cli, p);
    *s = (struct segment){0};
}

static enum status write_line(struct cli *cli, const char *line, size_t size, struct packer *p, struct value_nodes *nodes,
                              struct segment *s) {
    packer_clear(p);
    enum status status = json_read(p, line, size, cli_error(cli));
    if (status != STATUS_OK)
        return status;
    size_t packed;
    const uint8_t *bytes = packer_bytes(p, &packed);
    if ((status = value_decode(bytes, packed, 0, nodes, cli_error(cli))) != STATUS_OK)
        return status;
    const struct value *record = nodes->node, *name = value_get(record, "kind");
    if (!name || name->type != VALUE_STR || record->count == 0 || !value_is(value_first(record), "kind"))
        return error_set(cli_error(cli), STATUS_DATA, "no record: its first key has to be kind");
    if (value_is(name, "meta") == s->open)
        return error_set(cli_error(cli), STATUS_DATA,
                         s->open ? "a meta record before the end record" : "a segment has to begin with a meta record");
    if (value_is(name, "end")) {
        write_end(cli, p, s);
        return STATUS_OK;
    }
    s->open = true;
    s->records++;
    s->crc = hash_crc32(s->crc, bytes, packed);
    write_bytes(cli, p);
    return STATUS_OK;
}

static void write_stream(struct cli *cli) {
    struct packer *p = packer_new();
    struct value_nodes nodes = {0};
    struct segment segment = {0};
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    unsigned long long number = 0;
    errno = 0;
    while ((size = getline(&line, &capacity, stdin)) > 0 && !ferror(stdin)) { // what an error cuts is no line
        number++;
        enum status status = write_line(cli, line, (size_t)size, p, &nodes, &segment);
        if (status != STATUS_OK)
            cli_check(cli, error_prefix(cli_error(cli), "standard input: line %llu", number));
    }
    if (!ferror(stdin) && !feof(stdin))
        memory_failed(capacity); // for a longer line
    if (ferror(stdin))
        cli_check(cli, error_set(cli_error(cli), errno == EBADF || errno == EISDIR ? STATUS_NO_INPUT : STATUS_IO, "standard input: %s",
                                 strerror(errno)));
    if (segment.open || number == 0)
        cli_check(cli,
                  error_set(cli_error(cli), STATUS_DATA, "standard input: line %llu: the input ends without an end record", number + 1));
    free(line);
    free(nodes.node);
    packer_free(p);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    struct reader *in = NULL;
    if (reverse) {
        cli_note_other_mode(cli, "kind|arrays|meta", "with --reverse");
        if (isatty(STDOUT_FILENO))
            cli_usage(cli, "standard output is a terminal: records are binary; redirect or pipe them");
        write_stream(cli);
    } else {
        in = cli_reader(cli, "-");
        print_stream(cli, in);
    }
    return cli_finish(cli, in, NULL);
}
