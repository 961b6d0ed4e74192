// Every kind of encoder, one line each.
#include "encoders/encoder.h"

#include <string.h>

extern const struct encoder_type encoder_interactive, encoder_noninteractive, encoder_linear, encoder_flat, encoder_stats, encoder_dws,
    encoder_constant, encoder_transformer, encoder_hidden, encoder_matrix;

static const struct encoder_type *const types[] = {
    &encoder_interactive, &encoder_noninteractive, &encoder_linear, &encoder_hidden,   &encoder_flat, &encoder_matrix,
    &encoder_stats,       &encoder_transformer,    &encoder_dws,    &encoder_constant, NULL,
};

const struct encoder_type *encoder_type_at(int index) {
    return types[index];
}

const struct encoder_type *encoder_type_find(const char *name) {
    for (int i = 0; types[i]; i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    return NULL;
}
