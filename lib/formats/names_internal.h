// Finding a network by the names of its tensors, as PyTorch's modules give them.
#ifndef FORMATS_NAMES_INTERNAL_H
#define FORMATS_NAMES_INTERNAL_H

#include "formats/network_internal.h"

// The tensors of one recurrent module: names that begin with the same prefix and end with weight_hh_l0 or its kin.
struct module {
    const char *prefix;                        // "encoder.lstm.", "" when there is nothing before
    const char *scope;                         // of the dict that they lie in
    bool is_cell;                              // named without _l0: one step of one layer (nn.LSTMCell)
    int layers;                                // the highest that is named, and one
    const struct stored *reverse, *projection; // one that can't be represented, or NULL
};

enum part { WEIGHT_IH, WEIGHT_HH, BIAS_IH, BIAS_HH, WEIGHT_HR, PART_COUNT };
extern const char *const part_names[PART_COUNT];

struct search {
    struct tensors *t;
    const struct network_choice *choice;
    struct network *out;
    struct error *error;
    struct module *modules;
    int module_count;
    const struct module *chosen[NETWORK_MAX_LAYERS];
    int chosen_count;
    bool *used; // [t->count]
};

// Weights that are stored in parts are put together: weight normalisation (g v / |v|, Salimans and Kingma 2016), and *_raw, of which
// dropout makes the weight while training. Adds tensors.
enum status names_join_parts(struct tensors *t, struct error *error) MUST_CHECK;

enum status names_find_modules(struct search *s) MUST_CHECK;  // all of them, or an error when there are none
enum status names_choose_module(struct search *s) MUST_CHECK; // or several that are layers one above the other
enum status names_read_layers(struct search *s) MUST_CHECK;   // cell, sizes and views
enum status names_find_rest(struct search *s) MUST_CHECK;     // read-out and embedding; nothing else may be left

bool names_below(const struct stored *s, const char *name); // does it lie below this name? NULL: yes
const char *names_last(const char *name);                   // what follows the last dot

#endif
