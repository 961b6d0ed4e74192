// The nearest relatives of RNNs in a zoo, by their embeddings or by their weights.
#include "math/neighbours.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "encoders/identity.h"
#include "records/embedding.h"
#include "records/rnn.h"
#include "records/same.h"
#include "records/skipped.h"
#include "stream/field.h"
#include "stream/array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *zoo;
static int k = 5;
static bool other_runs, by_weights;

static struct option options[] = {
    {.type = OPTION_TEXT,
     .name = "zoo",
     .letter = 'z',
     .target = &zoo,
     .value = "FILE",
     .help = "Embeddings, by the same encoder, among which relatives are sought; with --weights RNNs"},
    {.type = OPTION_FLAG,
     .name = "weights",
     .letter = 'w',
     .target = &by_weights,
     .help = "By the weights as they are of RNNs of one architecture, instead of by embeddings"},
    {.type = OPTION_INT, .name = "count", .letter = 'k', .target = &k, .low = 1, .high = 10000, .help = "How many relatives of each RNN"},
    {.type = OPTION_FLAG,
     .name = "other-runs",
     .letter = 'o',
     .target = &other_runs,
     .help = "Other snapshots of the same run are no relatives"},
    {0},
};

static struct program program = {
    .name = "nearest",
    .summary = "find the nearest relatives of RNNs in a zoo, by embeddings or weights",
    .synopsis = "--zoo FILE [OPTION]... < EMBEDDINGS > EMBEDDINGS\n--weights --zoo FILE [OPTION]... < RNNS > RNNS",
    .input = "embedding records, or rnn records, all of which are held in memory",
    .output = "the same records with their relatives, the nearest first",
    .examples = "nearest --zoo embeddings.mp < z.mp | rec-table --kind embedding run nearest.0.run nearest.0.distance\n"
                "nearest --zoo embeddings.mp --other-runs --count 1 < z.mp > relatives.mp\n"
                "flat-encode --model model.mp < zoo.mp | decode --model model.mp | nearest --weights --zoo zoo.mp > copies.mp",
    .options = options,
};

static const char *const told[] = {"run", "step", "name", "split", "task", "arch", NULL}; // of a relative

struct embedding {
    const struct value *root;
    bool has_encoder; // does it say by which one?
    struct encoder_identity encoder;
    struct rnn_arch arch; // with --weights, which are z then
    float *z;
    size_t size;
};

struct query {
    struct embedding e;
    struct neighbours found;
    size_t event; // which one the embedding was
};

// All that is read: events in their order, so that they can be written again; the queries among them; and the zoo's heads.
struct search {
    struct value **events; // records of standard input, meta and end included
    enum reader_event *kinds;
    size_t event_count, event_capacity;
    struct query *queries; // apart, as each is compared with all of the zoo, and there may be more events than queries
    size_t query_count, query_capacity;
    struct embedding like; // size and encoder of the queries
    struct value **heads;  // of the zoo's records: maps of what is told of each
    size_t head_count, head_capacity;
};

static const char *kind(void) {
    return by_weights ? "rnn" : "embedding";
}

static enum status weights_read_all(struct embedding *out, const struct value *record, struct error *error) {
    struct rnn_record r;
    struct params table = {0};
    if (rnn_record_read(record, &r, error) != STATUS_OK)
        return error->status;
    rnn_params(&table, &r.arch);
    *out = (struct embedding){.root = record, .arch = r.arch, .size = table.size, .z = memory_alloc(table.size * sizeof *out->z)};
    enum status status = rnn_record_weights(&r, &table, out->z, error);
    if (status != STATUS_OK)
        free(out->z);
    params_free(&table);
    return status;
}

