// Vectors in double precision, against sums written out.
#include "math/vectors.h"

#include "../check.h"

int main(void) {
    const float x[] = {1, -2, 3, 0.5f, 1e8f, 7}, y[] = {2, 2, -1, 4, 1, 0}, zero[6] = {0};
    CHECK_CLOSE(vectors_dot(x, y, 6), 2 - 4 - 3 + 2 + 1e8, 1e-6);
    CHECK_CLOSE(vectors_dot(x, y, 0), 0, 0);
    CHECK_CLOSE(vectors_norm(y, 6), sqrt(26), 1e-12);
    CHECK_CLOSE(vectors_cosine(y, y, 6), 1, 1e-12);
    CHECK_CLOSE(vectors_cosine(x, y, 4), -3 / sqrt(14.25 * 25), 1e-12);
    CHECK_CLOSE(vectors_cosine(x, zero, 6), 0, 0);
    CHECK_CLOSE(vectors_squared_distance(x, y, 4), 1 + 16 + 16 + 12.25, 1e-12);
    CHECK_CLOSE(vectors_squared_distance(x, x, 6), 0, 0);
    float z[] = {3, -1, 2, -1, 0};
    vectors_sort(z, 5);
    for (int i = 1; i < 5; i++)
        CHECK(z[i - 1] <= z[i]);
    CHECK(z[0] == -1 && z[4] == 3);
    return check_report("math/vectors");
}
