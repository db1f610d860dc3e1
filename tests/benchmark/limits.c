/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/bench --limits: what this processor could do at best, and so what every share that the
 * other modes print is a share of.
 *
 * Multiplications: the instructions that a tier has for a precision, on registers alone, in a
 * loop of twelve independent sums; no kernel can be faster, since it must load as well. Of int8
 * without VNNI there are three ways, and the fastest is the limit: widened to 16 bits
 * (pmaddwd); pairs of bytes first (pmaddubsw), which may saturate at 16 bits with 8 bits a
 * side, unless weights are made for it as ours are; and two of those added before they are
 * widened, with 7 bits a side. Memory: a plain sum. */
#include "measure.h"
#include "cpu/tier.h"
#include "pool.h"
#include <stdio.h>
#include <string.h>

#define READ_BYTES (512u << 20)

/* ---- loops: each is twelve times the same on sums 0 to 11; 14 and 15 are factors ---- */

#define TWELVE(X) X ("0") X ("1") X ("2") X ("3") X ("4") X ("5") X ("6") X ("7") X ("8") X ("9") X ("10") \
  X ("11")

/* Numbers that are ordinary ones in each precision: 1.0 twice in bf16, about that in f32. */
G_GNUC_UNUSED static const guint32 factor = 0x3f803f80;

#if defined (__x86_64__)
#define CLOBBERS "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
  "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

#define LOOP(NAME, SET, ONE, END)                                       \
  static void                                                           \
  NAME (gsize n)                                                        \
  {                                                                     \
    __asm__ volatile (SET "1:\n" TWELVE (ONE) "dec %0\n jnz 1b\n" END   \
        : "+r" (n) : "m" (factor) : CLOBBERS);                          \
  }

#define SET_SSE "movss %1, %%xmm14\n shufps $0, %%xmm14, %%xmm14\n movaps %%xmm14, %%xmm15\n"
#define SET_AVX2 "vbroadcastss %1, %%ymm14\n vmovaps %%ymm14, %%ymm15\n"
#define SET_AVX512 "vbroadcastss %1, %%zmm14\n vmovaps %%zmm14, %%zmm15\n"
#define END_AVX "vzeroupper\n"

#define F32_SSE(S) "movaps %%xmm14, %%xmm12\n mulps %%xmm15, %%xmm12\n addps %%xmm12, %%xmm" S "\n"
#define F32_AVX2(S) "vfmadd231ps %%ymm15, %%ymm14, %%ymm" S "\n"
#define F32_AVX512(S) "vfmadd231ps %%zmm15, %%zmm14, %%zmm" S "\n"
#define BF16(S) "vdpbf16ps %%zmm15, %%zmm14, %%zmm" S "\n"
#define VNNI_AVX2(S) "%{vex%} vpdpbusd %%ymm15, %%ymm14, %%ymm" S "\n"
#define VNNI_AVX512(S) "vpdpbusd %%zmm15, %%zmm14, %%zmm" S "\n"
#define WORDS_SSE(S) "movdqa %%xmm14, %%xmm12\n pmaddwd %%xmm15, %%xmm12\n paddd %%xmm12, %%xmm" S "\n"
#define WORDS(R, S) "vpmaddwd %%" R "15, %%" R "14, %%" R "12\n vpaddd %%" R "12, %%" R S ", %%" R S "\n"
#define BYTES(R, S) "vpmaddubsw %%" R "15, %%" R "14, %%" R "12\n" \
  "vpmaddwd %%" R "15, %%" R "12, %%" R "12\n vpaddd %%" R "12, %%" R S ", %%" R S "\n"
#define PAIRS(R, S) "vpmaddubsw %%" R "15, %%" R "14, %%" R "12\n" \
  "vpmaddubsw %%" R "14, %%" R "15, %%" R "13\n" \
  "vpaddw %%" R "12, %%" R "13, %%" R "12\n vpmaddwd %%" R "15, %%" R "12, %%" R "12\n" \
  "vpaddd %%" R "12, %%" R S ", %%" R S "\n"
#define WORDS_AVX2(S) WORDS ("ymm", S)
#define WORDS_AVX512(S) WORDS ("zmm", S)
#define BYTES_AVX2(S) BYTES ("ymm", S)
#define BYTES_AVX512(S) BYTES ("zmm", S)
#define PAIRS_AVX2(S) PAIRS ("ymm", S)
#define PAIRS_AVX512(S) PAIRS ("zmm", S)

