#include "formats/weightfile.h"

#include "base/hash.h"
#include "base/memory.h"
#include "formats/npy.h"
#include "stream/json.h"
#include "stream/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t items(const struct weightfile_tensor *t) {
    uint64_t count = 1;
    for (int i = 0; i < t->rank; i++)
        count *= t->shape[i];
    return count;
}

// --- safetensors ---

static void pack_numbers(struct packer *p, const char *key, const uint64_t *numbers, int count) {
    pack_key(p, key);
    pack_list(p);
    for (int i = 0; i < count; i++)
        pack_u64(p, numbers[i]);
    pack_end(p);
}

static void pack_header(struct packer *p, const struct weightfile_tensor *tensors, int count, const struct weightfile_text *texts,
                        int text_count) {
    uint64_t at = 0;
    pack_map(p);
    pack_key(p, "__metadata__");
    pack_map(p);
    for (int i = 0; i < text_count; i++) {
        pack_key(p, texts[i].key);
        pack_str(p, texts[i].value);
    }
    pack_end(p);
    for (int i = 0; i < count; i++) {
        uint64_t size = items(&tensors[i]) * sizeof(float), offsets[2] = {at, at + size};
        pack_key(p, tensors[i].name);
        pack_map(p);
        pack_key(p, "dtype");
        pack_str(p, "F32");
        pack_numbers(p, "shape", tensors[i].shape, tensors[i].rank);
        pack_numbers(p, "data_offsets", offsets, 2);
        pack_end(p);
        at += size;
    }
    pack_end(p);
}

void safetensors_write(const struct weightfile_tensor *tensors, int count, const struct weightfile_text *texts, int text_count,
                       uint8_t **out, size_t *size) {
    struct packer *p = packer_new();
    struct text header = {0};
    pack_header(p, tensors, count, texts, text_count);
    enum status status = json_write_packed(&header, p, JSON_WHOLE, NULL);
    (void)status; // always well
    uint64_t padded = (header.size + 7) / 8 * 8, at = sizeof padded + padded;
    *size = at;
    for (int i = 0; i < count; i++)
        *size += items(&tensors[i]) * sizeof(float);
    *out = memory_alloc(*size);
    memcpy(*out, &padded, sizeof padded);
    memset(*out + sizeof padded, ' ', padded);
    memcpy(*out + sizeof padded, header.bytes, header.size);
    for (int i = 0; i < count; i++) {
        memcpy(*out + at, tensors[i].data, items(&tensors[i]) * sizeof(float));
        at += items(&tensors[i]) * sizeof(float);
    }
    free(header.bytes);
    packer_free(p);
}

// --- Zip (PKWARE's APPNOTE, version 2.0): local headers with their data, then the directory ---

enum { LOCAL = 30, CENTRAL = 46, END = 22, VERSION = 20, DATE = 0x21 /* 1980-01-01: the same bytes each time */ };

static void put(uint8_t **at, size_t size, uint32_t number) {
    memcpy(*at, &number, size); // little-endian, as this machine
    *at += size;
}

// What local header and directory have in common.
static void put_entry(uint8_t **at, const struct zip_member *m, uint32_t crc) {
    put(at, 2, VERSION);
    put(at, 2, 0);
    put(at, 2, 0); // stored
    put(at, 2, 0);
    put(at, 2, DATE);
    put(at, 4, crc);
    put(at, 4, (uint32_t)m->size);
    put(at, 4, (uint32_t)m->size);
    put(at, 2, (uint32_t)strlen(m->name));
    put(at, 2, 0);
}

static void put_bytes(uint8_t **at, const void *bytes, size_t size) {
    if (size)
        memcpy(*at, bytes, size);
    *at += size;
}

static void put_directory_entry(uint8_t **at, const struct zip_member *m, uint32_t offset) {
    put(at, 4, 0x02014b50);
    put(at, 2, VERSION);
    put_entry(at, m, hash_crc32(0, m->bytes, m->size));
    put(at, 2, 0);
    put(at, 2, 0);
    put(at, 2, 0);
    put(at, 4, 0);
    put(at, 4, offset);
    put_bytes(at, m->name, strlen(m->name));
}

static void put_all(uint8_t *begin, const struct zip_member *members, int count) {
    uint8_t *at = begin;
    for (int i = 0; i < count; i++) {
        put(&at, 4, 0x04034b50);
        put_entry(&at, &members[i], hash_crc32(0, members[i].bytes, members[i].size));
        put_bytes(&at, members[i].name, strlen(members[i].name));
        put_bytes(&at, members[i].bytes, members[i].size);
    }
    uint32_t directory = (uint32_t)(at - begin), offset = 0;
    for (int i = 0; i < count; i++) {
        put_directory_entry(&at, &members[i], offset);
        offset += (uint32_t)(LOCAL + strlen(members[i].name) + members[i].size);
    }
    uint32_t end = (uint32_t)(at - begin);
    put(&at, 4, 0x06054b50);
    put(&at, 4, 0);
    put(&at, 2, (uint32_t)count);
    put(&at, 2, (uint32_t)count);
    put(&at, 4, end - directory);
    put(&at, 4, directory);
    put(&at, 2, 0);
}

enum status zip_write(const struct zip_member *members, int count, uint8_t **out, size_t *size, struct error *error) {
    *out = NULL;
    *size = END;
    for (int i = 0; i < count; i++)
        *size += LOCAL + CENTRAL + 2 * strlen(members[i].name) + members[i].size;
    if (*size > UINT32_MAX || count > UINT16_MAX)
        return error_set(error, STATUS_DATA, "too large for a zip file: %zu bytes in %d members", *size, count);
    *out = memory_alloc(*size);
    put_all(*out, members, count);
    return STATUS_OK;
}

// --- .npz ---

static void make_npy(const struct weightfile_tensor *t, struct zip_member *out) {
    char header[NPY_HEADER_SIZE], *name = memory_alloc(strlen(t->name) + sizeof ".npy");
    size_t header_size = npy_header_write(DTYPE_F4, t->rank, t->shape, header), size = items(t) * sizeof(float);
    uint8_t *bytes = memory_alloc(header_size + size);
    memcpy(bytes, header, header_size);
    memcpy(bytes + header_size, t->data, size);
    sprintf(name, "%s.npy", t->name);
    *out = (struct zip_member){name, bytes, header_size + size};
}

enum status npz_write(const struct weightfile_tensor *tensors, int count, uint8_t **out, size_t *size, struct error *error) {
    struct zip_member *members = memory_calloc((size_t)count + 1, sizeof *members);
    for (int i = 0; i < count; i++)
        make_npy(&tensors[i], &members[i]);
    enum status status = zip_write(members, count, out, size, error);
    for (int i = 0; i < count; i++) {
        free((void *)members[i].name);
        free((void *)members[i].bytes);
    }
    free(members);
    return status;
}
