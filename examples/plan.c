/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-label --plan: the operations that a checkpoint's network was recorded as.
 * The one place in the examples that looks behind the elements. */
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
  if (!(model = gptvis_model_open (&options, &error))) {
    g_printerr ("gptvis-label: %s\n", error->message);
    g_error_free (error);
    return FALSE;
  }
  text = gptvis_plan_print (gptvis_model_plan (model));
  g_print ("%s", text);
  g_free (text);
  gptvis_model_unref (model);
  return TRUE;
}
