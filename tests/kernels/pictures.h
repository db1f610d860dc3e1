/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures of each format to test with: random ones between guard pages, and where their samples are, by the
 * formats' names alone. */
#pragma once
#include "guard.h"
#include "picture.h"
#include <string.h>

/* A component's sample, by the formats' names alone. */
static inline double
sample (const GptVisPicture *p, guint c, gint x, gint y)
{
  const gchar *f = gptvis_picture_format_name (p->format);
#define AT(plane, row, byte) p->planes[plane][(gssize) p->strides[plane] * (row) + (byte)]
#define WORD(plane, row, i) (AT (plane, row, 2 * (i)) | AT (plane, row, 2 * (i) + 1) << 8)
  if (g_str_equal (f, "I420") || g_str_equal (f, "Y42B") || g_str_equal (f, "Y444"))
    return AT (c, y, x);
  if (g_str_equal (f, "YV12"))
    return AT (c == 0 ? 0 : 3 - c, y, x);
  if (g_str_equal (f, "NV12") || g_str_equal (f, "NV16"))
    return c ? AT (1, y, 2 * x + c - 1) : AT (0, y, x);
  if (g_str_equal (f, "NV21"))
    return c ? AT (1, y, 2 * x + 2 - c) : AT (0, y, x);
  if (g_str_equal (f, "YUY2"))
    return c ? AT (0, y, 4 * x + 2 * c - 1) : AT (0, y, 2 * x);
  if (g_str_equal (f, "UYVY"))
    return c ? AT (0, y, 4 * x + 2 * c - 2) : AT (0, y, 2 * x + 1);
  if (g_str_equal (f, "GRAY8"))
    return AT (0, y, x);
  if (g_str_equal (f, "I420_10LE"))
    return WORD (c, y, x);
  if (g_str_equal (f, "P010_10LE"))
    return (c ? WORD (1, y, 2 * x + c - 1) : WORD (0, y, x)) / 64.0;
  const guint step = strlen (f);                /* RGB, BGRx, …: the letter's place is the byte's */
  return AT (0, y, step * x + (strchr (f, "RGB"[c]) - f));
}

#undef AT
#undef WORD

static inline void
chroma (GptVisPictureFormat format, guint *sub_x, guint *sub_y)
{
  const gchar *f = gptvis_picture_format_name (format);
  *sub_x = strchr (f, '4') || strchr (f, 'V') || strchr (f, 'Y') || f[0] == 'P' ? 2 : 1;
  *sub_y = g_str_equal (f, "NV16") || g_str_equal (f, "YUY2") || g_str_equal (f, "UYVY")
      || g_str_equal (f, "Y42B") ? 1 : *sub_x;
  if (g_str_equal (f, "Y444") || g_str_equal (f, "GRAY8") || strchr (f, 'R'))
    *sub_x = *sub_y = 1;
}

typedef struct {
  GptVisPicture picture;
  Guard guards[3];
} Random;

static inline void
random_picture (Random *r, GRand *rand, GptVisPictureFormat format, guint width, guint height)
{
  GptVisPicture *p = &r->picture;
  *r = (Random) { 0 };
  *p = (GptVisPicture) { .format = format, .width = width, .height = height,
    .matrix = g_rand_int_range (rand, 0, 3), .full_range = g_rand_boolean (rand),
    .site = g_rand_int_range (rand, 0, 2) };
  for (guint plane = 0; plane < 3; plane++) {
    const gsize row = gptvis_picture_plane_row_bytes (format, plane, width);
    const guint n = gptvis_picture_plane_rows (format, plane, height);
    if (!n)
      continue;
    const gsize stride = row + (g_rand_boolean (rand) ? 0 : 2 * g_rand_int_range (rand, 0, 20));
    const gsize bytes = stride * (n - 1) + row;
    guint8 *data = guard_new (&r->guards[plane], bytes, 0);
    for (gsize i = 0; i < bytes; i++)
      data[i] = g_rand_int (rand);
    if (format == GPTVIS_PICTURE_I420_10LE)
      for (gsize i = 1; i < bytes; i += 2)
        data[i] &= 3;
    if (format == GPTVIS_PICTURE_P010_10LE)
      for (gsize i = 0; i + 1 < bytes; i += 2)
        data[i] &= 0xc0;
    const gboolean upside_down = g_rand_int_range (rand, 0, 4) == 0;
    p->planes[plane] = upside_down ? data + stride * (n - 1) : data;
    p->strides[plane] = upside_down ? -(gint) stride : (gint) stride;
  }
}

static inline void
free_picture (Random *r)
{
  for (guint plane = 0; plane < 3; plane++)
    if (r->guards[plane].base)
      guard_free (&r->guards[plane]);
}
