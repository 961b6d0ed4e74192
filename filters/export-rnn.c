// RNNs as files that other programs read.
#include "base/memory.h"
#include "base/writeall.h"
#include "cli/cli.h"
#include "formats/weightfile.h"
#include "records/npyzoo_write.h"
#include "records/rnn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *format = "safetensors", *to;

static struct option options[] = {
    {.type = OPTION_CHOICE,
     .name = "format",
     .letter = 'f',
     .target = &format,
     .choices = "safetensors|npz|npy",
     .help = "A file an RNN (safetensors, npz), or a directory of arrays for all RNNs (npy)"},
    {.type = OPTION_TEXT,
     .name = "to",
     .letter = 't',
     .target = &to,
     .value = "DIRECTORY",
     .help = "Write files there instead of one to standard output"},
    {0},
};

static struct program program = {
    .name = "export-rnn",
    .summary = "write RNNs as safetensors, .npz, or a zoo of .npy files",
    .synopsis = "[OPTION]... < RNN > FILE\n--to DIRECTORY [OPTION]... < RNNS",
    .input = "rnn records; one alone without --to",
    .output = "a safetensors or .npz file; nothing with --to",
    .examples = "rec-select --first 1 < zoo.mp | export-rnn > net.safetensors\n"
                "export-rnn --format npz --to nets < zoo.mp\n"
                "export-rnn --format npy --to published < zoo.mp",
    .options = options,
};

// --- One RNN ---

static void make_file(struct cli *cli, const struct reader *in, const struct rnn_record *r, uint8_t **out, size_t *size) {
    struct params table = {0};
    rnn_params(&table, &r->arch);
    float *weights = memory_alloc(table.size * sizeof *weights);
    cli_check_record(cli, in, rnn_record_weights(r, &table, weights, cli_error(cli)));
    struct weightfile_tensor *tensors = memory_calloc((size_t)table.count, sizeof *tensors);
    uint64_t(*shapes)[PARAM_MAX_RANK] = memory_calloc((size_t)table.count, sizeof *shapes);
    for (int i = 0; i < table.count; i++) {
        const struct param *p = &table.list[i];
        for (int k = 0; k < p->rank; k++)
            shapes[i][k] = (uint64_t)p->shape[k];
        tensors[i] = (struct weightfile_tensor){p->name, p->rank, shapes[i], weights + p->offset};
    }
    struct weightfile_text texts[4] = {{"format", "pt"}, {"rnn_cell", r->arch.cell->name}};
    const char *reads = rnn_reads_word(&r->arch), *answers = rnn_answers_word(&r->arch);
    int count = 2;
    if (reads)
        texts[count++] = (struct weightfile_text){"rnn_reads", reads};
    if (answers)
        texts[count++] = (struct weightfile_text){"rnn_answers", answers};
    if (strcmp(format, "npz") == 0)
        cli_check(cli, npz_write(tensors, table.count, out, size, cli_error(cli)));
    else
        safetensors_write(tensors, table.count, texts, count, out, size);
    free(shapes);
    free(tensors);
    free(weights);
    params_free(&table);
}

// DIRECTORY/run-3-step-100.npz, which must not be there yet.
static void write_file(struct cli *cli, const struct rnn_record *r, const uint8_t *bytes, size_t size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/run-%llu-step-%llu.%s", to, (unsigned long long)r->run, (unsigned long long)r->step, format);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 || !write_all(fd, bytes, size) || close(fd) != 0)
        cli_check(cli, error_set(cli_error(cli), STATUS_IO, "%s: %s", path, strerror(errno)));
}

// To standard output it goes at the end: the file of one of several RNNs would pass for all of them.
static struct alone {
    uint8_t *bytes;
    size_t size;
} alone;

static void export_one(struct cli *cli, const struct reader *in, const struct rnn_record *r, uint64_t number) {
    uint8_t *bytes;
    size_t size;
    if (!to && number > 1)
        cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "more than one rnn record: choose by rec-select, or give --to DIRECTORY"));
    make_file(cli, in, r, &bytes, &size);
    if (!to) {
        alone = (struct alone){bytes, size};
        return;
    }
    write_file(cli, r, bytes, size);
    free(bytes);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    bool is_zoo = strcmp(format, "npy") == 0;
    if (is_zoo && !to)
        cli_usage(cli, "--format npy needs --to DIRECTORY");
    if (!to && isatty(STDOUT_FILENO))
        cli_usage(cli, "standard output is a terminal: the file is binary; redirect it, or give --to DIRECTORY");

    struct reader *in = cli_reader(cli, "-");
    struct npy_zoo_writer *zoo = NULL;
    if (is_zoo)
        cli_check(cli, npy_zoo_writer_open(&zoo, to, cli_error(cli)));
    else if (to && mkdir(to, 0777) != 0 && errno != EEXIST)
        cli_check(cli, error_set(cli_error(cli), STATUS_IO, "%s: %s", to, strerror(errno)));

    uint64_t number = 0;
    while (cli_next(cli, in, NULL, "rnn")) {
        struct rnn_record r;
        cli_check_record(cli, in, rnn_record_read(in->record, &r, cli_error(cli)));
        if (!is_zoo)
            export_one(cli, in, &r, ++number);
        else
            number += cli_usable(cli, in, NULL, npy_zoo_writer_add(zoo, &r, cli_error(cli)));
    }
    if (is_zoo)
        cli_check(cli, npy_zoo_writer_close(zoo, cli_error(cli)));
    if (number == 0)
        cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "no rnn record in the stream"));
    cli_print(cli, alone.bytes, alone.size);
    free(alone.bytes);
    return cli_finish(cli, in, NULL);
}
