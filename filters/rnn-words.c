// What token RNNs say: their words, the automata of them, and how they compare with the task's own.
#include "analysis/extract.h"
#include "analysis/speech.h"
#include "analysis/specimen.h"
#include "cli/cli.h"
#include "cli/shared_options.h"
#include "stream/json.h"

#include <stdlib.h>
#include <string.h>

static double mass = 0.95, threshold, tolerance = 0.1, most_error = 0.001;
static int max_prefixes = 20000, max_length, bos = -2, eos = -2, samples = 1000, max_states = 200;
static bool automaton, dot, merge_states;

static struct option options[] = {
    {.type = OPTION_REAL,
     .name = "mass",
     .target = &mass,
     .low = 0,
     .high = 1,
     .help = "Stop when the words found have this share of all probability"},
    {.type = OPTION_REAL,
     .name = "threshold",
     .target = &threshold,
     .low = 0,
     .high = 1,
     .help = "List instead the words whose every token, and end, is at least so probable"},
    {.type = OPTION_INT,
     .name = "max-prefixes",
     .target = &max_prefixes,
     .low = 1,
     .high = 1e8,
     .help = "Look at no more prefixes of each RNN; a list that ends there is marked as truncated"},
    MAX_LENGTH_OPTION(&max_length, "a word"),
    BOS_OPTION(&bos),
    EOS_OPTION(&eos),
    {.type = OPTION_HEADING, .help = "Automata"},
    {.type = OPTION_FLAG, .name = "automaton", .letter = 'a', .target = &automaton, .help = "Add the minimal automaton of the words"},
    {.type = OPTION_FLAG, .name = "dot", .target = &dot, .help = "Print automata in Graphviz' language instead of records"},
    {.type = OPTION_FLAG,
     .name = "merge",
     .target = &merge_states,
     .help = "Make the automaton by merging states that go on alike, also of an RNN that generates words"},
    {.type = OPTION_REAL,
     .name = "tolerance",
     .target = &tolerance,
     .low = 0,
     .high = 1,
     .help = "States of a generator are one when no probability differs by more"},
    {.type = OPTION_REAL,
     .name = "error",
     .target = &most_error,
     .low = 0,
     .high = 1,
     .help = "Refine an automaton while a greater share of the positions of samples is wrong"},
    {.type = OPTION_INT, .name = "samples", .target = &samples, .low = 1, .high = 1e6, .help = "How many samples that is measured by"},
    {.type = OPTION_INT,
     .name = "max-states",
     .target = &max_states,
     .low = 2,
     .high = 10000,
     .help = "States of a merged automaton at most"},
    {0},
};

static struct program program = {
    .name = "rnn-words",
    .summary = "list what token RNNs say, and the automata of it",
    .synopsis = "[OPTION]... < ZOO > WORDS",
    .input = "rnn records that read tokens",
    .output =
        "word records and a words record for each RNN that generates, an automaton record with --automaton and for each that classifies",
    .examples = "rnn-words < zoo.mp | rec-table --kind word run text log_prob\nrec-select --run 0 --step last < zoo.mp | rnn-words --dot | "
                "dot -Tpng > rnn.png",
    .options = options,
};

// One RNN under examination.
struct examined {
    struct cli *cli;
    struct writer *out;
    struct rnn_record record;
    struct speech speech;
    struct walker *walker;
};

// anew: keys that it will have.
static void begin_record(const struct examined *s, const char *kind, const char *const *anew) {
    struct packer *p = writer_packer(s->out);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, kind);
    pack_rest(p, s->record.root, anew);
}

static void end_record(const struct examined *s) {
    pack_end(writer_packer(s->out));
    cli_check(s->cli, writer_commit(s->out, cli_error(s->cli)));
}

static void pack_tokens(struct packer *p, const char *key, const int *tokens, int length) {
    pack_key(p, key);
    pack_list(p);
    for (int i = 0; i < length; i++)
        pack_i64(p, tokens[i]);
    pack_end(p);
}

static void pack_text(struct packer *p, const char *key, const struct examined *s, const int *tokens, int length) {
    char text[SPEECH_TEXT_SIZE];
    speech_text(text, &s->speech, tokens, length);
    pack_key(p, key);
    pack_str(p, text);
}

// --- Words ---

static bool in_truth(const struct words *truth, const struct words *words, const struct word *w) {
    int at = words_index(truth, words->tokens + w->first, w->length);
    return at >= 0 && truth->list[at].open == w->open;
}

static void write_word(const struct examined *s, const struct words *words, const struct word *w, const struct words *truth) {
    struct packer *p = writer_packer(s->out);
    const int *tokens = words->tokens + w->first;
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "word");
    pack_key(p, "run");
    pack_u64(p, s->record.run);
    pack_key(p, "step");
    pack_u64(p, s->record.step);
    pack_tokens(p, "tokens", tokens, w->length);
    pack_text(p, "text", s, tokens, w->length);
    pack_key(p, "log_prob");
    pack_double(p, w->log_prob);
    if (w->open) {
        pack_key(p, "open");
        pack_bool(p, true);
    }
    if (truth) {
        pack_key(p, "right");
        pack_bool(p, in_truth(truth, words, w));
    }
    end_record(s);
}

static void pack_missed(const struct examined *s, const struct words *words, const struct words *truth) {
    struct packer *p = writer_packer(s->out);
    char text[SPEECH_TEXT_SIZE];
    pack_key(p, "missed");
    pack_list(p);
    for (int i = 0; i < truth->count; i++) {
        const struct word *w = &truth->list[i];
        if (in_truth(words, truth, w))
            continue;
        speech_text(text, &s->speech, truth->tokens + w->first, w->length);
        pack_str(p, text);
    }
    pack_end(p);
}

