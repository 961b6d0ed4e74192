#include "families/image_file.h"

#include "base/filemap.h"
#include "base/gzip.h"
#include "base/hash.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_UNPACKED = 1 << 30, MAX_RANK = 3 };

struct file {
    char path[PATH_MAX];
    const uint8_t *bytes;
    size_t size;
    bool mapped; // otherwise in memory of its own
};

struct image_set_internal {
    struct image_set set;
    struct file images, labels;
    uint8_t *transposed; // pixels in memory of their own, or NULL
    bool has_crc32;      // counted when it is asked for
    uint32_t crc32;
};

static enum status map_file(struct file *f, int fd, size_t size, struct error *error) {
    f->size = size;
    if (size == 0) // which can't be mapped
        return STATUS_OK;
    const void *mapping = filemap_open(fd, size, f->path);
    if (!mapping)
        return error_set(error, STATUS_NO_INPUT, "%s: %s", f->path, strerror(errno));
    f->bytes = mapping;
    f->mapped = true;
    return STATUS_OK;
}

static void close_file(struct file *f) {
    if (f->mapped)
        filemap_close(f->bytes);
    else
        free((void *)f->bytes);
    *f = (struct file){0};
}

// Replaces the bytes of a gzip file by what they hold.
static enum status unpack_file(struct file *f, struct error *error) {
    uint8_t *unpacked;
    size_t size;
    enum status status = gzip_unpack(f->bytes, f->size, MOST_UNPACKED, &unpacked, &size, error);
    if (status != STATUS_OK)
        return error_prefix(error, "%s", f->path);
    if (f->mapped)
        filemap_close(f->bytes);
    f->bytes = unpacked;
    f->size = size;
    f->mapped = false;
    return STATUS_OK;
}

// -1 with errno, also for what is no regular file; O_NONBLOCK: a named pipe without a writer would not open.
static int open_regular(const char *path, struct stat *info) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || (fstat(fd, info) == 0 && S_ISREG(info->st_mode)))
        return fd;
    close(fd);
    errno = S_ISDIR(info->st_mode) ? EISDIR : EINVAL;
    return -1;
}

static bool is_gzip(const struct file *f) {
    return f->size >= 2 && f->bytes[0] == 0x1f && f->bytes[1] == 0x8b;
}

// Does a file's name say that it is the one that `name` ("train-images-idx3-ubyte") stands for? Others write it with other characters
// between the words (train-images.idx3-ubyte), with something in front (emnist-digits-) or behind (.gz).
static bool is_named(const char *file, const char *name) {
    char words[3][32];
    if (sscanf(name, "%31[a-z]-%31[a-z]-%31[a-z0-9]", words[0], words[1], words[2]) != 3)
        return false;
    for (int i = 0; i < 3; i++) {
        file = strstr(file, words[i]);
        if (!file)
            return false;
        file += strlen(words[i]);
    }
    return true;
}

// How well a file's name fits: 3 the name itself, 2 with .gz, 1 another one that says the same, 0 none.
static int fitness(const char *file, const char *name) {
    size_t length = strlen(name);
    if (strncmp(file, name, length) == 0 && (!file[length] || strcmp(file + length, ".gz") == 0))
        return file[length] ? 2 : 3;
    return is_named(file, name);
}

// The file whose name fits best, if there is one only; a list of what is there otherwise. Links to nowhere do not count.
static enum status find_file(char path[PATH_MAX], const char *directory, const char *name, struct error *error) {
    char found[NAME_MAX + 1] = "", there[256] = "";
    int best = 1, count = 0;
    struct stat info;
    DIR *d = opendir(directory);
    if (!d && errno == ENAMETOOLONG)
        return error_set(error, STATUS_NO_INPUT, "%s: %s", name, strerror(errno));
    if (!d)
        return error_set(error, STATUS_NO_INPUT, "%s/%s: missing: %s (`make data` gets MNIST; --images names another folder)", directory,
                         name, strerror(errno));
    for (struct dirent *e; (e = readdir(d));) {
        size_t used = strlen(there);
        if (fstatat(dirfd(d), e->d_name, &info, 0) != 0)
            continue;
        if (e->d_name[0] != '.' && used + strlen(e->d_name) + 3 < sizeof there)
            strcat(strcat(there, used ? ", " : ""), e->d_name);
        int fits = fitness(e->d_name, name);
        if (fits < best)
            continue;
        count = fits > best ? 1 : count + 1;
        best = fits;
        strcpy(found, e->d_name);
    }
    closedir(d);
    if (count != 1)
        return error_set(error, STATUS_NO_INPUT, "%s/%s: missing; the folder has %s", directory, name, *there ? there : "nothing");
    if (snprintf(path, PATH_MAX, "%s/%s", directory, found) >= PATH_MAX)
        return error_set(error, STATUS_NO_INPUT, "%s: %s", name, strerror(ENAMETOOLONG));
    return STATUS_OK;
}

static enum status open_file(struct file *f, const char *directory, const char *name, struct error *error) {
    struct stat info;
    enum status status = find_file(f->path, directory, name, error);
    if (status != STATUS_OK)
        return status;
    int fd = open_regular(f->path, &info);
    if (fd < 0)
        return error_set(error, STATUS_NO_INPUT, "%s: %s", f->path, errno == EINVAL ? "not a regular file" : strerror(errno));
    status = map_file(f, fd, (size_t)info.st_size, error);
    close(fd);
    return status == STATUS_OK && is_gzip(f) ? unpack_file(f, error) : status;
}

