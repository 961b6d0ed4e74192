#include "families/regular.h"

#include "../check.h"
#include "../records/decoded.h"
#include "records/task.h"

#include <string.h>

// A language has one key and one split, however its automaton is written down.
static void test_key(void) {
    struct regular one = {.length = 30}, other = {.length = 60};
    regular_tomita(&one, 1);
    other.dfa = (struct dfa){2, 4, {{3, 2}, {3, 3}, {1, 0}, {1, 1}}, {1, 0, 1, 0}}; // 1*, with all states twice
    char a[FAMILY_KEY_SIZE], b[FAMILY_KEY_SIZE];
    regular_family.key(&one, a);
    regular_family.key(&other, b);
    CHECK(strcmp(a, b) == 0 && strcmp(a, "regular-language 2 +10 -11") == 0, "%s, %s", a, b);
    other.dfa.accepting[2] = 0;
    regular_family.key(&other, b);
    CHECK(strcmp(a, b) != 0);
    for (int g = 1; g <= REGULAR_GRAMMARS; g++) {
        struct regular task = {.length = 30};
        struct decoded d = decoded_new();
        struct task read;
        struct error error;
        regular_tomita(&task, g);
        CHECK(regular_family.key(&task, b) > 0 && (g == 1) == (strcmp(a, b) == 0));
        task.tomita = 0; // what follows from the automaton is found again
        const struct task made = task_make(&regular_family, &task);
        task_pack(d.packer, &made);
        CHECK(task_read(decoded_root(&d), &read, &error) == STATUS_OK && TASK_BODY(struct regular, &read)->tomita == g);
        decoded_free(&d);
    }
}

static void test_ood(void) {
    for (int states = 2; states <= DFA_MAX_STATES; states++)
        for (uint64_t run = 0; run < 5; run++) {
            struct regular task = {.dfa = {.symbols = 2, .states = states}, .length = 30};
            struct rng rng = rng_make(1, run, "task");
            regular_draw_task(&task, &rng);
            CHECK(task.dfa.states == states);
            CHECK(regular_family.ood(&task, regular_family.ood_share) == (states == 8));
            CHECK(regular_family.ood(&task, 2.0 / 7) == (states >= 7));
            CHECK(!regular_family.ood(&task, 0) && regular_family.ood(&task, 1));
        }
}

int main(void) {
    test_key();
    test_ood();
    return check_report("families/regular");
}
