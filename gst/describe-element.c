/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes what the page of an element says of its pads, properties, messages and statistics, read from the
 * element itself. Such parts of a page stand between two marks, and everything else is kept as it is:
 *
 *     <!-- begin properties -->
 *     <!-- end properties -->
 *
 * It fails where a page has no place for something that its element has, so that nothing is left out.
 *
 * Usage: describe-element gst/ELEMENT.md > FILE */
#include <gst/video/video.h>
#include <stdio.h>
#include <string.h>
#include "gptvisfilter.h"
#include "gptvisjson.h"
#include "gptvisoverlay.h"
#include "result-fields.h"

#define MAX_FORMATS_LEFT_OUT 5u /* of GStreamer's; with more, those are listed that an element takes */
#define MIN_HEX 0x01000000u     /* a default from here on is a colour */
#define MAX_FIELDS 64u

/* --- pads --- */

static gboolean
takes (const GValue *formats, const gchar *name)
{
  for (guint i = 0; i < gst_value_list_get_size (formats); i++)
    if (g_str_equal (g_value_get_string (gst_value_list_get_value (formats, i)), name))
      return TRUE;
  return FALSE;
}

/* Nearly all of GStreamer's formats are told by those that are not among them: each release brings more. */
static void
append_formats (GString *text, const GValue *formats)
{
  guint n_all, n_out = 0;
  const GstVideoFormat *all = gst_video_formats_raw (&n_all);
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < n_all; i++) {
    const gchar *name = gst_video_format_to_string (all[i]);
    if (takes (formats, name))
      continue;
    g_string_append_printf (out, "%s%s", n_out++ ? ", " : "", name);
  }
  if (n_out <= MAX_FORMATS_LEFT_OUT) {
    g_string_append_printf (text, "every raw format but %s", out->str);
  } else {
    for (guint i = 0; i < gst_value_list_get_size (formats); i++)
      g_string_append_printf (text, "%s%s", i ? ", " : "format ",
          g_value_get_string (gst_value_list_get_value (formats, i)));
  }
  g_string_free (out, TRUE);
}

/* The fields that limit anything; empty when none does. */
static gchar *
limits_of (const GstStructure *structure)
{
  GString *text = g_string_new (NULL);

  for (gint f = 0; f < gst_structure_n_fields (structure); f++) {
    const gchar *name = gst_structure_nth_field_name (structure, f);
    const GValue *value = gst_structure_get_value (structure, name);
    const gboolean is_range = GST_VALUE_HOLDS_INT_RANGE (value);
    if (GST_VALUE_HOLDS_FRACTION_RANGE (value)
        || (is_range && gst_value_get_int_range_max (value) == G_MAXINT))
      continue;
    if (text->len)
      g_string_append (text, "; ");
    if (is_range)
      g_string_append_printf (text, "%s %d to %d", name, gst_value_get_int_range_min (value),
          gst_value_get_int_range_max (value));
    else if (GST_VALUE_HOLDS_LIST (value))
      append_formats (text, value);
    else
      g_string_append_printf (text, "%s %s", name, g_value_get_string (value));
  }
  return g_string_free (text, FALSE);
}

/* "`video/x-raw`, `video/x-raw(ANY)`: format RGB": what has the same limits stands together. */
static void
append_caps (GString *page, const GstCaps *caps)
{
  gchar *before = NULL;

  for (guint i = 0; i < gst_caps_get_size (caps); i++) {
    const GstStructure *structure = gst_caps_get_structure (caps, i);
    GstCapsFeatures *features = gst_caps_get_features (caps, i);
    gchar *limits = limits_of (structure);
    if (before && !g_str_equal (before, limits) && *before)
      g_string_append_printf (page, ": %s", before);
    g_string_append_printf (page, "%s`%s%s`", i ? ", " : "", gst_structure_get_name (structure),
        gst_caps_features_is_any (features) ? "(ANY)" : "");
    g_free (before);
    before = limits;
  }
  if (before && *before)
    g_string_append_printf (page, ": %s", before);
  g_free (before);
}

