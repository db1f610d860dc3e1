/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Splits animations into pictures and draws them. The formats: GIF89a; PNG, third edition (acTL, fcTL,
 * fdAT); WebP's container (ANIM, ANMF). A file that is cut short ends with its last whole picture. */
#include "animation.h"
#include <string.h>

#define SHORTEST (20 * GST_MSECOND)     /* what is shown for less is shown for USUAL, as browsers do */
#define USUAL (100 * GST_MSECOND)
#define PIXEL 4u                /* bytes on the canvas: R, G, B, A */

typedef enum { STAYS, CLEARED, RESTORED } Fate; /* of the rectangle, when the next picture comes */

typedef struct {
  GBytes *file;
  guint x, y, width, height;    /* on the canvas */
  gboolean over;                /* drawn over what was there, not in its place */
  Fate fate;
  GstClockTime from, shown;     /* when, and for how long */
} Still;

struct Animation {
  GArray *stills;               /* of Still */
  guint width, height;
  GstClockTime end;             /* of the last still */
  guint8 *canvas, *before;      /* before: as RESTORED has it; NULL until the first is drawn */
};

/* Bytes that are read, and how far. */
typedef struct {
  const guint8 *data;
  gsize size, at;
} Reader;

/* The next `length` bytes, or NULL where there are not so many. */
static const guint8 *
take (Reader *self, gsize length)
{
  const guint8 *taken = self->data + self->at;

  if (length > self->size - self->at)
    return NULL;
  self->at += length;
  return taken;
}

/* Numbers of `size` bytes, little and big endian. (GStreamer's macros need them to be aligned.) */
static guint32
little (const guint8 *data, guint size)
{
  guint32 value = 0;

  while (size-- > 0)
    value = value << 8 | data[size];
  return value;
}

static guint32
big (const guint8 *data, guint size)
{
  guint32 value = 0;

  for (guint i = 0; i < size; i++)
    value = value << 8 | data[i];
  return value;
}

static void
still_clear (gpointer data)
{
  g_bytes_unref (((Still *) data)->file);
}

/* Takes the file. */
static void
add_still (Animation *self, Still still, GByteArray *file)
{
  still.file = g_byte_array_free_to_bytes (file);
  if (still.shown < SHORTEST)
    still.shown = USUAL;
  still.from = self->end;
  self->end += still.shown;
  g_array_append_val (self->stills, still);
}

static void
append (GByteArray *file, gconstpointer data, gsize size)
{
  g_byte_array_append (file, data, (guint) size);
}

/* --- GIF --- */

static gsize
gif_colours (guint8 flags)
{
  return flags & 0x80 ? 3u << ((flags & 7) + 1) : 0;
}

/* Skips blocks of at most 255 bytes, up to an empty one. */
static gboolean
gif_skip (Reader *gif)
{
  const guint8 *length;

  while ((length = take (gif, 1)) && *length > 0) {
    if (!take (gif, *length))
      return FALSE;
  }
  return length != NULL;
}

/* An image and the control block before it, as a GIF file of the rectangle's size. */
static gboolean
gif_still (Animation *self, Reader *gif, const guint8 *control, const guint8 *head, gsize head_size)
{
  static const Fate fates[8] = { STAYS, STAYS, CLEARED, RESTORED };
  const gsize began = gif->at;
  const guint8 *image = take (gif, 9);

  if (!image || !take (gif, gif_colours (image[8])) || !take (gif, 1) || !gif_skip (gif))
    return FALSE;
  Still still = { .x = little (image, 2), .y = little (image + 2, 2),
    .width = little (image + 4, 2), .height = little (image + 6, 2), .over = TRUE };
  GByteArray *file = g_byte_array_new ();
  append (file, "GIF89a", 6);
  append (file, image + 4, 4);
  append (file, head + 10, head_size - 10);
  if (control) {
    append (file, "\x21\xf9", 2);
    append (file, control, 6);
    still.fate = fates[control[1] >> 2 & 7];
    still.shown = little (control + 2, 2) * 10 * GST_MSECOND;
  }
  append (file, "\x2c\0\0\0\0", 5);
  append (file, image + 4, gif->at - began - 4);
  append (file, "\x3b", 1);
  add_still (self, still, file);
  return TRUE;
}

static void
read_gif (Animation *self, Reader *gif)
{
  enum { EXTENSION = 0x21, CONTROL = 0xf9, IMAGE = 0x2c };
  const guint8 *head = take (gif, 13), *control = NULL, *block, *kind;

  if (!head || !take (gif, gif_colours (head[10])))
    return;
  const gsize head_size = gif->at;
  self->width = little (head + 6, 2);
  self->height = little (head + 8, 2);
  while ((block = take (gif, 1))) {
    if (*block == IMAGE) {
      if (!gif_still (self, gif, control, head, head_size))
        return;
      control = NULL;
    } else if (*block == EXTENSION && (kind = take (gif, 1))) {
      const guint8 *inside = gif->data + gif->at;
      if (!gif_skip (gif))
        return;
      if (*kind == CONTROL && inside[0] == 4)
        control = inside;
    } else {
      return;
    }
  }
}

