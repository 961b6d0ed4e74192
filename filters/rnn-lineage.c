// Which network was made from which, from weights alone.
#include "analysis/kin.h"
#include "analysis/lineage.h"
#include "base/escape.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/shared_options.h"
#include "records/path.h"
#include "records/rnn.h"
#include "records/skipped.h"
#include "rnn/symmetry.h"

#include <stdlib.h>
#include <string.h>

static double related = 0.25, margin = 0.1, kin = 0.55;
static const char *direction = "rising", *time_field, *label;
static bool dot, truth, align_first;
static int limit = 5000;

static struct option options[] = {
    {.type = OPTION_REAL,
     .name = "related",
     .letter = 'r',
     .target = &related,
     .low = -1,
     .high = 1,
     .help = "Two networks are of one family when the cosine of their weights is above this"},
    {.type = OPTION_CHOICE,
     .name = "kurtosis",
     .letter = 'k',
     .target = &direction,
     .choices = "rising|falling",
     .help = "How training moves the kurtosis of the weights: up when RNNs learn from scratch; down in some fine-tuning"},
    {.type = OPTION_REAL,
     .name = "margin",
     .letter = 'm',
     .target = &margin,
     .low = 0,
     .high = 1e6,
     .help = "RNNs whose kurtosis is within this of their root's might be the root instead: such arcs are undecided"},
    {.type = OPTION_TEXT,
     .name = "time",
     .letter = 't',
     .target = &time_field,
     .value = "FIELD",
     .help = "A number in the records, as step, that tells when each network was made: decides all directions"},
    {.type = OPTION_FLAG,
     .name = "align",
     .letter = 'a',
     .target = &align_first,
     .help = "First bring RNNs whose units were permuted, flipped or scaled into the order of their relatives"},
    {.type = OPTION_REAL,
     .name = "kin",
     .target = &kin,
     .low = -1,
     .high = 1,
     .help = "With --align: two families are one when the cosine of two members is above this after alignment"},
    {.type = OPTION_FLAG,
     .name = "truth",
     .target = &truth,
     .help = "Also write what the records say of themselves (parent, or the step before of the same run), for judging"},
    LABEL_OPTION(&label, "lineages"),
    {.type = OPTION_FLAG, .name = "dot", .letter = 'd', .target = &dot, .help = "Write a graph for Graphviz instead of records"},
    {.type = OPTION_INT,
     .name = "limit",
     .letter = 'n',
     .target = &limit,
     .low = 1,
     .high = 100000,
     .help = "Refuse more networks than this: time and memory grow with their square"},
    {0},
};

static struct program program = {
    .name = "rnn-lineage",
    .summary = "find which RNNs were made from which, from their weights",
    .synopsis = "[OPTION]... < RNNS > ARCS\n--dot [OPTION]... < RNNS > GRAPH",
    .input = "rnn records of one architecture",
    .output = "an arc record for each, or a graph in Graphviz' language",
    .examples = "rnn-lineage < zoo.mp | rec-table child.run child.step parent.run parent.step how\n"
                "rnn-lineage --dot --align < zoo.mp > family-tree.dot",
    .options = options,
};

struct net {
    float *weights;
    uint64_t run, step;
    double time;
    char name[TEXT_FIELD_SIZE]; // "" when it has none
    struct value *parent;       // what its record says, or NULL
    struct value *second;       // likewise
    char how[128];
};

struct nets {
    struct net *net;
    struct lineage_traits *traits;
    int count;
    size_t capacity;
    struct rnn_arch arch;
    struct params table;
    bool *chosen;            // tensors whose kurtosis is counted
    struct packer **skipped; // records for those that are left out
    int skipped_count;
};

