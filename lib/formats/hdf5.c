// HDF5 by libhdf5. That library trusts what it reads: a damaged file may crash it, send it into loops, or into files of other names. So it
// works in a process of its own, which hands over all arrays and texts as MessagePack in a temporary file; what comes out of that is read
// with the usual checks. {"arrays": {path: array}, "texts": {path: {attribute: [text, ...]}}}
#include "formats/hdf5_internal.h"

#ifdef HAVE_HDF5

#include "base/memory.h"
#include "base/tempfile.h"
#include "base/writeall.h"
#include "stream/packer.h"

#include <errno.h>
#include <hdf5.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_DEPTH = 16, MAX_OBJECTS = 1 << 16, MOST_TO_ONE = 1032, PATH_SIZE = 4096, SECONDS = 20, EXIT_DAMAGED = 3 };

// --- In the other process ---

struct walker {
    struct packer *arrays, *texts; // each a map that is open
    uint64_t file_size;
    unsigned objects;
    bool failed;
};

// Numbers in the file's own bytes only, and no more than these could unpack to.
static bool is_honest(const struct walker *w, hid_t dataset, uint64_t bytes) {
    hid_t plist = H5Dget_create_plist(dataset);
    H5D_layout_t layout = plist < 0 ? H5D_LAYOUT_ERROR : H5Pget_layout(plist);
    bool own = (layout == H5D_COMPACT || layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED) && H5Pget_external_count(plist) == 0;
    uint64_t stored = own ? H5Dget_storage_size(dataset) : 0;
    H5Pclose(plist);
    return own && stored <= w->file_size && bytes / MOST_TO_ONE <= stored;
}

static void pack_dataset(struct walker *w, hid_t dataset, const char *path) {
    hsize_t dims[H5S_MAX_RANK];
    uint64_t shape[ARRAY_MAX_RANK], count = 1, bytes = 0;
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    int rank = H5Sget_simple_extent_dims(space, dims, NULL);
    // A float that claims to be longer than any would have libhdf5 take as much memory to convert it.
    bool ok = rank >= 0 && rank <= ARRAY_MAX_RANK && H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) <= sizeof(long double);
    for (int i = 0; ok && i < rank; i++) {
        shape[i] = dims[i];
        ok = !__builtin_mul_overflow(count, dims[i], &count);
    }
    bool is_double = H5Tget_size(type) > sizeof(float);
    ok = ok && !__builtin_mul_overflow(count, is_double ? sizeof(double) : sizeof(float), &bytes) && is_honest(w, dataset, bytes);
    if (ok) {
        void *data = memory_alloc(bytes);
        if (H5Dread(dataset, is_double ? H5T_NATIVE_DOUBLE : H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0) {
            pack_key(w->arrays, path);
            pack_array(w->arrays, is_double ? DTYPE_F8 : DTYPE_F4, rank, shape, data);
        } else {
            w->failed = true;
        }
        free(data);
    }
    H5Sclose(space);
    H5Tclose(type);
}

static void pack_texts(struct walker *w, hid_t attribute, hid_t type, hsize_t count) {
    size_t size = H5Tget_size(type);
    if (count == 0 || size == 0 || count > w->file_size || size > w->file_size)
        return;
    char **variable = H5Tis_variable_str(type) > 0 ? memory_calloc(count, sizeof *variable) : NULL;
    char *fixed = variable ? NULL : memory_calloc(count, size);
    hid_t space = H5Aget_space(attribute);
    bool ok = H5Aread(attribute, type, variable ? (void *)variable : (void *)fixed) >= 0;
    pack_list(w->texts);
    for (hsize_t i = 0; ok && i < count; i++) {
        const char *text = variable ? variable[i] : fixed + i * size;
        pack_str_n(w->texts, text ? text : "", !text ? 0 : variable ? strlen(text) : strnlen(text, size));
    }
    pack_end(w->texts);
    if (variable && ok)
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, variable);
    H5Sclose(space);
    free(variable);
    free(fixed);
}

static void pack_attributes(struct walker *w, hid_t object, const char *path) {
    H5O_info_t info;
    if (H5Oget_info(object, &info) < 0)
        return;
    pack_key(w->texts, path);
    pack_map(w->texts);
    for (hsize_t i = 0; i < info.num_attrs && i < 1000; i++) {
        char name[256];
        hid_t attribute = H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_NATIVE, i, H5P_DEFAULT, H5P_DEFAULT);
        hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
        hssize_t count = H5Sget_simple_extent_npoints(space);
        if (attribute >= 0 && H5Tget_class(type) == H5T_STRING && count > 0 && H5Aget_name(attribute, sizeof name, name) > 0) {
            pack_key(w->texts, name);
            pack_texts(w, attribute, type, (hsize_t)count);
        }
        H5Sclose(space);
        H5Tclose(type);
        H5Aclose(attribute);
    }
    pack_end(w->texts);
}

