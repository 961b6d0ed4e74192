// Puts all embeddings of a stream onto their first principal components, for pictures.
#include "base/memory.h"
#include "cli/datafile.h"
#include "math/stats.h"
#include "records/embedding.h"

#include <math.h>
#include <stdlib.h>

static int components = 2;

static struct option options[] = {
    {.type = OPTION_INT,
     .name = "components",
     .letter = 'n',
     .target = &components,
     .help = "How many principal components",
     .low = 1,
     .high = 1024},
    {0},
};

static struct program program = {
    .name = "project",
    .summary = "project embeddings onto their principal components",
    .synopsis = "[OPTION]... < EMBEDDINGS > EMBEDDINGS",
    .input = "embedding records; mapped when it is a file, otherwise copied to a temporary file",
    .output = "the same records with a projection",
    .examples = "project < embeddings.mp | rec-table projection.0 projection.1 task.offsets.1 > pca.tsv",
    .options = options,
};

// All embeddings that can be used, a row each, in their order.
struct embeddings {
    double *z; // [rows, columns]
    int rows, columns;
    size_t capacity;
};

// The next row, for so many numbers.
static double *next_row(struct embeddings *all, int columns) {
    size_t row = (size_t)columns * sizeof *all->z;
    all->z = memory_room(all->z, (size_t)all->rows, &all->capacity, row);
    all->columns = columns;
    return all->z + (size_t)all->rows++ * (size_t)columns;
}

static enum status add_row(void *context, const struct rnn_record *record, struct error *error) {
    struct embeddings *all = context;
    struct array z;
    if (embedding_z_open(record->root, &z, error) != STATUS_OK)
        return error->status;
    if (z.count < (uint64_t)components)
        return error_set(error, STATUS_DATA, "embedding record: z has only %d numbers", (int)z.count);
    int size = all->rows ? all->columns : (int)z.count;
    float *floats = memory_alloc((size_t)size * sizeof *floats);
    enum status status = embedding_z_read(record->root, size, floats, error);
    if (status == STATUS_OK) {
        double *row = next_row(all, size);
        for (int i = 0; i < size; i++)
            row[i] = (double)floats[i];
    }
    free(floats);
    return status;
}

static void gather(struct cli *cli, const struct dataset *d, struct embeddings *all) {
    struct value_nodes nodes = {0};
    struct rnn_record record;
    for (int i = 0; i < d->count; i++)
        if (dataset_read(d, i, &nodes, &record, cli_error(cli)) != STATUS_OK || add_row(all, &record, cli_error(cli)) != STATUS_OK)
            cli_check(cli,
                      error_prefix(cli_error(cli), "%s: embedding %d (byte %llu)", d->name, i + 1, (unsigned long long)d->items[i].offset));
    free(nodes.node);
}

static void pack_projected(struct packer *p, const struct value *record, const double *projection) {
    pack_map(p);
    pack_rest(p, record, (const char *const[]){"projection", NULL});
    pack_key(p, "projection");
    pack_list(p);
    for (int i = 0; i < components; i++)
        pack_double(p, projection[i]);
    pack_end(p);
    pack_end(p);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);

    struct embeddings all = {0};
    struct dataset *d = datafile_open(cli, "-", "embedding", &(struct dataset_sift){add_row, &all});
    if (!cli_common(cli)->skip_bad) // with it they have been gathered
        gather(cli, d, &all);
    double *projected = memory_calloc((size_t)all.rows, (size_t)components * sizeof *projected);
    stats_pca(projected, NULL, all.z, all.rows, all.columns, components);
    struct reader *in = reader_open_memory(d->bytes, d->size, d->name, cli_limits(cli));
    struct writer *out = cli_writer(cli);

    const double *projection = projected;
    int skipped = 0;
    while (cli_next(cli, in, out, "embedding")) {
        if (skipped < d->skipped_count && d->skipped[skipped].offset == in->offset) {
            cli_check(cli, dataset_pack_skipped(d, skipped++, writer_packer(out), cli_error(cli)));
        } else {
            pack_projected(writer_packer(out), in->record, projection);
            projection += components;
        }
        cli_check(cli, writer_commit(out, cli_error(cli)));
    }

    free(all.z);
    free(projected);
    int code = cli_finish(cli, in, out);
    dataset_close(d); // not earlier: the reader has its bytes
    return code;
}
