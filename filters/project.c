// Puts all embeddings of a stream onto their first principal components, for pictures.
#include "base/memory.h"
#include "cli/cli.h"
#include "math/stats.h"
#include "training/dataset.h"

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

// All embeddings that can be used, a row each, in their order; and of each of all why it can't.
struct embeddings {
    double *z;
    int rows, columns, most;
    char **reason; // [most], NULL: it can
};

static enum status add_row(struct embeddings *all, int row, const struct value *record, struct error *error) {
    struct array z;
    const struct value *v = value_get(record, "z");
    if (!v)
        return error_set(error, STATUS_DATA, "embedding record: key 'z' is missing");
    enum status status = array_read(v, &z, error);
    if (status != STATUS_OK)
        return status;
    if (z.rank != 1 || z.count == 0 || z.count > 65536 || (all->z && z.count != (uint64_t)all->columns))
        return error_set(error, STATUS_DATA, "embedding record: z is no vector as long as the others");
    if (z.count < (uint64_t)components)
        return error_set(error, STATUS_DATA, "embedding record: z has only %d numbers", (int)z.count);
    if (!all->z) {
        all->columns = (int)z.count;
        all->z = memory_calloc((size_t)all->most, z.count * sizeof *all->z);
    }
    for (uint64_t i = 0; i < z.count; i++) {
        float f;
        array_to_floats(&z, i, 1, &f);
        if (!isfinite(f))
            return error_set(error, STATUS_DATA, "embedding record: z has a number that is not finite");
        all->z[(size_t)row * z.count + i] = (double)f;
    }
    return STATUS_OK;
}

static struct embeddings gather(struct cli *cli, const struct dataset *d) {
    struct embeddings all = {.most = d->count, .reason = memory_calloc((size_t)d->count, sizeof *all.reason)};
    struct value_nodes nodes = {0};
    struct rnn_record record;
    for (int i = 0; i < d->count; i++) {
        enum status status = dataset_read(d, i, &nodes, &record, cli_error(cli));
        if (status == STATUS_OK)
            status = add_row(&all, all.rows, record.root, cli_error(cli));
        all.rows += status == STATUS_OK;
        if (status == STATUS_DATA && cli_common(cli)->skip_bad)
            all.reason[i] = memory_strdup(cli_error(cli)->text);
        else if (status != STATUS_OK)
            cli_check(cli,
                      error_prefix(cli_error(cli), "%s: embedding %d (byte %llu)", d->name, i + 1, (unsigned long long)d->items[i].offset));
    }
    free(nodes.node);
    return all;
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

    struct dataset *d;
    struct reader_limits limits = {.record_bytes = cli_common(cli)->max_record_bytes};
    cli_check(cli, dataset_open(&d, "-", "embedding", limits, cli_error(cli)));
    struct embeddings all = gather(cli, d);
    double *projected = memory_calloc((size_t)all.rows, (size_t)components * sizeof *projected);
    if (all.rows)
        stats_pca(projected, NULL, all.z, all.rows, all.columns, components);
    struct reader *in = reader_open_memory(d->bytes, d->size, d->name, limits);
    struct writer *out = cli_writer(cli);

    const double *projection = projected;
    for (int i = 0; cli_next(cli, in, out, "embedding"); i++) {
        enum status status = all.reason[i] ? error_set(cli_error(cli), STATUS_DATA, "%s", all.reason[i]) : STATUS_OK;
        free(all.reason[i]);
        if (!cli_usable(cli, in, out, status))
            continue;
        pack_projected(writer_packer(out), in->record, projection);
        cli_check(cli, writer_commit(out, cli_error(cli)));
        projection += components;
    }

    free(all.reason);
    free(all.z);
    free(projected);
    int code = cli_finish(cli, in, out);
    dataset_close(d); // not earlier: the reader has its bytes
    return code;
}
