/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoders for photos, which decodebin then prefers to the video decoders. */
#pragma once
#include <gst/gst.h>

#define PHOTO_DECODER "photo"   /* how their names begin */

/* Registers them, in this process alone, and a type finder for JPEG XL. A decoder whose parts are not
 * installed is left out: its photos are then decoded by what there is. */
void photo_decoders_register (void);
