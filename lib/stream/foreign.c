#include "stream/foreign.h"

#include <stdbool.h>
#include <string.h>

static bool begins(const uint8_t *bytes, size_t size, const char *with, size_t length) {
    return size >= length && memcmp(bytes, with, length) == 0;
}

// 8 bytes of length, then a JSON object.
static bool is_safetensors(const uint8_t *bytes, size_t size) {
    return size > 9 && bytes[8] == '{' && bytes[9] == '"' && !bytes[4] && !bytes[5] && !bytes[6] && !bytes[7];
}

// Field 1 of an ONNX model is its version, a small number; field 2, the producer, is a text.
static bool is_onnx(const uint8_t *bytes, size_t size) {
    return size > 4 && bytes[0] == 0x08 && bytes[1] < 32 && (bytes[2] == 0x12 || bytes[2] == 0x1a || bytes[2] == 0x3a);
}

static bool is_text(const uint8_t *bytes, size_t size) {
    size_t look = size < 64 ? size : 64;
    if (size && bytes[0] >= 0x80) // no text begins so; MessagePack's maps do
        return false;
    for (size_t i = 0; i < look; i++)
        if ((bytes[i] < ' ' && !strchr("\t\r\n", bytes[i])) || bytes[i] == 0x7f || !bytes[i])
            return false;
    return look > 0;
}

static const char *text_look(const uint8_t *bytes, size_t size) {
    size_t i = begins(bytes, size, "\xef\xbb\xbf", 3) ? 3 : 0;
    while (i < size && strchr(" \t\r\n", bytes[i]) && bytes[i])
        i++;
    if (i < size && (bytes[i] == '{' || bytes[i] == '['))
        return "it looks like JSON: rec-json --reverse makes records of JSON Lines";
    if (i < size && bytes[i] == '<')
        return "it looks like a web page (HTML, XML): has a download failed?";
    return "it looks like text (CSV, YAML or the like), which is no stream of records";
}

static bool is_msgpack_map(const uint8_t *bytes, size_t size) {
    return size > 1 && ((bytes[0] & 0xf0) == 0x80 || bytes[0] == 0xde || bytes[0] == 0xdf);
}

static bool is_msgpack_list(const uint8_t *bytes, size_t size) {
    return size > 1 && ((bytes[0] & 0xf0) == 0x90 || bytes[0] == 0xdc || bytes[0] == 0xdd);
}

const char *foreign_look(const uint8_t *bytes, size_t size) {
    static const struct {
        const char *magic;
        size_t length;
        const char *look;
    } kinds[] = {
        {"\x93NUMPY", 6, "it looks like a NumPy array (.npy)"},
        {"PK\x03\x04", 4, "it looks like a zip file (PyTorch's .pt, NumPy's .npz): import-rnn reads those"},
        {"\x89HDF\r\n\x1a\n", 8, "it looks like an HDF5 file (Keras): import-rnn reads those"},
        {"\x1f\x8b", 2, "it looks like a gzip file: gunzip it first"},
        {"\x28\xb5\x2f\xfd", 4, "it looks like a zstd file: decompress it first (zstd -dc)"},
        {"\xfd"
         "7zXZ",
         5, "it looks like an xz file: decompress it first (xz -dc)"},
        {"BZh", 3, "it looks like a bzip2 file: decompress it first (bzip2 -dc)"},
        {"\x80\x02\x8a\x0a", 4, "it looks like an old PyTorch file (pickle): import-rnn reads those"},
        {"\x80\x02}", 3, "it looks like a pickle: import-rnn reads those of PyTorch"},
        {"\x80\x03", 2, "it looks like a pickle: import-rnn reads those of PyTorch"},
        {"\x80\x04\x95", 3, "it looks like a pickle: import-rnn reads those of PyTorch"},
        {"\x80\x05\x95", 3, "it looks like a pickle: import-rnn reads those of PyTorch"},
        {"\x04\x22\x4d\x18", 4, "it looks like an lz4 file: decompress it first (lz4 -dc)"},
        {"PAR1", 4, "it looks like a Parquet table"},
        {"GGUF", 4, "it looks like a GGUF file (llama.cpp), which holds no recurrent network"},
        {"\xff\xfe", 2, "it looks like text in UTF-16: it has to be UTF-8"},
        {"\xfe\xff", 2, "it looks like text in UTF-16: it has to be UTF-8"},
        {"\x89PNG", 4, "it looks like a picture (PNG)"},
        {"\xff\xd8\xff", 3, "it looks like a picture (JPEG)"},
        {"\x7f"
         "ELF",
         4, "it looks like a program"},
        {"\0\0\x08\x03", 4, "it looks like images in MNIST's format (IDX): --images names their folder"},
        {"\0\0\x08\x01", 4, "it looks like labels in MNIST's format (IDX): --images names their folder"},
        {"version https://git-lfs", 23, "it looks like a pointer of Git LFS: git lfs pull gets the file itself"},
        {"SQLite format 3", 15, "it looks like an SQLite database"},
        {"MATLAB", 6, "it looks like a MATLAB file"},
        {"ARROW1", 6, "it looks like an Arrow table"},
        {"Obj\x01", 4, "it looks like an Avro file"},
        {"%PDF", 4, "it looks like a PDF"},
        {"7z\xbc\xaf", 4, "it looks like a 7z archive: unpack it first"},
        {"Rar!", 4, "it looks like a RAR archive: unpack it first"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (begins(bytes, size, kinds[i].magic, kinds[i].length))
            return kinds[i].look;
    if (size > 262 && memcmp(bytes + 257, "ustar", 5) == 0)
        return "it looks like a tar archive: unpack it first (tar -x)";
    if (size >= 8 && memcmp(bytes + 4, "TFL3", 4) == 0)
        return "it looks like a TensorFlow Lite model, which nothing here reads";
    if (is_safetensors(bytes, size))
        return "it looks like a safetensors file: import-rnn reads those";
    if (is_onnx(bytes, size))
        return "it looks like an ONNX file (protocol buffers): import-rnn reads those";
    if (is_text(bytes, size) || begins(bytes, size, "\xef\xbb\xbf", 3))
        return text_look(bytes, size);
    if (is_msgpack_map(bytes, size) && !begins(bytes + 1, size - 1, "\xa4kind", 5))
        return "it looks like MessagePack of another program (a Flax checkpoint?): rnnpipe-stream(5) says what records are";
    if (is_msgpack_list(bytes, size))
        return "it looks like a list: records stand one after the other (rnnpipe-stream(5))";
    return NULL;
}
