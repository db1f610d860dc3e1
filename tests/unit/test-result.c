/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A result's life and its JSON, letter by letter, and against the schema; and drafts. */
#include "draft.h"
#include "json.h"
#include "made-result.h"
#include "unit.h"
#include <locale.h>
#include <string.h>

#define NO_FRAME "{'version':2,'stream':null,'frame':0,'pts':null,'running-time':null,'time':null,"
#define NOTHING_ELSE ",'answers':null,'embedding':null,'events':null,'zones':null,'clip':null,"

/* `text` as json_of takes it. */
static void
assert_json (const GptVisResult *result, const gchar *text)
{
  gchar *json = gptvis_result_to_json (result, NULL, 0), *expected = json_of (text);
  g_assert_cmpstr (json, ==, expected);
  g_free (json);
  g_free (expected);
}

static void
assert_made (const GptVisResult *result)
{
  gchar *json = made_json ();
  assert_json (result, json);
  g_free (json);
}

static GptVisResult *
cat (void)
{
  static const GptVisLabel label = { 3, "cat", 0.5f };
  GptVisResult value = GPTVIS_RESULT_INIT;
  value.model = "m";
  value.analysis = 1500;
  value.labels = &label;
  value.n_labels = 1;
  return gptvis_result_copy (&value);
}

static void
test_all (void)
{
  GptVisResult *result = made_result ();
  assert_made (result);
  gchar *json = gptvis_result_to_json (result, "other", 40500);
  g_assert_nonnull (strstr (json, "\"stream\":\"other\","));
  g_assert_true (g_str_has_suffix (json, "\"age-ms\":40.500}"));
  g_free (json);
  gptvis_result_unref (result);
}

/* A copy keeps nothing of what it was made of, and is a copy to the letter. */
static void
test_copy (void)
{
  GptVisResult *result = made_result (), *copy = gptvis_result_copy (result);
  g_assert_true (copy->labels != result->labels && copy->labels[0].text != result->labels[0].text);
  g_assert_true (copy->regions[0].labels[1].text != result->regions[0].labels[1].text);
  g_assert_true (copy->planes != result->planes && copy->planes[1] == result->planes[1]);
  gptvis_result_unref (result);
  assert_made (copy);

  g_assert_true (gptvis_result_ref (copy) == copy);
  gptvis_result_unref (copy);
  g_assert_cmpstr (copy->model, ==, "made-up");
  gptvis_result_unref (copy);
  gptvis_result_unref (NULL);
}

static void
test_planes (void)
{
  GptVisResult *result = made_result ();
  g_assert_cmpuint (result->n_planes, ==, 2);
  GptVisPlane *mask = gptvis_plane_ref (result->planes[0]), *depth = gptvis_plane_ref (result->planes[1]);
  gptvis_result_unref (result);
  g_assert_cmpuint (mask->stride, ==, 3);
  g_assert_cmpuint (depth->stride, ==, 3 * sizeof (gfloat));
  g_assert_cmpuint (depth->height, ==, 2);
  for (guint i = 0; i < 6; i++) {
    g_assert_cmpuint (((const guint8 *) mask->data)[i], ==, 0);
    g_assert_cmpfloat (((const gfloat *) depth->data)[i], ==, 0);
  }
  gptvis_plane_unref (mask);
  gptvis_plane_unref (depth);
  gptvis_plane_unref (NULL);
}

/* Nobody looked for anything; then for all, and nothing was found. */
static void
test_empty (void)
{
  GptVisResult value = GPTVIS_RESULT_INIT;
  value.model = "m";
  GptVisResult *result = gptvis_result_copy (&value);
  assert_json (result, NO_FRAME "'model':'m','labels':[],'regions':null,'caption':null" NOTHING_ELSE
      "'analysis-ms':0.000,'age-ms':0.000}");
  gptvis_result_unref (result);

  value.labels = (const GptVisLabel *) &value;
  value.regions = (const GptVisRegion *) &value;
  value.answers = (const GptVisAnswer *) &value;
  value.embedding = (const gfloat *) &value;
  value.events = (const GptVisEvent *) &value;
  value.zones = (const GptVisZoneInfo *) &value;
  result = gptvis_result_copy (&value);
  assert_json (result, NO_FRAME "'model':'m','labels':[],'regions':[],'caption':null,'answers':[],"
      "'embedding':[],'events':[],'zones':[],'clip':null,'analysis-ms':0.000,'age-ms':0.000}");
  gptvis_result_unref (result);
}

/* Values that no head gives, but anybody may: counts of nothing, enums that do not exist, bytes that are
 * no text. */
