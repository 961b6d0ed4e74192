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
    const struct rnn_arch archs[] = {{&cell_lstm, 6, 32, 2, 6},
                                     {&cell_lstm, 16, 32, 2, 10},
                                     {&cell_lstm, 1, 1, 1, 1},
                                     {&cell_lstm, 3, 17, 5, 2},
                                     {&cell_lstm, 7, 5, RNN_MAX_LAYERS, 9}};
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        struct params p = {0};
        rnn_params(&p, &archs[i]);
        CHECK(p.size == rnn_size(&archs[i]), "%zu against %zu", p.size, rnn_size(&archs[i]));
        CHECK(rnn_arch_valid(&archs[i]));
        CHECK(rnn_arch_equal(&archs[i], &archs[0]) == (i == 0));
        params_free(&p);
    }
    CHECK(!rnn_arch_valid(&(struct rnn_arch){&cell_lstm, 0, 1, 1, 1}));
    CHECK(!rnn_arch_valid(&(struct rnn_arch){&cell_lstm, 1, RNN_MAX_SIZE + 1, 1, 1}));
    CHECK(!rnn_arch_valid(&(struct rnn_arch){&cell_lstm, 1, 1, RNN_MAX_LAYERS + 1, 1}));
    CHECK(!rnn_arch_valid(&(struct rnn_arch){&cell_lstm, 1, 1, 1, -1}));
}

int main(void) {
    test_names();
    test_sizes();
    return check_report("rnn/rnn");
}
