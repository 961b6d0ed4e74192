#include "nn/weights.h"

struct tensor *weights_leaf(struct tape *tape, const struct weights *w, int index) {
    const struct param *p = &w->table->list[index];
    return tape_leaf(tape, params_rows(p), params_cols(p), w->value + p->offset, w->grad && params_trained(p) ? w->grad + p->offset : NULL);
}