LOOP (f32_sse, SET_SSE, F32_SSE, "")
LOOP (f32_avx2, SET_AVX2, F32_AVX2, END_AVX)
LOOP (f32_avx512, SET_AVX512, F32_AVX512, END_AVX)
LOOP (bf16_avx512, SET_AVX512, BF16, END_AVX)
LOOP (words_sse, SET_SSE, WORDS_SSE, "")
LOOP (words_avx2, SET_AVX2, WORDS_AVX2, END_AVX)
LOOP (words_avx512, SET_AVX512, WORDS_AVX512, END_AVX)
LOOP (bytes_avx2, SET_AVX2, BYTES_AVX2, END_AVX)
LOOP (bytes_avx512, SET_AVX512, BYTES_AVX512, END_AVX)
LOOP (pairs_avx2, SET_AVX2, PAIRS_AVX2, END_AVX)
LOOP (pairs_avx512, SET_AVX512, PAIRS_AVX512, END_AVX)
LOOP (vnni_avx2, SET_AVX2, VNNI_AVX2, END_AVX)
LOOP (vnni_avx512, SET_AVX512, VNNI_AVX512, END_AVX)
#elif defined (__aarch64__)
#define CLOBBERS "cc", "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", \
  "v14", "v15"

#define LOOP(NAME, ONE)                                                                    \
  static void                                                                              \
  NAME (gsize n)                                                                           \
  {                                                                                        \
    __asm__ volatile ("ld1r {v14.4s}, [%1]\n mov v15.16b, v14.16b\n"                       \
        "1:\n" TWELVE (ONE) "subs %0, %0, #1\n b.ne 1b\n"                                  \
        : "+r" (n) : "r" (&factor) : CLOBBERS);                                            \
  }

#define F32_NEON(S) "fmla v" S ".4s, v14.4s, v15.4s\n"
#define WORDS_NEON(S) "smlal v" S ".4s, v14.4h, v15.4h\n"
/* By their bits, since assemblers disagree on how to be told that they may: v14.16b, v15.16b. */
#define SDOT(S) ".inst 0x4e8f95c0 + " S "\n"
#define USDOT(S) ".inst 0x4e8f9dc0 + " S "\n"
#define USMMLA(S) ".inst 0x4e8fadc0 + " S "\n"

LOOP (f32_neon, F32_NEON)
LOOP (words_neon, WORDS_NEON)
LOOP (sdot_neon, SDOT)
LOOP (usdot_neon, USDOT)
LOOP (usmmla_neon, USMMLA)
#else
/* The compiler's own vectors of four. */
static void
f32_four (gsize n)
{
  typedef gfloat Four __attribute__ ((vector_size (16)));
  Four sums[12] = { }, x = { 1, 1, 1, 1 };
  for (gsize i = 0; i < n; i++)
#pragma GCC unroll 12
    for (guint j = 0; j < 12; j++) {
      __asm__ volatile ("" : "+m" (x));
      sums[j] += x * x;
    }
  for (guint j = 0; j < 12; j++)
    __asm__ volatile ("" : : "m" (sums[j]));
}
#endif

#define F32 GPTVIS_PRECISION_F32
#define INT8 GPTVIS_PRECISION_INT8

