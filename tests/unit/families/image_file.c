#include "families/image_file.h"

#include "../base/packed.h"
#include "../check.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNT = 5, PIXELS = COUNT * IDX_SIDE * IDX_SIDE, IMAGES = 16 + PIXELS, LABELS = 8 + COUNT };

static char directory[] = "/tmp/rnnpipe-idx-XXXXXX";
static uint8_t images[IMAGES], labels[LABELS];
static const char *const files[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"};

static const char *path_of(int file, bool gz) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s%s", directory, files[file], gz ? ".gz" : "");
    return path;
}

static void write_file(int file, bool gz, const uint8_t *bytes, size_t size) {
    uint8_t *gzip = gz ? packed(bytes, size, &size) : NULL;
    FILE *f = fopen(path_of(file, gz), "wb");
    fwrite(gz ? gzip : bytes, 1, size, f);
    fclose(f);
    free(gzip);
}

static void put(uint8_t *at, uint32_t number) {
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> (24 - 8 * i));
}

static void remove_files(void) {
    for (int i = 0; i < 4; i++)
        remove(path_of(i / 2, i % 2)); // a file or an empty directory
}

// Both files as they should be.
static void good_files(bool gz) {
    remove_files();
    put(images, 0x803);
    put(images + 4, COUNT);
    put(images + 8, IDX_SIDE);
    put(images + 12, IDX_SIDE);
    put(labels, 0x801);
    put(labels + 4, COUNT);
    for (int i = 0; i < PIXELS; i++)
        images[16 + i] = (uint8_t)(i * 7);
    for (int i = 0; i < COUNT; i++)
        labels[8 + i] = (uint8_t)(9 - i);
    write_file(0, gz, images, sizeof images);
    write_file(1, gz, labels, sizeof labels);
}

// Opening fails with this status, and a message that names the file and holds this?
static bool refuses(enum status expected, int file, const char *message) {
    struct error error = {.text = ""};
    struct image_set *set = (struct image_set *)1;
    enum status status = image_set_open(&set, directory, &error);
    bool right = status == expected && error.status == expected && !set && strstr(error.text, files[file]) && strstr(error.text, message);
    if (!right)
        fprintf(stderr, "status %d: %s\n", status, error.text);
    return right;
}

static bool opens(void) {
    struct error error = {.text = ""};
    struct image_set *set;
    enum status status = image_set_open(&set, directory, &error);
    if (status != STATUS_OK) {
        fprintf(stderr, "status %d: %s\n", status, error.text);
        return false;
    }
    bool right = set->count == COUNT && set->side == IDX_SIDE && memcmp(set->pixels, images + 16, PIXELS) == 0 &&
                 memcmp(set->labels, labels + 8, COUNT) == 0;
    image_set_close(set);
    return right;
}

static void test_good(void) {
    good_files(false);
    CHECK(opens());
    write_file(0, true, labels, sizeof labels); // a plain file comes first
    CHECK(opens());
    good_files(true);
    CHECK(opens());
    remove(path_of(1, true));
    write_file(1, false, labels, sizeof labels); // one of each
    CHECK(opens());
    image_set_close(NULL);
}

// What a file is, its name need not tell; and other programs have other names.
static void test_names(void) {
    char other[4096];
    good_files(false);
    snprintf(other, sizeof other, "%s/emnist-digits-train-images.idx3-ubyte", directory);
    CHECK(rename(path_of(0, false), other) == 0 && opens());
    write_file(0, true, images, sizeof images); // two that could be meant: the usual one
    CHECK(opens());
    remove(path_of(0, true));
    CHECK(rename(other, path_of(0, true)) == 0 && opens()); // plain, but called .gz
    good_files(false);
    remove(path_of(0, false));
    char letters[4096]; // two others, and no usual one: not guessed
    snprintf(letters, sizeof letters, "%s/emnist-letters-train-images.idx3-ubyte", directory);
    write_file(0, true, images, sizeof images);
    CHECK(rename(path_of(0, true), other) == 0 && link(other, letters) == 0);
    CHECK(refuses(STATUS_NO_INPUT, 0, "emnist-letters-train-images.idx3-ubyte"));
    remove(other);
    remove(letters);
    good_files(true);
    snprintf(other, sizeof other, "%s", path_of(0, true));
    CHECK(rename(other, path_of(0, false)) == 0 && opens()); // compressed, but not called so
    remove(path_of(0, false));
    CHECK(refuses(STATUS_NO_INPUT, 0, "the folder has train-labels-idx1-ubyte.gz"));
}

static void test_missing(bool gz) {
    for (int file = 0; file < 2; file++) {
        good_files(gz);
        remove(path_of(file, gz));
        CHECK(refuses(STATUS_NO_INPUT, file, "missing"));
        mkdir(path_of(file, gz), 0700);
        CHECK(refuses(STATUS_NO_INPUT, file, "directory"));
        remove(path_of(file, gz));
        CHECK(mkfifo(path_of(file, gz), 0600) == 0);
        CHECK(refuses(STATUS_NO_INPUT, file, "not a regular file"));
        remove(path_of(file, gz));
        CHECK(symlink("nowhere", path_of(file, gz)) == 0);
        CHECK(refuses(STATUS_NO_INPUT, file, "missing"));
    }
    struct error error;
    struct image_set *set;
    CHECK(image_set_open(&set, "/nonexistent", &error) == STATUS_NO_INPUT && strstr(error.text, "/nonexistent/train-images"), "%s",
          error.text);
    char *longest = memset(calloc(10001, 1), 'x', 10000);
    CHECK(image_set_open(&set, longest, &error) == STATUS_NO_INPUT && strstr(error.text, "too long"), "%s", error.text);
    free(longest);
}

