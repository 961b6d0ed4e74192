// Forms of files that sequences.c reads.
#ifndef ANALYSIS_SEQUENCES_INTERNAL_H
#define ANALYSIS_SEQUENCES_INTERNAL_H

#include "analysis/sequences.h"

// A whole number from 0 on that an RNN may read as a token (RNN_MAX_SIZE).
enum status sequences_check_token(double n, struct error *error) MUST_CHECK;

bool sequences_is_npy(const char *bytes, size_t size);
// As sequences_parse.
enum status sequences_from_npy(struct sequences *out, const char *bytes, size_t size, bool tokens, int width,
                               struct error *error) MUST_CHECK;

#endif
