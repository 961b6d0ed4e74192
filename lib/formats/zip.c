#include "formats/readers_internal.h"

#ifdef HAVE_LIBZIP

#include "base/memory.h"

#include <stdlib.h>
#include <zip.h>

enum { MOST_TO_ONE = 1032 }; // deflate: at best 258 bytes from two bits

struct zip_reader {
    zip_t *zip;
    uint64_t count, bytes; // of the whole file
};

static enum status complain(zip_error_t *why, const char *what, struct error *error) {
    enum status status = error_set(error, STATUS_DATA, "%s: %s", what, zip_error_strerror(why));
    zip_error_fini(why);
    return status;
}

enum status zip_open_reader(struct zip_reader **out, const uint8_t *bytes, size_t size, struct error *error) {
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(bytes, size, 0, &why);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &why) : NULL;
    *out = NULL;
    if (!zip) {
        zip_source_free(source);
        return complain(&why, "the zip file is damaged or cut off (its directory, at the end, can't be read)", error);
    }
    zip_error_fini(&why);
    *out = memory_calloc(1, sizeof **out);
    **out = (struct zip_reader){zip, (uint64_t)zip_get_num_entries(zip, 0), size};
    return STATUS_OK;
}

void zip_close_reader(struct zip_reader *z) {
    if (!z)
        return;
    zip_discard(z->zip);
    free(z);
}

uint64_t zip_count(const struct zip_reader *z) {
    return z->count;
}

enum status zip_entry_at(struct zip_reader *z, uint64_t index, struct zip_entry *out, struct error *error) {
    const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    zip_stat_t s;
    if (zip_stat_index(z->zip, index, 0, &s) != 0 || (s.valid & needed) != needed)
        return error_set(error, STATUS_DATA, "the zip file's directory is damaged at entry %llu", (unsigned long long)index);
    if (s.encryption_method != ZIP_EM_NONE)
        return error_set(error, STATUS_DATA, "'%.100s' in the zip file is encrypted", s.name);
    if (s.comp_method != ZIP_CM_STORE && s.comp_method != ZIP_CM_DEFLATE)
        return error_set(error, STATUS_DATA, "'%.100s' in the zip file is packed by a method that is not supported (only deflate is)",
                         s.name);
    if (s.comp_size > z->bytes || (s.comp_method == ZIP_CM_STORE ? s.size != s.comp_size : s.size / MOST_TO_ONE > s.comp_size))
        return error_set(error, STATUS_DATA, "'%.100s' in the zip file can't have the %llu bytes that it claims", s.name,
                         (unsigned long long)s.size);
    *out = (struct zip_entry){s.name, s.size};
    return STATUS_OK;
}

int64_t zip_index_of(struct zip_reader *z, const char *name) {
    return zip_name_locate(z->zip, name, 0);
}

enum status zip_read(struct zip_reader *z, uint64_t index, uint8_t *out, uint64_t size, struct error *error) {
    zip_file_t *file = zip_fopen_index(z->zip, index, 0);
    uint8_t behind;
    if (!file)
        return error_set(error, STATUS_DATA, "the zip file: entry '%.100s': %s", zip_get_name(z->zip, index, 0), zip_strerror(z->zip));
    // The checksum is compared at the end, which only a read beyond it meets.
    bool whole = zip_fread(file, out, size) == (zip_int64_t)size && zip_fread(file, &behind, 1) == 0;
    zip_fclose(file);
    if (!whole)
        return error_set(error, STATUS_DATA, "the zip file: entry '%.100s' is damaged or cut off", zip_get_name(z->zip, index, 0));
    return STATUS_OK;
}

#else

enum status zip_open_reader(struct zip_reader **out, const uint8_t *bytes, size_t size, struct error *error) {
    (void)bytes, (void)size, *out = NULL;
    return error_set(error, STATUS_DATA, "a zip file (.pt, .npz), but this build has no libzip: install it and build again");
}

void zip_close_reader(struct zip_reader *z) {
    (void)z;
}

uint64_t zip_count(const struct zip_reader *z) {
    (void)z;
    return 0;
}

enum status zip_entry_at(struct zip_reader *z, uint64_t index, struct zip_entry *out, struct error *error) {
    (void)z, (void)index, (void)out;
    return error_set(error, STATUS_DATA, "this build has no libzip");
}

int64_t zip_index_of(struct zip_reader *z, const char *name) {
    (void)z, (void)name;
    return -1;
}

enum status zip_read(struct zip_reader *z, uint64_t index, uint8_t *out, uint64_t size, struct error *error) {
    (void)z, (void)index, (void)out, (void)size;
    return error_set(error, STATUS_DATA, "this build has no libzip");
}

#endif
