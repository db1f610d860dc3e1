/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of gptvisfilter: names, ranges, defaults, documentation and values. What they do, and
 * when they may change, is in gptvisfilter.c and stream.c. A plain value; not locked. */
#pragma once
#include "stream.h"

G_BEGIN_DECLS

/* The one that is no value of these: the element answers it. */
#define GPTVIS_PROP_STATS 1

typedef enum { GPTVIS_BACKEND_AUTO, GPTVIS_BACKEND_CPU, GPTVIS_BACKEND_VULKAN } GptVisBackend;

typedef struct {
  /* These need another model or another stream; they cannot change from PAUSED on
   * (GST_PARAM_MUTABLE_READY). */
  gchar *model, *device, *labels_file, *region_labels, *upstream_labels;        /* NULL: unset */
  GptVisTask task;
  gboolean embedding;
  guint beams;
  GptVisBackend backend;
  GptVisPrecision precision;
  guint threads;
  GptVisRegionsMode regions;
  /* These take effect with the next frame. */
  GptVisSettings settings;
  gchar *zones;                 /* the zones themselves, or a file with them; NULL: none */
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
