#include "nn/cell.h"

#include <pthread.h>
#include <string.h>

static const struct cell *const cells[] = {&cell_lstm, &cell_gru, &cell_rnn_tanh, &cell_rnn_relu, NULL};

const struct cell *cell_at(int index) {
    return cells[index];
}

const struct cell *cell_find(const char *name) {
    for (int i = 0; cells[i]; i++)
        if (strcmp(cells[i]->name, name) == 0)
            return cells[i];
    return NULL;
}

static char names[256];

static void join_names(void) {
    for (int i = 0; cells[i]; i++) {
        strcat(names, i ? "|" : "");
        strcat(names, cells[i]->name);
    }
}

const char *cell_names(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, join_names);
    return names;
}

size_t cell_width(const struct cell *cell, int hidden) {
    return (size_t)(cell->gates + cell->apart) * (size_t)hidden;
}

size_t cell_inputs(const struct cell *cell, int hidden) {
    return (size_t)cell->gates * (size_t)hidden;
}