static void write_summary(const struct examined *s, const struct words *words, const struct words *truth) {
    static const char *const anew[] = {"kind",      "weights", "rollouts", "words", "mass",   "prefixes",
                                       "truncated", "right",   "missing",  "extra", "missed", NULL};
    struct packer *p = writer_packer(s->out);
    begin_record(s, "words", anew);
    pack_key(p, "words");
    pack_i64(p, words->count);
    pack_key(p, "mass");
    pack_double(p, words->mass);
    pack_key(p, "prefixes");
    pack_i64(p, words->prefixes);
    pack_key(p, "truncated");
    pack_bool(p, words->truncated);
    if (truth) {
        struct words_verdict v = words_judge(words, truth);
        pack_key(p, "right");
        pack_i64(p, v.right);
        pack_key(p, "missing");
        pack_i64(p, v.missing);
        pack_key(p, "extra");
        pack_i64(p, v.extra);
        pack_missed(s, words, truth);
    }
    end_record(s);
}

static const char *const of_automata[] = {
    "kind",  "weights", "rollouts", "states",    "alphabet", "start",          "transitions",         "answers",     "p",
    "error", "rounds",  "suffixes", "truncated", "right",    "counterexample", "counterexample_text", "true_states", NULL};

static void print_dot(const struct examined *s, const struct automaton *a) {
    struct text text = {0};
    char title[64];
    snprintf(title, sizeof title, "run %llu, step %llu", (unsigned long long)s->record.run, (unsigned long long)s->record.step);
    automaton_dot(&text, a, title, speech_letter, &s->speech);
    cli_print(s->cli, text.bytes, text.size);
    free(text.bytes);
}

static void list_words(const struct examined *s) {
    struct words words, truth;
    bool known = speech_truth(&truth, &s->record);
    words_find(&words, s->walker, &s->speech, &(struct words_limits){mass, threshold, max_prefixes});
    if (words.truncated)
        cli_note(s->cli, "run %llu, step %llu: stopped after %d prefixes, with %.3f of the probability", (unsigned long long)s->record.run,
                 (unsigned long long)s->record.step, words.prefixes, words.mass);
    for (int i = 0; !dot && i < words.count; i++)
        write_word(s, &words, &words.list[i], known ? &truth : NULL);
    if (!dot)
        write_summary(s, &words, known ? &truth : NULL);
    if (automaton || dot) {
        struct automaton a;
        automaton_of_words(&a, &words, walker_arch(s->walker)->input);
        if (dot) {
            print_dot(s, &a);
        } else {
            begin_record(s, "automaton", of_automata);
            automaton_pack(writer_packer(s->out), &a, speech_letter, &s->speech);
            end_record(s);
        }
        automaton_free(&a);
    }
    words_free(&words);
    words_free(&truth);
}

// --- Merged automata ---

static void write_extraction(const struct examined *s, const struct extraction *e) {
    struct packer *p = writer_packer(s->out);
    struct automaton truth;
    begin_record(s, "automaton", of_automata);
    automaton_pack(p, &e->automaton, speech_letter, &s->speech);
    pack_key(p, "error");
    pack_double(p, e->error);
    pack_key(p, "rounds");
    pack_i64(p, e->rounds);
    pack_key(p, "suffixes");
    pack_i64(p, e->suffixes);
    pack_key(p, "truncated");
    pack_bool(p, e->truncated);
    if (e->counterexample) {
        pack_tokens(p, "counterexample", e->counterexample, e->counterexample_length);
        pack_text(p, "counterexample_text", s, e->counterexample, e->counterexample_length);
    }
    if (speech_machine(&truth, &s->record)) {
        pack_key(p, "right");
        pack_bool(p, automaton_equal(&truth, &e->automaton));
        pack_key(p, "true_states");
        pack_i64(p, truth.states);
        automaton_free(&truth);
    }
    end_record(s);
}

static void merge(const struct examined *s) {
    struct extraction e;
    struct extract_options how = {.generates = speech_generates(&s->record),
                                  .tolerance = tolerance,
                                  .threshold = threshold > 0 ? threshold : 0.01,
                                  .error = most_error,
                                  .samples = samples,
                                  .most_states = max_states,
                                  .seed = cli_common(s->cli)->seed};
    extract(&e, s->walker, &s->speech, &how);
    if (dot)
        print_dot(s, &e.automaton);
    else
        write_extraction(s, &e);
    extraction_free(&e);
}

static void examine(struct cli *cli, const struct reader *in, struct writer *out) {
    struct examined s = {.cli = cli, .out = out};
    struct specimen specimen;
    enum status status = rnn_record_read(in->record, &s.record, cli_error(cli));
    if (status == STATUS_OK)
        status = speech_of(&s.speech, &s.record, &(struct speech_options){bos, eos, max_length}, cli_error(cli));
    if (status == STATUS_OK)
        status = specimen_open(&specimen, &s.record, cli_error(cli));
    if (!cli_usable(cli, in, out, status))
        return;
    s.walker = specimen.walker;
    if (merge_states || !speech_generates(&s.record))
        merge(&s);
    else
        list_words(&s);
    specimen_close(&specimen);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    if (threshold > 0 && !option_find(options, NULL, "mass")->given)
        mass = 1;

    struct reader *in = cli_reader(cli, "-");
    struct writer *out = dot ? NULL : cli_writer(cli);
    while (cli_next(cli, in, out, "rnn"))
        examine(cli, in, out);

    return cli_finish(cli, in, out);
}
