// client ARGUMENT...: as python3 ARGUMENT..., run by tests/python/server.py, which has imported NumPy already. Sends its descriptors, and
// the size and number of what follows; then, each ended by a zero: the folder, the arguments, the environment. Gets the exit status, a
// byte.
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FAILED = 125 };

static _Noreturn void fail(const char *what) {
    perror(what);
    exit(FAILED);
}

static void write_all(int fd, const char *bytes, size_t size) {
    for (ssize_t n; size; bytes += n, size -= (size_t)n)
        if ((n = write(fd, bytes, size)) <= 0)
            fail("client: the server");
}

static void send_descriptors(int server, const uint32_t header[2]) {
    union {
        char bytes[CMSG_SPACE(3 * sizeof(int))];
        struct cmsghdr aligned;
    } control = {0};
    struct iovec part = {(void *)header, 2 * sizeof *header};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    *c = (struct cmsghdr){.cmsg_len = CMSG_LEN(3 * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(c), (const int[]){0, 1, 2}, 3 * sizeof(int));
    if (sendmsg(server, &message, 0) != (ssize_t)part.iov_len)
        fail("client: the descriptors");
}

int main(int argc, char **argv) {
    (void)argc;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char folder[PATH_MAX], *text = NULL;
    size_t size = 0;
    uint8_t status;
    const char *path = getenv("RNNPIPE_PYTHON_SERVER");
    if (!path || strlen(path) >= sizeof address.sun_path || !getcwd(folder, sizeof folder))
        fail("client: RNNPIPE_PYTHON_SERVER, or the folder");
    strcpy(address.sun_path, path);
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) != 0)
        fail(path);

    FILE *out = open_memstream(&text, &size);
    fprintf(out, "%s%c", folder, 0);
    for (char **a = argv + 1; *a; a++)
        fprintf(out, "%s%c", *a, 0);
    for (char **e = environ; *e; e++)
        fprintf(out, "%s%c", *e, 0);
    if (fclose(out) != 0)
        fail("client");
    send_descriptors(server, (const uint32_t[]){(uint32_t)size, (uint32_t)argc - 1});
    write_all(server, text, size);
    free(text);
    return read(server, &status, 1) == 1 ? status : FAILED;
}
