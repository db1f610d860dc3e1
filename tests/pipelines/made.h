/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that GStreamer's elements write, and what they are put together of byte by byte. */
#pragma once
#include <gst/gst.h>

/* A folder for them, for the time of the test. */
void made_open_folder (void);
void made_close_folder (void);
gchar *made_path (const gchar *name);

/* Runs a program there, with arguments up to a NULL; its exit status. */
gint made_run (const gchar *program, const gchar *const *arguments, gchar **output, gchar **errors);

/* What the pipeline gives to its element "out", an appsink. It must be possible. */
GByteArray *made_bytes (const gchar *pipeline);
/* Both at the file's end; they take what is added and return the file. */
GByteArray *made_add (GByteArray *file, gconstpointer data, gsize size);
GByteArray *made_add_all (GByteArray *file, GByteArray *more);
GByteArray *made_add16 (GByteArray *file, guint value, gboolean big);
GByteArray *made_add32 (GByteArray *file, guint32 value, gboolean big);

/* EXIF data that say no more than an orientation. */
GByteArray *made_exif (guint orientation);
/* A chunk of PNG's: length, name, data, checksum. */
GByteArray *made_add_png_chunk (GByteArray *png, const gchar *name, const guint8 *data, gsize size);
/* The data of the first chunk of that name; NULL: there is none. */
const guint8 *made_find_png_chunk (const GByteArray *png, const gchar *name, gsize *size);
/* A chunk of WebP's; begin starts a file, end writes its length into it. */
GByteArray *made_webp_begin (void);
GByteArray *made_add_webp_chunk (GByteArray *webp, const gchar *name, gconstpointer data, gsize size);
GByteArray *made_webp_end (GByteArray *webp);
/* A TIFF file of RGB samples. */
GByteArray *made_tiff (const guint8 *rgb, guint width, guint height, guint orientation);
/* A picture's part of a GIF file, from its control block to its pixels (numbers below 128). */
GByteArray *made_add_gif_image (GByteArray *gif, const guint8 *pixels, guint x, guint y, guint width,
    guint height, guint disposal);
/* A GIF file's head, with colours of R, G, B for numbers below 128. */
GByteArray *made_gif_begin (guint width, guint height, const guint8 *colours, guint n_colours);
/* A WebM file of one VP8 picture, which says that it has a channel of transparency. */
GByteArray *made_webm_with_alpha (const GByteArray *vp8, guint width, guint height);
