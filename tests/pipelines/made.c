/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes files as their formats' definitions have them, in the plainest way. */
#include "made.h"
#include <glib/gstdio.h>
#include <gst/app/gstappsink.h>
#include <string.h>
#include <sys/wait.h>

/* --- the folder --- */

static gchar *folder;

void
made_open_folder (void)
{
  folder = g_dir_make_tmp ("gptvis-made-XXXXXX", NULL);
  g_assert_nonnull (folder);
}

void
made_close_folder (void)
{
  GDir *dir = g_dir_open (folder, 0, NULL);

  for (const gchar *name; dir && (name = g_dir_read_name (dir));) {
    gchar *path = made_path (name);
    g_remove (path);
    g_free (path);
  }
  g_clear_pointer (&dir, g_dir_close);
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
}

gchar *
made_path (const gchar *name)
{
  return g_build_filename (folder, name, NULL);
}

gint
made_run (const gchar *program, const gchar *const *arguments, gchar **output, gchar **errors)
{
  gchar *path = g_canonicalize_filename (program, NULL);
  GPtrArray *all = g_ptr_array_new ();
  GError *error = NULL;
  gint ended = -1;

  g_ptr_array_add (all, path);
  for (; *arguments; arguments++)
    g_ptr_array_add (all, (gpointer) *arguments);
  g_ptr_array_add (all, NULL);
  g_spawn_sync (
      folder, (gchar **) all->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, output, errors, &ended, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (ended));
  g_ptr_array_unref (all);
  g_free (path);
  return WEXITSTATUS (ended);
}

/* --- bytes --- */

