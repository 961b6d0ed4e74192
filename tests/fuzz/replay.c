// Gives a harness the files that are named, or all files of a folder, without a fuzzer: so that every compiler runs the corpus and every
// past crash. The last line is "N passed, N failed"; an input that ends the program is named before it.
#include "fuzz.h"

#include "base/memory.h"

#include <dirent.h>
#include <sys/stat.h>

static int passed, failed;

static void replay(const char *path) {
    FILE *f = fopen(path, "rb");
    struct stat info;
    if (!f || fstat(fileno(f), &info) != 0) {
        perror(path);
        failed++;
        return;
    }
    size_t size = (size_t)info.st_size;
    uint8_t *data = memory_alloc(size); // exactly as much: beyond its end is no one's memory
    if (fread(data, 1, size, f) == size) {
        fprintf(stderr, "%s\n", path);
        LLVMFuzzerTestOneInput(data, size);
        passed++;
    } else {
        perror(path);
        failed++;
    }
    free(data);
    fclose(f);
}

static void replay_folder(const char *path, DIR *folder) {
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            replay(file);
    }
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (folder) {
            replay_folder(argv[i], folder);
            closedir(folder);
        } else {
            replay(argv[i]);
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
