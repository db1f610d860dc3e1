/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-label --plan: the operations that a checkpoint's network was recorded as; and
 * --list-devices: what it could run on. The only place in the examples that uses more than the elements. */
#include "arguments.h"
#include "model.h"

gboolean
print_plan (const gchar *path)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GError *error = NULL;
  GptVisModel *model;
  gchar *text;

  options.path = path;
  model = gptvis_model_open (&options, &error);
  if (!model || !gptvis_model_need (model,
          gptvis_architecture_outputs (gptvis_model_configuration (model)), &error)) {
    gptvis_model_free (model);
    g_printerr ("gptvis-label: %s\n", error->message);
    g_error_free (error);
    return FALSE;
  }
  text = gptvis_plan_print (gptvis_model_plan (model));
  g_print ("%s", text);
  g_free (text);
  gptvis_model_free (model);
  return TRUE;
}

gboolean
print_devices (void)
{
  static const gchar *const backends[] = { "vulkan", "cpu" };
  gboolean any = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (backends); i++) {
    GError *error = NULL;
    gchar *devices = gptvis_backend_devices (backends[i], &error);
    gchar **lines = g_strsplit (devices ? devices : "", "\n", -1);

    any = any || (devices && *devices);
    for (guint j = 0; lines[j]; j++)
      g_print ("%s %s\n", backends[i], lines[j]);
    if (error)
      g_print ("%s: none: %s\n", backends[i], error->message);
    g_strfreev (lines);
    g_free (devices);
    g_clear_error (&error);
  }
  return any;
}
