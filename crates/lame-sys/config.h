/*
 * What a configure run would find out, for any C99 compiler. LAME reads it as <config.h>; everything that depends on
 * the processor is decided by the compiler's own macros, so one file serves every target and both builds.
 */
#ifndef LAME_CONFIG_H
#define LAME_CONFIG_H

#define STDC_HEADERS 1
#define HAVE_ERRNO_H 1
#define HAVE_FCNTL_H 1
#define HAVE_INTTYPES_H 1
#define HAVE_LIMITS_H 1
#define HAVE_STDINT_H 1
#define HAVE_STRCHR 1
#define HAVE_MEMCPY 1

#define PACKAGE "lame"
#define VERSION "3.100"

/* Types that LAME's bit tricks on IEEE 754 numbers are written in. */
typedef float ieee754_float32_t;
typedef double ieee754_float64_t;
typedef long double ieee854_float80_t;

/* A logarithm from a table: faster, and exact enough for loudness. */
#define USE_FAST_LOG 1

/*
 * TAKEHIRO_IEEE754_HACK (rounding by adding a magic number) stays undefined: compilers now turn the plain conversion
 * into vector code, and the encoder is 7 % (x86-64-v3) to 13 % (baseline) faster without the trick (gcc 12, AVX2).
 */

/* SSE belongs to every x86-64. */
#if defined(__x86_64__) || defined(_M_X64)
#define HAVE_XMMINTRIN_H 1
#define MIN_ARCH_SSE 1
#endif

#endif
