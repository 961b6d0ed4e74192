// The RNNs of a named stream, in memory: references, starting points.
#ifndef CLI_RNNFILE_H
#define CLI_RNNFILE_H

#include "cli/cli.h"
#include "records/rnn.h"

struct rnnfile {
    const char *path;
    int count; // at least 1 after rnnfile_open
    struct rnnfile_entry {
        struct rnn_arch arch;
        struct params table;
        float *weights; // [table.size]
        uint64_t run, step;
    } * rnn;
};

// Reads the stream to its end as a model that our output names (cli_read_model), and keeps its first `most` RNNs. Exits on failure, and
// when there is no rnn record.
struct rnnfile rnnfile_open(struct cli *cli, const char *path, int most);
void rnnfile_close(struct rnnfile *f); // a zeroed one may be closed, too

// Adds the RNN of the reader's current record, whose `path` need not be set; exits on failure.
void rnnfile_add(struct cli *cli, struct reader *in, struct rnnfile *f);

#endif
