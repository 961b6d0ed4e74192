// --help as a typed signature: what goes in, what comes out, and each option with its type, range and default, all from the tables.
#include "cli/cli_internal.h"

#include <limits.h>
#include <string.h>

enum { WIDTH = 96, INDENT = 2, COLUMN = 28 };

// Words wrapped at WIDTH, continuation lines at `column`; the cursor stands at `at`.
static void wrap(FILE *f, const char *text, int at, int column) {
    bool first = true;
    for (const char *word = text; *word;) {
        int length = (int)strcspn(word, " ");
        if (!first && at + 1 + length > WIDTH) {
            fprintf(f, "\n%*s", column, "");
            at = column;
        } else if (!first) {
            fputc(' ', f);
            at++;
        }
        fwrite(word, 1, (size_t)length, f);
        at += length;
        first = false;
        word += length;
        word += strspn(word, " ");
    }
    fputc('\n', f);
}

static const char *metavariable(const struct option *o) {
    if (o->value)
        return o->value;
    switch (o->type) {
    case OPTION_INT:
    case OPTION_U64:
        return "N";
    case OPTION_REAL:
        return "X";
    case OPTION_TEXT:
        return "TEXT";
    case OPTION_CHOICE:
        return o->choices;
    default:
        return NULL;
    }
}

// "integer, 1 to 4096" or "number, at least 0".
static void describe_range(char *out, size_t size, const struct option *o) {
    const char *type = o->type == OPTION_REAL ? "number" : "integer";
    bool no_bounds = o->low == 0 && o->high == 0;
    double top = o->type == OPTION_INT ? INT_MAX : o->type == OPTION_U64 ? 0x1p63 : 1e300; // a greater bound is none
    if (no_bounds && o->type != OPTION_U64)
        snprintf(out, size, "%s", type);
    else if (no_bounds || o->high >= top)
        snprintf(out, size, "%s, at least %.15g", type, o->low);
    else
        snprintf(out, size, "%s, %.15g to %.15g", type, o->low, o->high);
}

static void describe_default(char *out, size_t size, const struct option *o) {
    const char *text = o->type == OPTION_TEXT || o->type == OPTION_CHOICE ? *(const char **)o->target : NULL;
    out[0] = '\0';
    if ((o->type == OPTION_INT && *(int *)o->target < o->low) || (o->type == OPTION_U64 && (double)*(uint64_t *)o->target < o->low))
        return; // it stands for: not given
    if (o->type == OPTION_FLAG)
        snprintf(out, size, "%s", *(bool *)o->target ? "yes" : "no");
    else if (o->type == OPTION_INT)
        snprintf(out, size, "%d", *(int *)o->target);
    else if (o->type == OPTION_U64)
        snprintf(out, size, "%llu", (unsigned long long)*(uint64_t *)o->target);
    else if (o->type == OPTION_REAL)
        snprintf(out, size, "%.10g", *(double *)o->target);
    else if (text)
        snprintf(out, size, "%s", *text ? text : "empty");
}

static void print_option(FILE *f, const struct option *o) {
    char left[160], right[1024], range[96] = "", value[256] = "";
    const char *meta = metavariable(o);
    char letter[] = {'-', o->letter, ',', ' ', '\0'};
    snprintf(left, sizeof left, "%*s%s--%s%s%s%s", INDENT, "", o->letter ? letter : "    ", o->type == OPTION_FLAG ? "[no-]" : "", o->name,
             meta ? " " : "", meta ? meta : "");
    if (o->type == OPTION_INT || o->type == OPTION_U64 || o->type == OPTION_REAL)
        describe_range(range, sizeof range, o);
    if (o->type != OPTION_ACTION)
        describe_default(value, sizeof value, o);
    const char *gap = range[0] && value[0] ? "; " : "";
    bool notes = range[0] || value[0];
    snprintf(right, sizeof right, "%s%s%s%s%s%s%s", o->help ? o->help : "", notes ? " (" : "", range, gap, value[0] ? "default " : "",
             value, notes ? ")" : "");
    int at = fprintf(f, "%s", left);
    if (at + 2 > COLUMN) {
        fputc('\n', f);
        at = 0;
    }
    fprintf(f, "%*s", COLUMN - at, "");
    wrap(f, right, COLUMN, COLUMN);
}