static gboolean
append_pads (GString *page, GstElement *element)
{
  GList *templates = gst_element_class_get_pad_template_list (GST_ELEMENT_GET_CLASS (element));
  GstPadTemplate *before = NULL;

  g_string_append (page, "| pad | direction | there | caps |\n| --- | --- | --- | --- |\n");
  for (GList *item = templates; item; item = item->next) {
    GstPadTemplate *template = item->data;
    g_string_append_printf (page, "| `%s` | %s | %s | ", GST_PAD_TEMPLATE_NAME_TEMPLATE (template),
        GST_PAD_TEMPLATE_DIRECTION (template) == GST_PAD_SINK ? "sink" : "source",
        GST_PAD_TEMPLATE_PRESENCE (template) == GST_PAD_ALWAYS ? "always" : "sometimes");
    if (before && gst_caps_is_equal (GST_PAD_TEMPLATE_CAPS (before), GST_PAD_TEMPLATE_CAPS (template)))
      g_string_append_printf (page, "the same as `%s`", GST_PAD_TEMPLATE_NAME_TEMPLATE (before));
    else
      append_caps (page, GST_PAD_TEMPLATE_CAPS (template));
    g_string_append (page, " |\n");
    before = template;
  }
  return TRUE;
}

/* --- properties --- */

/* The element's own: what it inherits is GStreamer's to describe. */
static GPtrArray *
own_properties (GstElement *element)
{
  GPtrArray *own = g_ptr_array_new ();
  guint n;
  GParamSpec **specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);

  for (guint i = 0; i < n; i++)
    if (specs[i]->owner_type == G_OBJECT_TYPE (element))
      g_ptr_array_add (own, specs[i]);
  g_free (specs);
  return own;
}

static void
append_whole_range (GString *page, guint64 low, guint64 high, guint64 preset)
{
  if (preset >= MIN_HEX && high == G_MAXUINT32)
    g_string_append_printf (page, "0x%08x | 0 to 0x%08x", (guint) preset, (guint) high);
  else if (high == G_MAXUINT64 || high == G_MAXUINT32 || high == G_MAXINT32)
    g_string_append_printf (page, "%" G_GUINT64_FORMAT " | from %" G_GUINT64_FORMAT, preset, low);
  else
    g_string_append_printf (page, "%" G_GUINT64_FORMAT " | %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
        preset, low, high);
}

static void
append_words (GString *page, const GParamSpecEnum *spec)
{
  g_string_append_printf (page, "%s | ",
      g_enum_get_value (spec->enum_class, spec->default_value)->value_nick);
  for (guint i = 0; i < spec->enum_class->n_values; i++)
    g_string_append_printf (page, "%s%s", i ? ", " : "", spec->enum_class->values[i].value_nick);
}

static const gchar *
type_name (GType type)
{
  return type == G_TYPE_STRING ? "string" : g_type_name (type);
}

