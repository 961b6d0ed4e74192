#include "../check.h"
#include "base/table.h"

#include "base/hash.h"

#include <stdlib.h>

int main(void) {
    struct table t = {0};
    free(table_sorted(&t));
    CHECK(t.count == 0);

    // Counts of 5,000 scattered keys, each seen as often as its number says; 0 and the greatest key among them.
    enum { KEYS = 5000 };
    for (uint64_t round = 0; round < 3; round++)
        for (uint64_t i = 0; i < KEYS; i++)
            if (round <= i % 3)
                ++*table_at(&t, i == 0 ? 0 : i == 1 ? UINT64_MAX : hash_mix(i));
    CHECK(t.count == KEYS, "%zu", t.count);
    CHECK(*table_at(&t, 0) == 1);
    CHECK(*table_at(&t, UINT64_MAX) == 2);
    bool right = true;
    for (uint64_t i = 2; i < KEYS; i++)
        right &= *table_at(&t, hash_mix(i)) == i % 3 + 1;
    CHECK(right);
    CHECK(t.count == KEYS && t.capacity >= 2 * (KEYS - 1));

    struct table_slot *sorted = table_sorted(&t);
    bool ascending = true;
    for (size_t i = 1; i < t.count; i++)
        ascending &= sorted[i - 1].key < sorted[i].key;
    CHECK(ascending && sorted[0].key == 0 && sorted[KEYS - 1].key == UINT64_MAX && sorted[KEYS - 1].value == 2);
    free(sorted);

    // A new key begins at 0.
    CHECK(*table_at(&t, 12345) == 0 && t.count == KEYS + 1);
    table_free(&t);
    CHECK(*table_at(&t, 12345) == 0 && t.count == 1);
    table_free(&t);
    return check_report("base/table");
}