static void
test_hostile (void)
{
  const GptVisRegion region = {.box = { NAN, INFINITY, 0, 1 },.n_labels = 4,.source = 99,
    .since = G_MAXUINT64 };
  GptVisResult value = GPTVIS_RESULT_INIT;
  value.model = "a\xff\"b";
  value.n_labels = value.n_answers = value.n_embedding = value.n_events = value.n_planes = 5;
  value.n_zones = 5;
  value.regions = &region;
  value.n_regions = 1;
  GptVisResult *result = gptvis_result_copy (&value);
  g_assert_cmpuint (result->n_labels + result->n_answers + result->n_embedding + result->n_events, ==, 0);
  g_assert_cmpuint (result->n_planes + result->regions[0].n_labels + result->n_zones, ==, 0);
  assert_json (result, NO_FRAME "'model':'a\xef\xbf\xbd\\\"b','labels':[],"
      "'regions':[{'box':[null,null,0.00000,1.00000],'labels':[],'id':null,'source':null,'caption':null,"
      "'since':null}],'caption':null" NOTHING_ELSE
      "'analysis-ms':0.000,'age-ms':0.000}");
  gptvis_result_unref (result);
}

static void
test_caption (void)
{
  gchar text[] = "a cat";
  const GptVisCaption caption = { text, 0.25f, FALSE, 3, 40, G_MAXUINT64 };
  const GptVisCaption next = { "two cats", 0.5f, TRUE, 6, G_MAXUINT64, 70 };
  GptVisResult *plain = cat (), *first = gptvis_result_with_caption (plain, &caption);
  text[0] = 'x';
  gptvis_result_set_frame (first, "back", 6, 80, 90, 0);
  gptvis_result_set_frame (first, "front", 7, 80, 90, 0);
  GptVisResult *second = gptvis_result_with_caption (first, &next);
  GptVisResult *none = gptvis_result_with_caption (second, NULL);
  g_assert_null (plain->caption);
  g_assert_cmpstr (first->caption->text, ==, "a cat");
  gptvis_result_unref (plain);
  gptvis_result_unref (first);
  assert_json (second, "{'version':2,'stream':'front','frame':7,'pts':80,'running-time':90,'time':null,"
      "'model':'m','labels':[{'label':'cat','score':0.5000,'id':3}],'regions':null,"
      "'caption':{'text':'two cats','score':0.5000,'final':true,'frame':6,'pts':null,'running-time':70}"
      NOTHING_ELSE "'analysis-ms':1.500,'age-ms':0.000}");
  gptvis_result_unref (second);
  g_assert_null (none->caption);
  g_assert_cmpstr (none->stream, ==, "front");
  gptvis_result_unref (none);
}

/* What heads say by and by is the same result; and the draft is empty afterwards. */
static void
test_draft (void)
{
  GptVisResult *made = made_result ();
  GptVisDraft *draft = gptvis_draft_new ();
  for (guint again = 0; again < 2; again++) {
    for (guint i = 0; i < made->n_labels; i++)
      gptvis_draft_add_label (draft, &made->labels[i]);
    for (guint r = 0; r < made->n_regions; r++) {
      gptvis_draft_add_region (draft, &made->regions[r]);
      for (guint i = 0; i < made->regions[r].n_labels; i++)
        gptvis_draft_add_region_label (draft, &made->regions[r].labels[i]);
    }
    for (guint i = 0; i < made->n_answers; i++)
      gptvis_draft_add_answer (draft, &made->answers[i]);
    for (guint i = 0; i < made->n_events; i++)
      gptvis_draft_add_event (draft, &made->events[i]);
    gptvis_draft_set_caption (draft, made->caption);
    gptvis_draft_set_clip (draft, made->clip);
    gptvis_draft_set_embedding (draft, made->embedding, made->n_embedding);
    gptvis_draft_add_plane (draft, gptvis_plane_ref (made->planes[0]));
    GptVisResult *result = gptvis_draft_finish (draft, made->model, made->analysis);
    gptvis_result_set_frame (result, made->stream, made->frame, made->pts, made->running_time, made->time);
    result->zones = made->zones;        /* no model finds zones */
    result->n_zones = made->n_zones;
    assert_made (result);
    g_assert_cmpuint (result->n_planes, ==, 1);
    gptvis_result_unref (result);
  }
  gptvis_result_unref (made);

  gptvis_draft_look_for (draft, GPTVIS_PART_REGIONS);
  GptVisResult *result = gptvis_draft_finish (draft, "m", 0);
  assert_json (result, NO_FRAME "'model':'m','labels':[],'regions':[],'caption':null" NOTHING_ELSE
      "'analysis-ms':0.000,'age-ms':0.000}");
  gptvis_result_unref (result);
  gptvis_draft_free (draft);
  gptvis_draft_free (NULL);
}

