// The registry of cells.
#include "nn/cell.h"

#include "../check.h"

#include <string.h>

int main(void) {
    char all[256] = "";
    int count = 0;
    for (const struct cell *c; (c = cell_at(count)); count++) {
        CHECK(cell_find(c->name) == c, "%s", c->name);
        for (int i = 0; i < count; i++)
            CHECK(strcmp(cell_at(i)->name, c->name) != 0, "%s twice", c->name);
        CHECK(c->gates > 0 && strlen(c->blocks) == (size_t)c->gates && c->prefix && c->forward && c->backward, "%s", c->name);
        CHECK(c->apart >= 0 && c->apart <= c->gates && c->candidate >= 0 && c->candidate < c->gates, "%s", c->name);
        CHECK(c->states == 1 || c->states == 2, "%s", c->name);
        CHECK(cell_inputs(c, 7) == (size_t)(7 * c->gates) && cell_width(c, 7) == (size_t)(7 * (c->gates + c->apart)), "%s", c->name);
        strcat(strcat(all, count ? "|" : ""), c->name);
    }
    CHECK(count >= 4 && strcmp(cell_names(), all) == 0, "%s", cell_names());
    CHECK(cell_find("lstm") == &cell_lstm && cell_find("gru") == &cell_gru);
    CHECK(!cell_find("LSTM") && !cell_find("") && !cell_find("lstm|gru"));
    return check_report("nn/cell");
}