// Matrices that are read by all units of a layer from all units of a layer: of shape [G*N,N]. Those at the network's ends have too few or
// too special entries.
static void choose_tensors(struct nets *all) {
    all->chosen = memory_calloc((size_t)all->table.count, sizeof *all->chosen);
    for (int l = 0; l < all->arch.layers; l++) {
        all->chosen[rnn_param(&all->arch, l, W_HH)] = true;
        all->chosen[rnn_param(&all->arch, l, W_IH)] = l > 0;
    }
}

static struct value *clone_of(const struct value *v) {
    return v ? value_clone(v) : NULL;
}

static void keep_truth(struct net *net, const struct value *root) {
    net->parent = clone_of(value_get(root, "parent"));
    net->second = clone_of(value_get(root, "second"));
    if (!value_to_text(value_get(root, "how"), net->how, sizeof net->how))
        strcpy(net->how, "made");
}

static enum status add(struct nets *all, const struct value *root, struct error *error) {
    struct rnn_record r;
    enum status status = rnn_record_read(root, &r, error);
    if (status != STATUS_OK)
        return status;
    if (!all->count) {
        params_free(&all->table); // of one before that was left out
        free(all->chosen);
        all->arch = r.arch;
        rnn_params(&all->table, &r.arch);
        choose_tensors(all);
    }
    if (!rnn_arch_equal(&all->arch, &r.arch))
        return error_set(error, STATUS_DATA, "an RNN of another architecture than the first: only equal ones can be compared");
    all->net = memory_room(all->net, (size_t)all->count, &all->capacity, sizeof *all->net);
    struct net *net = &all->net[all->count];
    *net = (struct net){.run = r.run, .step = r.step, .weights = memory_alloc(all->table.size * sizeof(float))};
    if (!value_to_text(value_get(root, "name"), net->name, sizeof net->name))
        net->name[0] = 0;
    if (time_field && !path_number(root, time_field, &net->time))
        status = error_set(error, STATUS_DATA, "--time: no number '%s' in it", time_field);
    if (status == STATUS_OK)
        status = rnn_record_weights(&r, &all->table, net->weights, error);
    if (status != STATUS_OK) {
        free(net->weights);
        return status;
    }
    if (truth)
        keep_truth(net, root);
    symmetry_merge_biases(net->weights, &all->arch); // how their sum is split says nothing
    all->count++;
    return STATUS_OK;
}

static void skip(struct nets *all, const struct value *root, const char *reason) {
    size_t size = (size_t)all->skipped_count * sizeof *all->skipped;
    all->skipped = memory_realloc(all->skipped, size, size + sizeof *all->skipped);
    skipped_pack(all->skipped[all->skipped_count++] = packer_new(), root, reason);
}

// What can't be used is left out (--skip-bad); the first RNN that can says which architecture the others have.
static void add_or_skip(struct cli *cli, struct nets *all, const struct reader *in) {
    enum status status = add(all, in->record, cli_error(cli));
    if (status == STATUS_OK && all->count > limit)
        cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "%s: more than %d RNNs (--limit)", in->name, limit));
    if (!cli_usable(cli, in, NULL, status))
        skip(all, in->record, cli_error(cli)->text);
}

static void align_kin(struct cli *cli, const struct nets *all) {
    enum { CANDIDATES = 24 };
    float **weights = memory_alloc((size_t)all->count * sizeof *weights);
    for (int i = 0; i < all->count; i++)
        weights[i] = all->net[i].weights;
    struct kin_options how = {.related = related, .kin = kin, .candidates = CANDIDATES};
    int changed = kin_align(weights, all->count, &all->arch, &how);
    cli_note(cli, "%d of %d RNNs were brought into the order of their relatives' units", changed, all->count);
    free(weights);
}

