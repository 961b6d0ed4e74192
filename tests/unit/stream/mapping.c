#include "../check.h"
#include "stream/mapping.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 1000000 };
static char content[SIZE];

static void *feed(void *fd) {
    for (size_t done = 0; done < SIZE;)
        done += (size_t)write(*(int *)fd, content + done, SIZE - done);
    close(*(int *)fd);
    return NULL;
}

static bool has_content(const struct mapping *m) {
    return m->size == SIZE && memcmp(m->bytes, content, SIZE) == 0;
}

int main(void) {
    struct mapping m;
    struct error error;
    for (int i = 0; i < SIZE; i++)
        content[i] = (char)(i * 31 % 251);

    char path[] = "/tmp/rnnpipe-unit-XXXXXX";
    int fd = mkstemp(path);
    CHECK(mapping_open(&m, path, &error) == STATUS_OK && m.size == 0 && !m.bytes);
    mapping_close(&m);
    CHECK(write(fd, content, SIZE) == SIZE);
    CHECK(mapping_open(&m, path, &error) == STATUS_OK && has_content(&m) && mapping_check(&m, path, &error) == STATUS_OK);
    // Written to in place, as many bytes: noticed. Renamed or removed: it is as it was.
    usleep(20000); // beyond the grain of a file system's clock
    CHECK(pwrite(fd, "changed", 7, 1000) == 7 && mapping_check(&m, path, &error) == STATUS_IO && strstr(error.text, "has changed"), "%s",
          error.text);
    // What is found wrong with data meanwhile is blamed on that; what does not come of them is not.
    CHECK(mapping_check_all(&error) == STATUS_IO && strstr(error.text, path) && strstr(error.text, ": has changed while it was read"));
    error_set(&error, STATUS_DATA, "record 3: no map");
    CHECK(mapping_blame(STATUS_DATA, &error) == STATUS_IO && strstr(error.text, "has changed while it was read (record 3: no map)"), "%s",
          error.text);
    error_set(&error, STATUS_CLOSED_PIPE, "standard output");
    CHECK(mapping_blame(STATUS_CLOSED_PIPE, &error) == STATUS_CLOSED_PIPE && strcmp(error.text, "standard output") == 0);
    CHECK(pwrite(fd, content + 1000, 7, 1000) == 7);
    mapping_close(&m);
    CHECK(mapping_open(&m, path, &error) == STATUS_OK);
    unlink(path);
    CHECK(has_content(&m) && mapping_check(&m, path, &error) == STATUS_OK && mapping_check_all(&error) == STATUS_OK);
    error_set(&error, STATUS_DATA, "record 3: no map");
    CHECK(mapping_blame(STATUS_DATA, &error) == STATUS_DATA && strcmp(error.text, "record 3: no map") == 0);
    mapping_close(&m);
    mapping_close(&m);
    CHECK(mapping_open(&m, path, &error) == STATUS_NO_INPUT && strstr(error.text, path), "%s", error.text);
    CHECK(mapping_open(&m, "/", &error) == STATUS_NO_INPUT);

    // Standard input: a file from its begin, a file whose begin was read by somebody else, a pipe, a directory for temporary files that is
    // not there.
    dup2(fd, STDIN_FILENO);
    lseek(fd, 0, SEEK_SET);
    CHECK(mapping_open(&m, "-", &error) == STATUS_OK && has_content(&m));
    mapping_close(&m);
    lseek(fd, 10, SEEK_SET);
    CHECK(mapping_open(&m, "-", &error) == STATUS_OK && m.size == SIZE - 10 && memcmp(m.bytes, content + 10, SIZE - 10) == 0);
    mapping_close(&m);
    for (int round = 0; round < 2; round++) {
        int ends[2];
        pthread_t thread;
        CHECK(pipe(ends) == 0);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        if (round == 1) {
            setenv("TMPDIR", "/nowhere", 1);
            CHECK(mapping_open(&m, "-", &error) == STATUS_IO && strstr(error.text, "/nowhere"), "%s", error.text);
            unsetenv("TMPDIR");
        }
        pthread_create(&thread, NULL, feed, &ends[1]);
        CHECK(mapping_open(&m, "-", &error) == STATUS_OK && has_content(&m));
        pthread_join(thread, NULL);
        mapping_close(&m);
    }
    close(fd);
    return check_report("stream/mapping");
}
