/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The enums that elements have for properties. */
#pragma once
#include <gst/gst.h>

G_BEGIN_DECLS

/* Once for each name. They are part of what the plugin documents. */
static inline GType
gptvis_enum_register (const gchar *name, const GEnumValue *values)
{
  GType type = g_enum_register_static (name, values);

  gst_type_mark_as_plugin_api (type, 0);
  return type;
}

G_END_DECLS