/* "type | default | range"; FALSE for a type that is not known here. */
static gboolean
append_values (GString *page, GParamSpec *spec)
{
  if (G_IS_PARAM_SPEC_ENUM (spec)) {
    g_string_append (page, "enum | ");
    append_words (page, G_PARAM_SPEC_ENUM (spec));
    return TRUE;
  }
  g_string_append_printf (page, "%s | ", type_name (spec->value_type));
  if (G_IS_PARAM_SPEC_STRING (spec)) {
    const gchar *preset = G_PARAM_SPEC_STRING (spec)->default_value;
    g_string_append_printf (page, "%s | ", preset ? preset : "unset");
  } else if (G_IS_PARAM_SPEC_BOOLEAN (spec)) {
    g_string_append_printf (page, "%s | ", G_PARAM_SPEC_BOOLEAN (spec)->default_value ? "true" : "false");
  } else if (G_IS_PARAM_SPEC_UINT (spec)) {
    const GParamSpecUInt *whole = G_PARAM_SPEC_UINT (spec);
    append_whole_range (page, whole->minimum, whole->maximum, whole->default_value);
  } else if (G_IS_PARAM_SPEC_UINT64 (spec)) {
    const GParamSpecUInt64 *whole = G_PARAM_SPEC_UINT64 (spec);
    append_whole_range (page, whole->minimum, whole->maximum, whole->default_value);
  } else if (G_IS_PARAM_SPEC_FLOAT (spec)) {
    const GParamSpecFloat *number = G_PARAM_SPEC_FLOAT (spec);
    g_string_append_printf (page, "%g | %g to %g", number->default_value, number->minimum, number->maximum);
  } else if (G_IS_PARAM_SPEC_DOUBLE (spec)) {
    const GParamSpecDouble *number = G_PARAM_SPEC_DOUBLE (spec);
    g_string_append_printf (page, "%g | %g to %g", number->default_value, number->minimum, number->maximum);
  } else if (G_IS_PARAM_SPEC_BOXED (spec)) {
    g_string_append (page, " | ");
  } else {
    fprintf (stderr, "Property \"%s\" has a type that %s does not know: %s.\n", spec->name, __FILE__,
        g_type_name (spec->value_type));
    return FALSE;
  }
  return TRUE;
}

static const gchar *
when_it_changes (const GParamSpec *spec)
{
  if (!(spec->flags & G_PARAM_WRITABLE))
    return "read-only";
  if (spec->flags & GST_PARAM_MUTABLE_READY)
    return "NULL, READY";
  return spec->flags & GST_PARAM_CONTROLLABLE ? "always, controllable" : "always";
}

static gboolean
append_properties (GString *page, GstElement *element)
{
  GPtrArray *own = own_properties (element);
  gboolean known = TRUE;

  g_string_append (page, "| property | type | default | range | may change | meaning |\n"
      "| --- | --- | --- | --- | --- | --- |\n");
  for (guint i = 0; i < own->len; i++) {
    GParamSpec *spec = own->pdata[i];
    g_string_append_printf (page, "| `%s` | ", spec->name);
    known = append_values (page, spec) && known;
    g_string_append_printf (page, " | %s | %s |\n", when_it_changes (spec), g_param_spec_get_blurb (spec));
  }
  g_ptr_array_unref (own);
  return known;
}

/* Does the value say what it means? */
static gboolean
is_plain (const GEnumValue *value)
{
  gchar *words = g_strdelimit (g_strdup (value->value_nick), "-", ' ');
  const gboolean plain = g_ascii_strcasecmp (words, value->value_name) == 0;

  g_free (words);
  return plain;
}

/* What the values of the enums mean. */
static gboolean
append_enums (GString *page, GstElement *element)
{
  GPtrArray *own = own_properties (element);

  g_string_append (page, "| property | value | meaning |\n| --- | --- | --- |\n");
  for (guint i = 0; i < own->len; i++) {
    GParamSpec *spec = own->pdata[i];
    if (!G_IS_PARAM_SPEC_ENUM (spec))
      continue;
    const GEnumClass *values = G_PARAM_SPEC_ENUM (spec)->enum_class;
    for (guint v = 0; v < values->n_values; v++)
      if (!is_plain (&values->values[v]))
        g_string_append_printf (page, "| `%s` | `%s` | %s |\n", spec->name, values->values[v].value_nick,
            values->values[v].value_name);
  }
  g_ptr_array_unref (own);
  return TRUE;
}

/* --- messages and lines --- */

/* The fields of a result without what is in them. */
static gboolean
append_result (GString *page, GstElement *element)
{
  GptVisField rows[MAX_FIELDS];
  GptVisFields fields = gptvis_result_fields;

  g_assert (fields.n <= MAX_FIELDS);
  for (guint f = 0; f < fields.n; f++) {
    rows[f] = fields.fields[f];
    rows[f].of = NULL;
  }
  fields.fields = rows;
  gchar *table = gptvis_fields_to_page (&fields);
  g_string_append (page, table);
  g_free (table);
  return TRUE;
}

