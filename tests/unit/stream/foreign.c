// What files of other programs are called.
#include "stream/foreign.h"

#include "../check.h"
#include "stream/reader.h"

#include <string.h>

static void test_look(const char *bytes, size_t size, const char *word) {
    const char *look = foreign_look((const uint8_t *)bytes, size);
    CHECK(look && strstr(look, word), "%s: %s", word, look ? look : "nothing");
    // the same word in a reader's message
    struct error error = {0};
    struct reader *r = reader_open_memory(bytes, size, "file", (struct reader_limits){0});
    CHECK(reader_next(r, &error) == STATUS_DATA && strstr(error.text, word), "%s: %s", word, error.text);
    reader_close(r);
}

#define LOOKS(bytes, word) test_look(bytes, sizeof bytes - 1, word)

int main(void) {
    LOOKS("\x93NUMPY\x01\0v\0{'descr'", "NumPy");
    LOOKS("PK\x03\x04\x14\0\0\0", "zip");
    LOOKS("\x89HDF\r\n\x1a\n\0\0", "HDF5");
    LOOKS("\x1f\x8b\x08\0", "gzip");
    LOOKS("\x28\xb5\x2f\xfd\x04\0", "zstd");
    LOOKS("\x80\x02\x8a\x0al\xfc\x9c", "PyTorch");
    LOOKS("\x60\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\"}}", "safetensors");
    LOOKS("\x08\x07\x12\x07pytorch", "ONNX");
    LOOKS("{\"kind\": \"rnn\"}\n", "JSON");
    LOOKS("\xef\xbb\xbf  [1, 2]", "JSON");
    LOOKS("run,step\n1,2\n", "text");
    LOOKS("\x81\xa6params\x80", "MessagePack");
    LOOKS("\x92\x84\xa4kind\xa4meta", "list");
    LOOKS("\xff\xfe{\0", "UTF-16");
    LOOKS("PAR1\x15\x04", "Parquet");
    LOOKS("GGUF\x03\0\0\0", "GGUF");
    LOOKS("\x04\x22\x4d\x18\x64", "lz4");
    LOOKS("\x20\0\0\0TFL3\0\0", "TensorFlow Lite");
    LOOKS("\0\0\x08\x03\0\0\xea\x60", "--images");
    LOOKS("version https://git-lfs.github.com/spec/v1\n", "git lfs pull");
    LOOKS("<!DOCTYPE html>", "web page");
    LOOKS("\xff\xd8\xff\xe0", "JPEG");
    LOOKS("SQLite format 3\0", "SQLite");
    LOOKS("MATLAB 5.0 MAT-file", "MATLAB");
    LOOKS("7z\xbc\xaf\x27\x1c", "7z");
    char tar[512] = "file";
    memcpy(tar + 257, "ustar", 5);
    LOOKS(tar, "tar archive");
    CHECK(!foreign_look((const uint8_t *)"\x84\xa4kind\xa4meta", 11));
    CHECK(!foreign_look((const uint8_t *)"", 0));
    return check_report("stream/foreign");
}
