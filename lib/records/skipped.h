// skipped records: an RNN that is not there, and why. What makes or reads many RNNs writes them for those that it leaves out, so that
// nobody takes a zoo for whole that is not.
#ifndef RECORDS_SKIPPED_H
#define RECORDS_SKIPPED_H

#include "stream/packer.h"

// Of an rnn record: all that it has, but for weights and rollouts; then the reason. A text that is no UTF-8 is repaired.
void skipped_pack(struct packer *p, const struct value *record, const char *reason);

#endif