static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

// An IDX file: the magic number 0x0800 + rank (8: unsigned bytes), the dimensions, and as many bytes as these say.
static enum status read_header(const struct file *f, const char *of, int rank, uint32_t *shape, struct error *error) {
    size_t header = 4 + 4 * (size_t)rank, size = 1;
    if (f->size < header)
        return error_set(error, STATUS_DATA, "%s: byte %zu: the file ends within the header of %zu bytes that an IDX file of %s has",
                         f->path, f->size, header, of);
    uint32_t magic = big_endian(f->bytes), expected = 0x0800 + (uint32_t)rank;
    if (magic != expected)
        return error_set(error, STATUS_DATA, "%s: byte 0: 0x%08x where an IDX file of %s begins with 0x%08x", f->path, magic, of, expected);
    for (int i = 0; i < rank; i++) {
        shape[i] = big_endian(f->bytes + 4 + 4 * i);
        if (shape[i] > INT_MAX || __builtin_mul_overflow(size, shape[i], &size))
            return error_set(error, STATUS_DATA, "%s: byte %d: a dimension of %u is too large", f->path, 4 + 4 * i, shape[i]);
    }
    if (f->size - header < size)
        return error_set(error, STATUS_DATA, "%s: byte %zu: the file ends, but its header promises %zu more bytes", f->path, f->size,
                         size - (f->size - header));
    if (f->size - header > size)
        return error_set(error, STATUS_DATA, "%s: byte %zu: %zu bytes too many", f->path, header + size, f->size - header - size);
    return STATUS_OK;
}

static enum status read_images(struct image_set_internal *s, struct error *error) {
    const struct file *f = &s->images;
    uint32_t shape[MAX_RANK];
    enum status status = read_header(f, "images", 3, shape, error);
    if (status != STATUS_OK)
        return status;
    if (shape[0] == 0)
        return error_set(error, STATUS_DATA, "%s: byte 4: no images", f->path);
    if (shape[1] != IDX_SIDE || shape[2] != IDX_SIDE)
        return error_set(error, STATUS_DATA, "%s: byte 8: images of %u x %u pixels where %d x %d were expected", f->path, shape[1],
                         shape[2], IDX_SIDE, IDX_SIDE);
    s->set.count = (int)shape[0];
    s->set.side = IDX_SIDE;
    s->set.pixels = f->bytes + 16;
    return STATUS_OK;
}

static enum status read_labels(struct image_set_internal *s, struct error *error) {
    const struct file *f = &s->labels;
    uint32_t count;
    enum status status = read_header(f, "labels", 1, &count, error);
    if (status != STATUS_OK)
        return status;
    if ((int)count != s->set.count)
        return error_set(error, STATUS_DATA, "%s: byte 4: %u labels for the %d images of %s", f->path, count, s->set.count, s->images.path);
    s->set.labels = f->bytes + 8;
    for (uint32_t i = 0; i < count; i++)
        if (s->set.labels[i] >= IDX_CLASSES)
            return error_set(error, STATUS_DATA, "%s: byte %u: label %u is above %d", f->path, 8 + i, s->set.labels[i], IDX_CLASSES - 1);
    return STATUS_OK;
}

enum status image_set_open(struct image_set **out, const char *directory, struct error *error) {
    struct image_set_internal *s = memory_calloc(1, sizeof *s);
    s->set.internal = s;
    enum status status = open_file(&s->images, directory, "train-images-idx3-ubyte", error);
    if (status == STATUS_OK)
        status = open_file(&s->labels, directory, "train-labels-idx1-ubyte", error);
    if (status == STATUS_OK)
        status = read_images(s, error);
    if (status == STATUS_OK)
        status = read_labels(s, error);
    *out = &s->set;
    if (status != STATUS_OK) {
        image_set_close(&s->set);
        *out = NULL;
    }
    return status;
}

uint32_t image_set_crc32(const struct image_set *s) {
    struct image_set_internal *in = s->internal;
    size_t count = (size_t)s->count, pixels = (size_t)s->side * (size_t)s->side;
    if (!in->has_crc32)
        in->crc32 = hash_crc32(hash_crc32(0, s->pixels, count * pixels), s->labels, count);
    in->has_crc32 = true;
    return in->crc32;
}

void image_set_transpose(struct image_set *s) {
    const size_t side = (size_t)s->side, count = (size_t)s->count;
    uint8_t *out = memory_alloc(count * side * side);
    for (size_t i = 0; i < count; i++)
        for (size_t y = 0; y < side; y++)
            for (size_t x = 0; x < side; x++)
                out[(i * side + x) * side + y] = s->pixels[(i * side + y) * side + x];
    free(s->internal->transposed);
    s->pixels = s->internal->transposed = out;
    s->internal->has_crc32 = false;
}

void image_set_close(struct image_set *s) {
    if (!s)
        return;
    struct image_set_internal *internal = s->internal;
    close_file(&internal->images);
    close_file(&internal->labels);
    free(internal->transposed);
    free(internal);
}
