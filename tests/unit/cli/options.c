// The command line: forms of options, bounds, misuse, actions.
#include "../check.h"

#include "cli/options.h"

#include <string.h>

struct values {
    int steps;
    uint64_t run;
    double rate;
    bool residual, help;
    const char *file, *cell;
    int first;
};

enum { MAX_WORDS = 8 };

// Parses the words of a line (permuting them in argv).
static enum status parse(const char *line, char *argv[MAX_WORDS + 2], struct values *v, struct error *error) {
    static char copy[256];
    *v = (struct values){.steps = 5, .rate = 0.5, .residual = true, .cell = "lstm"};
    struct option own[] = {
        {.type = OPTION_HEADING, .help = "Training"},
        {.type = OPTION_INT, .name = "steps", .letter = 'n', .target = &v->steps, .low = 1, .high = 1000},
        {.type = OPTION_U64, .name = "run", .target = &v->run},
        {.type = OPTION_REAL, .name = "rate", .target = &v->rate, .low = 0, .high = 1},
        {.type = OPTION_FLAG, .name = "residual", .letter = 'r', .target = &v->residual},
        {.type = OPTION_TEXT, .name = "file", .letter = 'f', .target = &v->file},
        {.type = OPTION_CHOICE, .name = "cell", .target = &v->cell, .choices = "lstm|gru"},
        {0},
    };
    struct option common[] = {{.type = OPTION_ACTION, .name = "help", .letter = 'h', .target = &v->help}, {0}};
    snprintf(copy, sizeof copy, "%s", line);
    int argc = 0;
    argv[argc++] = "filter";
    for (char *word = strtok(copy, " "); word && argc <= MAX_WORDS; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    error->text[0] = '\0';
    enum status status = options_parse(argc, argv, own, common, &v->first, error);
    v->first = argc - v->first; // the number of operands
    return status;
}

static void forms(void) {
    char *argv[MAX_WORDS + 2];
    struct values v;
    struct error e;
    CHECK(parse("", argv, &v, &e) == STATUS_OK && v.steps == 5 && v.first == 0);
    CHECK(parse("--steps=7 --run 18446744073709551615 --rate 1e-3", argv, &v, &e) == STATUS_OK && v.steps == 7 && v.run == UINT64_MAX &&
          v.rate == 1e-3);
    CHECK(parse("-n 7 -rfname", argv, &v, &e) == STATUS_OK && v.steps == 7 && v.residual && strcmp(v.file, "name") == 0);
    CHECK(parse("-n7 -n 8", argv, &v, &e) == STATUS_OK && v.steps == 8, "the last wins");
    CHECK(parse("--no-residual", argv, &v, &e) == STATUS_OK && !v.residual);
    CHECK(parse("--no-residual --residual", argv, &v, &e) == STATUS_OK && v.residual);
    CHECK(parse("--file=", argv, &v, &e) == STATUS_OK && v.file && !*v.file);
    CHECK(parse("--file --steps", argv, &v, &e) == STATUS_OK && strcmp(v.file, "--steps") == 0);
    CHECK(parse("a --steps 7 - b", argv, &v, &e) == STATUS_OK && v.steps == 7 && v.first == 3 && strcmp(argv[3], "a") == 0,
          "operands are gathered");
    CHECK(parse("-n 7 -- --rate", argv, &v, &e) == STATUS_OK && v.first == 1);
    CHECK(parse("--cell gru", argv, &v, &e) == STATUS_OK && strcmp(v.cell, "gru") == 0);
    CHECK(parse("--steps 7 --help --bogus", argv, &v, &e) == STATUS_OK && v.help && v.steps == 5,
          "an action ends the parsing and finds the defaults");
}

static void misuse(void) {
    static const struct {
        const char *line, *text;
    } table[] = {
        {"--bogus", "unknown option '--bogus'"},
        {"--bogus=3", "unknown option '--bogus'"},
        {"--r", "ambiguous option '--r'"},
        {"-z", "unknown option '-z'"},
        {"-rz", "unknown option '-z'"},
        {"--bogus --help", "unknown option '--bogus'"},
        {"--steps", "option '--steps' needs a value"},
        {"-n", "option '--steps' needs a value"},
        {"--residual=1", "option '--residual' takes no value"},
        {"--no-residual=1", "option '--no-residual' takes no value"},
        {"--no-help", "unknown option '--no-help'"},
        {"--steps 0", "--steps: '0' is too small (at least 1)"},
        {"--steps 1001", "--steps: '1001' is too large (at most 1000)"},
        {"-n x", "--steps: 'x' is no number"},
        {"--steps=", "--steps: '' is no number"},
        {"--steps 1e2", "is no number"},
        {"--steps 99999999999999999999", "too large"},
        {"--run -1", "too small"},
        {"--run 18446744073709551616", "too large"},
        {"--rate nan", "is no number"},
        {"--rate inf", "is no number"},
        {"--rate 1.5", "too large"},
        {"--rate -0.1", "too small"},
        {"--cell ls", "--cell: 'ls' is none of lstm|gru"},
        {"--cell=", "is none of"},
        {"--cell lstm|gru", "is none of"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *argv[MAX_WORDS + 2];
        struct values v;
        struct error e;
        CHECK(parse(table[i].line, argv, &v, &e) == STATUS_USAGE, "%s", table[i].line);
        CHECK(strstr(e.text, table[i].text) != NULL, "%s: '%s' against '%s'", table[i].line, e.text, table[i].text);
    }
}

int main(void) {
    forms();
    misuse();
    return check_report("cli/options");
}
