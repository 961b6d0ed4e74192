#include "families/smnist.h"

#include "base/hash.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { S = SMNIST_SIDE, PIXELS = S * S, OUTSIDE = PIXELS };

const double smnist_ood_share = 48.0 / 360;

int smnist_steps(const struct smnist *task) {
    return (S / task->tile) * (S / task->tile) + 1;
}

int smnist_inputs(const struct smnist *task) {
    return task->tile * task->tile;
}

bool smnist_is_data_name(const char *name) {
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return size > 0 && size < SMNIST_DATA_SIZE && name[size] == '\0' && name[0] != '.';
}

void smnist_draw_task(struct smnist *task, struct rng *rng) {
    static const double decays[] = {0, 0.001, 0.01, 0.1};
    task->rotation = 360 * rng_double(rng);
    task->weight_decay = decays[rng_below(rng, sizeof decays / sizeof *decays)];
}

// [0, 1), by (rotation, seed)
static double validation_rank(const struct smnist *task, uint64_t seed) {
    uint8_t bytes[1 + sizeof task->rotation] = {'v'};
    double rotation = task->rotation + 0.0; // no -0
    memcpy(bytes + 1, &rotation, sizeof rotation);
    return (double)(hash_bytes(seed, bytes, sizeof bytes) >> 11) * 0x1p-53;
}

enum split smnist_split_of(const struct smnist *task, double validation, double ood, uint64_t seed) {
    if (task->rotation >= 360 - 360 * ood)
        return SPLIT_OOD;
    return validation_rank(task, seed) * (1 - ood) < validation ? SPLIT_VALIDATION : SPLIT_TRAIN;
}

bool smnist_trains_on(uint64_t index) {
    return (index ^ 0x58a849af6cbf585a ^ 0x5ca118cb4d828a5e) % 10 < 8;
}

// --- Rotation: index [S,S] says of each pixel from which one of the image it is, or OUTSIDE ---

// Quarter turns are exact.
static void quarter_index(int turns, uint16_t *index) {
    static const struct {
        int corner, x, y; // the pixel at (0, 0), and how far it is from there to that at (1, 0), at (0, 1)
    } turn[] = {{0, 1, S}, {S - 1, S, -1}, {PIXELS - 1, -1, -S}, {PIXELS - S, -S, 1}};
    for (int y = 0; y < S; y++)
        for (int x = 0; x < S; x++)
            *index++ = (uint16_t)(turn[turns].corner + x * turn[turns].x + y * turn[turns].y);
}

static int fixed_point(double x) { // 16.16
    return (int)floor(x * 65536 + 0.5);
}

static double round_15(double x) { // to 15 decimals
    return rint(x * 1e15) / 1e15;
}

// The positions are sums of rounded numbers, as in Pillow: adding is exact then, in any order.
static void rotation_index(double degrees, uint16_t *index) {
    double angle = fmod((float)degrees, 360);
    if (fmod(angle, 90) == 0) {
        quarter_index((int)(angle / 90), index);
        return;
    }
    double radians = -angle * (M_PI / 180), c = round_15(cos(radians)), s = round_15(sin(radians)), corner = 0.5 - S / 2;
    int along_c = fixed_point(c), along_s = fixed_point(s), back_s = fixed_point(-s);
    int x0 = fixed_point(c * corner + s * corner + S / 2), y0 = fixed_point(-s * corner + c * corner + S / 2);
    for (int y = 0; y < S; y++)
        for (int x = 0; x < S; x++) {
            int from_x = (x0 + x * along_c + y * along_s) >> 16, from_y = (y0 + x * back_s + y * along_c) >> 16;
            bool inside = from_x >= 0 && from_x < S && from_y >= 0 && from_y < S;
            *index++ = (uint16_t)(inside ? from_y * S + from_x : OUTSIDE);
        }
}

// By way of a copy with a black pixel behind it, which is the one OUTSIDE: so the loop has no branch.
static void gather(const uint8_t *image, const uint16_t *index, uint8_t *out) {
    uint8_t source[PIXELS + 1];
    memcpy(source, image, PIXELS);
    source[OUTSIDE] = 0;
    for (int i = 0; i < PIXELS; i++)
        out[i] = source[index[i]];
}

void smnist_rotate(const uint8_t *image, double degrees, uint8_t *out) {
    uint16_t index[PIXELS];
    rotation_index(degrees, index);
    gather(image, index, out);
}

uint8_t *smnist_rotate_all(const struct image_set *images, double degrees) {
    uint16_t index[PIXELS];
    rotation_index(degrees, index);
    uint8_t *out = memory_alloc((size_t)images->count * PIXELS);
    for (size_t i = 0; i < (size_t)images->count; i++)
        gather(images->pixels + i * PIXELS, index, out + i * PIXELS);
    return out;
}

// --- Sequences ---

#define NORMALISED(v) (((v) / 255.0f - 0.1307f) / 0.3081f)
#define NORMALISED_4(v) NORMALISED(v), NORMALISED((v) + 1), NORMALISED((v) + 2), NORMALISED((v) + 3)
#define NORMALISED_16(v) NORMALISED_4(v), NORMALISED_4((v) + 4), NORMALISED_4((v) + 8), NORMALISED_4((v) + 12)
#define NORMALISED_64(v) NORMALISED_16(v), NORMALISED_16((v) + 16), NORMALISED_16((v) + 32), NORMALISED_16((v) + 48)

static const float normalised[256] = {NORMALISED_64(0), NORMALISED_64(64), NORMALISED_64(128), NORMALISED_64(192)};

void smnist_sequence(const uint8_t *image, int tile, float *out, long stride) {
    memset(out, 0, (size_t)tile * (size_t)tile * sizeof *out);
    for (int top = 0; top < S; top += tile)
        for (int left = 0; left < S; left += tile) {
            float *row = out += stride;
            for (int y = top; y < top + tile; y++)
                for (int x = left; x < left + tile; x++)
                    *row++ = normalised[image[y * S + x]];
        }
}
