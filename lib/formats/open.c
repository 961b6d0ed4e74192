// Which format is it? By its first bytes, whatever the file is called.
#include "formats/readers_internal.h"
#include "stream/foreign.h"

#include <string.h>

static bool begins(const uint8_t *bytes, size_t size, const char *magic, size_t length) {
    return size >= length && memcmp(bytes, magic, length) == 0;
}

static bool ends(const char *name, const char *end) {
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static enum status read_zip(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) {
    enum status status = zip_open_reader(&t->zip, bytes, size, error);
    bool has_arrays = false;
    for (uint64_t i = 0; status == STATUS_OK && i < zip_count(t->zip); i++) {
        struct zip_entry entry;
        status = zip_entry_at(t->zip, i, &entry, error);
        if (status == STATUS_OK && (strcmp(entry.name, "data.pkl") == 0 || ends(entry.name, "/data.pkl")))
            return torch_read_zip(t, entry.name, error);
        has_arrays |= status == STATUS_OK && ends(entry.name, ".npy");
    }
    if (status == STATUS_OK && zip_index_of(t->zip, KERAS_ZIP_WEIGHTS) >= 0)
        return keras_read_zip(t, error);
    if (status == STATUS_OK && !has_arrays)
        status = error_set(error, STATUS_DATA, "a zip file, but none of PyTorch (data.pkl), NumPy (.npy) or Keras (" KERAS_ZIP_WEIGHTS ")");
    return status == STATUS_OK ? npz_read(t, error) : status;
}

static bool is_safetensors(const uint8_t *bytes, size_t size) {
    uint64_t length;
    if (size < 10)
        return false;
    memcpy(&length, bytes, sizeof length);
    size_t at = 8;
    while (at < size && (bytes[at] == ' ' || bytes[at] == '\n'))
        at++;
    return length < UINT64_C(1) << 40 && at < size && bytes[at] == '{';
}

static enum status unknown(const uint8_t *bytes, size_t size, struct error *error) {
    const char *what = "of no format that is known here (PyTorch, safetensors, NumPy's .npz, Keras's HDF5, ONNX)";
    const char *look = foreign_look(bytes, size);
    if (size == 0)
        what = "an empty file";
    else if (bytes[0] >= 0x81 && bytes[0] <= 0x8f && begins(bytes + 1, size - 1, "\xa4kind", 5))
        what = "a stream of records already: other filters read it as it is";
    else if (begins(bytes, size, "\x1f\x8b", 2))
        what = "a gzip file: unpack it first (gzip -d)";
    else if (size > 262 && memcmp(bytes + 257, "ustar", 5) == 0)
        what = "a tar file, as PyTorch wrote before version 0.1.10: save it again by a newer PyTorch";
    else if (look)
        return error_set(error, STATUS_DATA, "%s; %s", what, look);
    return error_set(error, STATUS_DATA, "%s", what);
}

static enum status read(struct tensors *t, const uint8_t *bytes, size_t size, struct error *error) {
    if (begins(bytes, size, "PK\3\4", 4) || begins(bytes, size, "PK\5\6", 4))
        return read_zip(t, bytes, size, error);
    if (begins(bytes, size, "\x89HDF\r\n\x1a\n", 8))
        return keras_read(t, bytes, size, error);
    if (begins(bytes, size, "\x93NUMPY", 6))
        return npy_read(t, bytes, size, error);
    if (size > 2 && bytes[0] == 0x80 && bytes[1] <= 5)
        return torch_read_legacy(t, bytes, size, error);
    if (is_safetensors(bytes, size))
        return safetensors_read(t, bytes, size, error);
    if (size > 2 && bytes[0] == 0x08 && bytes[1] < 0x80) // ir_version
        return onnx_read(t, bytes, size, error);
    return unknown(bytes, size, error);
}

enum status tensors_open_memory(struct tensors *out, const void *bytes, size_t size, struct error *error) {
    *out = (struct tensors){.kind = "a file"};
    return read(out, bytes, size, error);
}

enum status tensors_open(struct tensors *out, const char *path, struct error *error) {
    *out = (struct tensors){.kind = "a file"};
    struct mapping mapping;
    enum status status = mapping_open(&mapping, path, error);
    out->mapping = mapping;
    out->path = path;
    if (status != STATUS_OK)
        return status;
    status = read(out, mapping.bytes, mapping.size, error);
    return status == STATUS_OK ? status : error_prefix(error, "%s", path);
}
