// The kinds of data records that the filters write (rnnpipe-stream(5)), and the splits, for those who choose by them; others are legal.
#ifndef RECORDS_KINDS_H
#define RECORDS_KINDS_H

#define RECORD_KINDS                                                                                                                       \
    "task|rnn|skipped|encoder|emulator|decoder|predictor|log|embedding|emulation|prediction|arc|word|words|automaton|trace|counters|pair|" \
    "fixed_point|"                                                                                                                         \
    "calibration|index|report|checkpoint"
#define RECORD_SPLITS "train|validation|ood"

#endif
