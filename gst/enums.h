/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enum types of the elements' properties, and how they are registered. */
#pragma once
#include <gst/gst.h>

G_BEGIN_DECLS

/* To be called once for each name. The plugin's documentation lists the type. `values` must stay valid. */
static inline GType
gptvis_enum_register (const gchar *name, const GEnumValue *values)
{
  GType type = g_enum_register_static (name, values);

  gst_type_mark_as_plugin_api (type, 0);
  return type;
}

G_END_DECLS