static void infer(struct nets *all, struct lineage_arc *arcs) {
    const float **weights = memory_alloc((size_t)all->count * sizeof *weights);
    all->traits = memory_alloc((size_t)all->count * sizeof *all->traits);
    double *times = memory_alloc((size_t)all->count * sizeof *times);
    for (int i = 0; i < all->count; i++) {
        weights[i] = all->net[i].weights;
        times[i] = all->net[i].time;
        all->traits[i] = lineage_traits(&all->table, weights[i], all->chosen);
    }
    struct lineage_options how = {.related = related, .margin = margin, .time = time_field ? times : NULL};
    how.direction = direction[0] == 'r' ? LINEAGE_RISING : LINEAGE_FALLING;
    lineage_infer(arcs, weights, all->traits, all->count, all->table.size, &how);
    free(weights);
    free(times);
}

static void pack_name(struct packer *p, const struct net *net) {
    pack_map(p);
    rnn_name_pack(p, (struct rnn_name){net->run, net->step});
    if (net->name[0]) {
        pack_key(p, "name");
        pack_str(p, net->name);
    }
    pack_end(p);
}

// The snapshot before of the same run, or NULL.
static const struct net *snapshot_before(const struct nets *all, const struct net *of) {
    const struct net *best = NULL;
    for (int i = 0; i < all->count; i++) {
        const struct net *n = &all->net[i];
        if (n->run == of->run && n->step < of->step && (!best || n->step > best->step))
            best = n;
    }
    return best;
}

// nil, or run and step of the true parent, `second` likewise for a merge, and how the RNN was made of it.
static enum status pack_truth(struct packer *p, const struct nets *all, const struct net *net, struct error *error) {
    const struct net *before = snapshot_before(all, net);
    uint64_t run, step;
    pack_key(p, "truth");
    if (!before && !net->parent) {
        pack_nil(p);
        return STATUS_OK;
    }
    if (!before && (field_u64(net->parent, "run", "parent", &run, error) != STATUS_OK ||
                    field_u64(net->parent, "step", "parent", &step, error) != STATUS_OK))
        return rnn_name_prefix((struct rnn_name){net->run, net->step}, error);
    pack_map(p);
    rnn_name_pack(p, (struct rnn_name){before ? before->run : run, before ? before->step : step});
    if (!before && net->second) {
        pack_key(p, "second");
        pack_value(p, net->second);
    }
    pack_key(p, "how");
    pack_str(p, before ? "snapshot" : net->how);
    pack_end(p);
    return STATUS_OK;
}

static enum status pack_arc(struct packer *p, const struct nets *all, int child, const struct lineage_arc *arc, struct error *error) {
    const struct net *net = &all->net[child];
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "arc");
    rnn_name_pack(p, (struct rnn_name){net->run, net->step});
    if (label) {
        pack_key(p, "label");
        pack_str(p, label);
    }
    pack_key(p, "child");
    pack_name(p, net);
    pack_key(p, "parent");
    if (arc->parent >= 0)
        pack_name(p, &all->net[arc->parent]);
    else
        pack_nil(p);
    if (arc->how == LINEAGE_MERGED) {
        pack_key(p, "second");
        pack_name(p, &all->net[arc->second]);
        pack_known(p, "share", arc->share);
    }
    pack_key(p, "how");
    pack_str(p, lineage_how_names[arc->how]);
    pack_key(p, "undecided");
    pack_bool(p, arc->undecided);
    pack_key(p, "family");
    pack_i64(p, arc->family);
    pack_known(p, "distance", arc->distance);
    pack_known(p, "cosine", arc->cosine);
    pack_known(p, "margin", arc->margin);
    pack_known(p, "kurtosis", all->traits[child].kurtosis);
    enum status status = truth ? pack_truth(p, all, net, error) : STATUS_OK;
    pack_end(p);
    return status;
}

