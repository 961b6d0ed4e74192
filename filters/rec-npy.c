// Fields of records as NumPy arrays, a row a record, for scikit-learn and its kin.
#include "base/memory.h"
#include "base/tempfile.h"
#include "base/writeall.h"
#include "cli/cli.h"
#include "cli/shared_options.h"
#include "formats/npy.h"
#include "records/kinds.h"
#include "records/path.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *kind, *to;

static struct option options[] = {
    KIND_OPTION(&kind, "Only data records"),
    {.type = OPTION_TEXT, .name = "to", .letter = 't', .target = &to, .value = "DIRECTORY", .help = "Write FIELD.npy there for each field"},
    {0},
};

static struct program program = {
    .name = "rec-npy",
    .summary = "write a field of records as a NumPy array",
    .synopsis = "[OPTION]... FIELD < STREAM > ARRAY\n--to DIRECTORY [OPTION]... FIELD... < STREAM",
    .input = "a stream of any kind",
    .output = "a .npy array whose rows are the records' fields; nothing with --to",
    .examples = "rec-npy z < embeddings.mp > z.npy\n"
                "rec-npy --to arrays z run metrics.accuracy < z.mp",
    .options = options,
    .max_operands = 1000,
};

enum { BLOCK = 1 << 16 };

// What a column has been so far. Single numbers are kept as they came, since only the last one tells whether all are integers.
struct column {
    const char *field;
    uint64_t rows;
    bool found;               // some record has it
    char names[256];          // what the first record that has not has there instead
    bool is_array, fractions; // an array; or numbers, of which one at least is no integer
    enum dtype type;          // of an array
    int rank;
    uint64_t shape[ARRAY_MAX_RANK];
    size_t row_size;
    int spool; // a temporary file of all rows: the array's bytes, or an int64 and a double each
};

struct number {
    int64_t integer;
    double real;
};

static void spool(struct cli *cli, struct column *c, const void *bytes, size_t size) {
    if (!write_all(c->spool, bytes, size))
        cli_check(cli, error_set(cli_error(cli), STATUS_IO, "writing to a temporary file: %s", strerror(errno)));
    c->rows++;
}

// --- Rows ---

static void differs(struct cli *cli, const struct reader *in, const struct column *c, const char *what) {
    cli_check_record(cli, in, error_set(cli_error(cli), STATUS_DATA, "field '%s' %s", c->field, what));
}

// What is neither a number nor an array: of lists, which are no arrays, an item may do.
static void refuse(struct cli *cli, const struct reader *in, const struct column *c, const struct found *f) {
    if (f->value->type != VALUE_ARRAY || !f->value->count)
        differs(cli, in, c, "is neither a number nor an array of numbers");
    cli_check_record(cli, in,
                     error_set(cli_error(cli), STATUS_DATA,
                               "field '%s' is a list, neither a number nor an array of numbers: '%s.0' is its first item", c->field,
                               c->field));
}

// The part of an array that a path leads to.
static void add_array(struct cli *cli, const struct reader *in, struct column *c, const struct found *f) {
    const struct array *a = &f->array;
    int rank = a->rank - f->used;
    const uint64_t *shape = a->shape + f->used;
    if (c->rows == 0) {
        c->is_array = true;
        c->type = a->dtype;
        c->rank = rank;
        memcpy(c->shape, shape, (size_t)rank * sizeof *shape);
        c->row_size = f->count * dtype_size(a->dtype);
    }
    if (!c->is_array || c->type != a->dtype || c->rank != rank || memcmp(c->shape, shape, (size_t)rank * sizeof *shape) != 0)
        differs(cli, in, c, "has another shape or type than in the records before");
    spool(cli, c, a->data + f->first * dtype_size(a->dtype), c->row_size);
}

static bool is_number(const struct found *f) {
    return f->in_array ? f->used == f->array.rank
                       : f->value->type == VALUE_UINT || f->value->type == VALUE_INT || f->value->type == VALUE_FLOAT ||
                             f->value->type == VALUE_BOOL;
}

// Is it an integer that int64 holds? Then it is put there.
static bool integer_of(const struct found *f, int64_t *out) {
    if (!f->in_array && f->value->type == VALUE_BOOL)
        return *out = f->value->boolean, true;
    if (!f->in_array)
        return value_to_i64(f->value, out);
    if (dtype_is_float(f->array.dtype))
        return false;
    *out = array_integer(&f->array, f->first);
    return f->array.dtype != DTYPE_U8 || *out >= 0;
}

// A missing number is NaN; an integer beyond int64 becomes the nearest double.
static struct number number_of(struct column *c, const struct value *record) {
    struct number n = {.real = NAN};
    struct found f;
    if (!path_find(record, c->field, &f) || (!f.in_array && f.value->type == VALUE_NIL)) {
        c->fractions = true;
        return n;
    }
    c->fractions |= !integer_of(&f, &n.integer);
    path_number(record, c->field, &n.real);
    return n;
}

