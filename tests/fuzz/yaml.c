// The YAML reader, with an option of every type.
#include "fuzz.h"

#include "cli/config.h"

static void check_text(const struct option *o) {
    char *text = *(char **)o->target;
    FUZZ_CHECK(!o->choices || option_is_choice(o->choices, text));
    FUZZ_CHECK(o->given || strcmp(text, "lstm") == 0);
    if (o->given)
        free(text); // a text that was read is the option's for good
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int steps = 5, given = 7;
    uint64_t seed = 1;
    double rate = 0.5;
    bool meta = false, help = false;
    const char *snapshots = "lstm", *cell = "lstm", *config = NULL;
    struct option own[] = {
        {.type = OPTION_HEADING, .help = "Training"},
        {.type = OPTION_INT, .name = "steps", .target = &steps, .low = 1, .high = 1000},
        {.type = OPTION_INT, .name = "given", .target = &given, .low = 1, .high = 1000, .given = true},
        {.type = OPTION_REAL, .name = "rate", .target = &rate, .low = 0, .high = 1},
        {.type = OPTION_FLAG, .name = "meta", .target = &meta},
        {.type = OPTION_TEXT, .name = "snapshots", .target = &snapshots},
        {.type = OPTION_CHOICE, .name = "cell", .target = &cell, .choices = "lstm|gru"},
        {0},
    };
    struct option common[] = {
        {.type = OPTION_U64, .name = "seed", .target = &seed},
        {.type = OPTION_TEXT, .name = "config", .target = &config},
        {.type = OPTION_ACTION, .name = "help", .target = &help},
        {0},
    };
    struct error error = {0};
    struct fuzz_file f = fuzz_file(data, size);
    enum status status = config_apply(f.path, "train", own, common, &error);
    FUZZ_CHECK(status == STATUS_OK || (status == STATUS_USAGE && strncmp(error.text, f.path, strlen(f.path)) == 0));
    FUZZ_CHECK(steps >= 1 && steps <= 1000 && rate >= 0 && rate <= 1 && given == 7 && !config && !help);
    check_text(&own[5]);
    check_text(&own[6]);
    close(f.fd);
    return 0;
}