// Graphviz' quoted text, without control characters: quotation marks and backslashes are escaped.
static void print_node(const struct net *net) {
    if (!net->name[0]) {
        printf("\"run %llu, step %llu\"", (unsigned long long)net->run, (unsigned long long)net->step);
        return;
    }
    char *name = escaped(net->name, strlen(net->name));
    putchar('"');
    for (const char *c = name; *c; c++)
        printf(*c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    putchar('"');
    free(name);
}

static void print_arrow(const struct nets *all, int from, int to, const struct lineage_arc *arc) {
    printf("    ");
    print_node(&all->net[from]);
    printf(" -> ");
    print_node(&all->net[to]);
    printf(" [label=\"%s\"%s];\n", arc->how == LINEAGE_TRAINED ? "" : lineage_how_names[arc->how], arc->undecided ? ", style=dashed" : "");
}

static void print_graph(const struct nets *all, const struct lineage_arc *arcs) {
    printf("digraph lineage {\n    node [shape=box];\n");
    for (int i = 0; i < all->count; i++) {
        printf("    ");
        print_node(&all->net[i]);
        printf("%s;\n", arcs[i].parent < 0 ? " [peripheries=2]" : "");
        if (arcs[i].parent >= 0)
            print_arrow(all, arcs[i].parent, i, &arcs[i]);
        if (arcs[i].how == LINEAGE_MERGED)
            print_arrow(all, arcs[i].second, i, &arcs[i]);
    }
    printf("}\n");
}

static void write_arcs(struct cli *cli, struct writer *out, const struct nets *all, const struct lineage_arc *arcs) {
    cli_begin_segment(cli, out, NULL, 0);
    for (int i = 0; i < all->count; i++) {
        cli_check(cli, pack_arc(writer_packer(out), all, i, &arcs[i], cli_error(cli)));
        cli_check(cli, writer_commit(out, cli_error(cli)));
    }
    for (int i = 0; i < all->skipped_count; i++)
        cli_commit(cli, out, all->skipped[i]);
    cli_check(cli, writer_end_segment(out, cli_error(cli)));
}

static void forget(struct nets *all) {
    for (int i = 0; i < all->count; i++) {
        free(all->net[i].weights);
        free(all->net[i].parent);
        free(all->net[i].second);
    }
    for (int i = 0; i < all->skipped_count; i++)
        packer_free(all->skipped[i]);
    free(all->skipped);
    free(all->net);
    free(all->traits);
    free(all->chosen);
    params_free(&all->table);
}

// Two of one name can't be told apart in what is written.
static void tell_twins(struct cli *cli, const struct nets *all) {
    for (int i = 0; i < all->count; i++)
        for (int k = 0; k < i; k++)
            if (all->net[i].run == all->net[k].run && all->net[i].step == all->net[k].step) {
                cli_note(cli, "run %llu, step %llu is there more than once: arcs name RNNs by run and step (rec-info shows all)",
                         (unsigned long long)all->net[i].run, (unsigned long long)all->net[i].step);
                return;
            }
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    cli_check_label(cli, label);
    if (!align_first)
        cli_note_unused(cli, "kin", "without --align");
    if (dot)
        cli_note_unused(cli, "label", "with --dot");
    struct nets all = {0};
    if (!dot)
        cli_writes_skipped(cli);

    struct reader *in = cli_reader(cli, "-");
    struct writer *out = dot ? NULL : cli_writer(cli);

    while (cli_read(cli, in)) {
        if (in->event == READER_META)
            cli_keep_source(cli, in->record);
        else if (in->event == READER_DATA && value_is(value_get(in->record, "kind"), "rnn"))
            add_or_skip(cli, &all, in);
    }
    if (!all.count)
        cli_check(cli, error_set(cli_error(cli), STATUS_DATA, "%s: there is no rnn record", in->name));
    tell_twins(cli, &all);
    if (align_first)
        align_kin(cli, &all);
    struct lineage_arc *arcs = memory_alloc((size_t)all.count * sizeof *arcs);
    infer(&all, arcs);
    if (dot)
        print_graph(&all, arcs);
    else
        write_arcs(cli, out, &all, arcs);

    free(arcs);
    forget(&all);
    return cli_finish(cli, in, out);
}
