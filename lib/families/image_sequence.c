#include "families/image_sequence.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { S = IDX_SIDE, PIXELS = S * S, OUTSIDE = PIXELS };

bool image_trains_on(uint64_t index) {
    return (index ^ 0x58a849af6cbf585a ^ 0x5ca118cb4d828a5e) % 10 < 8;
}

int image_choose(int count, bool trains, int most, int *which) {
    int chosen = 0;
    for (int i = 0; i < count && chosen < most; i++)
        if (image_trains_on((uint64_t)i) == trains)
            which[chosen++] = i;
    return chosen;
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

void image_rotate(const uint8_t *image, double degrees, uint8_t *out) {
    uint16_t index[PIXELS];
    rotation_index(degrees, index);
    gather(image, index, out);
}

uint8_t *image_rotate_all(const struct image_set *images, double degrees) {
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

void image_sequence(const uint8_t *image, int tile, float *out, long stride) {
    memset(out, 0, (size_t)tile * (size_t)tile * sizeof *out);
    for (int top = 0; top < S; top += tile)
        for (int left = 0; left < S; left += tile) {
            float *row = out += stride;
            for (int y = top; y < top + tile; y++)
                for (int x = left; x < left + tile; x++)
                    *row++ = normalised[image[y * S + x]];
        }
}

void image_gather(const uint8_t *pixels, const int *which, int count, int tile, float *inputs) {
    const long size = tile * tile;
    for (int i = 0; i < count; i++)
        image_sequence(pixels + (size_t)which[i] * IDX_SIDE * IDX_SIDE, tile, inputs + i * size, count * size);
}
