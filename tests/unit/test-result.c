/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A result's life and its JSON, letter by letter, and against the schema's list of
 * fields. */
#include "model.h"
#include "result-private.h"
#include "json.h"
#include "unit.h"
#include <locale.h>
#include <string.h>

static const gchar *const texts[] = { "cat", "dog, \"hot\"\n\\", "日本\x01" };

static void
test_json (void)
{
  static const float scores[] = { 0.25f, 0.5f, 0.00004f };
  static const guint ids[] = { 1, 0, 2 };
  GptVisResult *r = gptvis_result_new ("vit-tiny", 12345, texts, scores, ids, 3, NULL);
  g_assert_cmpuint (r->n_labels, ==, 3);
  g_assert_cmpuint (r->labels[0].id, ==, 1);
  g_assert_true (r->labels[0].text != texts[1]);
  gptvis_result_set_frame (r, "front", 7, 1000000000, G_MAXUINT64, 0);
  gchar *json = gptvis_result_to_json (r, 0);
  g_assert_cmpstr (json, ==,
      "{\"version\":1,\"stream\":\"front\",\"frame\":7,\"pts\":1000000000,\"running-time\":null,"
      "\"time\":null,\"model\":\"vit-tiny\",\"labels\":["
      "{\"label\":\"dog, \\\"hot\\\"\\n\\\\\",\"score\":0.5000},"
      "{\"label\":\"cat\",\"score\":0.2500},{\"label\":\"日本\\u0001\",\"score\":0.0000}],"
      "\"caption\":null,\"analysis-ms\":12.345,"
      "\"age-ms\":0.000}");
  g_free (json);

  gptvis_result_set_frame (r, "a\xff\"b", 8, 0, 5, G_GINT64_CONSTANT (1700000000123456));
  json = gptvis_result_to_json (r, 40500);
  g_assert_nonnull (strstr (json,
      "\"stream\":\"a\xef\xbf\xbd\\\"b\",\"frame\":8,\"pts\":0,\"running-time\":5,"
          "\"time\":\"2023-11-14T22:13:20.123Z\""));
  g_assert_true (g_str_has_suffix (json, "\"age-ms\":40.500}"));
  g_free (json);
  gptvis_result_unref (r);
}

static void
test_empty (void)
{
  GptVisResult *r = gptvis_result_new ("m", 0, texts, NULL, NULL, 0, NULL);
  g_assert_cmpuint (r->pts, ==, G_MAXUINT64);
  g_assert_cmpuint (r->running_time, ==, G_MAXUINT64);
  gchar *json = gptvis_result_to_json (r, 0);
  g_assert_cmpstr (json, ==,
      "{\"version\":1,\"stream\":null,\"frame\":0,\"pts\":null,\"running-time\":null,"
      "\"time\":null,\"model\":\"m\",\"labels\":[],\"caption\":null,\"analysis-ms\":0.000,\"age-ms\":0.000}");
  g_free (json);
  g_assert_true (gptvis_result_ref (r) == r);
  gptvis_result_unref (r);
  g_assert_cmpstr (r->model, ==, "m");
  gptvis_result_unref (r);
  gptvis_result_unref (NULL);
}

/* A caption is copied with the rest, and added to a copy of a result. */
static void
test_caption (void)
{
  static const float scores[] = { 0.5f };
  static const guint ids[] = { 0 };
  gchar text[] = "a \"cat\"";
  const GptVisCaption caption = { text, -0.25f, FALSE, 3, 40, G_MAXUINT64 };
  GptVisResult *r = gptvis_result_new ("m", 1500, texts, scores, ids, 1, &caption);
  text[0] = 'x';
  g_assert_cmpstr (r->caption->text, ==, "a \"cat\"");
  gptvis_result_set_frame (r, "front", 7, 80, 90, 0);
  gchar *json = gptvis_result_to_json (r, 0);
  g_assert_nonnull (strstr (json, "\"caption\":{\"text\":\"a \\\"cat\\\"\",\"log-probability\":-0.2500,"
          "\"final\":false,\"frame\":3,\"pts\":40},\"analysis-ms\""));
  g_free (json);

  const GptVisCaption next = { "two cats", -0.5f, TRUE, 6, G_MAXUINT64, 70 };
  GptVisResult *other = gptvis_result_with_caption (r, &next);
  g_assert_cmpstr (r->caption->text, ==, "a \"cat\"");
  gptvis_result_unref (r);
  g_assert_cmpstr (other->caption->text, ==, "two cats");
  g_assert_cmpstr (other->stream, ==, "front");
  g_assert_cmpstr (other->model, ==, "m");
  g_assert_cmpstr (other->labels[0].text, ==, "cat");
  g_assert_cmpuint (other->frame, ==, 7);
  g_assert_cmpint (other->analysis, ==, 1500);
  json = gptvis_result_to_json (other, 0);
  g_assert_nonnull (strstr (json, "\"final\":true,\"frame\":6,\"pts\":null}"));
  g_free (json);
  gptvis_result_unref (other);
}

/* A comma locale changes no number. */
static void
test_locale (void)
{
  static const float scores[] = { 0.5f };
  static const guint ids[] = { 0 };
  if (!setlocale (LC_ALL, "de_DE.UTF-8") && !setlocale (LC_ALL, "fr_FR.UTF-8")) {
    g_test_skip ("no locale with a decimal comma is installed");
    return;
  }
  GptVisResult *r = gptvis_result_new ("m", 1500, texts, scores, ids, 1, NULL);
  gchar *json = gptvis_result_to_json (r, 0);
  g_assert_nonnull (strstr (json, "\"score\":0.5000"));
  g_assert_nonnull (strstr (json, "\"analysis-ms\":1.500"));
  g_free (json);
  gptvis_result_unref (r);
  setlocale (LC_ALL, "C");
}

/* Each field is in the schema and the other way round. */
static void
test_schema (void)
{
  GError *error = NULL;
  JsonObject *schema = gptvis_json_load (g_getenv ("GPTVIS_SCHEMA"), &error);
  g_assert_no_error (error);
  JsonObject *properties = json_object_get_object_member (schema, "properties");
  JsonArray *required = json_object_get_array_member (schema, "required");
  static const float scores[] = { 0.5f };
  static const guint ids[] = { 0 };
  GptVisResult *r = gptvis_result_new ("m", 1500, texts, scores, ids, 1, NULL);
  gchar *json = gptvis_result_to_json (r, 0);
  JsonObject *object = gptvis_json_parse ("result", "JSON", json, strlen (json), &error);
  g_assert_no_error (error);

  GList *names = json_object_get_members (object);
  guint i = 0;
  for (GList *name = names; name; name = name->next, i++) {
    g_assert_true (json_object_has_member (properties, name->data));
    g_assert_cmpstr (json_array_get_string_element (required, i), ==, name->data);
  }
  g_assert_cmpuint (json_object_get_size (properties), ==, i);
  g_assert_cmpuint (json_array_get_length (required), ==, i);
  g_list_free (names);
  json_object_unref (object);
  json_object_unref (schema);
  g_free (json);
  gptvis_result_unref (r);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/result/json", test_json);
  g_test_add_func ("/result/empty", test_empty);
  g_test_add_func ("/result/caption", test_caption);
  g_test_add_func ("/result/locale", test_locale);
  g_test_add_func ("/result/schema", test_schema);
  return g_test_run ();
}
