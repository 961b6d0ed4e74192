// The architectures that occur among some RNNs, each once, with its table of parameters.
#ifndef RNN_FORMS_H
#define RNN_FORMS_H

#include "rnn/rnn.h"

struct rnn_form {
    struct rnn_arch arch;
    struct params table;
};

// A zeroed struct is a valid empty one; rnn_forms_free at the end.
struct rnn_forms {
    struct rnn_form **list;
    int count, last; // last: which was asked for last
};

// The form of this architecture, which is added when it is new; it stays where it is until rnn_forms_free.
const struct rnn_form *rnn_forms_of(struct rnn_forms *forms, const struct rnn_arch *arch);
void rnn_forms_free(struct rnn_forms *forms);

#endif