static enum status embedding_read(struct embedding *out, const struct value *record, struct error *error) {
    struct array z;
    const struct value *encoder = value_get(record, "encoder");
    if (by_weights)
        return weights_read_all(out, record, error);
    *out = (struct embedding){.root = record, .has_encoder = encoder != NULL};
    if (encoder && encoder_identity_read(encoder, &out->encoder, error) != STATUS_OK)
        return error->status;
    if (embedding_z_open(record, &z, error) != STATUS_OK)
        return error->status;
    out->size = z.count;
    out->z = memory_alloc(z.count * sizeof *out->z);
    enum status status = embedding_z_copy(&z, out->z, error);
    if (status != STATUS_OK)
        free(out->z);
    return status;
}

// Puts a skipped record in the place of one that can't be used.
static void skip(struct value **record, struct error *reason) {
    struct packer *p = packer_new();
    struct value_nodes nodes = {0};
    struct value *skipped = NULL;
    struct error error;
    size_t size;
    skipped_pack(p, *record, reason->text);
    const uint8_t *bytes = packer_bytes(p, &size);
    if (value_decode(bytes, size, 64, &nodes, &error) == STATUS_OK)
        skipped = value_clone(nodes.node);
    free(nodes.node);
    packer_free(p);
    free(*record);
    *record = skipped;
}

static bool same_encoder(const struct embedding *a, const struct embedding *b) {
    if (by_weights)
        return rnn_arch_equal(&a->arch, &b->arch);
    return a->size == b->size && (!a->has_encoder || !b->has_encoder || encoder_identity_equal(&a->encoder, &b->encoder));
}

// Embeddings by several encoders have nothing to do with each other: all queries are like the first one.
static enum status query_read(struct search *s, struct embedding *e, const struct value *record, struct error *error) {
    if (embedding_read(e, record, error) != STATUS_OK)
        return error->status;
    if (s->query_count && !same_encoder(e, &s->like)) {
        free(e->z);
        return error_set(error, STATUS_DATA,
                         by_weights ? "an RNN of another architecture than the first one's"
                                    : "an embedding by another encoder than the first one's");
    }
    if (!s->query_count || !s->like.has_encoder)
        s->like = *e;
    return STATUS_OK;
}

static void read_queries(struct cli *cli, struct search *s, struct reader *in) {
    while (cli_read(cli, in)) {
        size_t capacity = s->event_capacity, event = s->event_count;
        s->events = memory_room(s->events, event, &capacity, sizeof *s->events);
        s->kinds = memory_room(s->kinds, event, &s->event_capacity, sizeof *s->kinds);
        s->events[event] = value_clone(in->record);
        s->kinds[event] = in->event;
        s->event_count++;
        if (in->event != READER_DATA || !value_is(value_get(in->record, "kind"), kind()))
            continue;
        s->queries = memory_room(s->queries, s->query_count, &s->query_capacity, sizeof *s->queries);
        struct query *q = &s->queries[s->query_count];
        *q = (struct query){.event = event};
        if (!cli_usable(cli, in, NULL, query_read(s, &q->e, s->events[event], cli_error(cli)))) {
            skip(&s->events[event], cli_error(cli));
            continue;
        }
        q->found = (struct neighbours){.k = k, .list = memory_calloc((size_t)k, sizeof *q->found.list)};
        s->query_count++;
    }
}

// Weights are copied as they are; embeddings of one RNN may differ by rounding. With --other-runs other snapshots of the run are left out,
// wherever they are.
static bool is_itself(const struct embedding *a, const struct embedding *b, double distance) {
    bool at_one_place = by_weights ? distance == 0 : distance < SAME_DISTANCE;
    if (at_one_place)
        return same_rnn(a->root, b->root, other_runs);
    return other_runs && same_rnn(a->root, b->root, true) && !same_rnn(a->root, b->root, false);
}

static void offer(struct query *q, const struct embedding *e, uint64_t index) {
    double distance = neighbours_distance(q->e.z, e->z, e->size);
    if (neighbours_near(&q->found, distance) && !is_itself(&q->e, e, distance)) // who is asked last, as it takes longest
        neighbours_offer(&q->found, index, distance);
}

