#include "training/dataset.h"

#include "zoo.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

static const struct reader_limits no_limits;

enum { COUNT = 5 };
static const struct zoo_record records[COUNT] = {
    {.run = 3, .step = 0, .split = "train", .rollouts = 2},      {.run = 3, .step = 100, .split = "train", .rollouts = 2},
    {.run = 4, .step = 0, .split = "validation", .rollouts = 2}, {.run = 5, .step = 0, .split = "ood", .rollouts = 2},
    {.run = 5, .step = 100, .split = "ood", .rollouts = 2},
};

static void check_refused(const char *path, const char *kind, enum status expected, const char *text) {
    struct dataset *d = NULL;
    struct error error = {0};
    enum status status = dataset_open(&d, path, kind, no_limits, &error);
    CHECK(status == expected && error.status == expected && strstr(error.text, text) && !d, "%d, not %d: %s", (int)status, (int)expected,
          error.text);
}

// All of the five records are there, whole.
static void check_records(const char *path, int metas) {
    struct dataset *d;
    struct error error = {0};
    if (dataset_open(&d, path, "rnn", no_limits, &error) != STATUS_OK) {
        CHECK(false, "%s", error.text);
        return;
    }
    CHECK(d->count == COUNT && d->meta_count == metas && d->forms.count == 1 && d->forms.list[0]->arch.hidden == 5, "%d %d", d->count,
          d->meta_count);
    for (int i = 0; i < d->meta_count; i++)
        CHECK(value_is(value_get(d->metas[i], "kind"), "meta") && value_is(value_get(d->metas[i], "program"), "test"));
    struct value_nodes nodes = {0};
    struct params table = {0};
    rnn_params(&table, &d->forms.list[0]->arch);
    float *weights = memory_alloc(table.size * sizeof(float));
    for (int k = 0; k < 2 * COUNT; k++) { // in no order, and more than once
        int i = k * 3 % COUNT;
        struct rnn_record r;
        CHECK(dataset_read(d, i, &nodes, &r, &error) == STATUS_OK, "%s", error.text);
        CHECK(r.run == records[i].run && r.step == records[i].step && strcmp(r.split, records[i].split) == 0);
        CHECK(d->items[i].run == r.run && d->items[i].step == r.step && strcmp(d->items[i].split, r.split) == 0 && !d->items[i].task.value);
        CHECK(r.has_rollouts && r.inputs.shape[0] == 2 && r.logits.shape[1] == 8);
        CHECK(d->items[i].task.family == &language_family && TASK_BODY(struct language, &d->items[i].task)->offsets[1] == 1);
        float *expected = zoo_weights(&records[i]);
        CHECK(rnn_record_weights(&r, &table, weights, &error) == STATUS_OK && memcmp(weights, expected, table.size * sizeof(float)) == 0);
        free(expected);
    }
    free(weights);
    free(nodes.node);
    params_free(&table);
    dataset_close(d);
}

struct copy {
    const char *path;
    int fd;
    long skip;
};

static void *copy_to(void *argument) {
    const struct copy *copy = argument;
    FILE *in = fopen(copy->path, "rb"), *out = fdopen(copy->fd, "wb");
    fseek(in, copy->skip, SEEK_SET);
    for (int c; (c = getc(in)) != EOF;)
        putc(c, out);
    fclose(in);
    fclose(out);
    return NULL;
}

static void test_file(const char *path) {
    check_records(path, 3);
    int saved = dup(STDIN_FILENO), fd = open(path, O_RDONLY);
    dup2(fd, STDIN_FILENO);
    check_records("-", 3);
    lseek(fd, 1, SEEK_SET); // what has been read already doesn't belong to it
    check_refused("-", "rnn", STATUS_DATA, "standard input: ");
    close(fd);
    dup2(saved, STDIN_FILENO);
    close(saved);
}

static void test_pipe(const char *path) {
    int ends[2], saved = dup(STDIN_FILENO);
    CHECK(pipe(ends) == 0);
    fcntl(ends[1], F_SETPIPE_SZ, 4096); // less than the zoo, so that it comes in pieces
    pthread_t thread;
    struct copy copy = {path, ends[1], 0};
    pthread_create(&thread, NULL, copy_to, &copy);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    check_records("-", 3);
    pthread_join(thread, NULL);
    dup2(saved, STDIN_FILENO);
    close(saved);
    setenv("TMPDIR", "/nowhere/at/all", 1);
    check_refused("/dev/null", "rnn", STATUS_IO, "temporary file");
    unsetenv("TMPDIR");
}

