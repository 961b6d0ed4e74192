// A tile has 16 rows of 64 bytes. A's hold 16 x 32 elements; B's 32 x 16, with rows 2r and 2r + 1 interleaved in the tile's row r, so that
// one instruction adds a 16 x 16 tile of C (float32) from both. A tile of A^T is the transpose of a tile of B, by pairs of elements: two
// ways of filling a tile and one transposition make all four kinds of operands. What is beyond a matrix's edge is filled with zeros.
#include "math/bf16.h"

#include <stdlib.h>

#ifdef HAVE_AMX // of the compiler (Makefile); whether the CPU has it shows at run time
#include <immintrin.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cpuid.h>

enum {
    SIDE = 16,          // of a tile of C; rows of a tile of A, columns of a tile of B
    DEPTH = 32,         // elements of k in a tile
    TILE = SIDE * SIDE, // floats, and pairs, in a tile
    BLOCK = 2 * SIDE,   // rows and columns of C that are computed together
};

// --- Is it there? ---

static bool available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void look(void) {
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; // arch_prctl(2): ARCH_REQ_XCOMP_PERM
    const unsigned amx_bf16 = 1u << 22, amx_tile = 1u << 24, avx512_bf16 = 1u << 5;
    unsigned a, b, c, d;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512bw") ||
        !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & amx_bf16) || !(d & amx_tile) || !__get_cpuid_count(7, 1, &a, &b, &c, &d) ||
        !(a & avx512_bf16))
        return;
    available = syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

bool bf16_available(void) {
    pthread_once(&once, look);
    return available;
}

// --- Tiles out of matrices ---

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static int tiles(int count, int side) {
    return (count + side - 1) / side;
}

static __mmask16 first(int count) {
    return count >= 16 ? 0xffff : count <= 0 ? 0 : (__mmask16)((1u << count) - 1);
}

// Row r is `across` elements from data + r * stride on, rounded: as a matrix has them in memory.
static void fill_rows(__m512i tile[SIDE], const float *data, size_t stride, int rows, int across) {
    for (int r = 0; r < SIDE; r++) {
        __m512 low = _mm512_setzero_ps(), high = low;
        if (r < rows) {
            low = _mm512_maskz_loadu_ps(first(across), data + r * stride);
            high = _mm512_maskz_loadu_ps(first(across - 16), data + r * stride + 16);
        }
        tile[r] = (__m512i)_mm512_cvtne2ps_pbh(high, low);
    }
}

// Row r is 16 pairs, of elements of rows 2r and 2r + 1 of the matrix.
static void fill_pairs(__m512i tile[SIDE], const float *data, size_t stride, int rows, int across) {
    static const short order[DEPTH] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                       8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const __m512i interleave = _mm512_loadu_si512(order);
    for (int r = 0; r < SIDE; r++) {
        const __m512 even = 2 * r < rows ? _mm512_maskz_loadu_ps(first(across), data + 2 * r * stride) : _mm512_setzero_ps();
        const __m512 odd = 2 * r + 1 < rows ? _mm512_maskz_loadu_ps(first(across), data + (2 * r + 1) * stride) : _mm512_setzero_ps();
        tile[r] = _mm512_permutexvar_epi16(interleave, (__m512i)_mm512_cvtne2ps_pbh(odd, even));
    }
}

// Of 16 x 16 pairs, 32 bits each: 2 x 2 blocks of 1, 2, 4 and 8 are exchanged.
static void transpose(__m512i t[SIDE]) {
    __m512i u[SIDE];
    for (int i = 0; i < SIDE; i += 2) {
        u[i] = _mm512_unpacklo_epi32(t[i], t[i + 1]);
        u[i + 1] = _mm512_unpackhi_epi32(t[i], t[i + 1]);
    }
    for (int i = 0; i < SIDE; i += 4)
        for (int half = 0; half < 2; half++) {
            t[i + 2 * half] = _mm512_unpacklo_epi64(u[i + half], u[i + 2 + half]);
            t[i + 2 * half + 1] = _mm512_unpackhi_epi64(u[i + half], u[i + 2 + half]);
        }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < SIDE; j += 8) {
            u[j + i] = _mm512_shuffle_i32x4(t[j + i], t[j + 4 + i], 0x88);
            u[j + 4 + i] = _mm512_shuffle_i32x4(t[j + i], t[j + 4 + i], 0xdd);
        }
    for (int i = 0; i < 8; i++) {
        t[i] = _mm512_shuffle_i32x4(u[i], u[8 + i], 0x88);
        t[8 + i] = _mm512_shuffle_i32x4(u[i], u[8 + i], 0xdd);
    }
}

static void store(float *out, const __m512i tile[SIDE]) {
    for (int r = 0; r < SIDE; r++)
        _mm512_storeu_si512(out + r * SIDE, tile[r]);
}

// The rows row.. of A, as tiles one behind another along k.
static void pack_rows_of_a(struct bf16_matrix a, int row, int m, int k, float *out) {
    for (int depth = 0; depth < k; depth += DEPTH, out += TILE) {
        const float *data = a.data + row * a.row + depth * a.col;
        __m512i tile[SIDE];
        if (a.col == 1)
            fill_rows(tile, data, a.row, m - row, k - depth);
        else {
            fill_pairs(tile, data, a.col, k - depth, m - row);
            transpose(tile);
        }
        store(out, tile);
    }
}

// The tile at (depth, column) of B.
static void pack_tile_of_b(struct bf16_matrix b, int depth, int column, int k, int n, float *out) {
    const float *data = b.data + depth * b.row + column * b.col;
    __m512i tile[SIDE];
    if (b.col == 1)
        fill_pairs(tile, data, b.row, k - depth, n - column);
    else {
        fill_rows(tile, data, b.col, n - column, k - depth);
        transpose(tile);
    }
    store(out, tile);
}

