// The RNNs of a zoo: layers of one cell, of one width, with a linear read-out, in PyTorch's parameter order and names (paper, section 4.1).
#ifndef RNN_RNN_H
#define RNN_RNN_H

#include "nn/cell.h"
#include "nn/params.h"

// What an input and an answer of an RNN are. Nothing needs to be said: an RNN reads tokens (one-hot vectors) when it has as many inputs as
// outputs, and more than one; else numbers. It answers with a distribution over classes (logits) when it has at least two outputs; one
// output is a number.
enum rnn_reads { RNN_READS_BY_SIZES, RNN_READS_TOKENS, RNN_READS_NUMBERS };
enum rnn_answers { RNN_ANSWERS_BY_SIZES, RNN_ANSWERS_CLASSES, RNN_ANSWERS_NUMBERS };
// What records, files and options call them, in the order of the enums; "" is what the sizes tell, NULL the end.
extern const char *const rnn_reads_words[], *const rnn_answers_words[];

struct rnn_arch {
    const struct cell *cell; // never NULL in a valid architecture
    int input, hidden, layers, output;
    enum rnn_reads reads;
    enum rnn_answers answers;
};

enum { RNN_MAX_LAYERS = 16, RNN_MAX_SIZE = 65536 };

// There is a cell, and all sizes are positive and within sane limits (RNN_MAX_SIZE, RNN_MAX_LAYERS).
bool rnn_arch_valid(const struct rnn_arch *arch);

bool rnn_reads_tokens(const struct rnn_arch *arch);
bool rnn_answers_classes(const struct rnn_arch *arch);
// The word for what it reads, or answers with; NULL when its sizes tell it.
const char *rnn_reads_word(const struct rnn_arch *arch);
const char *rnn_answers_word(const struct rnn_arch *arch);
// Do its answers tell the next token? It reads tokens then, and has an output for each of them.
bool rnn_tells_tokens(const struct rnn_arch *arch);

// Parts of an architecture, for those who need some of them to be alike.
enum rnn_arch_part {
    ARCH_INPUT = 1,
    ARCH_OUTPUT = 2,
    ARCH_READS = 4,
    ARCH_ANSWERS = 8,
    ARCH_CELL = 16,
    ARCH_HIDDEN = 32,
    ARCH_LAYERS = 64,
    ARCH_ALL = 127,
};

// Are these parts alike?
bool rnn_arch_alike(const struct rnn_arch *a, const struct rnn_arch *b, unsigned which);
bool rnn_arch_equal(const struct rnn_arch *a, const struct rnn_arch *b);

// Which of these parts are not, in words: "inputs 28 and 6, cells gru and lstm"; "" when all are alike.
enum { RNN_ARCH_TEXT_SIZE = 256 };
void rnn_arch_difference(char text[RNN_ARCH_TEXT_SIZE], const struct rnn_arch *a, const struct rnn_arch *b, unsigned which);

// With G blocks and the prefix of the cell: CELL.weight_ih_l0 [GN,I], CELL.weight_hh_l0 [GN,N], CELL.bias_ih_l0 [GN], CELL.bias_hh_l0 [GN],
// ... _l1 ..., linear.weight [O,N], linear.bias [O]; all initialised uniform(-1/sqrt(N), 1/sqrt(N)).
void rnn_params(struct params *p, const struct rnn_arch *arch);
size_t rnn_size(const struct rnn_arch *arch); // the size of that table, in floats, without making it

// Indices into that table: of a part of layer 0 .. layers - 1, and of the read-out's weight, which its bias follows.
int rnn_param(const struct rnn_arch *arch, int layer, enum rnn_part part);
int rnn_readout(const struct rnn_arch *arch);

struct oracle;

// An RNN in use. All is borrowed.
struct rnn {
    const struct rnn_arch *arch;
    const struct params *table; // rnn_params of arch
    const float *weights;       // [table->size]
    float *grad;                // [table->size] to add the weights' gradients to; NULL: the weights are constants
    struct oracle *oracle;      // who answers instead (oracle.h), alone in its batch and without gradients; NULL: the weights do
};

#endif
