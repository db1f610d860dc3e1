/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The element gptvisoverlay: draws the labels that gptvisfilter attached. Its
 * documentation is the block in gptvisoverlay.c. */
#pragma once
#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_GPTVIS_OVERLAY (gst_gptvis_overlay_get_type ())
G_DECLARE_FINAL_TYPE (GstGptVisOverlay, gst_gptvis_overlay, GST, GPTVIS_OVERLAY, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (gptvisoverlay);

G_END_DECLS
