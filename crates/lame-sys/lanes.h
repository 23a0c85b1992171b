/*
 * Eight floats side by side, for the loops of LAME that compilers cannot turn into vector code by themselves: those that
 * look into tables, and those in which each step depends on the one before. Patched files include it (see PATCHES). Only the
 * build for newer processors has LANES; with narrower registers LAME's own loops, which then run, are the faster ones.
 */
#ifndef LAME_LANES_H
#define LAME_LANES_H

#if defined(__GNUC__) && defined(__AVX2__)
#include <immintrin.h>

#define LANES 8

typedef float lanes_t __attribute__ ((vector_size(32)));
typedef int lanes_int_t __attribute__ ((vector_size(32)));

/* The same at any address. */
typedef float lanes_loose_t __attribute__ ((vector_size(32), aligned(4), may_alias));
typedef int lanes_int_loose_t __attribute__ ((vector_size(32), aligned(4), may_alias));

inline static lanes_t
lanes_at(float const *from)
{
    return *(lanes_loose_t const *) from;
}

inline static lanes_int_t
lanes_int_at(int const *from)
{
    return *(lanes_int_loose_t const *) from;
}

inline static lanes_t
lanes_all(float value)
{
    return (lanes_t) _mm256_set1_ps(value);
}

/* Per lane: yes where the mask is set (all bits), no where it is not. */
inline static lanes_t
lanes_pick(lanes_int_t mask, lanes_t yes, lanes_t no)
{
    return (lanes_t) ((mask & (lanes_int_t) yes) | (~mask & (lanes_int_t) no));
}

inline static lanes_t
lanes_abs(lanes_t of)
{
    return (lanes_t) ((lanes_int_t) of & 0x7fffffff);
}

inline static float
lanes_sum(lanes_t of)
{
    return ((of[0] + of[4]) + (of[2] + of[6])) + ((of[1] + of[5]) + (of[3] + of[7]));
}

/* Whether any bit is set. */
inline static int
lanes_any(lanes_int_t of)
{
    return !_mm256_testz_si256((__m256i) of, (__m256i) of);
}

/* The numbers of a table at eight places. Where all are among its first eight, they never leave a register. */
inline static lanes_t
lanes_of_table(float const *table, lanes_int_t at)
{
    if (_mm256_testz_si256((__m256i) at, _mm256_set1_epi32(~7)))
        return (lanes_t) _mm256_permutevar8x32_ps((__m256) lanes_at(table), (__m256i) at);
    return (lanes_t) _mm256_i32gather_ps(table, (__m256i) at, 4);
}
#endif

#endif
