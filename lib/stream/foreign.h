// What a file that is no stream looks like, for messages: people give filters the files of other programs by mistake.
#ifndef STREAM_FOREIGN_H
#define STREAM_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

// From the first `size` bytes of an input: "it looks like a zip file (...): import-rnn reads those", or NULL when there is nothing to say.
const char *foreign_look(const uint8_t *bytes, size_t size);

#endif
