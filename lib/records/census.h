// What is in a stream, counted record by record in bounded memory: at most 96 bytes for each different run, step, task, history entry and
// record with a run, and 16 MiB for all else, whatever the stream is like.
#ifndef RECORDS_CENSUS_H
#define RECORDS_CENSUS_H

#include "base/rng.h"
#include "base/table.h"
#include "stream/field.h"
#include "stream/reader.h"

enum {
    CENSUS_NAMES = 64,           // different names that are counted apart; further ones are counted together
    CENSUS_SUMMARIES = 64,       // likewise
    CENSUS_SAMPLE = 10000,       // medians are exact up to so many numbers, and beyond that of a random sample of them
    CENSUS_HISTORY = 1000,       // entries that are kept, of at most
    CENSUS_HISTORY_BYTES = 8192, // each
    CENSUS_DUPLICATES = 20       // that are listed
};

struct tally {
    struct tally_name {
        char name[TEXT_FIELD_SIZE]; // "(other)": too long, no text, or one too many
        uint64_t count;
        uint64_t tasks; // of families: different ones
    } name[CENSUS_NAMES];
    int used;
};

// The numbers of one field in records of one kind.
struct summary {
    char name[2 * TEXT_FIELD_SIZE]; // "rnn metrics.accuracy"
    uint64_t count, not_finite;     // finite ones, of which the rest tells, and others
    double min, max, mean;
    double *sample; // [min(count, CENSUS_SAMPLE)]
    struct rng rng;
};

struct census {
    uint64_t segments, records, bytes;      // whole segments, data records, bytes of all records
    uint64_t weights_bytes, rollouts_bytes; // as they are packed
    struct tally kinds, splits, families, archs;
    struct table runs, steps; // run -> records, step -> records of a run; a record with a run and no step is of step 0
    struct table tasks, history_hashes;
    // Records of one kind with the same run and step (and encoder, label, target and predictor, of what is made from RNNs): of two of them
    // nobody can tell which is meant. Listed in order of their second appearance.
    struct table identities;
    uint64_t duplicates; // so many of them are there more than once
    struct census_duplicate {
        char kind[TEXT_FIELD_SIZE];
        uint64_t run, step;
    } duplicate[CENSUS_DUPLICATES];
    struct summary summary[CENSUS_SUMMARIES];
    int summaries;
    struct history_entry {
        uint8_t *bytes; // of a map {program, version, argv}
        size_t size;
    } history[CENSUS_HISTORY]; // of all meta records, equal entries once, in order of appearance
    int history_count;
    uint64_t history_left_out;
};

// On the heap; seed is of the samples for medians.
struct census *census_new(uint64_t seed);
void census_free(struct census *c); // NULL allowed

void census_add(struct census *c, const struct reader *in); // the reader's current event
double summary_median(const struct summary *s);             // NaN without numbers

#endif