static const struct {
  GptVisPrecision precision;
  const gchar *tiers, *what;
  guint amount;                 /* multiply-adds of one of the twelve */
  void (*loop) (gsize n);
} multiplications[] = {
#if defined (__x86_64__)
  {F32, "c", "mulps, addps", 4, f32_sse},
  {F32, "avx2 avxvnni", "vfmadd231ps ymm", 8, f32_avx2},
  {F32, "avx512 avx512vnni avx512bf16", "vfmadd231ps zmm", 16, f32_avx512},
  {GPTVIS_PRECISION_BF16, "avx512bf16", "vdpbf16ps zmm", 32, bf16_avx512},
  {INT8, "c", "pmaddwd, paddd", 8, words_sse},
  {INT8, "avx2", "vpmaddwd, vpaddd ymm", 16, words_avx2},
  {INT8, "avx2", "vpmaddubsw, vpmaddwd, vpaddd ymm", 32, bytes_avx2},
  {INT8, "avx2", "2 vpmaddubsw, vpaddw, vpmaddwd, vpaddd ymm", 64, pairs_avx2},
  {INT8, "avxvnni", "vpdpbusd ymm", 32, vnni_avx2},
  {INT8, "avx512", "vpmaddwd, vpaddd zmm", 32, words_avx512},
  {INT8, "avx512", "vpmaddubsw, vpmaddwd, vpaddd zmm", 64, bytes_avx512},
  {INT8, "avx512", "2 vpmaddubsw, vpaddw, vpmaddwd, vpaddd zmm", 128, pairs_avx512},
  {INT8, "avx512vnni avx512bf16", "vpdpbusd zmm", 64, vnni_avx512},
#elif defined (__aarch64__)
  {F32, "c neon neondot neoni8mm", "fmla", 4, f32_neon},
  {INT8, "c neon", "smlal of 16 bits", 4, words_neon},
  {INT8, "neondot", "sdot", 16, sdot_neon},
  {INT8, "neoni8mm", "usdot", 16, usdot_neon},
  {INT8, "neoni8mm", "usmmla", 32, usmmla_neon},
#else
  {F32, "c", "the compiler's vectors of four", 4, f32_four},
  {INT8, "c", "the compiler's vectors of four floats", 4, f32_four},
#endif
};

/* ---- measuring ---- */

static gboolean
has_word (const gchar *words, const gchar *word)
{
  gchar **each = g_strsplit (words, " ", -1);
  const gboolean found = g_strv_contains ((const gchar *const *) each, word);
  g_strfreev (each);
  return found;
}

typedef struct {
  void (*loop) (gsize n);
  gsize n;
} Work;

static void
work (void *context, gsize i)
{
  const Work *w = context;
  w->loop (w->n);
}

/* GFLOP/s; the best of many short measurements, of which some are not disturbed. */
static gdouble
rate (guint row, guint threads)
{
  GptVisPool *pool = gptvis_pool_new (threads);
  Work w = { multiplications[row].loop, 400000 };
  gint64 least = G_MAXINT64;
  for (guint i = 0; i < 300; i++) {
    const gint64 start = measure_now ();
    gptvis_pool_run (pool, work, &w, threads);
    least = MIN (least, measure_now () - start);
  }
  gptvis_pool_free (pool);
  return 2.0 * 12 * multiplications[row].amount * w.n * threads / least;
}

gdouble
limits_multiply (guint threads, GptVisPrecision precision)
{
  const GptVisTier *tier = gptvis_tier_choose (NULL);
  gdouble best = 0;
  for (guint i = 0; i < G_N_ELEMENTS (multiplications); i++)
    if (multiplications[i].precision == precision && has_word (multiplications[i].tiers, tier->name))
      best = MAX (best, rate (i, threads));
  if (best == 0)
    measure_die ("limits.c has no multiplication of this precision for this tier");
  return best;
}

/* ---- the table ---- */

static gboolean
can_run (const gchar *tiers)
{
  for (guint i = 0; gptvis_tier_nth (i); i++)
    if (has_word (tiers, gptvis_tier_nth (i)->name))
      return TRUE;
  return FALSE;
}

static gdouble
read_rate (guint threads)
{
  MeasureReader *reader = measure_reader_new (threads, READ_BYTES);
  gint64 least = G_MAXINT64;
  for (guint i = 0; i < 20; i++)
    least = MIN (least, measure_reader_run (reader));
  measure_reader_free (reader);
  return (gdouble) READ_BYTES / least;
}

void
bench_limits (const BenchSettings *settings)
{
  const guint threads = settings->threads;
  measure_print_processor ();
  printf ("tier       %s\n\n", gptvis_tier_choose (NULL)->name);
  printf ("GFLOP/s of multiplications in registers             1 thread  %2u threads  tiers\n", threads);
  for (guint i = 0; i < G_N_ELEMENTS (multiplications); i++)
    if (can_run (multiplications[i].tiers))
      printf ("%-4s %-44s %10.1f  %10.1f  %s\n", gptvis_precision_name (multiplications[i].precision),
          multiplications[i].what, rate (i, 1), rate (i, threads), multiplications[i].tiers);
  printf ("\nGB/s of a sum over %u MB                          %10.1f  %10.1f\n", READ_BYTES >> 20,
      read_rate (1), read_rate (threads));
}
