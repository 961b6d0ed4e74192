// Decodes one MessagePack object from a source into a flat tree. It asks for bytes as it needs them, and believes no declared length:
// every one is checked against the limits before memory is had for it, and nodes are made only for values whose first byte has arrived.
#ifndef STREAM_DECODER_INTERNAL_H
#define STREAM_DECODER_INTERNAL_H

#include "stream/reader.h"
#include "stream/source_internal.h"

enum { DECODER_DEFAULT_DEPTH = 32, DECODER_MAX_DEPTH = 512, DECODER_MAX_NODES = 1 << 24 };

struct decoder {
    struct source *source;
    struct value_nodes *nodes;
    uint64_t max_bytes; // of the object
    uint32_t max_depth; // containers in each other, at most DECODER_MAX_DEPTH
    uint64_t offset;    // of the object in the input, for messages

    size_t used;     // nodes
    size_t position; // bytes of the object decoded
    uint64_t owed;   // values still to come in open containers: each takes a byte and a node at least
    uint32_t depth;
    struct {
        size_t node;
        uint64_t owed;
    } open[DECODER_MAX_DEPTH]; // the open containers, and their own values still to come
};

void decoder_set_depth(struct decoder *d, uint32_t depth); // 0 = the default; never above the maximum

// The object is then nodes->node[0], at the beginning of the source's window. STATUS_END when the source has no more bytes at all.
enum status decoder_run(struct decoder *d, struct error *error) MUST_CHECK;

#endif
