// Source of task records: regular languages, each run's DFA drawn from (seed, run), or Tomita's grammars in turn.
#include "base/memory.h"
#include "base/numtext.h"
#include "base/textlist.h"
#include "cli/shared_options.h"
#include "cli/taskfilter.h"
#include "families/regular.h"

#include <stdlib.h>
#include <string.h>

static uint64_t count = 1, first_run;
static int symbols = 2, fewest, most, length = REGULAR_DEFAULT_LENGTH;
static const char *states = "2-8", *tomita;

static struct option options[] = {
    TASK_COUNT_OPTION(&count),
    FIRST_RUN_OPTION(&first_run, 'r', "record"),
    {.type = OPTION_INT,
     .name = "symbols",
     .letter = 'k',
     .target = &symbols,
     .low = 2,
     .high = DFA_MAX_SYMBOLS,
     .help = "Symbols of the alphabet"},
    {.type = OPTION_TEXT,
     .name = "states",
     .letter = 's',
     .target = &states,
     .value = "N|N-N",
     .help = "States of each automaton, 2 to 8; or from how many to how many, all numbers equally likely"},
    {.type = OPTION_INT,
     .name = "length",
     .letter = 'l',
     .target = &length,
     .low = 1,
     .high = DFA_MAX_LENGTH / 2,
     .help = "Symbols in a word to be learnt by"},
    {.type = OPTION_TEXT,
     .name = "tomita",
     .letter = 't',
     .target = &tomita,
     .value = "LIST",
     .help = "Tomita's grammars of these numbers, 1 to 7, in turn, instead of drawn automata: run r has number r of the list, from its "
             "beginning again after its end"},
    {0},
};

static struct program program = {
    .name = "gen-regular",
    .summary = "generate tasks: regular languages, to be recognised",
    .synopsis = "[OPTION]... > TASKS",
    .output = "task records",
    .examples = "gen-regular --count 1000 --seed 1 | partition > tasks.mp\n"
                "gen-regular --tomita 1,2,3,4,5,6,7 --count 70 | partition --by run > tomita.mp",
    .options = options,
};

static void parse_states(struct cli *cli) {
    char *low = memory_strdup(states), *hyphen = strchr(low, '-'), *high = hyphen ? hyphen + 1 : low;
    int64_t least, greatest;
    struct error reason;
    if (hyphen)
        *hyphen = '\0';
    if (numtext_i64(low, 2, DFA_MAX_STATES, &least, &reason) != STATUS_OK ||
        numtext_i64(high, least, DFA_MAX_STATES, &greatest, &reason) != STATUS_OK)
        cli_usage(cli, "--states %s: neither a number of 2 .. %d nor two of them with a hyphen, the lower one first", states,
                  DFA_MAX_STATES);
    fewest = (int)least, most = (int)greatest;
    free(low);
}

static int grammars[64], grammar_count;

static void parse_grammars(struct cli *cli) {
    const char *list = tomita;
    for (char item[32]; textlist_copy(&list, item, sizeof item);) {
        int64_t grammar;
        struct error reason;
        if (numtext_i64(item, 1, REGULAR_GRAMMARS, &grammar, &reason) != STATUS_OK)
            cli_usage(cli, "--tomita %s: '%s' %s", tomita, item, reason.text);
        if (grammar_count == (int)(sizeof grammars / sizeof *grammars))
            cli_usage(cli, "--tomita: more than %d", grammar_count);
        grammars[grammar_count++] = (int)grammar;
    }
}

static void draw(void *body, uint64_t run, struct rng *rng) {
    struct regular *task = body;
    if (grammar_count) {
        regular_tomita(task, grammars[run % (uint64_t)grammar_count]);
        return;
    }
    task->dfa = (struct dfa){.symbols = symbols, .states = fewest + (int)rng_below(rng, (uint64_t)(most - fewest + 1))};
    regular_draw_task(task, rng);
}

int main(int argc, char **argv) {
    struct cli *cli = cli_begin(&program, argc, argv);
    parse_states(cli);
    if (tomita) {
        parse_grammars(cli);
        cli_note_unused(cli, "states", "with --tomita");
        if (symbols != 2)
            cli_usage(cli, "--symbols %d: Tomita's grammars have 2", symbols);
    }
    struct regular task = {.length = length};
    return task_filter_run(cli, first_run, count, &regular_family, &task, draw);
}