static gboolean
append_caption (GString *page, GstElement *element)
{
  gchar *table = gptvis_fields_to_page (&gptvis_caption_fields);

  g_string_append (page, table);
  g_free (table);
  return TRUE;
}

/* --- statistics --- */

/* In the order of the page. A star stands for min, mean, max and percentiles. */
static const struct { const gchar *name, *meaning; } statistics[] = {
  { "frames", "frames seen, the sum of `analysed`, `skipped`, `errors`, `unmappable` and `under-way`" },
  { "analysed", "frames that a result was found for" },
  { "skipped", "frames that were not analysed, the sum of the next six" },
  { "skipped-not-due", "`interval` or `max-rate` left them out" },
  { "skipped-gap", "flagged GAP" },
  { "skipped-late", "too late at the sink already, as its QoS events say" },
  { "skipped-busy", "`latest`: a frame that came hardly earlier was waiting for the worker" },
  { "skipped-replaced", "`latest`: a newer frame took their place before the worker was free" },
  { "skipped-dropped", "being analysed when the stream was cut" },
  { "held", "frames that carried an earlier frame's result" },
  { "errors", "analyses that failed" },
  { "unmappable", "frames whose memory could not be read" },
  { "under-way", "frames that wait or are being analysed" },
  { "waiting", "of these, the one that waits for the worker: 0 or 1" },
  { "captions", "captions finished" },
  { "caption-errors", "captions that failed" },
  { "generation", "how often the stream was cut: a flush, a seek, another segment or another stream" },
  { "analysis-*-us", "time that the backend took, in µs, over the last 512 analyses" },
  { "age-*-us", "time from a frame's arrival to its result, likewise" },
  { "device-*-us", "time that a GPU took for a batch by its own clock; 0 on the processor" },
  { "streams", "streams that share the model" },
  { "model", "the checkpoint's name" },
  { "backend", "what the model runs on: backend, kernels or device, precision, threads" },
  { "threads", "threads that compute" },
};

/* One row, with the names that stand for the star. FALSE when there is no such field. */
static gboolean
append_statistic (GString *page, const GstStructure *stats, guint row, gint *n_told)
{
  const gchar *name = statistics[row].name, *star = strchr (name, '*');
  GString *names = g_string_new (NULL);
  GType type = G_TYPE_INVALID;

  for (gint f = 0; f < gst_structure_n_fields (stats); f++) {
    const gchar *field = gst_structure_nth_field_name (stats, f);
    if (!g_pattern_match_simple (name, field))
      continue;
    type = gst_structure_get_field_type (stats, field);
    (*n_told)++;
    if (!star)
      g_string_append (names, field);
    else
      g_string_append_printf (names, "%s%.*s", names->len ? ", " : "",
          (int) (strlen (field) - strlen (name) + 1), field + (star - name));
  }
  g_string_append_printf (page, "| `%s`%s%s | %s | %s |\n", name, star ? " with * = " : "",
      star ? names->str : "", type == G_TYPE_INVALID ? "" : type_name (type), statistics[row].meaning);
  if (type == G_TYPE_INVALID)
    fprintf (stderr, "The statistics have no field \"%s\".\n", name);
  g_string_free (names, TRUE);
  return type != G_TYPE_INVALID;
}

