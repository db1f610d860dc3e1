/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The element gptvisfilter: raw video through, results attached. Its
 * documentation is gptvisfilter.md. The type's name is GStreamer's
 * way (GstThing is called thing0); GptVisFilter is how a picture is resized. */
#pragma once
#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_GPTVIS_FILTER (gst_gptvis_filter_get_type ())
G_DECLARE_FINAL_TYPE (GstGptVisFilter, gst_gptvis_filter, GST, GPTVIS_FILTER, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (gptvisfilter);

G_END_DECLS