GByteArray *
made_bytes (const gchar *text)
{
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch (text, &error), *out;
  GByteArray *bytes = g_byte_array_new ();
  GstSample *sample;

  g_assert_no_error (error);
  out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  g_object_set (out, "sync", FALSE, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while ((sample = gst_app_sink_pull_sample (GST_APP_SINK (out)))) {
    GstMapInfo map;
    g_assert_true (gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ));
    g_byte_array_append (bytes, map.data, (guint) map.size);
    gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
    gst_sample_unref (sample);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (out);
  gst_object_unref (pipeline);
  if (bytes->len == 0)
    g_error ("nothing comes of %s", text);
  return bytes;
}

GByteArray *
made_add (GByteArray *file, gconstpointer data, gsize size)
{
  return g_byte_array_append (file, data, (guint) size);
}

GByteArray *
made_add_all (GByteArray *file, GByteArray *more)
{
  made_add (file, more->data, more->len);
  g_byte_array_unref (more);
  return file;
}

GByteArray *
made_add16 (GByteArray *file, guint value, gboolean big)
{
  const guint16 bytes = big ? GUINT16_TO_BE ((guint16) value) : GUINT16_TO_LE ((guint16) value);

  return made_add (file, &bytes, sizeof bytes);
}

GByteArray *
made_add32 (GByteArray *file, guint32 value, gboolean big)
{
  const guint32 bytes = big ? GUINT32_TO_BE (value) : GUINT32_TO_LE (value);

  return made_add (file, &bytes, sizeof bytes);
}

/* An entry of a TIFF's directory, of one number. */
static void
add_entry (GByteArray *file, guint tag, guint type, guint32 value)
{
  made_add16 (file, tag, FALSE);
  made_add16 (file, type, FALSE);
  made_add32 (file, 1, FALSE);
  made_add32 (file, value, FALSE);
}

GByteArray *
made_exif (guint orientation)
{
  GByteArray *exif = made_add (g_byte_array_new (), "II*\0\x08\0\0\0\x01\0", 10);

  add_entry (exif, 0x0112, 3, orientation);
  return made_add32 (exif, 0, FALSE);
}

/* --- PNG --- */

GByteArray *
made_add_png_chunk (GByteArray *png, const gchar *name, const guint8 *data, gsize size)
{
  guint32 sum = ~0u;

  made_add32 (png, (guint32) size, TRUE);
  const guint began = png->len;
  made_add (png, name, 4);
  if (size > 0)
    made_add (png, data, size);
  for (guint i = began; i < png->len; i++) {
    sum ^= png->data[i];
    for (guint bit = 0; bit < 8; bit++)
      sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
  }
  return made_add32 (png, ~sum, TRUE);
}

const guint8 *
made_find_png_chunk (const GByteArray *png, const gchar *name, gsize *size)
{
  for (gsize at = 8; at + 12 <= png->len; at += *size + 12) {
    *size = GST_READ_UINT32_BE (png->data + at);
    if (memcmp (png->data + at + 4, name, 4) == 0)
      return png->data + at + 8;
  }
  return NULL;
}

/* --- WebP --- */

GByteArray *
made_webp_begin (void)
{
  return made_add (g_byte_array_new (), "RIFF\0\0\0\0WEBP", 12);
}

GByteArray *
made_add_webp_chunk (GByteArray *webp, const gchar *name, gconstpointer data, gsize size)
{
  made_add (webp, name, 4);
  made_add32 (webp, (guint32) size, FALSE);
  made_add (webp, data, size);
  return size & 1 ? made_add (webp, "", 1) : webp;
}

GByteArray *
made_webp_end (GByteArray *webp)
{
  GST_WRITE_UINT32_LE (webp->data + 4, webp->len - 8);
  return webp;
}

/* --- TIFF --- */

GByteArray *
made_tiff (const guint8 *rgb, guint width, guint height, guint orientation)
{
  enum { ENTRIES = 10, HEAD = 8 + 2 + ENTRIES * 12 + 4 };
  GByteArray *tiff = made_add (g_byte_array_new (), "II*\0\x08\0\0\0", 8);

  made_add16 (tiff, ENTRIES, FALSE);
  add_entry (tiff, 256, 3, width);
  add_entry (tiff, 257, 3, height);
  add_entry (tiff, 258, 3, 8);  /* the same for all samples, which readers take */
  add_entry (tiff, 259, 3, 1);
  add_entry (tiff, 262, 3, 2);
  add_entry (tiff, 273, 4, HEAD);
  add_entry (tiff, 274, 3, orientation);
  add_entry (tiff, 277, 3, 3);
  add_entry (tiff, 278, 3, height);
  add_entry (tiff, 279, 4, 3 * width * height);
  made_add32 (tiff, 0, FALSE);
  return made_add (tiff, rgb, 3 * (gsize) width * height);
}

/* --- GIF --- */

GByteArray *
made_gif_begin (guint width, guint height, const guint8 *colours, guint n_colours)
{
  GByteArray *gif = made_add (g_byte_array_new (), "GIF89a", 6);
  guint8 table[3 * 128] = { 0 };

  memcpy (table, colours, 3 * n_colours);
  made_add16 (gif, width, FALSE);
  made_add16 (gif, height, FALSE);
  made_add (gif, "\x86\0\0", 3);
  return made_add (gif, table, sizeof table);
}

/* No compression: codes have eight bits as long as the table is emptied before it grows. */
GByteArray *
made_add_gif_image (GByteArray *gif, const guint8 *pixels, guint x, guint y, guint width, guint height,
    guint disposal)
{
  const guint8 control[] = { 0x21, 0xf9, 4, (guint8) (disposal << 2), 10, 0, 0, 0, 0x2c };
  enum { EMPTY = 0x80, END = 0x81, RUN = 100 };

  made_add (gif, control, sizeof control);
  made_add16 (gif, x, FALSE);
  made_add16 (gif, y, FALSE);
  made_add16 (gif, width, FALSE);
  made_add16 (gif, height, FALSE);
  made_add (gif, "\0\x07", 2);
  for (guint i = 0; i < width * height; i += RUN) {
    const guint n = MIN (RUN, width * height - i);
    made_add (gif, (guint8[]) { (guint8) (n + 1), EMPTY }, 2);
    made_add (gif, pixels + i, n);
  }
  return made_add (gif, (guint8[]) { 1, END, 0 }, 3);
}

/* --- WebM --- */

/* An element of EBML: its name as it is written, and what is in it, which is taken. */
static GByteArray *
add_element (GByteArray *file, guint32 name, GByteArray *inside)
{
  for (gint shift = 24; shift >= 0; shift -= 8) {
    if (name >> shift)
      made_add (file, (guint8[]) { (guint8) (name >> shift) }, 1);
  }
  made_add32 (file, 0x10000000u | inside->len, TRUE);
  return made_add_all (file, inside);
}

static GByteArray *
add_number (GByteArray *file, guint32 name, guint value)
{
  return add_element (file, name, made_add16 (g_byte_array_new (), value, TRUE));
}

static GByteArray *
add_text (GByteArray *file, guint32 name, const gchar *text)
{
  return add_element (file, name, made_add (g_byte_array_new (), text, strlen (text)));
}

GByteArray *
made_webm_with_alpha (const GByteArray *vp8, guint width, guint height)
{
  GByteArray *head = g_byte_array_new (), *video = g_byte_array_new (), *track = g_byte_array_new ();
  GByteArray *cluster = g_byte_array_new (), *block = made_add (g_byte_array_new (), "\x81\0\0\x80", 4);
  GByteArray *segment = g_byte_array_new ();

  add_text (head, 0x4282, "webm");
  add_number (video, 0xb0, width);
  add_number (video, 0xba, height);
  add_number (video, 0x53c0, 1);        /* AlphaMode */
  add_number (track, 0xd7, 1);
  add_number (track, 0x73c5, 1);
  add_number (track, 0x83, 1);
  add_text (track, 0x86, "V_VP8");
  add_element (track, 0xe0, video);
  add_number (cluster, 0xe7, 0);
  add_element (cluster, 0xa3, made_add (block, vp8->data, vp8->len));
  add_element (segment, 0x1549a966, add_text (g_byte_array_new (), 0x4d80, "made"));
  add_element (segment, 0x1654ae6b, add_element (g_byte_array_new (), 0xae, track));
  add_element (segment, 0x1f43b675, cluster);
  return add_element (add_element (g_byte_array_new (), 0x1a45dfa3, head), 0x18538067, segment);
}
