// Source of task records: formal languages, each run's drawn from (seed, run).
#include "base/numtext.h"
#include "base/textlist.h"
#include "cli/shared_options.h"
#include "cli/taskfilter.h"
#include "families/language.h"

#include <stdlib.h>

static uint64_t count = 1, first_run;
static int tokens = 4, length, max_n = 10;
static bool distinct;
static const char *offsets;

static struct option options[] = {
    TASK_COUNT_OPTION(&count),
    FIRST_RUN_OPTION(&first_run, 'r', "record"),
    {.type = OPTION_INT,
     .name = "tokens",
     .letter = 't',
     .target = &tokens,
     .low = 2,
     .high = LANGUAGE_MAX_TOKENS,
     .help = "Letters of the alphabet"},
    {.type = OPTION_INT,
     .name = "length",
     .letter = 'l',
     .target = &length,
     .low = 0,
     .high = LANGUAGE_MAX_LENGTH,
     .help = "Tokens in a row, BOS included; 0 stands for letters * max-n + 2"},
    {.type = OPTION_INT,
     .name = "max-n",
     .letter = 'm',
     .target = &max_n,
     .low = 1 - LANGUAGE_OFFSET_LOW,
     .high = LANGUAGE_MAX_LENGTH,
     .help = "Training strings have n below this"},
    {.type = OPTION_FLAG,
     .name = "distinct",
     .target = &distinct,
     .help = "Without repetition: every language once, in random order, then every one again (4 letters: 216)"},
    {.type = OPTION_TEXT,
     .name = "offsets",
     .letter = 'o',
     .target = &offsets,
     .value = "LIST",
     .help = "One fixed language instead of drawn ones: the letters' offsets, as in 0,1,-2,2"},
    {0},
};

static struct program program = {
    .name = "gen-language",
    .summary = "generate tasks: formal languages a^n b^(n+m_b) c^(n+m_c) ...",
    .synopsis = "[OPTION]... > TASKS",
    .output = "task records",
    .examples = "gen-language --count 1000 --seed 1 | train-rnn | partition > zoo.mp\ngen-language --offsets 0,1,-2,2 | rec-json",
    .options = options,
};

static void parse_offsets(struct cli *cli, struct language *l) {
    const char *list = offsets;
    char text[8];
    bool good = true;
    for (int i = 0; i < l->tokens; i++) {
        struct error reason;
        int64_t offset = 0;
        good &= textlist_copy(&list, text, sizeof text) &&
                numtext_i64(text, i ? LANGUAGE_OFFSET_LOW : 0, i ? LANGUAGE_OFFSET_HIGH : 0, &offset, &reason) == STATUS_OK;
        l->offsets[i] = (int)offset;
    }
    if (!good || list)
        cli_usage(cli, "--offsets %s: not 0 and %d integers of %d .. %d", offsets, l->tokens - 1, LANGUAGE_OFFSET_LOW,
                  LANGUAGE_OFFSET_HIGH);
}

static struct language language_from_options(struct cli *cli) {
    struct language l = {.tokens = tokens, .max_n = max_n};
    l.length = length ? length : language_default_length(tokens, max_n);
    if (l.length < 2 || l.length > LANGUAGE_MAX_LENGTH)
        cli_usage(cli, "rows of %d tokens: the length must be 2 .. %d", l.length, LANGUAGE_MAX_LENGTH);
    if (offsets)
        parse_offsets(cli, &l);
    return l;
}

static uint64_t seed;

static void draw(void *language, uint64_t run, struct rng *rng) {
    if (offsets)
        return;
    if (distinct)
        language_distinct_task(language, seed, run);
    else
        language_draw_task(language, rng);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    struct language language = language_from_options(cli);
    if (distinct && offsets)
        cli_usage(cli, "--distinct and --offsets: one language can't be distinct from itself");
    seed = cli_common(cli)->seed;
    return task_filter_run(cli, first_run, count, &language_family, &language, draw);
}