/* Each part by functions, and what is beyond the last. */
static void
test_read (void)
{
  GptVisResult *made = made_result ();
  const gchar *question;
  gfloat score, yes, box[4];
  gboolean final;
  guint64 pts;
  guint n;

  g_assert_cmpstr (gptvis_result_get_stream (made), ==, "front");
  g_assert_cmpstr (gptvis_result_get_model (made), ==, "made-up");
  g_assert_cmpuint (gptvis_result_get_frame (made), ==, 7);
  g_assert_cmpuint (gptvis_result_get_pts (made), ==, 280);
  g_assert_cmpuint (gptvis_result_get_running_time (made), ==, G_MAXUINT64);
  g_assert_cmpint (gptvis_result_get_time (made), ==, G_GINT64_CONSTANT (1700000000123456));
  g_assert_cmpint (gptvis_result_get_analysis (made), ==, 12345);
  g_assert_cmpuint (gptvis_result_get_n_labels (made), ==, 3);
  g_assert_cmpstr (gptvis_result_get_label (made, 1, &score), ==, "cat");
  g_assert_cmpfloat (score, ==, 0.25f);
  g_assert_cmpuint (gptvis_result_get_label_id (made, 2), ==, 2);
  g_assert_null (gptvis_result_get_label (made, 3, &score));
  g_assert_cmpuint (gptvis_result_get_label_id (made, 3), ==, 0);

  g_assert_cmpuint (gptvis_result_get_n_regions (made), ==, 2);
  g_assert_true (gptvis_result_get_region (made, 0, &box[0], &box[1], &box[2], &box[3]));
  g_assert_cmpmem (box, sizeof box, made->regions[0].box, sizeof box);
  g_assert_cmpuint (gptvis_result_get_region_id (made, 0), ==, 12);
  g_assert_cmpint (gptvis_result_get_region_source (made, 1), ==, GPTVIS_SOURCE_MOTION);
  g_assert_cmpuint (gptvis_result_get_region_n_labels (made, 0), ==, 2);
  g_assert_cmpstr (gptvis_result_get_region_label (made, 0, 1, &score), ==, "truck");
  g_assert_cmpfloat (score, ==, 0.125f);
  g_assert_null (gptvis_result_get_region_label (made, 1, 0, NULL));
  g_assert_null (gptvis_result_get_region_label (made, 2, 0, NULL));
  g_assert_false (gptvis_result_get_region (made, 2, &box[0], NULL, NULL, NULL));
  g_assert_cmpfloat (box[0], ==, 0);

  g_assert_cmpstr (gptvis_result_get_caption (made, &score, &final), ==, "a \"cat\"");
  g_assert_true (score == 0.75f && !final);
  g_assert_cmpuint (gptvis_result_get_caption_frame (made, &pts), ==, 3);
  g_assert_cmpuint (pts, ==, 40);
  g_assert_cmpuint (gptvis_result_get_n_answers (made), ==, 2);
  g_assert_cmpstr (gptvis_result_get_answer (made, 0, &question, &yes), ==, "no");
  g_assert_cmpstr (question, ==, "is it raining?");
  g_assert_cmpfloat (yes, ==, 0.0625f);
  g_assert_null (gptvis_result_get_answer (made, 2, &question, NULL));
  g_assert_null (question);
  g_assert_true (gptvis_result_get_embedding (made, &n) == made->embedding && n == 2);
  guint64 left, right;
  g_assert_cmpuint (gptvis_result_get_n_zones (made), ==, 2);
  g_assert_cmpstr (gptvis_result_get_zone (made, 0, &n, &left, NULL), ==, "yard");
  g_assert_true (n == 2 && left == 0);
  g_assert_cmpstr (gptvis_result_get_zone (made, 1, NULL, &left, &right), ==, "door");
  g_assert_true (left == 1 && right == 3);
  g_assert_null (gptvis_result_get_zone (made, 2, &n, &left, &right));
  g_assert_true (n == 0 && left == 0 && right == 0);
  gptvis_result_unref (made);

  GptVisResult *plain = cat ();
  g_assert_null (gptvis_result_get_caption (plain, &score, &final));
  g_assert_cmpuint (gptvis_result_get_caption_frame (plain, NULL), ==, G_MAXUINT64);
  g_assert_true (gptvis_result_get_embedding (plain, &n) == NULL && n == 0);
  g_assert_cmpuint (gptvis_result_get_n_zones (plain), ==, 0);
  gptvis_result_unref (plain);
}

