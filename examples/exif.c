/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the EXIF data of JPEG, PNG, WebP and TIFF files and reads the few tags that matter here. EXIF data
 * are a small TIFF file: byte order, then a directory of entries of 12 bytes (tag, type, count, value).
 * Nothing in a file is believed: whatever would lie outside ends the search. */
#include "exif.h"
#include <string.h>

#define TAG_SUBFILE 0x00fe      /* bit 0: a reduced picture */
#define TAG_ORIENTATION 0x0112
#define TAG_DNG 0xc612

#define N_ORIENTATIONS 8u
#define UPRIGHT 1u

typedef struct {
  const guint8 *data;
  gsize size;
  gboolean big;                 /* big endian */
} Span;

static guint
get16 (const Span *span, gsize at)
{
  const guint8 *p = span->data + at;

  return span->big ? (guint) p[0] << 8 | p[1] : (guint) p[1] << 8 | p[0];
}

static guint32
get32 (const Span *span, gsize at)
{
  const guint32 a = get16 (span, at), b = get16 (span, at + 2);

  return span->big ? a << 16 | b : b << 16 | a;
}

static gboolean
starts (const Span *span, gsize at, const void *text, gsize length)
{
  return span->size >= length && at <= span->size - length && memcmp (span->data + at, text, length) == 0;
}

static gboolean
contains (const Span *span, const gchar *text)
{
  const gsize length = strlen (text);

  for (gsize at = 0; at + length <= span->size; at++) {
    if (starts (span, at, text, length))
      return TRUE;
  }
  return FALSE;
}

/* --- TIFF --- */

static gboolean
is_tiff (const Span *span)
{
  return span->size >= 8 && (starts (span, 0, "II*\0", 4) || starts (span, 0, "MM\0*", 4));
}

/* The number that the first directory has for a tag; `absent`: it has none. */
static guint
tiff_tag (Span span, guint tag, guint absent)
{
  if (!is_tiff (&span))
    return absent;
  span.big = span.data[0] == 'M';
  gsize at = get32 (&span, 4);
  if (at > span.size - 2)
    return absent;
  guint entries = get16 (&span, at);
  for (at += 2; entries > 0 && span.size >= 12 && at <= span.size - 12; at += 12, entries--) {
    if (get16 (&span, at) == tag) {
      const guint type = get16 (&span, at + 2);
      return type == 3 ? get16 (&span, at + 8) : type == 4 ? get32 (&span, at + 8) : span.data[at + 8];
    }
  }
  return absent;
}

static Orientation
tiff_orientation (Span span)
{
  const guint orientation = tiff_tag (span, TAG_ORIENTATION, UPRIGHT);

  return orientation >= 1 && orientation <= N_ORIENTATIONS ? orientation : UPRIGHT;
}

/* --- where the others have it --- */

/* The JPEG segment at `at`, which moves behind it: its marker, and what is in it. 0: no more before the
 * pixels. */
static guint
jpeg_segment (const Span *jpeg, gsize *at, Span *inside)
{
  enum { SCAN = 0xda };
  guint marker, length;

  if (jpeg->size < 4 || *at > jpeg->size - 4 || jpeg->data[*at] != 0xff)
    return 0;
  marker = jpeg->data[*at + 1];
  length = get16 (jpeg, *at + 2);
  if (marker == SCAN || length < 2 || length > jpeg->size - *at - 2)
    return 0;
  *inside = (Span) { jpeg->data + *at + 4, length - 2, TRUE };
  *at += 2 + length;
  return marker;
}

static Span
jpeg_exif (Span jpeg)
{
  gsize at = 2;

  jpeg.big = TRUE;
  for (Span inside; jpeg_segment (&jpeg, &at, &inside);) {
    if (starts (&inside, 0, "Exif\0\0", 6))
      return (Span) { inside.data + 6, inside.size - 6, FALSE };
  }
  return (Span) { NULL, 0, FALSE };
}

/* Chunks with names of four letters: length, name, data and a checksum in PNG; in WebP name, length, data
 * and, to make it even, a byte. */
static Span
chunk (Span file, gsize at, const gchar *wanted, gboolean png)
{
  file.big = png;
  while (file.size >= 8 && at <= file.size - 8) {
    const gsize length = get32 (&file, at + (png ? 0 : 4)), left = file.size - at - 8;
    if (length > left)
      break;
    if (starts (&file, at + (png ? 4 : 0), wanted, 4))
      return (Span) { file.data + at + 8, length, FALSE };
    at += 8 + length + (png ? 4 : length & 1);
  }
  return (Span) { NULL, 0, FALSE };
}

static Span
webp_exif (Span file)
{
  Span exif = chunk (file, 12, "EXIF", FALSE);

  /* some writers keep the head that it has in JPEG */
  return starts (&exif, 0, "Exif\0\0", 6) ? (Span) { exif.data + 6, exif.size - 6, FALSE } : exif;
}

Orientation
exif_orientation (const guint8 *data, gsize size)
{
  /* libtiff mirrors, but does not turn: what is left to do for each. */
  static const Orientation rest[1 + N_ORIENTATIONS] = { 1, 1, 1, 1, 1, 5, 7, 5, 7 };
  const Span file = { data, size, FALSE };

  if (starts (&file, 0, "\xff\xd8", 2))
    return tiff_orientation (jpeg_exif (file));
  if (starts (&file, 0, "\x89PNG", 4))
    return tiff_orientation (chunk (file, 8, "eXIf", TRUE));
  if (starts (&file, 0, "RIFF", 4))
    return tiff_orientation (webp_exif (file));
  return is_tiff (&file) ? rest[tiff_orientation (file)] : UPRIGHT;
}

const gchar *
exif_orientation_tag (Orientation orientation)
{
  static const gchar *const tags[1 + N_ORIENTATIONS] = { NULL, "rotate-0", "flip-rotate-0", "rotate-180",
    "flip-rotate-180", "flip-rotate-270", "rotate-90", "flip-rotate-90", "rotate-270"
  };

  return tags[orientation];
}

gboolean
exif_is_raw (const guint8 *data, gsize size)
{
  const Span file = { data, size, FALSE };

  return is_tiff (&file) && (starts (&file, 8, "CR", 2) || tiff_tag (file, TAG_SUBFILE, 0) & 1
      || tiff_tag (file, TAG_DNG, 0));
}

/* MPF (CIPA DC-007) lists a file's pictures, and so does XMP by Google's and Adobe's rules. */
gboolean
exif_has_companions (const guint8 *data, gsize size)
{
  static const gchar *const namespaces[] = { "http://ns.google.com/photos/1.0/container/",
    "http://ns.google.com/photos/1.0/camera/", "http://ns.adobe.com/hdr-gain-map/1.0/"
  };
  const Span jpeg = { data, size, TRUE };
  gsize at = 2;

  for (Span inside; jpeg_segment (&jpeg, &at, &inside);) {
    if (starts (&inside, 0, "MPF\0", 4))
      return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS (namespaces); i++) {
      if (contains (&inside, namespaces[i]))
        return TRUE;
    }
  }
  return FALSE;
}
