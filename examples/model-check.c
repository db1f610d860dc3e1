/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-model check: opens a checkpoint as a pipeline would, says what it is, and times a picture. */
#include "model.h"
#include "model-commands.h"
#include "locate.h"
#include <stdlib.h>

enum { WIDTH = 640, HEIGHT = 480, MOST_RUNS = 9 };
#define LONGEST (3 * G_USEC_PER_SEC)    /* that is timed */

static int
by_time (const void *a, const void *b)
{
  const gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  return (x > y) - (x < y);
}

/* µs of the median picture; below 0 after an error. The first run makes what the later ones have. */
static gint64
time_pictures (GptVisModel *model, GptVisModelSlot *slot, GptVisOutputs outputs, GError **error)
{
  guint8 *pixels = g_malloc (WIDTH * HEIGHT * 3);
  for (guint i = 0; i < WIDTH * HEIGHT * 3; i++)
    pixels[i] = (guint8) (i * 7 + i / WIDTH);
  const GptVisPicture picture = { .format = GPTVIS_PICTURE_RGB, .width = WIDTH, .height = HEIGHT,
    .planes = { pixels }, .strides = { WIDTH * 3 }, .full_range = TRUE };
  gint64 times[MOST_RUNS], began = 0;
  guint n = 0;
  gboolean good = TRUE;
  for (guint i = 0; good && n < MOST_RUNS && (n == 0 || g_get_monotonic_time () - began < LONGEST); i++) {
    const gint64 before = g_get_monotonic_time ();
    GptVisRequest request = { .slot = slot, .outputs = outputs };
    good = gptvis_model_stage (model, slot, &picture, error) && gptvis_model_run (model, &request, 1, error);
    if (i == 0)
      began = g_get_monotonic_time ();
    else
      times[n++] = g_get_monotonic_time () - before;
  }
  g_free (pixels);
  if (!good)
    return -1;
  qsort (times, n, sizeof times[0], by_time);
  return times[n / 2];
}

static gboolean
print_speed (GptVisModel *model, GptVisOutputs outputs, GError **error)
{
  if (!gptvis_model_need (model, outputs, error))
    return FALSE;
  GptVisModelSlot *slot = gptvis_model_slot_new (model, error);
  const gint64 median = slot ? time_pictures (model, slot, outputs, error) : -1;
  if (median >= 0) {
    gchar *where = gptvis_model_description (model);
    const GptVisConfiguration *config = gptvis_model_configuration (model);
    g_print ("  %.1f ms a picture of %d×%d, on %s%s\n", median / 1e3, WIDTH, HEIGHT, where,
        config->writes ? "; its captions come on top" : "");
    g_free (where);
  }
  gptvis_model_slot_free (slot);
  return median >= 0;
}

gboolean
command_check (const gchar *name)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GError *error = NULL;
  options.path = name;
  GptVisModel *model = gptvis_model_open (&options, &error);
  if (!model)
    return complain (error);
  const GptVisConfiguration *config = gptvis_model_configuration (model);
  gchar *problem = NULL, *what = describe_checkpoint (gptvis_model_path (model), &problem);
  g_print ("%s\n  %s%s%s\n  %s\n", gptvis_model_name (model), what, config->class_name ? ", " : "",
      config->class_name ? config->class_name : "", gptvis_model_path (model));
  const gboolean good = print_speed (model, gptvis_architecture_outputs (config), &error);
  g_free (what);
  g_free (problem);
  gptvis_model_free (model);
  return good || complain (error);
}
