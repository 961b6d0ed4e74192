// Reading single fields of a map with clear errors, and carrying along what a filter does not know.
#ifndef STREAM_FIELD_H
#define STREAM_FIELD_H

#include "base/error.h"
#include "stream/packer.h"

enum { TEXT_FIELD_SIZE = 64 };

// STATUS_DATA "rnn record: key 'run' is missing" / "... is no unsigned integer". `of` names the record or map in messages.
enum status field_u64(const struct value *map, const char *key, const char *of, uint64_t *out, struct error *error) MUST_CHECK;
enum status field_int(const struct value *map, const char *key, const char *of, int low, int high, int *out,
                      struct error *error) MUST_CHECK;
enum status field_text(const struct value *map, const char *key, const char *of, char out[TEXT_FIELD_SIZE], struct error *error) MUST_CHECK;
// A text that stands in a row of a table has no control characters; the same for a text that is at hand.
bool field_is_line(const char *text);
enum status field_line_check(const char *text, const char *key, const char *of, struct error *error) MUST_CHECK;
enum status field_line(const struct value *map, const char *key, const char *of, char out[TEXT_FIELD_SIZE], struct error *error) MUST_CHECK;
enum status field_number(const struct value *map, const char *key, const char *of, double low, double high, double *out,
                         struct error *error) MUST_CHECK;
enum status field_map(const struct value *map, const char *key, const char *of, const struct value **out, struct error *error) MUST_CHECK;

// Packs the pairs of a map (not its header) in order, but for the keys in `except` (NULL-terminated).
void pack_rest(struct packer *p, const struct value *map, const char *const *except);

#endif
