/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of gptvisfilter as gst-inspect-1.0 shows them, and their values.
 * No behaviour: see gptvisfilter.c and stream.c. */
#include "properties.h"
#include "enums.h"

#define FIXED (GST_PARAM_MUTABLE_READY | G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)
#define LIVE (GST_PARAM_MUTABLE_PLAYING | G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)
#define MAX_THREADS 1024u
#define MAX_RATE 1000.0         /* analyses a second */

static const GEnumValue tasks[] = {
  { GPTVIS_TASK_AUTO, "What the checkpoint can do", "auto" },
  { GPTVIS_TASK_LABEL, "Labels with scores", "label" },
  { GPTVIS_TASK_CAPTION, "A caption when the scene changes", "caption" },
  { GPTVIS_TASK_BOTH, "Labels and captions", "both" },
  { 0 }
};
static const GEnumValue backends[] = {
  { 0, "The best available: a GPU, else the processor", "auto" },
  { 1, "The processor", "cpu" },
  { 2, "A GPU, through Vulkan", "vulkan" },
  { 0 }
};
static const GEnumValue precisions[] = {
  { GPTVIS_PRECISION_AUTO, "The fastest with the same answers: bf16 on processors that have it, else f32",
    "auto" },
  { GPTVIS_PRECISION_F32, "32-bit floats", "f32" },
  { GPTVIS_PRECISION_F16, "16-bit floats", "f16" },
  { GPTVIS_PRECISION_BF16, "bfloat16", "bf16" },
  { GPTVIS_PRECISION_INT8, "8-bit integers", "int8" },
  { 0 }
};
static const GEnumValue policies[] = {
  { GPTVIS_POLICY_AUTO, "latest in a live pipeline, else every", "auto" },
  { GPTVIS_POLICY_EVERY, "A frame that is due waits for its own result", "every" },
  { GPTVIS_POLICY_LATEST, "No frame waits; the newest result goes with the frames after it", "latest" },
  { 0 }
};

static void
install_model_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, GPTVIS_PROP_MODEL, g_param_spec_string ("model", "Model",
          "Checkpoint: a Hugging Face directory as downloaded (config.json, preprocessor_config.json, "
          "*.safetensors); unset: the small one that is bundled", NULL, FIXED));
  g_object_class_install_property (klass, GPTVIS_PROP_TASK, g_param_spec_enum ("task", "Task",
          "What to find; auto: labels where the checkpoint has a classifier, else captions",
          gptvis_enum_register ("GptVisTask", tasks), GPTVIS_TASK_AUTO, FIXED));
  g_object_class_install_property (klass, GPTVIS_PROP_BACKEND, g_param_spec_enum ("backend", "Backend",
          "Where to compute", gptvis_enum_register ("GptVisBackend", backends), 0, FIXED));
  g_object_class_install_property (klass, GPTVIS_PROP_DEVICE, g_param_spec_string ("device", "Device",
          "Which GPU, by index or name (gptvis-label --list-devices); auto: the best", "auto", FIXED));
  g_object_class_install_property (klass, GPTVIS_PROP_PRECISION, g_param_spec_enum ("precision", "Precision",
          "Number format that the network is computed in",
          gptvis_enum_register ("GptVisPrecision", precisions), GPTVIS_PRECISION_AUTO, FIXED));
  g_object_class_install_property (klass, GPTVIS_PROP_THREADS, g_param_spec_uint ("threads", "Threads",
          "Threads that compute; 0: as many as the process may use", 0, MAX_THREADS, 0, FIXED));
  g_object_class_install_property (klass, GPTVIS_PROP_LABELS_FILE, g_param_spec_string ("labels-file",
          "Labels file", "UTF-8 text with one label a line, in place of the labels in the checkpoint; unset: "
          "those", NULL, FIXED));
  g_object_class_install_property (klass, GPTVIS_PROP_BEAMS, g_param_spec_uint ("beams", "Beams",
          "Beam width of the search for a caption; 1 is fastest; 0: as the checkpoint says", 0,
          GPTVIS_MAX_BEAMS, 0, FIXED));
}

