#include "base/note.h"

#include "base/hash.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 32 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void (*told)(const char *text);
static uint64_t before[MOST]; // hashes of the remarks so far
static int count;

void note_on(void (*handler)(const char *text)) {
    told = handler;
}

static bool is_new(const char *text) {
    uint64_t hash = hash_bytes(0, text, strlen(text));
    for (int i = 0; i < count; i++)
        if (before[i] == hash)
            return false;
    if (count == MOST)
        return false;
    before[count++] = hash;
    return true;
}

void note_once(const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    pthread_mutex_lock(&lock);
    if (told && is_new(text))
        told(text);
    pthread_mutex_unlock(&lock);
}