static void test_refusals(const char *path) {
    check_refused("/nowhere/zoo.mp", "rnn", STATUS_NO_INPUT, "/nowhere/zoo.mp");
    check_refused("/", "rnn", STATUS_NO_INPUT, "directory");
    check_refused("/dev/null", "rnn", STATUS_DATA, "/dev/null");
    check_refused(path, "embedding", STATUS_DATA, "no embedding record");
    char *empty = zoo_path();
    check_refused(empty, "rnn", STATUS_DATA, empty);
    zoo_remove(empty);

    const struct zoo_record bad_token[] = {{.run = 1, .rollouts = 2}, {.run = 2, .rollouts = 2, .bad_token = 9}};
    char *file = zoo_write(bad_token, 2, 0);
    check_refused(file, "rnn", STATUS_DATA, "record 3 (byte ");
    zoo_remove(file);

    long size = zoo_size(path);
    for (long at = 0; at < size; at += size / 19) {
        file = zoo_damaged(path, at ? at : 1, -1);
        check_refused(file, "rnn", STATUS_DATA, file);
        zoo_remove(file);
        file = zoo_damaged(path, 0, at);
        check_refused(file, "rnn", STATUS_DATA, file);
        zoo_remove(file);
    }
}

// RNNs of two sizes: each item knows its own.
static void test_sizes(void) {
    const struct zoo_record mixed[] = {{.run = 1}, {.run = 2, .hidden = 6}, {.run = 3}};
    char *file = zoo_write(mixed, 3, 1);
    struct dataset *d;
    struct error error;
    struct value_nodes nodes = {0};
    struct rnn_record record;
    CHECK(dataset_open(&d, file, "rnn", no_limits, &error) == STATUS_OK, "%s", error.text);
    CHECK(d->count == 3 && d->forms.count == 2 && d->items[0].form == d->items[2].form);
    for (int i = 0; i < 3; i++) {
        CHECK(d->items[i].form->arch.hidden == (i == 1 ? 6 : 5) && d->items[i].form->table.size == rnn_size(&d->items[i].form->arch));
        CHECK(dataset_read(d, i, &nodes, &record, &error) == STATUS_OK && record.arch.hidden == d->items[i].form->arch.hidden);
    }
    dataset_close(d);
    free(nodes.node);
    zoo_remove(file);
}

static void check_selection(const struct dataset *d, const char *split, int count, int first) {
    int *list, n = dataset_select(d, split, &list);
    CHECK(n == count && (!n || list[0] == first), "%s: %d", split ? split : "all", n);
    for (int i = 1; i < n; i++)
        CHECK(list[i] > list[i - 1]);
    free(list);
}

static void test_splits(const char *path) {
    struct dataset *d;
    struct error error;
    CHECK(dataset_open(&d, path, "rnn", no_limits, &error) == STATUS_OK);
    check_selection(d, "train", 2, 0);
    check_selection(d, "validation", 1, 2);
    check_selection(d, "ood", 2, 3);
    check_selection(d, NULL, 5, 0);
    uint64_t hash = d->hash;
    dataset_close(d);

    const struct zoo_record plain[] = {{.run = 1}, {.run = 2}};
    char *file = zoo_write(plain, 2, 0);
    CHECK(dataset_open(&d, file, "rnn", no_limits, &error) == STATUS_OK);
    check_selection(d, "train", 2, 0);
    check_selection(d, "validation", 0, 0);
    CHECK(d->hash != hash);
    dataset_close(d);
    zoo_remove(file);
    file = zoo_damaged(path, 0, -1);
    CHECK(dataset_open(&d, file, "rnn", no_limits, &error) == STATUS_OK && d->hash == hash);
    dataset_close(d);
    zoo_remove(file);
}

// A file that becomes shorter by a byte, which its last page would hide.
static void test_cut(const char *path) {
    struct dataset *d;
    struct error error;
    struct value_nodes nodes = {0};
    struct rnn_record record;
    char *file = zoo_damaged(path, 0, -1);
    CHECK(dataset_open(&d, file, "rnn", no_limits, &error) == STATUS_OK && dataset_read(d, 0, &nodes, &record, &error) == STATUS_OK);
    CHECK(truncate(file, zoo_size(file) - 1) == 0);
    CHECK(dataset_read(d, 0, &nodes, &record, &error) == STATUS_IO && strstr(error.text, "was cut while it was read"), "%s", error.text);
    dataset_close(d);
    free(nodes.node);
    zoo_remove(file);
}

int main(void) {
    char *path = zoo_write(records, COUNT, 2);
    test_file(path);
    test_pipe(path);
    test_refusals(path);
    test_sizes();
    test_splits(path);
    test_cut(path);
    dataset_close(NULL);
    zoo_remove(path);
    return check_report("training/dataset");
}