static void print_options(FILE *f, const struct option *table, const char *heading) {
    if (!table || (!table->name && table->type != OPTION_HEADING))
        return;
    if (table->type != OPTION_HEADING)
        fprintf(f, "\n%s:\n", heading);
    for (const struct option *o = table; o->name || o->type == OPTION_HEADING; o++) {
        if (o->type == OPTION_HEADING)
            fprintf(f, "\n%s:\n", o->help);
        else
            print_option(f, o);
    }
}

void help_usage(FILE *f, const struct program *program) {
    const char *lead = "Usage:";
    for (const char *line = program->synopsis ? program->synopsis : "[OPTION]..."; *line;) {
        size_t length = strcspn(line, "\n");
        fprintf(f, "%-6s %s %.*s\n", lead, program->name, (int)length, line);
        lead = "";
        line += length + (line[length] == '\n');
    }
}

static void print_exit_statuses(FILE *f) {
    static const struct {
        int code;
        const char *meaning;
    } table[] = {
        {EXIT_OK, "all went well"},
        {EXIT_DIFFERENT, "a comparison came out negative (filters that compare)"},
        {EXIT_DIVERGED, "a training diverged; what is best so far is written (filters that train)"},
        {EXIT_BAD_USAGE, "an option or the configuration file makes no sense"},
        {EXIT_BAD_DATA, "input that is damaged, truncated or unsuitable"},
        {EXIT_NO_INPUT, "a named file is missing or can't be read"},
        {EXIT_NO_MEMORY, "memory can't be had"},
        {EXIT_IO, "reading or writing failed"},
        {EXIT_INTERRUPTED, "stopped by SIGINT or SIGTERM with the work saved (filters that save)"},
        {EXIT_CLOSED_PIPE, "nobody reads our output any more"},
    };
    fprintf(f, "\nExit status:\n");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        fprintf(f, "  %-4d %s\n", table[i].code, table[i].meaning);
}

void help_print(FILE *f, const struct program *program, const struct option *common) {
    help_usage(f, program);
    fputc('\n', f);
    wrap(f, program->summary, 0, 0);
    fprintf(f, "\nStandard input:   ");
    wrap(f, program->input ? program->input : "not read", 18, 18);
    fprintf(f, "Standard output:  ");
    wrap(f, program->output ? program->output : "nothing", 18, 18);
    print_options(f, program->options, "Options");
    print_options(f, common, "Common options");
    print_exit_statuses(f);
    if (!program->examples)
        return;
    fprintf(f, "\nExamples:\n");
    for (const char *line = program->examples; *line;) {
        size_t length = strcspn(line, "\n");
        fprintf(f, "  %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static const char *type_for_programs(const struct option *o) {
    if (o->type == OPTION_FLAG)
        return "flag";
    if (o->type == OPTION_ACTION)
        return "action";
    if (o->choices)
        return "choice";
    if (o->words)
        return "words";
    if (o->value && option_is_choice("FILE|PATTERN", o->value))
        return "file";
    return o->value && option_is_choice("DIR|DIRECTORY", o->value) ? "directory" : "value";
}

void help_options(FILE *f, const struct program *program, const struct option *common) {
    const struct option *const tables[] = {program->options, common};
    for (int i = 0; i < 2; i++)
        for (const struct option *o = tables[i]; o && (o->name || o->type == OPTION_HEADING); o++)
            if (o->type != OPTION_HEADING)
                fprintf(f, "%s %s %c %s\n", o->name, type_for_programs(o), o->letter ? o->letter : '-',
                        o->choices ? o->choices
                        : o->words ? o->words
                                   : "");
}
