#include "cli/encodefilter.h"

#include "cli/encodefilter_internal.h"

#include <string.h>

#define SYNOPSIS "--new [OPTION]... < ZOO > ENCODER\n--model FILE [--data FILE] [OPTION]... < ZOO > EMBEDDINGS"

int encode_main(const struct encode_filter *filter, int argc, char **argv) {
    struct encode_settings s = {.batch = 64, .timeout = 10};
    encode_options(&s, filter->types, filter->program.options);
    struct program program = filter->program;
    program.synopsis = encode_type_with(&s, "probes") ? SYNOPSIS "\n--model FILE --ask COMMAND [OPTION]... > EMBEDDING" : SYNOPSIS;
    program.input = "rnn records, unless --data names them; the model when FILE is -";
    program.output = "an encoder record, or an embedding record for each rnn record";
    program.options = s.table;
    struct cli *cli = cli_begin(&program, argc, argv);
    if (s.new_encoder == (s.model != NULL))
        cli_usage(cli, "either --new or --model FILE has to be given");
    cli_note_headings(cli, s.new_encoder ? "Options of --model" : "Options of --new", s.new_encoder ? "with --new" : "with --model");
    const char *data = s.data ? s.data : "-";
    if (s.ask && (!s.model || s.data))
        cli_usage(cli, "--ask goes with --model, and without --data");
    if (s.model && strcmp(s.model, "-") == 0 && strcmp(data, "-") == 0 && !s.ask)
        cli_usage(cli, "--model -: the zoo has to be named by --data FILE then");
    const struct encoder_type *type = filter->new_type ? encoder_type_find(filter->new_type(cli)) : s.types[0];
    if (s.new_encoder)
        encode_options_check(cli, &s, type);

    struct reader *in = s.ask ? NULL : cli_reader(cli, data);
    struct writer *out = cli_writer(cli);

    if (s.ask)
        encode_ask(cli, &s, filter->types, out);
    else if (s.new_encoder)
        encode_new(cli, &s, type, in, out);
    else
        encode_embed(cli, &s, filter->types, in, out);

    return cli_finish(cli, in, out);
}