static void keep_head(struct cli *cli, struct search *s, const struct value *record) {
    struct packer *p = packer_new();
    struct value_nodes nodes = {0};
    size_t size;
    pack_map(p);
    for (int i = 0; told[i]; i++)
        if (value_get(record, told[i])) {
            pack_key(p, told[i]);
            pack_value(p, value_get(record, told[i]));
        }
    pack_end(p);
    const uint8_t *bytes = packer_bytes(p, &size);
    cli_check(cli, value_decode(bytes, size, 64, &nodes, cli_error(cli)));
    s->heads = memory_room(s->heads, s->head_count, &s->head_capacity, sizeof *s->heads);
    s->heads[s->head_count++] = value_clone(nodes.node);
    free(nodes.node);
    packer_free(p);
}

static void read_zoo(struct cli *cli, struct search *s) {
    struct reader *in = cli_reader(cli, zoo);
    while (cli_read_model(cli, in)) {
        struct embedding e;
        if (in->event != READER_DATA || !value_is(value_get(in->record, "kind"), kind()))
            continue;
        cli_check_record(cli, in, embedding_read(&e, in->record, cli_error(cli)));
        if (s->query_count && !same_encoder(&e, &s->like))
            cli_check_record(cli, in,
                             error_set(cli_error(cli), STATUS_DATA,
                                       by_weights ? "an RNN of another architecture than those on standard input"
                                                  : "an embedding by another encoder than those on standard input"));
        for (size_t i = 0; i < s->query_count; i++)
            offer(&s->queries[i], &e, s->head_count);
        keep_head(cli, s, in->record);
        free(e.z);
    }
    if (!s->head_count)
        cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "%s: no %s record in it", in->name, kind()));
    reader_close(in);
}

static void pack_relatives(struct packer *p, const struct search *s, const struct query *q) {
    static const char *const none[] = {NULL};
    pack_key(p, "nearest");
    pack_list(p);
    for (int i = 0; i < q->found.count; i++) {
        pack_map(p);
        pack_rest(p, s->heads[q->found.list[i].index], none);
        pack_key(p, "distance");
        pack_double(p, q->found.list[i].distance);
        pack_end(p);
    }
    pack_end(p);
}

static void write_query(struct cli *cli, struct writer *out, const struct search *s, const struct query *q) {
    struct packer *p = writer_packer(out);
    pack_map(p);
    pack_rest(p, q->e.root, (const char *const[]){"nearest", NULL});
    pack_relatives(p, s, q);
    pack_end(p);
    cli_check(cli, writer_commit(out, cli_error(cli)));
}

static void write_answers(struct cli *cli, struct writer *out, const struct search *s) {
    const struct query *q = s->queries, *last = q + s->query_count;
    for (size_t i = 0; i < s->event_count; i++) {
        const struct value *record = s->events[i];
        if (s->kinds[i] == READER_META)
            cli_begin_segment(cli, out, &record, 1);
        else if (s->kinds[i] == READER_END)
            cli_check(cli, writer_end_segment(out, cli_error(cli)));
        else if (q < last && q->event == i)
            write_query(cli, out, s, q++);
        else
            cli_pass(cli, out, record);
    }
}

static void search_free(struct search *s) {
    for (size_t i = 0; i < s->event_count; i++)
        free(s->events[i]);
    for (size_t i = 0; i < s->query_count; i++) {
        free(s->queries[i].e.z);
        free(s->queries[i].found.list);
    }
    for (size_t i = 0; i < s->head_count; i++)
        free(s->heads[i]);
    free(s->events);
    free(s->kinds);
    free(s->queries);
    free(s->heads);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    if (!zoo)
        cli_usage(cli, "--zoo FILE has to be given");
    if (strcmp(zoo, "-") == 0)
        cli_usage(cli, "--zoo -: standard input has the embeddings whose relatives are sought");

    struct search s = {0};
    cli_writes_skipped(cli);
    struct reader *in = cli_reader(cli, "-");
    struct writer *out = cli_writer(cli);
    read_queries(cli, &s, in);
    read_zoo(cli, &s);
    write_answers(cli, out, &s);

    search_free(&s);
    return cli_finish(cli, in, out);
}
