/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tags: small plates of a color with dark letters on them, and the lines of what they name. Both are
 * measured to suit the frame, and lie between dark lines, so that they are legible on any picture.
 *
 *     const GptVisTagSizes sizes = gptvis_tag_sizes (0, &frame, FALSE);
 *     if (gptvis_tags_prepare (tags, "Sans", &sizes)) {
 *       GptVisTag tag = { 0 };
 *       gptvis_tag_add (tags, &tag, "person", TRUE);
 *       gptvis_tag_draw (&canvas, &sizes, &tag, at, 0xffffcc00);
 *     }
 *
 * A tag is made of pieces (a label, a score, a number), whose letters are laid out once and kept as masks:
 * scores change all the time, but there are only a hundred. Threads: one at a time. */
#pragma once
#include "canvas.h"
#include "plate.h"

G_BEGIN_DECLS

/* Lengths that suit the frame, in frame pixels but for `em`. */
typedef struct {
  double em;                    /* of the letters, in display pixels */
  double squeeze;               /* frame pixels of a display pixel, sideways */
  gint line_x, line_y;          /* widths of upright and of level lines */
  gint halo;                    /* of the dark lines beside; 0: none */
  gint gap, padding_x, padding_y;       /* of a tag */
} GptVisTagSizes;

#define GPTVIS_TAG_HALO 0x90000000u     /* color of the dark lines */

/* `font_size`: an em in pixels; 0: to suit the frame. */
GptVisTagSizes gptvis_tag_sizes (guint font_size, const GptVisPlateFrame *frame, gboolean interlaced);

typedef struct _GptVisTags GptVisTags;  /* the pieces */

GptVisTags *gptvis_tags_new (void);
void gptvis_tags_free (GptVisTags *tags);       /* NULL is fine */
/* Before the tags of a frame are made. FALSE: there is no font. */
gboolean gptvis_tags_prepare (GptVisTags *tags, const gchar *font, const GptVisTagSizes *sizes);
gboolean gptvis_tags_lack_font (const GptVisTags *tags);

#define GPTVIS_TAG_MAX_PIECES 3u

typedef struct {
  const GptVisMask *pieces[GPTVIS_TAG_MAX_PIECES];      /* the tags', until they are prepared again */
  guint n;
  gint width, height;           /* with what is around the letters; 0: nothing to see */
} GptVisTag;

/* Another piece, after those that it has (at most GPTVIS_TAG_MAX_PIECES). */
void gptvis_tag_add (GptVisTags *tags, GptVisTag *tag, const gchar *text, gboolean bold);
/* There, in that color; what is wider than `at` is cut. */
void gptvis_tag_draw (GptVisCanvas *canvas, const GptVisTagSizes *sizes, const GptVisTag *tag,
    GstVideoRectangle at, guint32 color);

/* The four sides of a rectangle, inside it, so wide. */
void gptvis_ring_draw (GptVisCanvas *canvas, GstVideoRectangle at, gint x, gint y, guint32 argb);
/* The rectangle with so much more (or less) on each side. */
GstVideoRectangle gptvis_rectangle_grow (GstVideoRectangle at, gint x, gint y);

G_END_DECLS