static void test_sizes(bool gz) {
    uint8_t *bytes[] = {images, labels};
    const size_t size[] = {sizeof images, sizeof labels}, header[] = {16, 8};
    for (int file = 0; file < 2; file++) {
        char where[64];
        for (size_t cut = 0; cut < size[file]; cut += cut < 20 ? 1 : 500) {
            good_files(gz);
            write_file(file, gz, bytes[file], cut);
            snprintf(where, sizeof where, "byte %zu: the file ends", cut);
            CHECK(refuses(STATUS_DATA, file, where), "%zu", cut);
            CHECK(refuses(STATUS_DATA, file, cut < header[file] ? "within the header" : "promises"), "%zu", cut);
        }
        good_files(gz);
        uint8_t *longer = calloc(size[file] + 3, 1);
        memcpy(longer, bytes[file], size[file]);
        write_file(file, gz, longer, size[file] + 3);
        snprintf(where, sizeof where, "byte %zu: 3 bytes too many", size[file]);
        CHECK(refuses(STATUS_DATA, file, where));
        free(longer);
    }
}

// Both files, but for one number of one of them.
static void one_wrong(bool gz, int file, int at, uint32_t number) {
    good_files(gz);
    uint8_t *bytes = file ? labels : images;
    put(bytes + at, number);
    write_file(file, gz, bytes, file ? sizeof labels : sizeof images);
}

static void test_headers(bool gz) {
    const uint32_t magics[] = {0, 0x801, 0x802, 0x803, 0x804, 0x903, 0xd03, 0x01080000, 0x03080000, 0x10803, 0x1000803, UINT32_MAX};
    for (int file = 0; file < 2; file++)
        for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
            one_wrong(gz, file, 0, magics[i]);
            if (magics[i] == (file ? 0x801 : 0x803))
                CHECK(opens());
            else
                CHECK(refuses(STATUS_DATA, file, file ? "begins with 0x00000801" : "begins with 0x00000803"), "%x", magics[i]);
        }

    one_wrong(gz, 0, 4, COUNT + 1);
    CHECK(refuses(STATUS_DATA, 0, "promises 784 more"));
    one_wrong(gz, 0, 4, COUNT - 1);
    CHECK(refuses(STATUS_DATA, 0, "784 bytes too many"));
    one_wrong(gz, 0, 4, INT32_MAX);
    CHECK(refuses(STATUS_DATA, 0, "promises"));
    one_wrong(gz, 0, 4, UINT32_MAX);
    CHECK(refuses(STATUS_DATA, 0, "byte 4: a dimension of 4294967295"));
    for (int at = 4; at < 16; at += 4)
        put(images + at, 1u << 30); // 2^90 in all: 2^64 is overrun
    write_file(0, gz, images, sizeof images);
    CHECK(refuses(STATUS_DATA, 0, "byte 12: a dimension of 1073741824"));
    one_wrong(gz, 1, 4, UINT32_MAX);
    CHECK(refuses(STATUS_DATA, 1, "byte 4: a dimension of 4294967295"));

    one_wrong(gz, 0, 8, 27);
    write_file(0, gz, images, 16 + COUNT * 27 * 28);
    CHECK(refuses(STATUS_DATA, 0, "byte 8: images of 27 x 28"));
    one_wrong(gz, 0, 12, 14);
    write_file(0, gz, images, 16 + COUNT * 28 * 14);
    CHECK(refuses(STATUS_DATA, 0, "byte 8: images of 28 x 14"));
    one_wrong(gz, 0, 4, 0);
    write_file(0, gz, images, 16);
    CHECK(refuses(STATUS_DATA, 0, "no images"));
    one_wrong(gz, 1, 4, COUNT - 1);
    write_file(1, gz, labels, sizeof labels - 1);
    CHECK(refuses(STATUS_DATA, 1, "byte 4: 4 labels for the 5 images"));
}

static void test_labels(bool gz) {
    for (int i = 0; i < COUNT; i++) {
        char where[64];
        snprintf(where, sizeof where, "byte %d: label 10", 8 + i);
        good_files(gz);
        labels[8 + i] = 10;
        write_file(1, gz, labels, sizeof labels);
        CHECK(refuses(STATUS_DATA, 1, where));
    }
}

static void test_damaged_gzip(void) {
    good_files(true);
    FILE *f = fopen(path_of(0, true), "r+b");
    fseek(f, 40, SEEK_SET);
    fputs("damage", f);
    fclose(f);
    CHECK(refuses(STATUS_DATA, 0, "damaged or cut"));
    good_files(true);
    CHECK(truncate(path_of(1, true), 0) == 0);
    CHECK(refuses(STATUS_DATA, 1, "the file ends within the header"));
}

int main(void) {
    CHECK(mkdtemp(directory) != NULL);
    test_good();
    test_names();
    for (int gz = 0; gz < 2; gz++) {
        test_missing(gz);
        test_sizes(gz);
        test_headers(gz);
        test_labels(gz);
    }
    test_damaged_gzip();
    remove_files();
    CHECK(rmdir(directory) == 0);
    return check_report("families/image_file");
}
