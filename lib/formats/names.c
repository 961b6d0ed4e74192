#include "formats/names_internal.h"

#include "base/memory.h"
#include "base/textlist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MODULES = 1024 };

const char *const part_names[PART_COUNT] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"};

const char *names_last(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

bool names_below(const struct stored *s, const char *name) {
    size_t n = name ? strlen(name) : 0;
    const char *inner = s->name + s->scope; // a choice may be the name in its own dict or the whole one
    return n == 0 || (strncmp(s->name, name, n) == 0 && (s->name[n] == '.' || s->name[n] == '\0')) ||
           (strncmp(inner, name, n) == 0 && (inner[n] == '.' || inner[n] == '\0'));
}

// --- Modules ---

struct place {
    enum part part;
    int layer; // -1: no number
    bool reverse;
};

// "weight_hh_l0_reverse", "bias_ih"
static bool parse(const char *last, struct place *out) {
    for (int p = 0; p < PART_COUNT; p++) {
        size_t n = strlen(part_names[p]);
        if (strncmp(last, part_names[p], n) != 0)
            continue;
        char *end = (char *)last + n;
        *out = (struct place){(enum part)p, -1, false};
        if (strncmp(end, "_l", 2) == 0 && end[2] >= '0' && end[2] <= '9')
            out->layer = (int)strtoul(end + 2, &end, 10) & 0xffff;
        out->reverse = strcmp(end, "_reverse") == 0;
        return *end == '\0' || out->reverse;
    }
    return false;
}

static struct module *module_of(struct search *s, const struct stored *tensor, bool is_cell) {
    size_t size = (size_t)(names_last(tensor->name) - tensor->name);
    for (int i = 0; i < s->module_count; i++)
        if (strlen(s->modules[i].prefix) == size && strncmp(s->modules[i].prefix, tensor->name, size) == 0)
            return &s->modules[i];
    if (s->module_count == MAX_MODULES)
        return NULL;
    struct module *m = &s->modules[s->module_count++];
    *m = (struct module){.prefix = tensors_text(s->t, "%.*s", (int)size, tensor->name),
                         .scope = tensors_text(s->t, "%.*s", (int)tensor->scope, tensor->name),
                         .is_cell = is_cell};
    return m;
}

static enum status no_modules(struct search *s) {
    struct listing listing = {0};
    const char *odd = "";
    for (int i = 0; i < s->t->count; i++) {
        listing_add(&listing, s->t, &s->t->list[i]);
        if (s->t->list[i].type == TENSOR_OTHER)
            odd = tensors_text(s->t, "; '%.100s' is %s, no array of floats", s->t->list[i].name, s->t->list[i].type_name);
    }
    return error_set(s->error, STATUS_DATA, "no recurrent layer in it%s%s (no names like weight_hh_l0)%s: there %s %s",
                     s->choice->name ? " below " : "", s->choice->name ? s->choice->name : "", odd, s->t->count == 1 ? "is" : "are",
                     s->t->count ? listing_text(&listing) : "no tensors");
}

enum status names_find_modules(struct search *s) {
    s->modules = memory_calloc(MAX_MODULES, sizeof *s->modules);
    for (int i = 0; i < s->t->count; i++) {
        const struct stored *tensor = &s->t->list[i];
        struct place place;
        if (tensor->replaced || !names_below(tensor, s->choice->name) || !parse(names_last(tensor->name), &place))
            continue;
        struct module *m = module_of(s, tensor, place.layer < 0);
        if (!m)
            return error_set(s->error, STATUS_DATA, "more than %d recurrent layers", MAX_MODULES);
        if (place.reverse)
            m->reverse = tensor;
        if (place.part == WEIGHT_HR)
            m->projection = tensor;
        if (place.layer >= m->layers || m->layers == 0)
            m->layers = place.layer < 0 ? 1 : place.layer + 1;
    }
    return s->module_count ? STATUS_OK : no_modules(s);
}

// --- The choice ---

static const char *shown(struct search *s, const struct module *m) { // the prefix without its dot
    size_t n = strlen(m->prefix);
    return tensors_text(s->t, "%.*s", (int)(n ? n - 1 : 0), m->prefix);
}

static bool is_named(const struct module *m, const char *name, size_t size) {
    const char *inner = m->prefix + strlen(m->scope);
    const char *const names[] = {m->prefix, inner};
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(names[i]);
        n = n ? n - 1 : 0;
        if (n == size && strncmp(names[i], name, n) == 0)
            return true;
    }
    return false;
}