size_t bf16_packed_size(int k, int n) {
    return (size_t)tiles(k, DEPTH) * tiles(n, SIDE) * TILE;
}

// Tiles are filled in the order in which memory has the matrix, since steps of whole rows defeat the caches.
void bf16_pack(struct bf16_matrix b, int k, int n, float *packed) {
    const int strips = tiles(n, SIDE), depths = tiles(k, DEPTH);
    for (int i = 0; i < strips * depths; i++) {
        const int strip = b.col == 1 ? i % strips : i / depths, depth = b.col == 1 ? i / strips : i % depths;
        pack_tile_of_b(b, depth * DEPTH, strip * SIDE, k, n, packed + ((size_t)strip * depths + depth) * TILE);
    }
}

// --- Products ---

size_t bf16_scratch_size(int k) {
    return (size_t)2 * tiles(k, DEPTH) * TILE + BLOCK * BLOCK;
}

// As the instruction ldtilecfg reads it: all eight tiles of 16 rows of 64 bytes.
struct tile_config {
    unsigned char palette, start_row, reserved[14];
    unsigned short bytes[16];
    unsigned char rows[16];
};

static void configure(void) {
    struct tile_config config = {.palette = 1};
    for (int i = 0; i < 8; i++)
        config.bytes[i] = 64, config.rows[i] = SIDE;
    _tile_loadconfig(&config);
}

// Where a 32 x 32 block of C begins, and where it goes; rows are `stride` floats apart, 0: one for all.
struct place {
    float *data;
    size_t stride;
};

static float *tile_at(struct place p, int i, int j) {
    return p.data + (size_t)i * SIDE * p.stride + j * SIDE;
}

// The tiles (i, j) of a block: to = from + A B. a and b each have two strips of `depth` tiles, the second one a_next and b_next floats on.
static void multiply_block(struct place to, struct place from, const float *a, size_t a_next, const float *b, size_t b_next, int depth) {
    const size_t to_bytes = to.stride * sizeof(float), from_bytes = from.stride * sizeof(float);
    _tile_loadd(0, tile_at(from, 0, 0), from_bytes);
    _tile_loadd(1, tile_at(from, 0, 1), from_bytes);
    _tile_loadd(2, tile_at(from, 1, 0), from_bytes);
    _tile_loadd(3, tile_at(from, 1, 1), from_bytes);
    for (int i = 0; i < depth; i++, a += TILE, b += TILE) {
        _tile_loadd(4, a, 64);
        _tile_loadd(6, b, 64);
        _tile_loadd(5, a + a_next, 64);
        _tile_loadd(7, b + b_next, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, tile_at(to, 0, 0), to_bytes);
    _tile_stored(1, tile_at(to, 0, 1), to_bytes);
    _tile_stored(2, tile_at(to, 1, 0), to_bytes);
    _tile_stored(3, tile_at(to, 1, 1), to_bytes);
}

// A block at the edge, between C and a buffer that is a whole one.
static void copy_block(struct place to, struct place from, int height, int width) {
    for (int r = 0; r < height; r++)
        for (int half = 0; half < 2; half++) {
            const __mmask16 mask = first(width - half * SIDE);
            const float *in = from.data + (size_t)r * from.stride + half * SIDE;
            _mm512_mask_storeu_ps(to.data + (size_t)r * to.stride + half * SIDE, mask, _mm512_maskz_loadu_ps(mask, in));
        }
}

void bf16_multiply(struct bf16_matrix a, const float *packed, int m, int n, int k, const float *s, size_t lds, float *c, size_t ldc,
                   float *scratch) {
    static const float zeros[BLOCK];
    const int depth = tiles(k, DEPTH);
    const size_t strip = (size_t)depth * TILE; // 16 rows of A, or 16 columns of B
    const struct place edge = {scratch, BLOCK};
    float *rows = scratch + BLOCK * BLOCK;
    configure();
    for (int row = 0; row < m; row += BLOCK) {
        const int height = smaller(m - row, BLOCK);
        pack_rows_of_a(a, row, m, k, rows);
        if (height > SIDE)
            pack_rows_of_a(a, row + SIDE, m, k, rows + strip);
        for (int column = 0; column < n; column += BLOCK) {
            const int width = smaller(n - column, BLOCK);
            const bool whole = height == BLOCK && width == BLOCK;
            const struct place to = {c + (size_t)row * ldc + column, ldc};
            struct place from = s ? (struct place){(float *)s + (size_t)row * lds + column, lds} : (struct place){(float *)zeros, 0};
            if (!whole && s) {
                copy_block(edge, from, height, width);
                from = edge;
            }
            multiply_block(whole ? to : edge, from, rows, height > SIDE ? strip : 0, packed + column / SIDE * strip,
                           width > SIDE ? strip : 0, depth);
            if (!whole)
                copy_block(to, edge, height, width);
        }
    }
    _tile_release();
}
#else
bool bf16_available(void) {
    return false;
}

// The others are for those who have seen true.
size_t bf16_packed_size(int k, int n) {
    return (size_t)k * (size_t)n;
}

size_t bf16_scratch_size(int k) {
    return (size_t)k;
}

void bf16_pack(struct bf16_matrix b, int k, int n, float *packed) {
    (void)b, (void)k, (void)n, (void)packed;
    abort();
}

void bf16_multiply(struct bf16_matrix a, const float *packed, int m, int n, int k, const float *s, size_t lds, float *c, size_t ldc,
                   float *scratch) {
    (void)a, (void)packed, (void)m, (void)n, (void)k, (void)s, (void)lds, (void)c, (void)ldc, (void)scratch;
    abort();
}
#endif
