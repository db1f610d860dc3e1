/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A decoder for photos, which decodebin then prefers to the video decoders. */
#pragma once
#include <gst/gst.h>

#define PHOTO_DECODER "photodecoder"

/* Registers it, in this process alone. FALSE where its parts are not installed:
 * then photos are decoded by what there is. */
gboolean photo_decoder_register (void);
