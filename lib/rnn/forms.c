#include "rnn/forms.h"

#include "base/memory.h"

#include <stdlib.h>

static const struct rnn_form *add(struct rnn_forms *forms, const struct rnn_arch *arch) {
    size_t size = (size_t)forms->count * sizeof *forms->list;
    struct rnn_form *form = memory_calloc(1, sizeof *form);
    form->arch = *arch;
    rnn_params(&form->table, arch);
    forms->list = memory_realloc(forms->list, size, size + sizeof *forms->list);
    forms->list[forms->last = forms->count++] = form;
    return form;
}

// Neighbours are often alike: the last one is looked at first.
const struct rnn_form *rnn_forms_of(struct rnn_forms *forms, const struct rnn_arch *arch) {
    for (int i = 0; i < forms->count; i++) {
        int at = (forms->last + i) % forms->count;
        if (rnn_arch_equal(&forms->list[at]->arch, arch))
            return forms->list[forms->last = at];
    }
    return add(forms, arch);
}

void rnn_forms_free(struct rnn_forms *forms) {
    for (int i = 0; i < forms->count; i++) {
        params_free(&forms->list[i]->table);
        free(forms->list[i]);
    }
    free(forms->list);
    *forms = (struct rnn_forms){0};
}