/* A comma locale changes no number. */
static void
test_locale (void)
{
  if (!setlocale (LC_ALL, "de_DE.UTF-8") && !setlocale (LC_ALL, "fr_FR.UTF-8")) {
    g_test_skip ("no locale with a decimal comma is installed");
    return;
  }
  GptVisResult *result = made_result ();
  assert_made (result);
  gptvis_result_unref (result);
  setlocale (LC_ALL, "C");
}

static void
test_rfc3339 (void)
{
  gchar *text = gptvis_time_to_rfc3339 (1);
  g_assert_cmpstr (text, ==, "1970-01-01T00:00:00.000Z");
  g_free (text);
  g_assert_null (gptvis_time_to_rfc3339 (0));
  g_assert_null (gptvis_time_to_rfc3339 (-1));
  g_assert_null (gptvis_time_to_rfc3339 (G_MAXINT64));
}

static void check_value (JsonNode *value, JsonObject *schema);

/* Each member is described, in this order, and none is described besides. */
static void
check_object (JsonObject *object, JsonObject *schema)
{
  JsonObject *properties = json_object_get_object_member (schema, "properties");
  JsonArray *required = json_object_get_array_member (schema, "required");
  GList *names = json_object_get_members (object);
  guint n = 0;
  for (GList *name = names; name; name = name->next, n++) {
    g_assert_cmpstr (json_array_get_string_element (required, n), ==, name->data);
    g_assert_true (json_object_has_member (properties, name->data));
    check_value (json_object_get_member (object, name->data),
        json_object_get_object_member (properties, name->data));
  }
  g_assert_cmpuint (json_object_get_size (properties), ==, n);
  g_assert_cmpuint (json_array_get_length (required), ==, n);
  g_list_free (names);
}

static gboolean
is_type (JsonNode *value, const gchar *type)
{
  GType held;
  switch (json_node_get_node_type (value)) {
    case JSON_NODE_NULL:
      return g_str_equal (type, "null");
    case JSON_NODE_OBJECT:
      return g_str_equal (type, "object");
    case JSON_NODE_ARRAY:
      return g_str_equal (type, "array");
    default:
      held = json_node_get_value_type (value);
      return g_str_equal (type, held == G_TYPE_STRING ? "string" : held == G_TYPE_BOOLEAN ? "boolean"
          : held == G_TYPE_INT64 && !g_str_equal (type, "number") ? "integer" : "number");
  }
}

static void
check_value (JsonNode *value, JsonObject *schema)
{
  JsonNode *type = json_object_get_member (schema, "type");
  gboolean fits = FALSE;
  if (JSON_NODE_HOLDS_ARRAY (type)) {
    for (guint i = 0; i < json_array_get_length (json_node_get_array (type)); i++)
      fits |= is_type (value, json_array_get_string_element (json_node_get_array (type), i));
  } else {
    fits = is_type (value, json_node_get_string (type));
  }
  g_assert_true (fits);
  if (JSON_NODE_HOLDS_OBJECT (value))
    check_object (json_node_get_object (value), schema);
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (value) ? json_node_get_array (value) : NULL;
  for (guint i = 0; array && i < json_array_get_length (array); i++)
    check_value (json_array_get_element (array, i), json_object_get_object_member (schema, "items"));
}

static void
check_schema (const gchar *json)
{
  GError *error = NULL;
  JsonObject *schema = gptvis_json_load (g_getenv ("GPTVIS_SCHEMA"), &error);
  g_assert_no_error (error);
  JsonObject *object = gptvis_json_parse ("result", "JSON", json, strlen (json), &error);
  g_assert_no_error (error);
  check_object (object, schema);
  json_object_unref (object);
  json_object_unref (schema);
}

static void
test_schema (void)
{
  GptVisResult *plain = cat ();
  gchar *json = gptvis_result_to_json (plain, NULL, 0);
  check_schema (json);
  g_free (json);
  json = made_json ();
  check_schema (json);
  g_free (json);
  gptvis_result_unref (plain);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/result/all", test_all);
  g_test_add_func ("/result/copy", test_copy);
  g_test_add_func ("/result/planes", test_planes);
  g_test_add_func ("/result/empty", test_empty);
  g_test_add_func ("/result/hostile", test_hostile);
  g_test_add_func ("/result/caption", test_caption);
  g_test_add_func ("/result/draft", test_draft);
  g_test_add_func ("/result/read", test_read);
  g_test_add_func ("/result/locale", test_locale);
  g_test_add_func ("/result/rfc3339", test_rfc3339);
  g_test_add_func ("/result/schema", test_schema);
  return g_test_run ();
}