/* --- PNG --- */

static const guint8 png_signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };

static guint32
png_checksum (const guint8 *data, gsize size)
{
  guint32 sum = ~0u;

  for (gsize i = 0; i < size; i++) {
    sum ^= data[i];
    for (guint bit = 0; bit < 8; bit++)
      sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
  }
  return ~sum;
}

static void
png_chunk (GByteArray *file, const gchar *name, const guint8 *data, gsize size)
{
  const guint32 length = GUINT32_TO_BE ((guint32) size);
  const gsize began = file->len + sizeof length;
  guint32 sum;

  append (file, &length, sizeof length);
  append (file, name, 4);
  append (file, data, size);
  sum = GUINT32_TO_BE (png_checksum (file->data + began, file->len - began));
  append (file, &sum, sizeof sum);
}

/* A file of an fcTL's size, up to its pixels. `header` is the animation's IHDR, `common` what follows it. */
static GByteArray *
png_begin (const guint8 *control, const guint8 *header, const GByteArray *common)
{
  GByteArray *file = g_byte_array_new ();
  guint8 own[13];

  memcpy (own, control + 4, 8);
  memcpy (own + 8, header + 8, 5);
  append (file, png_signature, sizeof png_signature);
  png_chunk (file, "IHDR", own, sizeof own);
  append (file, common->data, common->len);
  return file;
}

static void
png_end (Animation *self, const guint8 *control, GByteArray *file)
{
  static const Fate fates[4] = { STAYS, CLEARED, RESTORED };
  const guint unit = big (control + 22, 2);
  const Still still = { .x = big (control + 12, 4), .y = big (control + 16, 4),
    .width = big (control + 4, 4), .height = big (control + 8, 4),
    .over = control[25] == 1, .fate = fates[control[24] & 3],
    .shown = gst_util_uint64_scale (GST_SECOND, big (control + 20, 2), unit ? unit : 100)
  };

  png_chunk (file, "IEND", NULL, 0);
  add_still (self, still, file);
}

static void
read_png (Animation *self, Reader *png)
{
  const guint8 *head, *data, *header = NULL, *control = NULL;
  GByteArray *common = g_byte_array_new (), *file = NULL;
  gboolean animated = FALSE, pixels = FALSE;

  take (png, sizeof png_signature);
  while ((head = take (png, 8))) {
    const gsize length = big (head, 4);
    const gchar *name = (const gchar *) head + 4;
    if (!(data = take (png, length)) || !take (png, 4) || strncmp (name, "IEND", 4) == 0)
      break;
    if (strncmp (name, "IHDR", 4) == 0 && length == 13) {
      header = data;
    } else if (strncmp (name, "acTL", 4) == 0) {
      animated = TRUE;
    } else if (strncmp (name, "fcTL", 4) == 0 && length == 26 && header && animated) {
      if (file)
        png_end (self, control, file);
      control = data;
      file = png_begin (control, header, common);
    } else if (strncmp (name, "IDAT", 4) == 0) {
      pixels = TRUE;
      if (file)
        png_chunk (file, "IDAT", data, length);
    } else if (strncmp (name, "fdAT", 4) == 0 && length >= 4 && file) {
      png_chunk (file, "IDAT", data + 4, length - 4);
    } else if (!pixels && !file) {
      append (common, head, length + 12);
    }
  }
  if (file)
    png_end (self, control, file);
  g_byte_array_unref (common);
  self->width = header ? big (header, 4) : 0;
  self->height = header ? big (header + 4, 4) : 0;
}

/* --- WebP --- */

/* An ANMF's frame as a WebP file of its size. */
static void
webp_still (Animation *self, const guint8 *data, gsize size)
{
  const gboolean alpha = size >= 20 && memcmp (data + 16, "ALPH", 4) == 0;
  const Still still = { .x = 2 * little (data, 3), .y = 2 * little (data + 3, 3),
    .width = little (data + 6, 3) + 1, .height = little (data + 9, 3) + 1,
    .shown = little (data + 12, 3) * GST_MSECOND, .over = !(data[15] & 2),
    .fate = data[15] & 1 ? CLEARED : STAYS
  };
  const guint32 length = GUINT32_TO_LE ((guint32) (4 + (alpha ? 18 : 0) + size - 16));
  GByteArray *file = g_byte_array_new ();

  append (file, "RIFF", 4);
  append (file, &length, sizeof length);
  append (file, "WEBP", 4);
  if (alpha) {
    append (file, "VP8X\x0a\0\0\0\x10\0\0\0", 12);
    append (file, data + 6, 6);
  }
  append (file, data + 16, size - 16);
  add_still (self, still, file);
}

static void
read_webp (Animation *self, Reader *webp)
{
  const guint8 *head, *data;

  take (webp, 12);
  while ((head = take (webp, 8))) {
    const gsize length = little (head + 4, 4);
    if (!(data = take (webp, length)))
      return;
    take (webp, length & 1);
    if (memcmp (head, "VP8X", 4) == 0 && length >= 10) {
      self->width = little (data + 4, 3) + 1;
      self->height = little (data + 7, 3) + 1;
    } else if (memcmp (head, "ANMF", 4) == 0 && length >= 16) {
      webp_still (self, data, length);
    }
  }
}

