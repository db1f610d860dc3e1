/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The element gptvisjson: writes what gptvisfilter attached, a JSON object a line.
 * Its documentation is the block in gptvisjson.c. */
#pragma once
#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_GPTVIS_JSON (gst_gptvis_json_get_type ())
G_DECLARE_FINAL_TYPE (GstGptVisJson, gst_gptvis_json, GST, GPTVIS_JSON, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (gptvisjson);

G_END_DECLS
