#include "rnn/rnn.h"

#include "../check.h"

#include <string.h>

static void test_names(void) {
    struct rnn_arch arch = {.cell = &cell_lstm, .input = 6, .hidden = 32, .layers = 2, .output = 6};
    struct params p = {0};
    rnn_params(&p, &arch);
    const char *const names[] = {"lstm.weight_ih_l0", "lstm.weight_hh_l0", "lstm.bias_ih_l0", "lstm.bias_hh_l0", "lstm.weight_ih_l1",
                                 "lstm.weight_hh_l1", "lstm.bias_ih_l1",   "lstm.bias_hh_l1", "linear.weight",   "linear.bias"};
    CHECK(p.count == 10 && p.size == 13766, "%d, %zu", p.count, p.size);
    for (int i = 0; i < p.count; i++)
        CHECK(strcmp(p.list[i].name, names[i]) == 0, "%s", p.list[i].name);
    CHECK(p.list[0].shape[0] == 128 && p.list[0].shape[1] == 6);
    CHECK(p.list[4].shape[0] == 128 && p.list[4].shape[1] == 32);
    CHECK(p.list[8].shape[0] == 6 && p.list[8].shape[1] == 32);
    params_free(&p);
}

static void test_sizes(void) {
    const struct rnn_arch archs[] = {{.cell = &cell_lstm, .input = 6, .hidden = 32, .layers = 2, .output = 6},
                                     {.cell = &cell_lstm, .input = 16, .hidden = 32, .layers = 2, .output = 10},
                                     {.cell = &cell_lstm, .input = 1, .hidden = 1, .layers = 1, .output = 1},
                                     {.cell = &cell_lstm, .input = 3, .hidden = 17, .layers = 5, .output = 2},
                                     {.cell = &cell_lstm, .input = 7, .hidden = 5, .layers = RNN_MAX_LAYERS, .output = 9}};
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        struct params p = {0};
        rnn_params(&p, &archs[i]);
        CHECK(p.size == rnn_size(&archs[i]), "%zu against %zu", p.size, rnn_size(&archs[i]));
        CHECK(rnn_arch_valid(&archs[i]));
        CHECK(rnn_arch_equal(&archs[i], &archs[0]) == (i == 0));
        params_free(&p);
    }
    CHECK(!rnn_arch_valid(&(struct rnn_arch){.cell = &cell_lstm, .input = 0, .hidden = 1, .layers = 1, .output = 1}));
    CHECK(!rnn_arch_valid(&(struct rnn_arch){.cell = &cell_lstm, .input = 1, .hidden = RNN_MAX_SIZE + 1, .layers = 1, .output = 1}));
    CHECK(!rnn_arch_valid(&(struct rnn_arch){.cell = &cell_lstm, .input = 1, .hidden = 1, .layers = RNN_MAX_LAYERS + 1, .output = 1}));
    CHECK(!rnn_arch_valid(&(struct rnn_arch){.cell = &cell_lstm, .input = 1, .hidden = 1, .layers = 1, .output = -1}));
}

// What is read and answered follows from the sizes when it is not said.
static void test_roles(void) {
    const struct {
        int input, output;
        enum rnn_reads reads;
        enum rnn_answers answers;
        bool tokens, classes;
    } cases[] = {
        {4, 4, 0, 0, true, true},
        {1, 1, 0, 0, false, false},
        {16, 10, 0, 0, false, true},
        {3, 1, 0, 0, false, false},
        {50, 3, RNN_READS_TOKENS, 0, true, true},
        {4, 4, RNN_READS_NUMBERS, 0, false, true},
        {3, 3, RNN_READS_NUMBERS, RNN_ANSWERS_NUMBERS, false, false},
        {4, 4, 0, RNN_ANSWERS_NUMBERS, true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rnn_arch arch = {.cell = &cell_gru, .input = cases[i].input, .hidden = 3, .layers = 1, .output = cases[i].output};
        arch.reads = cases[i].reads;
        arch.answers = cases[i].answers;
        CHECK(rnn_reads_tokens(&arch) == cases[i].tokens && rnn_answers_classes(&arch) == cases[i].classes, "case %zu", i);
        CHECK(rnn_tells_tokens(&arch) == (cases[i].tokens && cases[i].classes && arch.input == arch.output));
    }
}

static void test_differences(void) {
    const struct rnn_arch a = {.cell = &cell_lstm, .input = 4, .hidden = 5, .layers = 2, .output = 4};
    struct rnn_arch b = {.cell = &cell_gru, .input = 4, .hidden = 6, .layers = 2, .output = 4, .reads = RNN_READS_NUMBERS};
    char text[RNN_ARCH_TEXT_SIZE];
    rnn_arch_difference(text, &a, &b, ARCH_ALL);
    CHECK(strcmp(text, "widths 5 and 6, reading tokens and numbers, cells lstm and gru") == 0, "%s", text);
    CHECK(!rnn_arch_alike(&a, &b, ARCH_READS) && rnn_arch_alike(&a, &b, ARCH_INPUT | ARCH_OUTPUT | ARCH_LAYERS | ARCH_ANSWERS));
    rnn_arch_difference(text, &a, &b, ARCH_LAYERS);
    CHECK(!*text);
    b = a;
    b.reads = RNN_READS_TOKENS; // which needed not be said
    CHECK(rnn_arch_equal(&a, &b));
    b.output = 1;
    rnn_arch_difference(text, &a, &b, ARCH_ANSWERS | ARCH_OUTPUT);
    CHECK(strcmp(text, "outputs 4 and 1, answering classes and numbers") == 0, "%s", text);
}

int main(void) {
    test_roles();
    test_differences();
    test_names();
    test_sizes();
    return check_report("rnn/rnn");
}