static void
install_stream_properties (GObjectClass *klass)
{
  const GptVisSettings defaults = GPTVIS_SETTINGS;

  g_object_class_install_property (klass, GPTVIS_PROP_POLICY, g_param_spec_enum ("policy", "Policy",
          "Whether a frame waits for its result", gptvis_enum_register ("GptVisPolicy", policies),
          defaults.policy, LIVE));
  g_object_class_install_property (klass, GPTVIS_PROP_INTERVAL, g_param_spec_uint ("interval", "Interval",
          "Analyse every Nth frame", 1, G_MAXUINT, defaults.interval, LIVE));
  g_object_class_install_property (klass, GPTVIS_PROP_MAX_RATE, g_param_spec_double ("max-rate",
          "Maximum rate", "Maximum number of analyses a second, by the frames' running time; 0: no limit",
          0, MAX_RATE, defaults.max_rate, LIVE));
  g_object_class_install_property (klass, GPTVIS_PROP_HOLD_TIME, g_param_spec_uint64 ("hold-time",
          "Hold time", "How long, in ns, the frames after an analysed one carry its result (policy latest: "
          "from when it was found); 0: not at all; 18446744073709551615: until the next result", 0,
          G_MAXUINT64, defaults.hold_time, LIVE));
  g_object_class_install_property (klass, GPTVIS_PROP_TOP_K, g_param_spec_uint ("top-k", "Top k",
          "Maximum number of labels in a result, the best first; 0: all", 0, G_MAXINT, defaults.top_k, LIVE));
  g_object_class_install_property (klass, GPTVIS_PROP_THRESHOLD, g_param_spec_float ("threshold", "Threshold",
          "Minimum score of a label; below 0: what suits the checkpoint, 0.1 where all labels share a "
          "softmax, 0.5 where each has a sigmoid of its own", -1, 1, defaults.threshold, LIVE));
  g_object_class_install_property (klass, GPTVIS_PROP_CAPTION_CHANGE, g_param_spec_float ("caption-change",
          "Caption change", "How much the scene must differ from that of the last caption for a new one; 0: "
          "any picture will do, 1: nothing may be in common, 2: never", 0, 2, defaults.caption_change, LIVE));
  g_object_class_install_property (klass, GPTVIS_PROP_CAPTION_INTERVAL,
      g_param_spec_uint64 ("caption-interval", "Caption interval",
          "Time, in ns, after which a new caption is written even if the scene has not changed; "
          "18446744073709551615: never", 0, G_MAXUINT64, defaults.caption_interval, LIVE));
  g_object_class_install_property (klass, GPTVIS_PROP_CAPTION_THRESHOLD,
      g_param_spec_float ("caption-threshold", "Caption threshold",
          "Minimum score of a caption, the mean probability of its words; above 0 there are no partial "
          "captions. 0: all; below 0: as the checkpoint says, else all", -1, 1, defaults.caption_threshold,
          LIVE));
  g_object_class_install_property (klass, GPTVIS_PROP_PARTIAL_CAPTIONS,
      g_param_spec_boolean ("partial-captions", "Partial captions",
          "Report a caption word by word while it is written", FALSE, LIVE));
  g_object_class_install_property (klass, GPTVIS_PROP_POST_MESSAGES, g_param_spec_boolean ("post-messages",
          "Post messages", "Post an element message \"gptvis-result\" for each analysed frame, and "
          "\"gptvis-caption\" for each caption", TRUE, LIVE));
  g_object_class_install_property (klass, GPTVIS_PROP_STATS_INTERVAL, g_param_spec_uint64 ("stats-interval",
          "Statistics interval", "Time, in ns, between element messages \"gptvis-stats\" with the "
          "statistics; 0: none", 0, G_MAXUINT64, 0, LIVE));
  g_object_class_install_property (klass, GPTVIS_PROP_STATS, g_param_spec_boxed ("stats", "Statistics",
          "Counters (frames, analysed, skipped and why, held, errors, unmappable, under-way), times of "
          "analyses and ages of results in µs (min, mean, max, percentiles), the model, its backend and the "
          "number of its streams", GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

void
gptvis_properties_install (GObjectClass *klass)
{
  install_model_properties (klass);
  install_stream_properties (klass);
}

void
gptvis_properties_init (GptVisProperties *self)
{
  *self = (GptVisProperties) {.device = g_strdup ("auto"),.settings = GPTVIS_SETTINGS,.post_messages = TRUE };
}

void
gptvis_properties_clear (GptVisProperties *self)
{
  g_clear_pointer (&self->model, g_free);
  g_clear_pointer (&self->device, g_free);
  g_clear_pointer (&self->labels_file, g_free);
}

/* An empty string counts as unset: command lines and forms have nothing else for that. */
static void
set_text (gchar **field, const GValue *value)
{
  const gchar *text = g_value_get_string (value);

  g_free (*field);
  *field = text && *text ? g_strdup (text) : NULL;
}

gboolean
gptvis_properties_set (GptVisProperties *self, guint id, const GValue *value)
{
  switch (id) {
    case GPTVIS_PROP_MODEL:
      set_text (&self->model, value);
      return TRUE;
    case GPTVIS_PROP_TASK:
      self->task = g_value_get_enum (value);
      return TRUE;
    case GPTVIS_PROP_BACKEND:
      self->backend = g_value_get_enum (value);
      return TRUE;
    case GPTVIS_PROP_DEVICE:
      set_text (&self->device, value);
      return TRUE;
    case GPTVIS_PROP_PRECISION:
      self->precision = g_value_get_enum (value);
      return TRUE;
    case GPTVIS_PROP_THREADS:
      self->threads = g_value_get_uint (value);
      return TRUE;
    case GPTVIS_PROP_LABELS_FILE:
      set_text (&self->labels_file, value);
      return TRUE;
    case GPTVIS_PROP_BEAMS:
      self->beams = g_value_get_uint (value);
      return TRUE;
    case GPTVIS_PROP_POLICY:
      self->settings.policy = g_value_get_enum (value);
      return TRUE;
    case GPTVIS_PROP_INTERVAL:
      self->settings.interval = g_value_get_uint (value);
      return TRUE;
    case GPTVIS_PROP_MAX_RATE:
      self->settings.max_rate = g_value_get_double (value);
      return TRUE;
    case GPTVIS_PROP_HOLD_TIME:
      self->settings.hold_time = g_value_get_uint64 (value);
      return TRUE;
    case GPTVIS_PROP_TOP_K:
      self->settings.top_k = g_value_get_uint (value);
      return TRUE;
    case GPTVIS_PROP_THRESHOLD:
      self->settings.threshold = g_value_get_float (value);
      return TRUE;
    case GPTVIS_PROP_CAPTION_CHANGE:
      self->settings.caption_change = g_value_get_float (value);
      return TRUE;
    case GPTVIS_PROP_CAPTION_INTERVAL:
      self->settings.caption_interval = g_value_get_uint64 (value);
      return TRUE;
    case GPTVIS_PROP_CAPTION_THRESHOLD:
      self->settings.caption_threshold = g_value_get_float (value);
      return TRUE;
    case GPTVIS_PROP_PARTIAL_CAPTIONS:
      self->settings.partial_captions = g_value_get_boolean (value);
      return TRUE;
    case GPTVIS_PROP_POST_MESSAGES:
      self->post_messages = g_value_get_boolean (value);
      return TRUE;
    case GPTVIS_PROP_STATS_INTERVAL:
      self->stats_interval = g_value_get_uint64 (value);
      return TRUE;
    default:
      return FALSE;
  }
}

gboolean
gptvis_properties_get (const GptVisProperties *self, guint id, GValue *value)
{
  switch (id) {
    case GPTVIS_PROP_MODEL:
      g_value_set_string (value, self->model);
      return TRUE;
    case GPTVIS_PROP_TASK:
      g_value_set_enum (value, self->task);
      return TRUE;
    case GPTVIS_PROP_BACKEND:
      g_value_set_enum (value, self->backend);
      return TRUE;
    case GPTVIS_PROP_DEVICE:
      g_value_set_string (value, self->device);
      return TRUE;
    case GPTVIS_PROP_PRECISION:
      g_value_set_enum (value, self->precision);
      return TRUE;
    case GPTVIS_PROP_THREADS:
      g_value_set_uint (value, self->threads);
      return TRUE;
    case GPTVIS_PROP_LABELS_FILE:
      g_value_set_string (value, self->labels_file);
      return TRUE;
    case GPTVIS_PROP_BEAMS:
      g_value_set_uint (value, self->beams);
      return TRUE;
    case GPTVIS_PROP_POLICY:
      g_value_set_enum (value, self->settings.policy);
      return TRUE;
    case GPTVIS_PROP_INTERVAL:
      g_value_set_uint (value, self->settings.interval);
      return TRUE;
    case GPTVIS_PROP_MAX_RATE:
      g_value_set_double (value, self->settings.max_rate);
      return TRUE;
    case GPTVIS_PROP_HOLD_TIME:
      g_value_set_uint64 (value, self->settings.hold_time);
      return TRUE;
    case GPTVIS_PROP_TOP_K:
      g_value_set_uint (value, self->settings.top_k);
      return TRUE;
    case GPTVIS_PROP_THRESHOLD:
      g_value_set_float (value, self->settings.threshold);
      return TRUE;
    case GPTVIS_PROP_CAPTION_CHANGE:
      g_value_set_float (value, self->settings.caption_change);
      return TRUE;
    case GPTVIS_PROP_CAPTION_INTERVAL:
      g_value_set_uint64 (value, self->settings.caption_interval);
      return TRUE;
    case GPTVIS_PROP_CAPTION_THRESHOLD:
      g_value_set_float (value, self->settings.caption_threshold);
      return TRUE;
    case GPTVIS_PROP_PARTIAL_CAPTIONS:
      g_value_set_boolean (value, self->settings.partial_captions);
      return TRUE;
    case GPTVIS_PROP_POST_MESSAGES:
      g_value_set_boolean (value, self->post_messages);
      return TRUE;
    case GPTVIS_PROP_STATS_INTERVAL:
      g_value_set_uint64 (value, self->stats_interval);
      return TRUE;
    default:
      return FALSE;
  }
}

void
gptvis_properties_get_options (const GptVisProperties *self, GptVisModelOptions *model,
    GptVisClientOptions *client)
{
  *model = (GptVisModelOptions) GPTVIS_MODEL_OPTIONS;
  model->path = g_strdup (self->model);
  model->program = (GptVisProgramOptions) { .backend = backends[self->backend].value_nick,
    .device = g_strdup (self->device), .precision = self->precision, .threads = self->threads };
  *client = (GptVisClientOptions) { .task = self->task, .labels_file = g_strdup (self->labels_file),
    .beams = self->beams };
}

void
gptvis_properties_clear_options (GptVisModelOptions *model, GptVisClientOptions *client)
{
  g_free ((gchar *) model->path);
  g_free ((gchar *) model->program.device);
  g_free ((gchar *) client->labels_file);
}
