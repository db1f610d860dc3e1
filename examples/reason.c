/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GStreamer's errors are about its elements; these sentences are about the file. */
#include "reason.h"
#include <gst/pbutils/pbutils.h>

gchar *
reason_missing (GstMessage *message)
{
  GstCaps *caps = NULL;
  const gchar *name;
  gchar *missing = NULL;

  if (!gst_is_missing_plugin_message (message))
    return NULL;
  gst_structure_get (gst_message_get_structure (message), "detail", GST_TYPE_CAPS, &caps, NULL);
  if (!caps)                    /* an element that a decoder is made of */
    return gst_missing_plugin_message_get_description (message);
  name = gst_structure_get_name (gst_caps_get_structure (caps, 0));
  if (g_str_has_prefix (name, "video/") || g_str_has_prefix (name, "image/"))
    missing = gst_missing_plugin_message_get_description (message);
  gst_caps_unref (caps);
  return missing;
}

gchar *
reason_of_error (const GError *error, const gchar *missing)
{
  if (missing)
    return g_strdup_printf ("No %s is installed; Debian has most in gstreamer1.0-libav and "
        "gstreamer1.0-plugins-good, -bad and -ugly.", missing);
  if (error->domain == GST_CORE_ERROR && error->code == GST_CORE_ERROR_MISSING_PLUGIN)
    return g_strdup (REASON_NO_PICTURE);
  if (error->domain != GST_STREAM_ERROR)
    return g_strdup (error->message);
  switch (error->code) {
    case GST_STREAM_ERROR_CODEC_NOT_FOUND:
    case GST_STREAM_ERROR_WRONG_TYPE:
      return g_strdup (REASON_NO_PICTURE);
    case GST_STREAM_ERROR_TYPE_NOT_FOUND:
      return g_strdup ("It is neither a photo nor a video that GStreamer knows.");
    case GST_STREAM_ERROR_FAILED:
      return g_strdup ("It is broken or cut short.");
    default:
      return g_strdup (error->message);
  }
}
