/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of gptvisfilter as gst-inspect-1.0 shows them, and their values.
 * No behaviour: see gptvisfilter.c and stream.c. */
#include "properties.h"
#include "propertytable.h"

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
  { GPTVIS_BACKEND_AUTO, "The best available: a GPU, else the processor", "auto" },
  { GPTVIS_BACKEND_CPU, "The processor", "cpu" },
  { GPTVIS_BACKEND_VULKAN, "A GPU, through Vulkan", "vulkan" },
  { 0 }
};
static const GEnumValue precisions[] = {
  { GPTVIS_PRECISION_AUTO, "The fastest with the same answers: bf16 where the processor is quicker at it, "
    "else f32", "auto" },
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

static const GEnumValue regions[] = {
  { GPTVIS_REGIONS_AUTO, "model where the checkpoint finds boxes, motion with the bundled one, else none",
    "auto" },
  { GPTVIS_REGIONS_NONE, "The whole picture alone", "none" },
  { GPTVIS_REGIONS_MODEL, "The boxes that the checkpoint finds", "model" },
  { GPTVIS_REGIONS_MOTION, "What moves before a fixed camera", "motion" },
  { GPTVIS_REGIONS_UPSTREAM, "The regions that elements before have attached", "upstream" },
  { 0 }
};

/* --- the table; the defaults are what gptvis_properties_init has --- */

#define AT(member) G_STRUCT_OFFSET (GptVisProperties, member)
#define ONE_OF(name, table) .type_name = name, .values = table
#define FIXED .flags = GST_PARAM_MUTABLE_READY
#define LIVE .flags = GST_PARAM_MUTABLE_PLAYING

static const GptVisProperty properties[] = {
  { "model", "Model", TEXT, AT (model), FIXED, .blurb =
    "Checkpoint: a Hugging Face directory as downloaded (config.json, preprocessor_config.json, "
    "*.safetensors), or a name on the Hub that was downloaded (gptvis-model get OWNER/NAME); unset: the "
    "small one that is bundled" },
  { "task", "Task", ENUM, AT (task), FIXED, ONE_OF ("GptVisTask", tasks), .blurb =
    "What to find; auto: labels where the checkpoint has a classifier, else captions, and of one that has "
    "neither the embedding" },
  { "backend", "Backend", ENUM, AT (backend), FIXED, ONE_OF ("GptVisBackend", backends), .blurb =
    "Where to compute" },
  { "device", "Device", TEXT, AT (device), FIXED, .blurb =
    "Which GPU, by index or name (gptvis-label --list-devices); auto: the best" },
  { "precision", "Precision", ENUM, AT (precision), FIXED, ONE_OF ("GptVisPrecision", precisions), .blurb =
    "Number format that the network is computed in" },
  { "threads", "Threads", UINT, AT (threads), FIXED, 0, MAX_THREADS, .blurb =
    "Threads that compute; 0: as many as the process may use" },
  { "labels-file", "Labels file", TEXT, AT (labels_file), FIXED, .blurb =
    "UTF-8 text with one label a line, in place of the labels in the checkpoint; unset: those" },
  { "embedding", "Embedding", BOOLEAN, AT (embedding), FIXED, .blurb =
    "Give each picture's embedding, a vector of length one that is alike for pictures that are alike, "
    "besides what the task asks for" },
  { "beams", "Beams", UINT, AT (beams), FIXED, 0, GPTVIS_MAX_BEAMS, .blurb =
    "Beam width of the search for a caption; 1 is fastest; 0: as the checkpoint says" },
  { "regions", "Regions", ENUM, AT (regions), FIXED, ONE_OF ("GptVisRegions", regions), .blurb =
    "Who finds the regions of the picture that get labels and identities of their own; auto: the checkpoint "
    "where it can, motion with the bundled one, else nobody" },
  { "region-labels", "Region labels", TEXT, AT (region_labels), FIXED, .blurb =
    "Labels that a region may have, with commas between, where others are of whole pictures alone; unset: "
    "as the checkpoint says, else all" },
  { "upstream-labels", "Upstream labels", TEXT, AT (upstream_labels), FIXED, .blurb =
    "With regions=upstream: only regions that an element before gave one of these labels, with commas "
    "between; unset: all" },

  { "policy", "Policy", ENUM, AT (settings.policy), LIVE, ONE_OF ("GptVisPolicy", policies), .blurb =
    "Whether a frame waits for its result" },
  { "interval", "Interval", UINT, AT (settings.interval), LIVE, 1, G_MAXUINT, .blurb =
    "Analyse every Nth frame" },
  { "max-rate", "Maximum rate", DOUBLE, AT (settings.max_rate), LIVE, 0, MAX_RATE, .blurb =
    "Maximum number of analyses a second, by the frames' running time; 0: no limit" },
  { "hold-time", "Hold time", UINT64, AT (settings.hold_time), LIVE, .blurb =
    "How long, in ns, the frames after an analysed one carry its result (policy latest: "
    "from when it was found); 0: not at all; 18446744073709551615: until the next result" },
  { "top-k", "Top k", UINT, AT (settings.top_k), LIVE, 0, G_MAXINT, .blurb =
    "Maximum number of labels in a result, the best first; 0: all" },
  { "threshold", "Threshold", FLOAT, AT (settings.threshold), LIVE, -1, 1, .blurb =
    "Minimum score of a label; below 0: what suits the checkpoint, 0.1 where all labels share a "
    "softmax, 0.5 where each has a sigmoid of its own" },
  { "caption-change", "Caption change", FLOAT, AT (settings.caption_change), LIVE, 0, 2, .blurb =
    "How much the scene must differ from that of the last caption for a new one; 0: "
    "any picture will do, 1: nothing may be in common, 2: never" },
  { "caption-interval", "Caption interval", UINT64, AT (settings.caption_interval), LIVE, .blurb =
    "Time, in ns, after which a new caption is written even if the scene has not changed; "
    "18446744073709551615: never" },
  { "caption-threshold", "Caption threshold", FLOAT, AT (settings.caption_threshold), LIVE, -1, 1, .blurb =
    "Minimum score of a caption, the mean probability of its words; above 0 there are no partial "
    "captions. 0: all; below 0: as the checkpoint says, else all" },
  { "partial-captions", "Partial captions", BOOLEAN, AT (settings.partial_captions), LIVE, .blurb =
    "Report a caption word by word while it is written" },
  { "max-regions", "Maximum regions", UINT, AT (settings.scene.max_regions), LIVE, 0, GPTVIS_MAX_LOOKS,
    .blurb =
    "How many regions are looked at in an analysed frame: those that are new first, then in turn" },
  { "min-region", "Minimum region", FLOAT, AT (settings.scene.min_region), LIVE, 0, 1, .blurb =
    "Shortest side of a region, as a fraction of the picture's height; smaller ones are passed over" },
  { "track", "Track", BOOLEAN, AT (settings.scene.track), LIVE, .blurb =
    "Follow the model's regions from frame to frame: identities, steady boxes, labels voted over time. "
    "Regions of motion and of elements before are always followed" },
  { "zones", "Zones", TEXT, AT (zones), LIVE, .blurb =
    "Areas and lines of the picture whose events are told: \"NAME: x,y x,y x,y …\" or "
    "\"NAME: x,y -> x,y\" in fractions of the picture, with semicolons or lines between, or a file of such "
    "lines" },
  { "post-messages", "Post messages", BOOLEAN, AT (post_messages), LIVE, .blurb =
    "Post an element message \"gptvis-result\" for each analysed frame, and "
    "\"gptvis-caption\" for each caption" },
  { "stats-interval", "Statistics interval", UINT64, AT (stats_interval), LIVE, .blurb =
    "Time, in ns, between element messages \"gptvis-stats\" with the statistics; 0: none" },
};

/* The rows' ids follow that of the statistics. */
#define FIRST_ID (GPTVIS_PROP_STATS + 1)

static const GptVisProperty *
find_property (guint id)
{
  return gptvis_property_table_find (properties, G_N_ELEMENTS (properties), FIRST_ID, id);
}

void
gptvis_properties_install (GObjectClass *klass)
{
  GptVisProperties defaults;

  gptvis_properties_init (&defaults);
  gptvis_property_table_install (properties, G_N_ELEMENTS (properties), FIRST_ID, klass, &defaults);
  gptvis_properties_clear (&defaults);
  g_object_class_install_property (klass, GPTVIS_PROP_STATS, g_param_spec_boxed ("stats", "Statistics",
          "Counters (frames, analysed, skipped and why, held, errors, unmappable, under-way), times of "
          "analyses and ages of results in µs (min, mean, max, percentiles), the model, its backend and the "
          "number of its streams", GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

void
gptvis_properties_init (GptVisProperties *self)
{
  *self = (GptVisProperties) {.device = g_strdup ("auto"),.settings = GPTVIS_SETTINGS,.post_messages = TRUE };
}

void
gptvis_properties_clear (GptVisProperties *self)
{
  gptvis_property_table_clear (properties, G_N_ELEMENTS (properties), self);
}

gboolean
gptvis_properties_set (GptVisProperties *self, guint id, const GValue *value)
{
  const GptVisProperty *property = find_property (id);

  if (property)
    gptvis_property_set (property, self, value);
  return property != NULL;
}

gboolean
gptvis_properties_get (const GptVisProperties *self, guint id, GValue *value)
{
  const GptVisProperty *property = find_property (id);

  if (property)
    gptvis_property_get (property, self, value);
  return property != NULL;
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
    .region_labels = g_strdup (self->region_labels), .beams = self->beams, .embedding = self->embedding };
}

void
gptvis_properties_clear_options (GptVisModelOptions *model, GptVisClientOptions *client)
{
  g_free ((gchar *) model->path);
  g_free ((gchar *) model->program.device);
  g_free ((gchar *) client->labels_file);
  g_free ((gchar *) client->region_labels);
}