/* They are there with a stream, thus from PAUSED on. */
static gboolean
append_statistics (GString *page, GstElement *element)
{
  gint n_told = 0;
  gboolean known = TRUE;
  GstStructure *stats;

  if (gst_element_set_state (element, GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE) {
    fprintf (stderr, "The element does not start.\n");
    return FALSE;
  }
  g_object_get (element, "stats", &stats, NULL);
  g_string_append (page, "| field | type | meaning |\n| --- | --- | --- |\n");
  for (guint i = 0; i < G_N_ELEMENTS (statistics); i++)
    known = append_statistic (page, stats, i, &n_told) && known;
  if (n_told != gst_structure_n_fields (stats)) {
    fprintf (stderr, "Not all fields of the statistics have a meaning in %s.\n", __FILE__);
    known = FALSE;
  }
  gst_structure_free (stats);
  gst_element_set_state (element, GST_STATE_NULL);
  return known;
}

/* --- the page --- */

typedef struct {
  const gchar *name;            /* of its marks */
  gboolean (*append) (GString *page, GstElement *element);
  const gchar *elements;        /* that must have it; NULL: all */
} Part;

static const Part parts[] = {
  { "pads", append_pads, NULL },
  { "properties", append_properties, NULL },
  { "enums", append_enums, "gptvisfilter gptvisoverlay" },
  { "result", append_result, "gptvisfilter gptvisjson" },
  { "caption", append_caption, "gptvisfilter" },
  { "statistics", append_statistics, "gptvisfilter" },
};

/* Writes the part anew, in its place between the marks. */
static gboolean
renew_part (GString *page, const Part *part, GstElement *element)
{
  gchar *first = g_strdup_printf ("<!-- begin %s -->\n", part->name);
  gchar *last = g_strdup_printf ("<!-- end %s -->\n", part->name);
  gchar *begin = strstr (page->str, first), *end = begin ? strstr (begin, last) : NULL;
  gboolean sound = end != NULL;

  if (sound) {
    const gsize at = begin - page->str + strlen (first);
    GString *text = g_string_new (NULL);
    sound = part->append (text, element);
    g_string_erase (page, at, end - page->str - at);
    g_string_insert (page, at, text->str);
    g_string_free (text, TRUE);
  } else {
    fprintf (stderr, "The page has no place for \"%s\".\n", part->name);
  }
  g_free (first);
  g_free (last);
  return sound;
}

/* Of signals a page would have to tell; no element has any today. */
static gboolean
has_no_signals (GstElement *element)
{
  guint n;

  g_free (g_signal_list_ids (G_OBJECT_TYPE (element), &n));
  if (n)
    fprintf (stderr, "The element has signals, of which %s does not write.\n", __FILE__);
  return n == 0;
}

static gboolean
renew (GString *page, GstElement *element, const gchar *name)
{
  gboolean sound = has_no_signals (element);
  guint n_marks = 0;

  for (const gchar *mark = page->str; (mark = strstr (mark, "<!-- begin ")); mark++)
    n_marks++;
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    if (parts[i].elements && !strstr (parts[i].elements, name))
      continue;
    sound = renew_part (page, &parts[i], element) && sound;
    n_marks--;
  }
  if (n_marks) {
    fprintf (stderr, "The page has a mark twice, or one of a part that the element has not.\n");
    sound = FALSE;
  }
  return sound;
}

int
main (int argc, char **argv)
{
  gchar *text;
  gboolean sound;

  gst_init (&argc, &argv);
  if (argc != 2 || !g_file_get_contents (argv[1], &text, NULL, NULL)) {
    fprintf (stderr, "Usage: %s gst/ELEMENT.md > FILE\n", argv[0]);
    return 2;
  }
  if (!GST_ELEMENT_REGISTER (gptvisfilter, NULL) || !GST_ELEMENT_REGISTER (gptvisjson, NULL)
      || !GST_ELEMENT_REGISTER (gptvisoverlay, NULL))
    return 1;
  gchar *name = g_path_get_basename (argv[1]);
  if (g_str_has_suffix (name, ".md"))
    name[strlen (name) - strlen (".md")] = '\0';
  GstElement *element = gst_element_factory_make (name, NULL);
  if (!element) {
    fprintf (stderr, "There is no element \"%s\".\n", name);
    return 1;
  }
  gst_object_ref_sink (element);
  GString *page = g_string_new (text);
  sound = renew (page, element, name);
  fputs (page->str, stdout);
  gst_object_unref (element);
  g_string_free (page, TRUE);
  g_free (text);
  g_free (name);
  return fflush (stdout) != 0 || !sound;
}
