#include "records/property.h"

#include "base/memory.h"
#include "records/task.h"
#include "stream/field.h"
#include "stream/reader.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_INTEGERS = 20 };

const char *const property_kinds[] = {"number", "classes", "angle"};

// Those of any task.
static const struct short_form forms[] = {
    {{.name = "step", .path = "step"}, PROPERTY_CLASSES},
    {{.name = "accuracy", .path = "metrics.accuracy"}, PROPERTY_NUMBER},
    {{.name = "gap", .path = "metrics.generalisation_gap"}, PROPERTY_NUMBER},
};

bool short_form_find(const char *name, struct short_form *out) {
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(forms[i].field.name, name) == 0) {
            *out = forms[i];
            return true;
        }
    const struct family_target *own = family_target(name);
    if (own)
        *out = (struct short_form){*own, own->classes ? PROPERTY_CLASSES : PROPERTY_NUMBER};
    return own != NULL;
}

enum status property_named(struct property *p, const char *name, enum property_kind kind, struct error *error) {
    if (strlen(name) >= sizeof p->name || !*name)
        return error_set(error, STATUS_DATA, "'%s' is no name of a field (1 .. %d bytes)", name, PROPERTY_NAME_SIZE - 1);
    if (!field_is_line(name))
        return error_set(error, STATUS_DATA, "a name of a field that has control characters");
    *p = (struct property){.kind = kind, .answers = 1};
    strcpy(p->name, name);
    p->short_form = short_form_find(name, &p->form);
    p->list = p->form.field.skip > 0;
    if (p->short_form && kind == PROPERTY_UNDECIDED)
        p->kind = p->form.kind;
    for (int c = 0; p->kind == PROPERTY_CLASSES && c < p->form.field.classes; c++)
        p->classes[p->class_count++] = (struct label){.type = LABEL_INTEGER, .number = p->form.field.low + c};
    return STATUS_OK;
}

static struct label own(const struct label *label) {
    struct label copy = *label;
    if (label->type == LABEL_TEXT) {
        uint8_t *text = memory_alloc(label->size + 1);
        memcpy(text, label->text, label->size);
        copy.text = text;
    }
    return copy;
}

struct property property_copy(const struct property *p) {
    struct property copy = *p;
    for (int c = 0; c < p->class_count; c++)
        copy.classes[c] = own(&p->classes[c]);
    return copy;
}

void property_free(struct property *p) {
    for (int c = 0; c < p->class_count; c++)
        free((void *)p->classes[c].text);
    p->class_count = 0;
}

const char *property_path(const struct property *p) {
    return p->short_form ? p->form.field.path : p->name;
}

bool property_is_usual(const struct property *p) {
    return p->short_form && p->kind == p->form.kind;
}

// --- Reading ---

static enum status type_check(const struct property *p, const struct answers *a, struct error *error) {
    bool text = a->label[0].type == LABEL_TEXT;
    bool of_texts = p->kind == PROPERTY_CLASSES && p->class_count && p->classes[0].type == LABEL_TEXT;
    if (p->kind == PROPERTY_UNDECIDED || (p->kind == PROPERTY_CLASSES && !p->class_count) || text == of_texts)
        return STATUS_OK;
    return error_set(error, STATUS_DATA, "target '%s': the field '%s' is %s here, where %s is asked for", p->name, property_path(p),
                     text ? "a text" : "a number", text ? "a number" : "a text");
}

enum status property_truth(const struct property *p, const struct value *record, struct answers *out, struct error *error) {
    if (answers_read(record, property_path(p), out, error) != STATUS_OK)
        return error_prefix(error, "target '%s'", p->name);
    int skip = p->form.field.skip;
    if (out->count && skip && (!out->list || out->count <= skip))
        return error_set(error, STATUS_DATA, "target '%s': the field '%s' is no list of more than %d", p->name, property_path(p), skip);
    out->count -= out->count ? skip : 0;
    memmove(out->label, out->label + skip, (size_t)out->count * sizeof *out->label);
    if (!labels_finite(out))
        out->count = 0;
    return out->count ? type_check(p, out, error) : STATUS_OK;
}

// --- Classes ---

