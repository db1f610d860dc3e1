/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a photo's file says beside its pixels. */
#pragma once
#include <glib.h>

/* As EXIF counts them: 1 … 8, of which 1 is upright; also where the file says nothing. */
typedef guint Orientation;

/* What is left to do when gdk-pixbuf has decoded the file: it does a part itself for TIFF, and all for
 * HEIC, AVIF and JPEG XL. */
Orientation exif_orientation (const guint8 *data, gsize size);

/* The name of GstTagList's "image-orientation" for it. */
const gchar *exif_orientation_tag (Orientation orientation);

/* Is it a TIFF file of what a sensor saw (DNG, CR2, NEF, ARW …)? Its first picture is a thumbnail. */
gboolean exif_is_raw (const guint8 *data, gsize size);

/* Does the head of this JPEG file say that other pictures, or a film, belong to it (a gain map, a stereo
 * pair, a motion photo)? */
gboolean exif_has_companions (const guint8 *data, gsize size);