static void add_row(struct cli *cli, const struct reader *in, struct column *c) {
    struct found f;
    bool is_named = path_find(in->record, c->field, &f), there = is_named && (f.in_array || f.value->type != VALUE_NIL);
    c->found |= is_named;
    if (!is_named && !*c->names)
        path_names(in->record, c->field, c->names, sizeof c->names);
    if (there && f.in_array && f.used < f.array.rank) {
        add_array(cli, in, c, &f);
        return;
    }
    if (c->is_array)
        differs(cli, in, c, there ? "is no array, as in the records before" : "is missing");
    if (there && !is_number(&f))
        refuse(cli, in, c, &f);
    struct number n = number_of(c, in->record);
    spool(cli, c, &n, sizeof n);
}

// --- Arrays ---

static void write_out(struct cli *cli, int fd, const void *bytes, size_t size) {
    if (fd == STDOUT_FILENO)
        cli_print(cli, bytes, size);
    else if (!write_all(fd, bytes, size))
        cli_check(cli, error_set(cli_error(cli), STATUS_IO, "%s: %s", to, strerror(errno)));
}

// Turns a block of numbers into eight bytes each.
static size_t convert(const struct column *c, char *block, size_t size) {
    size_t count = size / sizeof(struct number);
    for (size_t i = 0; i < count; i++) {
        struct number n;
        memcpy(&n, block + i * sizeof n, sizeof n);
        memcpy(block + i * 8, c->fractions ? (const void *)&n.real : (const void *)&n.integer, 8);
    }
    return count * 8;
}

static void write_column(struct cli *cli, const struct column *c, int fd) {
    static char block[BLOCK]; // a multiple of a number's size
    char header[NPY_HEADER_SIZE];
    uint64_t shape[ARRAY_MAX_RANK + 1] = {c->rows}, offset = 0;
    memcpy(shape + 1, c->shape, (size_t)c->rank * sizeof *shape);
    write_out(cli, fd, header, npy_header_write(c->is_array ? c->type : c->fractions ? DTYPE_F8 : DTYPE_I8, c->rank + 1, shape, header));
    for (ssize_t n; (n = pread(c->spool, block, sizeof block, (off_t)offset)) != 0; offset += (uint64_t)n) {
        if (n < 0)
            cli_check(cli, error_set(cli_error(cli), STATUS_IO, "reading a temporary file: %s", strerror(errno)));
        write_out(cli, fd, block, c->is_array ? (size_t)n : convert(c, block, (size_t)n));
    }
}

static void write_file(struct cli *cli, const struct column *c) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.npy", to, c->field);
    int fd = strchr(c->field, '/') ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd >= 0)
        write_column(cli, c, fd);
    if (fd < 0 || close(fd) != 0)
        cli_check(cli, error_set(cli_error(cli), STATUS_IO, "%s: %s", path, strchr(c->field, '/') ? "no name of a file" : strerror(errno)));
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    char **fields;
    int count = cli_operands(cli, &fields);
    if (!count || (!to && count > 1))
        cli_usage(cli, count ? "one FIELD, or --to DIRECTORY for several" : "at least one FIELD is needed");
    if (!to && isatty(STDOUT_FILENO))
        cli_usage(cli, "standard output is a terminal: the array is binary; redirect it, or give --to DIRECTORY");

    struct reader *in = cli_reader(cli, "-");
    struct column *columns = memory_calloc((size_t)count, sizeof *columns);
    for (int i = 0; i < count; i++) {
        columns[i].field = fields[i];
        columns[i].spool = tempfile_open(cli_error(cli));
        cli_check(cli, columns[i].spool < 0 ? STATUS_IO : STATUS_OK);
    }
    if (to && mkdir(to, 0777) != 0 && errno != EEXIST)
        cli_check(cli, error_set(cli_error(cli), STATUS_IO, "%s: %s", to, strerror(errno)));

    bool any = false;
    for (; cli_next(cli, in, NULL, kind); any = true)
        for (int i = 0; i < count; i++)
            add_row(cli, in, &columns[i]);
    if (kind && !any)
        cli_note(cli, "no record of kind %s", kind);
    for (int i = 0; any && i < count; i++)
        if (!columns[i].found && !path_ends_in_index(fields[i]))
            cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "no record has the field '%s'; %s", fields[i], columns[i].names));

    for (int i = 0; i < count; i++) {
        if (to)
            write_file(cli, &columns[i]);
        else
            write_column(cli, &columns[i], STDOUT_FILENO);
        close(columns[i].spool);
    }
    free(columns);
    return cli_finish(cli, in, NULL);
}