// Where a class is, or would be.
static int place_of(const struct property *p, const struct label *label) {
    int low = 0, high = p->class_count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (label_compare(&p->classes[middle], label) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int property_place(const struct property *p, const struct label *label) {
    int place = place_of(p, label);
    return place < p->class_count && label_compare(&p->classes[place], label) == 0 ? place : -1;
}

bool property_add_class(struct property *p, const struct label *label) {
    int place = place_of(p, label);
    if (place < p->class_count && label_compare(&p->classes[place], label) == 0)
        return true;
    if (p->class_count == PROPERTY_MAX_CLASSES)
        return false;
    memmove(p->classes + place + 1, p->classes + place, (size_t)(p->class_count - place) * sizeof *label);
    p->classes[place] = own(label);
    p->class_count++;
    return true;
}

double property_value(const struct property *p, const struct label *label) {
    return p->kind == PROPERTY_CLASSES ? property_place(p, label) : label->number;
}

struct label property_label(const struct property *p, double value) {
    if (p->kind == PROPERTY_CLASSES)
        return p->classes[(int)value];
    return (struct label){.type = LABEL_REAL, .number = value};
}

// Packs a task's map with the answers in place of a field, or of what follows the items of it that tell nothing.
static void pack_task_with(struct packer *p, const struct value *like, const char *field, const struct property *of,
                           const struct label *answers) {
    pack_map(p);
    const struct value *key = value_first(like);
    for (uint32_t i = 0; i < like->count; i++, key = value_next(value_next(key))) {
        pack_value(p, key);
        if (!value_is(key, field)) {
            pack_value(p, value_next(key));
            continue;
        }
        if (of->list)
            pack_list(p);
        for (int k = 0; k < of->form.field.skip && value_at(value_next(key), (uint32_t)k); k++)
            pack_value(p, value_at(value_next(key), (uint32_t)k));
        for (int a = 0; a < of->answers; a++)
            label_pack(p, &answers[a]);
        if (of->list)
            pack_end(p);
    }
    pack_end(p);
}

bool property_task(struct task *out, const struct property *p, const struct label *answers, const struct task *like) {
    const char *path = property_path(p);
    if (strncmp(path, "task.", 5) != 0 || strchr(path + 5, '.') || !like->family)
        return false;
    struct packer *packer = packer_new(), *changed = packer_new();
    struct value_nodes nodes = {0}, changed_nodes = {0};
    struct error ignored;
    size_t size;
    task_pack(packer, like);
    const uint8_t *bytes = packer_bytes(packer, &size);
    bool made = value_decode(bytes, size, 8, &nodes, &ignored) == STATUS_OK && value_get(nodes.node, path + 5);
    if (made) {
        pack_task_with(changed, nodes.node, path + 5, p, answers);
        bytes = packer_bytes(changed, &size);
        made = value_decode(bytes, size, 8, &changed_nodes, &ignored) == STATUS_OK &&
               task_read(changed_nodes.node, out, &ignored) == STATUS_OK && out->family;
        out->value = NULL; // it goes now
    }
    free(nodes.node);
    free(changed_nodes.node);
    packer_free(packer);
    packer_free(changed);
    return made;
}

// --- Settling what it is ---

static bool classes_are_open(const struct property *p) {
    return !p->form.field.classes && (p->kind == PROPERTY_CLASSES || p->kind == PROPERTY_UNDECIDED);
}

enum status property_agrees(const struct property *p, const struct survey *s, const struct answers *a, struct error *error) {
    if (s->answers && (a->count != p->answers || a->list != p->list))
        return error_set(error, STATUS_DATA, "target '%s': the field '%s' has %d items here, and %d before", p->name, property_path(p),
                         a->count, p->answers);
    bool types[LABEL_TEXT + 1];
    memcpy(types, s->types, sizeof types);
    for (int i = 0; i < a->count; i++)
        types[a->label[i].type] = true;
    if (types[LABEL_TEXT] && (types[LABEL_INTEGER] || types[LABEL_REAL] || types[LABEL_BOOLEAN]))
        return error_set(error, STATUS_DATA, "target '%s': the field '%s' has texts and numbers", p->name, property_path(p));
    if (classes_are_open(p) && types[LABEL_BOOLEAN] && (types[LABEL_INTEGER] || types[LABEL_REAL]))
        return error_set(error, STATUS_DATA, "target '%s': the field '%s' is true or false in some records, a number in others", p->name,
                         property_path(p));
    return STATUS_OK;
}

enum status property_show(struct property *p, struct survey *s, const struct answers *a, struct error *error) {
    if (property_agrees(p, s, a, error) != STATUS_OK)
        return error->status;
    p->answers = a->count;
    p->list = a->list;
    s->answers++;
    for (int i = 0; i < a->count; i++) {
        s->types[a->label[i].type] = true;
        if (a->label[i].type != LABEL_TEXT)
            s->largest = fmax(s->largest, fabs(a->label[i].number));
        if (classes_are_open(p) && !s->too_many)
            s->too_many = !property_add_class(p, &a->label[i]);
    }
    return STATUS_OK;
}

static enum property_kind kind_of(const struct property *p, const struct survey *s) {
    if (s->types[LABEL_TEXT] || (s->types[LABEL_BOOLEAN] && !s->types[LABEL_INTEGER] && !s->types[LABEL_REAL]))
        return PROPERTY_CLASSES;
    bool few = p->class_count <= FEW_INTEGERS && 2 * (uint64_t)p->class_count <= s->answers * (uint64_t)p->answers;
    return few && !s->types[LABEL_REAL] ? PROPERTY_CLASSES : PROPERTY_NUMBER;
}

enum status property_settle(struct property *p, const struct survey *s, struct error *error) {
    if (p->kind == PROPERTY_UNDECIDED)
        p->kind = kind_of(p, s);
    if (p->kind == PROPERTY_CLASSES && s->too_many)
        return error_set(error, STATUS_DATA, "target '%s': more than %d different ones to be classes", p->name, PROPERTY_MAX_CLASSES);
    if (p->kind == PROPERTY_CLASSES)
        return STATUS_OK;
    property_free(p);
    if (s->types[LABEL_TEXT])
        return error_set(error, STATUS_DATA, "target '%s': texts, which are no numbers", p->name);
    if (p->kind == PROPERTY_NUMBER && s->largest > (double)FLT_MAX) // their squares are added up
        return error_set(error, STATUS_DATA, "target '%s': there is a number of magnitude %g, beyond single precision", p->name,
                         s->largest);
    return STATUS_OK;
}
