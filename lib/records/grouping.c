#include "records/grouping.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum status grouping_read(const char *text, struct grouping *out, struct error *error) {
    int count = 1;
    for (const char *c = text; *c; c++)
        count += *c == ',';
    *out = (struct grouping){.text = memory_strdup(text), .field = memory_alloc((size_t)count * sizeof(char *)), .count = count};
    char *rest = out->text;
    for (int i = 0; i < count; i++) {
        out->field[i] = strsep(&rest, ",");
        out->field[i] += strspn(out->field[i], " ");
        out->field[i][strcspn(out->field[i], " ")] = '\0';
        if (!*out->field[i])
            return error_set(error, STATUS_USAGE, "'%s' is no list of fields", text);
    }
    return STATUS_OK;
}

void grouping_free(struct grouping *g) {
    free(g->text);
    free(g->field);
    *g = (struct grouping){0};
}

enum status grouping_key(const struct grouping *g, const struct value *record, struct text *key, struct error *error) {
    key->size = 0;
    for (int i = 0; i < g->count; i++) {
        struct found found;
        if (!path_find(record, g->field[i], &found))
            return error_set(error, STATUS_DATA, "it has no field '%s'", g->field[i]);
        if (!found.in_array || found.used == 0)
            json_write(key, found.value, JSON_CANONICAL);
        else
            json_write_part(key, &found.array, found.first, found.count);
    }
    return STATUS_OK;
}
