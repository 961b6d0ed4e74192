#include "families/image_sets.h"

#include "../check.h"
#include "digit_images.h"

#include <sys/stat.h>

static struct error error;

static enum status find(struct image_sets *s, const char *name, const struct image_set **out) {
    *out = NULL;
    return image_sets_find(s, name, false, out, &error);
}

int main(void) {
    char directory[] = "/tmp/rnnpipe-images-XXXXXX";
    CHECK(mkdtemp(directory) && chdir(directory) == 0 && mkdir("data", 0700) == 0 && mkdir("data/a", 0700) == 0 &&
          mkdir("data/b", 0700) == 0);
    struct digit_images a = digit_images_new(3), b = digit_images_new(5);
    digit_images_write(&a, "data/a");
    digit_images_write(&b, "data/b");

    struct image_sets by_name = {0}, one = {.directory = "data/b"}, none = {.directory = "data/c"};
    const struct image_set *x, *y, *again;
    CHECK(find(&by_name, "a", &x) == STATUS_OK && x->count == 3, "%s", error.text);
    CHECK(find(&by_name, "b", &y) == STATUS_OK && y->count == 5 && memcmp(y->pixels, b.pixels, 5 * DIGIT_PIXELS) == 0, "%s", error.text);
    CHECK(find(&by_name, "a", &again) == STATUS_OK && again == x && x->labels[2] == a.labels[2], "opened once");
    CHECK(find(&by_name, "c", &again) == STATUS_NO_INPUT && strstr(error.text, "data/c/"), "%s", error.text);
    CHECK(find(&by_name, "../data/a", &again) == STATUS_DATA && find(&by_name, "", &again) == STATUS_DATA, "%s", error.text);
    CHECK(find(&one, "a", &x) == STATUS_OK && x->count == 5 && find(&one, "../any", &again) == STATUS_OK && again == x);
    CHECK(find(&none, "a", &x) == STATUS_NO_INPUT);

    // Both ways round at once, from a name and from a directory.
    for (int i = 0; i < 2; i++) {
        struct image_sets *s = i ? &one : &by_name;
        CHECK(image_sets_find(s, "b", true, &x, &error) == STATUS_OK && find(s, "b", &y) == STATUS_OK && x != y, "%s", error.text);
        CHECK(image_sets_find(s, "b", true, &again, &error) == STATUS_OK && again == x && x->count == 5 && x->labels[4] == b.labels[4]);
        int wrong = 0, same = 0;
        for (int pixel = 0; pixel < 5 * DIGIT_PIXELS; pixel++) {
            int image = pixel / DIGIT_PIXELS, row = pixel % DIGIT_PIXELS / IDX_SIDE, column = pixel % IDX_SIDE;
            wrong += x->pixels[pixel] != b.pixels[image * DIGIT_PIXELS + column * IDX_SIDE + row];
            same += x->pixels[pixel] == y->pixels[pixel];
        }
        CHECK(wrong == 0 && same < 5 * DIGIT_PIXELS / 2, "%d pixels are wrong, %d as before", wrong, same);
    }
    image_sets_close(&by_name);
    image_sets_close(&one);
    image_sets_close(&none);

    digit_images_remove("data/a");
    digit_images_remove("data/b");
    rmdir("data");
    CHECK(chdir("/") == 0 && rmdir(directory) == 0);
    digit_images_free(&a);
    digit_images_free(&b);
    return check_report("families/image_sets");
}
