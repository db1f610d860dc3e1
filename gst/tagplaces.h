/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where tags go: each beside or at its box, inside the picture, off the tags that have their place already
 * and off what else is written there (the plates). Pure geometry in frame pixels; it knows no text and no
 * colors. */
#pragma once
#include <gst/video/video.h>

G_BEGIN_DECLS

#define GPTVIS_TAG_PLACES 40u   /* at a box: above, below, inside, beside; then further and further away */
#define GPTVIS_NO_PLACE G_MAXUINT

/* What is there already. */
typedef struct {
  const GstVideoRectangle *boxes;       /* better left free … */
  guint n_boxes;
  GstVideoRectangle *taken;     /* … and not to be covered: plates and tags. gptvis_tag_place adds to them */
  guint n_taken, max_taken;
} GptVisTagRoom;

/* The best place of a tag `width` × `height` for that box, which becomes taken. `last` is the one of the
 * frame before, which is kept as long as it is about as good (GPTVIS_NO_PLACE: there was none), and
 * becomes the one chosen. A tag is never larger than `area`, but it is always inside. */
GstVideoRectangle gptvis_tag_place (GptVisTagRoom *room, const GstVideoRectangle *area, guint box, gint width,
    gint height, guint *last);

G_END_DECLS
