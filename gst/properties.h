/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of gptvisfilter: names, ranges, defaults, documentation and values. What they do, and
 * when they may change, is in gptvisfilter.c and stream.c. A plain value; not locked. */
#pragma once
#include "stream.h"

G_BEGIN_DECLS

enum {
  GPTVIS_PROP_0,
  /* These need another model; they cannot change from PAUSED on (GST_PARAM_MUTABLE_READY). */
  GPTVIS_PROP_MODEL, GPTVIS_PROP_TASK, GPTVIS_PROP_BACKEND, GPTVIS_PROP_DEVICE, GPTVIS_PROP_PRECISION,
  GPTVIS_PROP_THREADS, GPTVIS_PROP_LABELS_FILE, GPTVIS_PROP_BEAMS,
  /* These take effect with the next frame. */
  GPTVIS_PROP_POLICY, GPTVIS_PROP_INTERVAL, GPTVIS_PROP_MAX_RATE, GPTVIS_PROP_HOLD_TIME, GPTVIS_PROP_TOP_K,
  GPTVIS_PROP_THRESHOLD, GPTVIS_PROP_CAPTION_CHANGE, GPTVIS_PROP_CAPTION_INTERVAL,
  GPTVIS_PROP_CAPTION_THRESHOLD, GPTVIS_PROP_PARTIAL_CAPTIONS,
  GPTVIS_PROP_POST_MESSAGES, GPTVIS_PROP_STATS_INTERVAL,
  /* Read-only, answered by the element. */
  GPTVIS_PROP_STATS
};

typedef struct {
  gchar *model, *device, *labels_file;  /* NULL: unset */
  GptVisTask task;
  guint beams;
  gint backend;                 /* value of the property's enum */
  GptVisPrecision precision;
  guint threads;
  GptVisSettings settings;
  gboolean post_messages;
  GstClockTime stats_interval;  /* 0: none */
} GptVisProperties;

void gptvis_properties_install (GObjectClass *klass);
void gptvis_properties_init (GptVisProperties *properties);
void gptvis_properties_clear (GptVisProperties *properties);

/* FALSE: there is no property with that id. GObject has checked that the value is in range. */
gboolean gptvis_properties_set (GptVisProperties *properties, guint id, const GValue *value);
gboolean gptvis_properties_get (const GptVisProperties *properties, guint id, GValue *value);

/* The options for the model and the client. Strings in these are copies; free them with _clear_options. */
void gptvis_properties_get_options (const GptVisProperties *properties, GptVisModelOptions *model,
    GptVisClientOptions *client);
void gptvis_properties_clear_options (GptVisModelOptions *model, GptVisClientOptions *client);

G_END_DECLS
