/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin's entry point: registers the elements and does nothing else. No
 * model is opened, no device touched and no thread started here. */
#include <gst/gst.h>
#include "config.h"
#include "gptvisfilter.h"
#include "gptvisjson.h"
#include "gptvisoverlay.h"

#define PACKAGE "gptvis"

static gboolean
plugin_init (GstPlugin *plugin)
{
  gboolean filter = GST_ELEMENT_REGISTER (gptvisfilter, plugin);
  gboolean overlay = GST_ELEMENT_REGISTER (gptvisoverlay, plugin);
  gboolean json = GST_ELEMENT_REGISTER (gptvisjson, plugin);

  return filter && overlay && json;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, gptvis,
    "Vision transformers that label and describe video as it passes", plugin_init,
    GPTVIS_VERSION, "LGPL", "gptvis", "gptvis")