/* --- the canvas --- */

/* How much of a side of a rectangle, from `at` on, lies on the canvas. */
static guint
inside (guint at, guint length, guint canvas)
{
  return at < canvas ? MIN (length, canvas - at) : 0;
}

static guint8 *
row_of (const Animation *self, const Still *still, guint y)
{
  return self->canvas + PIXEL * ((gsize) (still->y + y) * self->width + still->x);
}

static void
clear (Animation *self, const Still *still)
{
  const guint width = inside (still->x, still->width, self->width);
  const guint height = inside (still->y, still->height, self->height);

  for (guint y = 0; width > 0 && y < height; y++)
    memset (row_of (self, still, y), 0, PIXEL * (gsize) width);
}

/* Colours are as in a file: not multiplied by their alpha, and unchanged where the canvas is empty. */
static void
put_row (guint8 *to, const guint8 *const from[], guint step, guint width, gboolean over)
{
  for (guint x = 0; x < width; x++, to += PIXEL) {
    const guint alpha = from[3] ? from[3][(gsize) x * step] : 255;
    const guint left = over && to[3] > 0 ? 255 - alpha : 0;     /* of what was there */
    for (guint c = 0; c < 3; c++)
      to[c] = (guint8) ((from[c][(gsize) x * step] * (255 - left) + to[c] * left + 127) / 255);
    to[3] = (guint8) (left ? alpha + (to[3] * left + 127) / 255 : alpha);
  }
}

static void
put (Animation *self, const Still *still, const GstVideoFrame *frame)
{
  const guint width = inside (still->x, still->width, self->width);
  const guint height = inside (still->y, still->height, self->height);

  for (guint y = 0; width > 0 && y < height; y++) {
    const guint8 *from[4] = { NULL };
    for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (frame); c++)
      from[c] = (const guint8 *) GST_VIDEO_FRAME_COMP_DATA (frame, c)
          + (gsize) y * GST_VIDEO_FRAME_COMP_STRIDE (frame, c);
    put_row (row_of (self, still, y), from, GST_VIDEO_FRAME_COMP_PSTRIDE (frame, 0), width, still->over);
  }
}

static const Still *
nth (const Animation *self, guint i)
{
  return &g_array_index (self->stills, Still, i);
}

/* Leaves of the last picture what its file says. */
static void
leave (Animation *self, const Still *last, gsize size)
{
  if (last->fate == CLEARED)
    clear (self, last);
  else if (last->fate == RESTORED)
    memcpy (self->canvas, self->before, size);
}

GstBuffer *
animation_draw (Animation *self, guint i, GstVideoFrame *frame)
{
  const gsize size = PIXEL * (gsize) self->width * self->height;
  const Still *still = nth (self, i);

  if (!GST_VIDEO_INFO_IS_RGB (&frame->info) || GST_VIDEO_FRAME_COMP_DEPTH (frame, 0) != 8
      || (guint) GST_VIDEO_FRAME_WIDTH (frame) != still->width
      || (guint) GST_VIDEO_FRAME_HEIGHT (frame) != still->height)
    return NULL;
  if (!self->canvas) {
    self->canvas = g_malloc0 (size);
    self->before = g_malloc0 (size);
  } else if (i > 0) {
    leave (self, nth (self, i - 1), size);
  }
  if (still->fate == RESTORED)
    memcpy (self->before, self->canvas, size);
  put (self, still, frame);
  return gst_buffer_new_memdup (self->canvas, size);
}

/* --- all --- */

Animation *
animation_new (const guint8 *data, gsize size)
{
  Animation *self = g_new0 (Animation, 1);
  Reader reader = { data, size, 0 };

  self->stills = g_array_new (FALSE, FALSE, sizeof (Still));
  g_array_set_clear_func (self->stills, still_clear);
  if (size >= 6 && memcmp (data, "GIF8", 4) == 0)
    read_gif (self, &reader);
  else if (size >= 8 && memcmp (data, png_signature, 8) == 0)
    read_png (self, &reader);
  else if (size >= 12 && memcmp (data, "RIFF", 4) == 0 && memcmp (data + 8, "WEBP", 4) == 0)
    read_webp (self, &reader);
  if (self->stills->len > 1 || (self->stills->len == 1 && memcmp (data, "RIFF", 4) == 0))
    return self;
  animation_free (self);
  return NULL;
}

void
animation_free (Animation *self)
{
  g_array_unref (self->stills);
  g_free (self->canvas);
  g_free (self->before);
  g_free (self);
}

guint
animation_n_pictures (const Animation *self)
{
  return self->stills->len;
}

void
animation_size (const Animation *self, guint *width, guint *height)
{
  *width = self->width;
  *height = self->height;
}

GstBuffer *
animation_still (const Animation *self, guint i)
{
  GstBuffer *buffer = gst_buffer_new_wrapped_bytes (nth (self, i)->file);

  GST_BUFFER_PTS (buffer) = nth (self, i)->from;
  GST_BUFFER_DURATION (buffer) = nth (self, i)->shown;
  return buffer;
}
