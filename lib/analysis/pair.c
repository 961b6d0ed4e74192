#include "analysis/pair.h"

#include "base/hash.h"
#include "base/memory.h"
#include "records/path.h"

#include <stdlib.h>
#include <string.h>

enum status net_open(struct net **out, const struct value *record, struct error *error) {
    struct net *n = memory_calloc(1, sizeof *n);
    n->root = value_clone(record);
    enum status status = rnn_record_read(n->root, &n->record, error);
    if (status == STATUS_OK)
        status = specimen_open(&n->specimen, &n->record, error);
    if (status != STATUS_OK) {
        free(n->root);
        free(n);
        n = NULL;
    }
    *out = n;
    return status;
}

void net_close(struct net *n) {
    specimen_close(&n->specimen);
    free(n->root);
    free(n);
}

bool net_same_name(const struct net *a, const struct net *b) {
    return a->record.run == b->record.run && a->record.step == b->record.step;
}

bool net_equal_in(const struct net *a, const struct net *b, const char *field) {
    struct found x, y;
    double p, q;
    if (!path_find(a->root, field, &x) || !path_find(b->root, field, &y))
        return false;
    if (path_number(a->root, field, &p) && path_number(b->root, field, &q))
        return p == q;
    return !x.in_array && !y.in_array && x.value->length == y.value->length && memcmp(x.value->bytes, y.value->bytes, x.value->length) == 0;
}

void net_pack_name(struct packer *p, const char *key, const struct net *n) {
    char name[TEXT_FIELD_SIZE];
    pack_key(p, key);
    pack_map(p);
    rnn_name_pack(p, rnn_record_name(&n->record));
    if (value_to_text(value_get(n->root, "name"), name, sizeof name)) {
        pack_key(p, "name");
        pack_str(p, name);
    }
    pack_end(p);
}

// Random numbers of one RNN: a copy elsewhere (side) draws others.
static struct rng net_rng(const struct net *n, int side, uint64_t seed) {
    return rng_make(seed, hash_mix(n->record.run) ^ hash_mix(n->record.step + 1), side ? "compare b" : "compare a");
}

// --- Shared inputs ---

static enum status own_sequences(struct sequences *all, struct net *n, int side, const struct pair_options *o, struct error *error) {
    struct sequences own;
    struct rng rng = net_rng(n, side, o->seed);
    enum status status = sequences_own(&own, &n->record, n->specimen.walker, &o->speech, o->most_sequences, &rng, error);
    if (status != STATUS_OK)
        return status;
    for (int i = 0; i < own.count; i++)
        sequences_add(all, own.list[i]);
    all->width = own.width > all->width ? own.width : all->width;
    free(own.list);
    return STATUS_OK;
}

enum status pair_sequences(struct sequences *out, struct net *a, struct net *b, const struct pair_options *o, struct error *error) {
    enum { IO = ARCH_INPUT | ARCH_OUTPUT };
    const struct rnn_arch *arch = &a->record.arch;
    char text[RNN_ARCH_TEXT_SIZE];
    *out = (struct sequences){0};
    rnn_arch_difference(text, arch, &b->record.arch, IO);
    if (*text)
        return error_set(error, STATUS_DATA, "the two RNNs can't be compared: %s", text);
    if (!o->inputs_name) {
        enum status status = own_sequences(out, a, 0, o, error);
        return status == STATUS_OK ? own_sequences(out, b, 1, o, error) : status;
    }
    enum status status = sequences_parse(out, o->inputs, o->inputs_size, rnn_reads_tokens(arch), arch->input, error);
    if (status == STATUS_OK)
        status = sequences_check(out, arch, error);
    return status == STATUS_OK ? status : error_prefix(error, "%s", o->inputs_name);
}

// --- The test ---

// Words as rows of one length, filled up with -1.
static int *sampled_rows(struct net *n, const struct speech *s, int side, int length, const struct pair_options *o) {
    struct rng rng = net_rng(n, side, o->seed);
    struct sequences words;
    int *rows = memory_alloc((size_t)o->samples * (size_t)length * sizeof *rows);
    sequences_sample(&words, n->specimen.walker, s, o->samples, &rng);
    for (int i = 0; i < o->samples; i++)
        for (int t = 0; t < length; t++)
            rows[i * length + t] = t < words.list[i].length ? words.list[i].tokens[t] : -1;
    sequences_free(&words);
    return rows;
}

enum status pair_test(struct mmd *out, struct net *a, struct net *b, const struct pair_options *o, struct error *error) {
    struct speech x, y;
    if (!speech_generates(&a->record) || !speech_generates(&b->record))
        return error_set(error, STATUS_DATA, "--same: the RNN says no words; --within compares answers");
    if (speech_of(&x, &a->record, &o->speech, error) != STATUS_OK || speech_of(&y, &b->record, &o->speech, error) != STATUS_OK)
        return error->status;
    x.most_tokens = y.most_tokens = x.most_tokens < y.most_tokens ? x.most_tokens : y.most_tokens; // both are cut at the same length
    int length = x.most_tokens + 1;
    int *rows_a = sampled_rows(a, &x, 0, length, o), *rows_b = sampled_rows(b, &y, 1, length, o);
    struct rng rng = net_rng(b, 0, o->seed);
    *out = mmd_test(rows_a, o->samples, rows_b, o->samples, length, o->permutations, &rng);
    free(rows_a);
    free(rows_b);
    return STATUS_OK;
}
