#include "families/smnist.h"

#include "../check.h"
#include "../npy.h"

#include <math.h>

enum { S = IDX_SIDE, PIXELS = S * S };

static uint8_t *bytes_of(const struct npy *a) {
    uint8_t *bytes = malloc(a->count);
    for (size_t i = 0; i < a->count; i++)
        bytes[i] = (uint8_t)a->ints[i];
    return bytes;
}

// Bit for bit, one by one and all at once.
static void test_golden_rotations(void) {
    struct npy image = npy_load("smnist/image"), angle = npy_load("smnist/angle"), rotated = npy_load("smnist/rotated");
    uint8_t *pixels = bytes_of(&image), *expected = bytes_of(&rotated), out[PIXELS];
    size_t count = image.shape[0];
    struct image_set set = {.count = (int)count, .side = S, .pixels = pixels};
    for (size_t a = 0; a < angle.count; a++) {
        uint8_t *all = image_rotate_all(&set, angle.floats[a]);
        CHECK(memcmp(all, expected + a * count * PIXELS, count * PIXELS) == 0, "%g degrees", angle.floats[a]);
        free(all);
        for (size_t i = 0; i < count; i++) {
            image_rotate(pixels + i * PIXELS, angle.floats[a], out);
            CHECK(memcmp(out, expected + (a * count + i) * PIXELS, PIXELS) == 0, "%g degrees, image %zu", angle.floats[a], i);
        }
    }
    CHECK(angle.count == 16 && count == 8);
    free(pixels);
    free(expected);
    npy_free(&image);
    npy_free(&angle);
    npy_free(&rotated);
}

static void test_golden_tiles(void) {
    struct npy rotated = npy_load("smnist/rotated"), which = npy_load("smnist/tile_angle"), tiles = npy_load("smnist/tiles");
    uint8_t *pixels = bytes_of(&rotated);
    const struct smnist task = {.tile = SMNIST_DEFAULT_TILE};
    size_t count = which.count, size = (size_t)(smnist_steps(&task) * smnist_inputs(&task));
    CHECK(smnist_steps(&task) == 50 && smnist_inputs(&task) == 16 && tiles.count == count * size);
    float out[50 * 16];
    double worst = 0;
    for (size_t j = 0; j < count; j++) {
        image_sequence(pixels + ((size_t)which.ints[j] * count + j) * PIXELS, task.tile, out, 16);
        for (size_t k = 0; k < size; k++)
            worst = fmax(worst, fabs((double)out[k] - tiles.floats[j * size + k]));
    }
    CHECK(worst <= 1e-6, "%g", worst);
    free(pixels);
    npy_free(&rotated);
    npy_free(&which);
    npy_free(&tiles);
}

static void test_golden_split(void) {
    struct npy train = npy_load("smnist/split_train"), count = npy_load("smnist/split_train_count");
    for (size_t i = 0; i < train.count; i++)
        CHECK(image_trains_on(i) == train.ints[i], "image %zu", i);
    int64_t all = 0;
    for (uint64_t i = 0; i < 60000; i++)
        all += image_trains_on(i);
    CHECK(all == count.ints[0], "%lld", (long long)all);
    npy_free(&train);
    npy_free(&count);
}

static void random_image(uint8_t *image, uint64_t seed) {
    struct rng rng = rng_make(seed, 0, "test");
    for (int i = 0; i < PIXELS; i++)
        image[i] = (uint8_t)(1 + rng_below(&rng, 255)); // not black
}

// Quarter turns add up and lose nothing; others lose corners only. The angle is a float before anything else: what rounds to 360 copies.
static void test_rotation_properties(void) {
    uint8_t image[PIXELS], once[PIXELS], twice[PIXELS], out[PIXELS];
    random_image(image, 1);
    const double turns[][3] = {{90, 90, 180}, {90, 180, 270}, {180, 180, 0}, {270, 90, 360}, {90, 270, 359.99999999}};
    for (int i = 0; i < 5; i++) {
        image_rotate(image, turns[i][0], once);
        image_rotate(once, turns[i][1], twice);
        image_rotate(image, turns[i][2], out);
        CHECK(memcmp(twice, out, PIXELS) == 0, "%g + %g", turns[i][0], turns[i][1]);
    }
    image_rotate(image, 0, out);
    CHECK(memcmp(out, image, PIXELS) == 0);
    image_rotate(image, 90, out);
    CHECK(out[0] == image[S - 1] && out[PIXELS - 1] == image[PIXELS - S]); // counter-clockwise: the upper right corner comes to the left
    for (double angle = 0.5; angle < 360; angle += 1) {
        image_rotate(image, angle, out);
        int black = 0, inner = 0;
        for (int y = 0; y < S; y++)
            for (int x = 0; x < S; x++) {
                black += out[y * S + x] == 0;
                inner += out[y * S + x] == 0 && hypot(x - 13.5, y - 13.5) < 13.2;
            }
        CHECK(inner == 0 && black < PIXELS / 5, "%g degrees: %d black, %d of them inside", angle, black, inner);
    }
}

