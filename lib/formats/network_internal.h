// Finding networks: by names (names.c), by Keras's layers (keras.c), by ONNX's graph (onnx.c).
#ifndef FORMATS_NETWORK_INTERNAL_H
#define FORMATS_NETWORK_INTERNAL_H

#include "formats/network.h"

enum status network_of_names(struct tensors *t, const struct network_choice *choice, struct network *out, struct error *error) MUST_CHECK;
enum status network_of_keras(struct tensors *t, const struct network_choice *choice, struct network *out, struct error *error) MUST_CHECK;
enum status network_of_onnx(struct tensors *t, const struct network_choice *choice, struct network *out, struct error *error) MUST_CHECK;

void network_note(struct network *n, const char *text); // beyond NETWORK_MAX_NOTES they are dropped

bool network_is_listed(const char *list, const char *name); // in a user's list "NAME,NAME"
bool network_is_none(const char *chosen);                   // a user says that there is none

// A tensor of rank 2 (or 1, as one column) as it is, and its transpose.
struct view view_of(const struct stored *s);
struct view view_transposed(struct view v);

// Names for a message: "a [4,16], b [4], and 3 more".
struct listing {
    char text[320];
    size_t size;
    int count, shown;
};
void listing_add(struct listing *l, struct tensors *t, const struct stored *s);
void listing_add_text(struct listing *l, const char *text);
const char *listing_text(struct listing *l);

#endif