static enum status several(struct search *s, const char *why) {
    struct listing listing = {0};
    for (int i = 0; i < s->module_count; i++)
        listing_add_text(&listing, *s->modules[i].prefix ? shown(s, &s->modules[i]) : "(without a prefix)");
    return error_set(s->error, STATUS_DATA, "%s: %s; choose by --rnn NAME (or, for layers one above the other, --rnn NAME,NAME)", why,
                     listing_text(&listing));
}

// --rnn NAME[,NAME]...
static enum status choose_named(struct search *s) {
    const char *list = s->choice->rnn, *name;
    for (size_t size; textlist_next(&list, &name, &size);) {
        const struct module *found = NULL;
        for (int i = 0; i < s->module_count; i++) {
            if (found && is_named(&s->modules[i], name, size))
                return several(s, "several recurrent layers have that name");
            if (is_named(&s->modules[i], name, size))
                found = &s->modules[i];
        }
        if (!found || s->chosen_count == NETWORK_MAX_LAYERS)
            return several(s, tensors_text(s->t, "no recurrent layer is called '%.*s'; there are", (int)size, name));
        s->chosen[s->chosen_count++] = found;
    }
    return STATUS_OK;
}

// Modules cells.0, cells.1 ...: a list of cells is a stack of layers.
static bool is_list_of_cells(struct search *s) {
    if (s->module_count > NETWORK_MAX_LAYERS)
        return false;
    const char *first = s->modules[0].prefix;
    size_t stem = strlen(first) >= 2 ? strlen(first) - 2 : 0; // "cells." of "cells.0."
    if (stem && first[stem - 1] != '.')
        return false; // rnn0, rnn1: who knows how they are joined
    for (int i = 0; i < s->module_count; i++) {
        s->chosen[i] = NULL;
        for (int k = 0; k < s->module_count; k++)
            if (s->modules[k].is_cell && strcmp(s->modules[k].prefix, tensors_text(s->t, "%.*s%d.", (int)stem, first, i)) == 0)
                s->chosen[i] = &s->modules[k];
        if (!s->chosen[i])
            return false;
    }
    return true;
}

enum status names_choose_module(struct search *s) {
    if (s->choice->rnn)
        return choose_named(s);
    if (s->module_count == 1) {
        s->chosen[s->chosen_count++] = &s->modules[0];
        return STATUS_OK;
    }
    if (!is_list_of_cells(s))
        return several(s, tensors_text(s->t, "%d recurrent layers in it", s->module_count));
    s->chosen_count = s->module_count;
    network_note(s->out,
                 tensors_text(s->t, "%s and the other cells of the list are taken as layers one above the other", shown(s, s->chosen[0])));
    return STATUS_OK;
}

// --- All of it ---

enum status network_of_names(struct tensors *t, const struct network_choice *choice, struct network *out, struct error *error) {
    struct search s = {.t = t, .choice = choice, .out = out, .error = error};
    enum status status = names_join_parts(t, error);
    s.used = memory_calloc((size_t)t->count + 1, sizeof *s.used);
    if (status == STATUS_OK)
        status = names_find_modules(&s);
    if (status == STATUS_OK)
        status = names_choose_module(&s);
    if (status == STATUS_OK)
        out->name = shown(&s, s.chosen[0]);
    if (status == STATUS_OK)
        status = names_read_layers(&s);
    if (status == STATUS_OK)
        status = names_find_rest(&s);
    free(s.modules);
    free(s.used);
    return status;
}