// Any tile, any stride; what lies between rows is left alone.
static void test_tiles(void) {
    uint8_t image[PIXELS];
    random_image(image, 2);
    const int tiles[] = {1, 2, 4, 7, 14, 28};
    for (int k = 0; k < 6; k++) {
        const struct smnist task = {.tile = tiles[k]};
        int steps = smnist_steps(&task), inputs = smnist_inputs(&task), stride = inputs + 3, across = S / task.tile, wrong = 0;
        CHECK((steps - 1) * inputs == PIXELS, "tile %d", task.tile);
        float *out = malloc((size_t)(steps * stride) * sizeof *out);
        for (int i = 0; i < steps * stride; i++)
            out[i] = 77;
        image_sequence(image, task.tile, out, stride);
        for (int i = 0; i < stride; i++)
            wrong += out[i] != (i < inputs ? 0 : 77);
        for (int t = 1; t < steps; t++)
            for (int i = 0; i < inputs; i++) {
                int y = (t - 1) / across * task.tile + i / task.tile, x = (t - 1) % across * task.tile + i % task.tile;
                wrong += fabs(out[t * stride + i] - (image[y * S + x] / 255.0 - 0.1307) / 0.3081) > 1e-6;
            }
        for (int t = 1; t < steps - 1; t++)
            wrong += out[t * stride + inputs] != 77;
        CHECK(wrong == 0, "tile %d: %d", task.tile, wrong);
        free(out);
    }
}

static void test_draws(void) {
    enum { RUNS = 6000 };
    const double decays[] = {0, 0.001, 0.01, 0.1};
    int of_decay[4] = {0}, of_third[3] = {0};
    for (uint64_t run = 0; run < RUNS; run++) {
        struct rng a = rng_make(5, run, "task"), b = a;
        struct smnist task = {.data = "mnist", .tile = 7}, again = task;
        smnist_draw_task(&task, &a);
        smnist_draw_task(&again, &b);
        CHECK(task.rotation == again.rotation && task.weight_decay == again.weight_decay && task.tile == 7);
        CHECK(task.rotation >= 0 && task.rotation < 360, "%g", task.rotation);
        of_third[(int)(task.rotation / 120)]++;
        for (int i = 0; i < 4; i++)
            of_decay[i] += task.weight_decay == decays[i];
    }
    for (int i = 0; i < 3; i++)
        CHECK(abs(of_third[i] - RUNS / 3) < 200, "%d", of_third[i]);
    for (int i = 0; i < 4; i++)
        CHECK(abs(of_decay[i] - RUNS / 4) < 200, "%d", of_decay[i]);
}

static enum split split_of(double rotation, double validation, double ood, uint64_t seed) {
    const struct smnist task = {.tile = 4, .rotation = rotation};
    return smnist_split_of(&task, &(struct split_rule){validation, ood, seed});
}

static void test_split_of_tasks(void) {
    CHECK(split_of(312, 0.15, smnist_family.ood_share, 1) == SPLIT_OOD);
    CHECK(split_of(nextafter(312, 0), 0.15, smnist_family.ood_share, 1) != SPLIT_OOD);
    CHECK(split_of(nextafter(360, 0), 0.15, smnist_family.ood_share, 1) == SPLIT_OOD);
    CHECK(split_of(nextafter(360, 0), 0, 0, 1) == SPLIT_TRAIN && split_of(0, 1, 0, 1) == SPLIT_VALIDATION);
    CHECK(split_of(0, 0, 1, 1) == SPLIT_OOD && split_of(0, 0.5, 0.5, 1) == split_of(-0.0, 0.5, 0.5, 1));

    enum { TASKS = 20000 };
    int count[SPLIT_COUNT] = {0}, moved = 0, ood_moved = 0;
    for (int i = 0; i < TASKS; i++) {
        double rotation = 360.0 * i / TASKS;
        enum split split = split_of(rotation, 0.15, 0.2, 1), other = split_of(rotation, 0.15, 0.2, 2);
        count[split]++;
        moved += split != other;
        ood_moved += (split == SPLIT_OOD) != (other == SPLIT_OOD);
        CHECK(split == split_of(rotation, 0.15, 0.2, 1) && (split == SPLIT_OOD) == (rotation >= 288));
    }
    CHECK(count[SPLIT_OOD] == TASKS / 5 && abs(count[SPLIT_VALIDATION] - 3 * TASKS / 20) < TASKS / 100, "%d", count[SPLIT_VALIDATION]);
    CHECK(moved > TASKS / 10 && ood_moved == 0, "%d, %d", moved, ood_moved);
}

static void test_names(void) {
    const char *const good[] = {"mnist", "fashion-mnist", "a", "K_49.2"}, *const bad[] = {"",  ".",   "..",  ".a",      "a/b",
                                                                                          "/", "a b", "a\n", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(image_sets_is_name(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!image_sets_is_name(bad[i]), "%s", bad[i]);
    char name[IMAGE_SETS_NAME_SIZE + 1] = {0};
    memset(name, 'x', IMAGE_SETS_NAME_SIZE);
    CHECK(!image_sets_is_name(name));
    name[IMAGE_SETS_NAME_SIZE - 1] = '\0';
    CHECK(image_sets_is_name(name));
}

int main(void) {
    test_golden_rotations();
    test_golden_tiles();
    test_golden_split();
    test_rotation_properties();
    test_tiles();
    test_draws();
    test_split_of_tasks();
    test_names();
    return check_report("families/smnist");
}
