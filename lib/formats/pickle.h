// Reading Python's pickles without running them. A pickle is a program for a stack machine; the few instructions that build plain data are
// carried out, and what calls something becomes a note of the call: PICKLE_CALL. Only functions and classes that the caller allows by name
// may be mentioned at all, and nothing is ever called.
#ifndef FORMATS_PICKLE_H
#define FORMATS_PICKLE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pickle_type {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INT,
    PICKLE_FLOAT,
    PICKLE_TEXT,
    PICKLE_BYTES,
    PICKLE_LIST, // also tuples and sets
    PICKLE_DICT, // also OrderedDict; items are key, value, key, value ...
    PICKLE_GLOBAL,
    PICKLE_CALL,       // item[0]: what would be called; item[1]: the arguments, a list; item[2]: the state given by BUILD, if there is one
    PICKLE_PERSISTENT, // item[0]: the identity of something that lies outside
};

struct pickled {
    enum pickle_type type;
    uint32_t count, capacity; // of items
    union {
        int64_t i; // bool, int
        double f;
        const char *text; // text, global ("module.name"): terminated
        const uint8_t *bytes;
        struct pickled **item;
    };
    size_t size; // text, bytes
};

// May this function or class be mentioned? STATUS_OK, or an error of which the text names it.
typedef enum status pickle_allowed(const char *name, struct error *error);

// Reads one pickle, protocols 0 (as far as others contain it) to 5, from the beginning of bytes; *used: how many it has. The data live in
// the arena, texts too. They may contain themselves: whoever walks them has to bound depth and steps. STATUS_DATA on damage and on what is
// not allowed.
enum status pickle_read(const uint8_t *bytes, size_t size, struct arena *arena, pickle_allowed *allowed, struct pickled **out, size_t *used,
                        struct error *error) MUST_CHECK;

bool pickled_is(const struct pickled *p, enum pickle_type type);             // NULL allowed
bool pickled_is_global(const struct pickled *p, const char *name);           // NULL allowed
const struct pickled *pickled_at(const struct pickled *p, uint32_t index);   // of a list, call or persistent identity; NULL beyond the end
const struct pickled *pickled_get(const struct pickled *p, const char *key); // of a dict; NULL when there is none

#endif
