// IDX files, plain and gzip. The first byte of the input says how the two files are stored; the second how many bytes are the labels';
// the images' file is filled up with black to whole images.
#include "fuzz.h"

#include "../unit/base/packed.h"
#include "base/gzip.h"
#include "families/image_file.h"

enum { FIRST_FD = 200, MOST_IMAGES = 4, HEADER = 16, PIXELS = MOST_IMAGES * IDX_SIDE * IDX_SIDE };
enum storage { PLAIN, GZIP, GZIP_AS_IT_IS, TWO_MEMBERS };

// --- A folder of links to files without a name, which are there only as long as their descriptors ---

static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "train-images-idx3-ubyte.gz",
                                    "train-labels-idx1-ubyte.gz"};
static char folder[] = "/tmp/rnnpipe-fuzz-XXXXXX";

static void link_path(int i, char path[128]) {
    snprintf(path, 128, "%s/%s", folder, names[i]);
}

static void remove_folder(void) {
    char path[128];
    for (int i = 0; i < 4; i++) {
        link_path(i, path);
        unlink(path);
    }
    rmdir(folder);
}

static void make_folder(void) {
    char path[128], target[32];
    FUZZ_CHECK(mkdtemp(folder));
    atexit(remove_folder);
    for (int i = 0; i < 4; i++) {
        link_path(i, path);
        snprintf(target, sizeof target, "/proc/self/fd/%d", FIRST_FD + i);
        FUZZ_CHECK(symlink(target, path) == 0);
    }
}

// --- Files ---

static void store(int which, enum storage storage, const uint8_t *data, size_t size) {
    int fd = FIRST_FD + which + (storage == PLAIN ? 0 : 2);
    struct fuzz_file f;
    if (storage == PLAIN || storage == GZIP_AS_IT_IS) {
        f = fuzz_file(data, size);
    } else {
        size_t first_size = storage == TWO_MEMBERS ? size / 2 : size, second_size = size - first_size;
        uint8_t *first = packed(data, first_size, &first_size), *second = packed(data + size - second_size, second_size, &second_size);
        f = fuzz_file(first, first_size);
        FUZZ_CHECK(storage != TWO_MEMBERS || pwrite(f.fd, second, second_size, (off_t)first_size) == (ssize_t)second_size);
        free(first);
        free(second);
    }
    FUZZ_CHECK(dup2(f.fd, fd) == fd);
    close(f.fd);
}

static void check_set(void) {
    struct image_set *set;
    struct error error;
    if (image_set_open(&set, folder, &error) != STATUS_OK) {
        FUZZ_CHECK(!set && error.status == STATUS_DATA && error.text[0]);
        return;
    }
    uint8_t last = set->pixels[(size_t)set->count * IDX_SIDE * IDX_SIDE - 1];
    FUZZ_CHECK(set->count > 0 && set->side == IDX_SIDE && last == 0);
    for (int i = 0; i < set->count; i++)
        FUZZ_CHECK(set->labels[i] < IDX_CLASSES);
    image_set_close(set);
}

static void check_unpack(const uint8_t *data, size_t size) {
    enum { MOST = 1 << 16 };
    uint8_t *out;
    size_t out_size;
    struct error error;
    if (gzip_unpack(data, size, MOST, &out, &out_size, &error) == STATUS_OK)
        FUZZ_CHECK(out_size <= MOST && out);
    else
        FUZZ_CHECK(!out && error.status == STATUS_DATA && error.text[0]);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t images[HEADER + PIXELS];
    if (!strcmp(folder + strlen(folder) - 6, "XXXXXX"))
        make_folder();
    if (size < 2)
        return 0;
    enum storage images_storage = data[0] & 3, labels_storage = data[0] >> 2 & 3;
    size_t labels_size = data[1] < size - 2 ? data[1] : size - 2, images_size = size - 2 - labels_size;
    const uint8_t *labels = data + 2, *rest = labels + labels_size;
    check_unpack(rest, images_size);
    store(1, labels_storage, labels, labels_size);
    if (images_storage != GZIP_AS_IT_IS && images_size >= HEADER && images_size <= sizeof images) {
        size_t side = IDX_SIDE, whole = (images_size - HEADER + side * side - 1) / (side * side);
        memset(images, 0, sizeof images);
        memcpy(images, rest, images_size);
        store(0, images_storage, images, HEADER + whole * side * side);
    } else {
        store(0, images_storage, rest, images_size);
    }
    check_set();
    for (int i = 0; i < 4; i++)
        close(FIRST_FD + i);
    return 0;
}
