/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of fields is the only place where a field is named: one that is added there is in the JSON, the
 * message, the schema and the page. And what a message says is what the JSON says. */
#include "made-result.h"
#include "structure.h"
#include <string.h>

/* The fields of results and one more. */
static const GptVisFields *
more_fields (void)
{
  static GptVisField rows[64];
  static GptVisFields more;
  const guint n = gptvis_result_fields.n;

  g_assert_cmpuint (n, <, G_N_ELEMENTS (rows));
  memcpy (rows, gptvis_result_fields.fields, n * sizeof (GptVisField));
  rows[n] = (GptVisField) { "weight", GPTVIS_FIELD_COUNT, "tons", "what the frame weighs",.offset =
        G_STRUCT_OFFSET (GptVisReport, result.frame) };
  more = gptvis_result_fields;
  more.n = n + 1;
  more.fields = rows;
  return &more;
}

static GptVisReport
made_report (void)
{
  static GptVisResult *made;

  if (!made)
    made = made_result ();
  return gptvis_result_report (made, NULL, 0);
}

static void
test_added_json (void)
{
  const GptVisReport report = made_report ();
  GString *json = g_string_new (NULL);

  gptvis_fields_append_json (json, more_fields (), &report);
  g_assert_true (g_str_has_suffix (json->str, "\"age-ms\":0.000,\"weight\":7}"));
  g_string_free (json, TRUE);
}

static void
test_added_message (void)
{
  const GptVisReport report = made_report ();
  GstStructure *structure = gptvis_fields_to_structure (more_fields (), &report);
  guint64 weight;

  g_assert_true (gst_structure_get_uint64 (structure, "weight", &weight));
  g_assert_cmpuint (weight, ==, 7);
  gst_structure_free (structure);
}

static void
test_added_schema (void)
{
  gchar *schema = gptvis_fields_to_schema (more_fields (), "more");

  g_assert_nonnull (strstr (schema, "\"age-ms\", \"weight\"]"));
  g_assert_nonnull (strstr (schema, "\"weight\": { \"description\": \"what the frame weighs (tons)\", "
          "\"type\": \"integer\", \"minimum\": 0 }"));
  g_free (schema);
}

static void
test_added_page (void)
{
  gchar *page = gptvis_fields_to_page (more_fields ());

  g_assert_nonnull (strstr (page, "\n| weight | integer | guint64 | tons | what the frame weighs |\n"));
  g_free (page);
}

/* Each part of a result that can be told, there and back. */
static void
test_message_as_json (void)
{
  const GptVisReport report = made_report ();
  GstStructure *structure = gptvis_result_to_structure (&report.result);
  gchar *json = gptvis_structure_to_json (structure), *made = made_json ();

  g_assert_cmpstr (json, ==, made);
  g_free (json);
  g_free (made);
  gst_structure_free (structure);
}

/* The message of a caption has the caption's fields beside those of the frame. */
static void
test_caption_message (void)
{
  const GptVisReport report = made_report ();
  GstStructure *structure = gptvis_result_caption_to_structure (&report.result);
  guint version;
  gboolean final;

  g_assert_true (gst_structure_has_name (structure, "gptvis-caption"));
  g_assert_cmpint (gst_structure_n_fields (structure), ==, 8);  /* all but the running time */
  g_assert_true (gst_structure_get_uint (structure, "version", &version));
  g_assert_true (gst_structure_get_boolean (structure, "final", &final));
  g_assert_cmpuint (version, ==, GPTVIS_RESULT_VERSION);
  g_assert_false (final);
  g_assert_cmpstr (gst_structure_get_string (structure, "stream"), ==, "front");
  g_assert_cmpstr (gst_structure_get_string (structure, "model"), ==, "made-up");
  g_assert_cmpstr (gst_structure_get_string (structure, "text"), ==, "a \"cat\"");
  gst_structure_free (structure);
}

/* An array with one element. */
static void
init_array (GValue *array, GType type, gconstpointer value)
{
  GValue element = G_VALUE_INIT;

  gst_value_array_init (array, 1);
  g_value_init (&element, type);
  if (type == G_TYPE_STRING)
    g_value_set_string (&element, value);
  else
    g_value_set_boxed (&element, value);
  gst_value_array_append_and_take_value (array, &element);
}

/* A structure may come from anywhere: a field of the wrong type counts as absent. */
static void
test_hostile_structure (void)
{
  GstStructure *label = gst_structure_new ("label", "label", G_TYPE_STRING, "cat", "score",
      G_TYPE_STRING, "1", NULL);
  GstStructure *structure = gst_structure_new ("gptvis-result", "version", G_TYPE_STRING, "two",
      "stream", G_TYPE_INT, 1, "frame", G_TYPE_DOUBLE, 1.0, "pts", G_TYPE_STRING, "now",
      "time", G_TYPE_BOOLEAN, TRUE, "regions", G_TYPE_STRING, "none", "caption", G_TYPE_UINT, 1, "clip",
      G_TYPE_INT, 2,
      "analysis-ms", G_TYPE_INT, 3, NULL);
  GValue labels = G_VALUE_INIT, embedding = G_VALUE_INIT, answers = G_VALUE_INIT;
  gchar *json;

  init_array (&labels, GST_TYPE_STRUCTURE, label);
  gst_structure_take_value (structure, "labels", &labels);
  init_array (&embedding, G_TYPE_STRING, "no number");
  gst_structure_take_value (structure, "embedding", &embedding);
  init_array (&answers, G_TYPE_STRING, "no structure");
  gst_structure_take_value (structure, "answers", &answers);
  gst_structure_free (label);
  json = gptvis_structure_to_json (structure);
  g_assert_nonnull (strstr (json, "{\"version\":null,\"stream\":null,\"frame\":null,\"pts\":null,"
          "\"running-time\":null,\"time\":null,\"model\":null,"
          "\"labels\":[{\"label\":\"cat\",\"score\":null,\"id\":null}],"));
  g_assert_nonnull (strstr (json, "\"regions\":null,\"caption\":null,\"answers\":[],\"embedding\":[],"
          "\"events\":null,\"zones\":null,\"clip\":null,\"analysis-ms\":null,\"age-ms\":null}"));
  g_free (json);
  gst_structure_free (structure);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fields/added/json", test_added_json);
  g_test_add_func ("/fields/added/message", test_added_message);
  g_test_add_func ("/fields/added/schema", test_added_schema);
  g_test_add_func ("/fields/added/page", test_added_page);
  g_test_add_func ("/fields/message-as-json", test_message_as_json);
  g_test_add_func ("/fields/caption-message", test_caption_message);
  g_test_add_func ("/fields/hostile-structure", test_hostile_structure);
  return g_test_run ();
}