static void pack_object(struct walker *w, hid_t object, const char *path, int depth);

// Only links to what lies in the file itself are followed.
static void pack_group(struct walker *w, hid_t group, const char *path, int depth) {
    H5G_info_t info;
    if (H5Gget_info(group, &info) < 0)
        return;
    for (hsize_t i = 0; i < info.nlinks && w->objects < MAX_OBJECTS && !w->failed; i++) {
        char inner[PATH_SIZE];
        size_t n = strlen(path);
        H5L_info_t link;
        memcpy(inner, path, n);
        inner[n] = '/';
        ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, inner + n + 1, sizeof inner - n - 1, H5P_DEFAULT);
        if (length <= 0 || (size_t)length >= sizeof inner - n - 1 || H5Lget_info(group, inner + n + 1, &link, H5P_DEFAULT) < 0 ||
            link.type != H5L_TYPE_HARD)
            continue;
        hid_t object = H5Oopen(group, inner + n + 1, H5P_DEFAULT);
        if (object >= 0)
            pack_object(w, object, inner, depth + 1);
        H5Oclose(object);
    }
}

static void pack_object(struct walker *w, hid_t object, const char *path, int depth) {
    H5I_type_t type = H5Iget_type(object);
    if (depth > MAX_DEPTH || ++w->objects > MAX_OBJECTS || strlen(path) > PATH_SIZE / 2)
        return;
    if (type == H5I_DATASET)
        pack_dataset(w, object, path);
    if (type == H5I_GROUP) {
        pack_attributes(w, object, path);
        pack_group(w, object, path, depth);
    }
}

static bool convert(const uint8_t *bytes, size_t size, int out) {
    H5open();
    H5Eset_auto(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0); // no code of filters that a file names
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 16, 0);
    H5Pset_file_image(access, (void *)bytes, size);
    hid_t file = H5Fopen("image", H5F_ACC_RDONLY, access), root = file < 0 ? -1 : H5Gopen(file, "/", H5P_DEFAULT);
    if (root < 0)
        return false;
    struct walker w = {.arrays = packer_new(), .texts = packer_new(), .file_size = size};
    pack_map(w.arrays);
    pack_map(w.texts);
    pack_object(&w, root, "", 0);
    pack_end(w.texts);
    pack_end(w.arrays);
    size_t arrays_size, texts_size;
    const uint8_t *arrays = packer_bytes(w.arrays, &arrays_size), *texts = packer_bytes(w.texts, &texts_size);
    return !w.failed && write_all(out, (const uint8_t *)"\x92", 1) && write_all(out, arrays, arrays_size) &&
           write_all(out, texts, texts_size);
}

static void run_apart(const uint8_t *bytes, size_t size, int out) __attribute__((noreturn));
static void run_apart(const uint8_t *bytes, size_t size, int out) {
    for (int number = 1; number < 32; number++)
        if (number != SIGKILL && number != SIGSTOP)
            signal(number, SIG_DFL);
    struct rlimit seconds = {SECONDS + size / 10000000, SECONDS + size / 10000000}, no_core = {0, 0};
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_CORE, &no_core);
    _exit(convert(bytes, size, out) ? 0 : EXIT_DAMAGED);
}

// --- In ours ---

static enum status wait_for(pid_t child, struct error *error) {
    int state;
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
            return error_set(error, STATUS_IO, "waiting for the reader of HDF5: %s", strerror(errno));
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
        return STATUS_OK;
    if (WIFSIGNALED(state))
        return error_set(error, STATUS_DATA, "the HDF5 file is damaged: libhdf5 was ended by it (%s)", strsignal(WTERMSIG(state)));
    return error_set(error, STATUS_DATA, "the HDF5 file is damaged or cut off");
}

enum status hdf5_read(const uint8_t *bytes, size_t size, struct mapping *out, struct error *error) {
    *out = (struct mapping){0};
    int fd = tempfile_open(error);
    if (fd < 0)
        return STATUS_IO;
    pid_t child = fork();
    if (child == 0)
        run_apart(bytes, size, fd);
    enum status status =
        child < 0 ? error_set(error, STATUS_IO, "starting the reader of HDF5: %s", strerror(errno)) : wait_for(child, error);
    if (status == STATUS_OK)
        status = mapping_of_fd(out, fd, "the contents of the HDF5 file", error);
    close(fd);
    return status;
}

#else

enum status hdf5_read(const uint8_t *bytes, size_t size, struct mapping *out, struct error *error) {
    (void)bytes, (void)size;
    *out = (struct mapping){0};
    return error_set(error, STATUS_DATA, "an HDF5 file (Keras), but this build has no libhdf5: install it and build again");
}

#endif
