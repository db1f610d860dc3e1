/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The strict scan: what is JSON passes, what is nearly JSON does not. */
#include "json.h"
#include "unit.h"
#include <string.h>

static void
test_good (void)
{
  static const gchar *const texts[] = {
    "{}", " {\"a\" : [ ] , \"b\":{}}\n", "{\"a\":[1,-2,0,0.5,1e9,-1.25E-3]}",
        "{\"a\":true,\"b\":false,\"c\":null}",
    "{\"a\":\"\\u00e9 \\ud83d\\ude00 \\n\\\\ \\\" \\/\"}", "{\"é\":\"日本\"}", "{\"a\":[[[[[[[[1]]]]]]]]}",
  };
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    GError *error = NULL;
    JsonObject *object = gptvis_json_parse ("x.json", "JSON", texts[i], strlen (texts[i]), &error);
    g_assert_no_error (error);
    g_assert_nonnull (object);
    json_object_unref (object);
  }
}

static void
test_bad (void)
{
  static const struct {
    const gchar *text;
    const gchar *parts;
  } cases[] = {
    {"", "x.json: the JSON is empty"},
    {"  \n", "is empty"},
    {"[1]", "is not a JSON object"},
    {"null", "is not a JSON object"},
    {"\xef\xbb\xbf{}", "is not a JSON object"},
    {"{", "x.json: the JSON cannot be read at byte 1: a name in quotation marks is expected"},
    {"{\"a\"}", "a colon is expected|at byte 4"},
    {"{\"a\":}", "a value is expected"},
    {"{\"a\":1", "the text ends too early"},
    {"{\"a\":1,}", "a name in quotation marks is expected"},
    {"{\"a\":[1,]}", "a value is expected"},
    {"{\"a\":1 \"b\":2}", "a comma or a closing bracket is expected"},
    {"{\"a\":[1}", "a comma or a closing bracket is expected"},
    {"{} {}", "something follows the end"},
    {"{a:1}", "a name in quotation marks is expected"},
    {"{'a':1}", "a name in quotation marks is expected"},
    {"{\"a\":01}", "a comma or a closing bracket is expected"},
    {"{\"a\":0x1F}", "a comma or a closing bracket is expected"},
    {"{\"a\":.5}", "a value is expected"},
    {"{\"a\":1.}", "a digit is expected"},
    {"{\"a\":1e}", "a digit is expected"},
    {"{\"a\":-}", "a digit is expected"},
    {"{\"a\":NaN}", "a value is expected"},
    {"{\"a\":Infinity}", "a value is expected"},
    {"{\"a\":truth}", "a value is expected"},
    {"{/* */\"a\":1}", "a name in quotation marks is expected"},
    {"{\"a\":\"b}", "a string does not end"},
    {"{\"a\":\"\n\"}", "a string holds a control character"},
    {"{\"a\":\"\\x41\"}", "an escape in a string is not one of JSON's"},
    {"{\"a\":\"\\u12G4\"}", "a \\u escape is not a character"},
    {"{\"a\":\"\\u0000\"}", "a \\u escape is not a character"},
    {"{\"a\":\"\\ud800\"}", "half a surrogate pair"},
    {"{\"a\":\"\\udc00\\ud800\"}", "half a surrogate pair"},
    {"{\"a\":\"\\ud800\\u0041\"}", "half a surrogate pair"},
    {"{\"a\":1,\"b\":{\"c\":1,\"d\":2,\"c\":3}}", "has the name \"c\" twice in one object"},
    {"{\"a\":1,\"\\u0061\":2}", "has the name \"a\" twice in one object"},
    {"{\"a\":\"\xff\"}", "is not UTF-8 text at byte 6"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    g_assert_null (gptvis_json_parse ("x.json", "JSON", cases[i].text, strlen (cases[i].text), &error));
    unit_expect_error (cases[i].text, error, GPTVIS_ERROR_FORMAT, cases[i].parts);
  }
  GError *error = NULL;
  g_assert_null (gptvis_json_parse ("x.json", "JSON", "{\"a\":\"\0\"}", 9, &error));
  unit_expect_error ("NUL", error, GPTVIS_ERROR_FORMAT, "is not UTF-8 text");
}

/* A million brackets neither overflow a stack nor fill the memory. */
static void
test_depth (void)
{
  GString *text = g_string_new ("{\"a\":");
  GError *error = NULL;
  for (guint i = 0; i < 1000000; i++)
    g_string_append_c (text, '[');
  g_assert_null (gptvis_json_parse ("x.json", "JSON", text->str, text->len, &error));
  unit_expect_error ("depth", error, GPTVIS_ERROR_LIMIT,
      "x.json: the JSON cannot be read at byte 36: it is nested more than 32 deep");
  g_string_free (text, TRUE);
}

static void
test_count (void)
{
  GString *text = g_string_new ("{\"a\":[0");
  GError *error = NULL;
  for (guint i = 0; i < GPTVIS_JSON_MAX_VALUES; i++)
    g_string_append (text, ",0");
  g_string_append (text, "]}");
  g_assert_null (gptvis_json_parse ("x.json", "JSON", text->str, text->len, &error));
  unit_expect_error ("count", error, GPTVIS_ERROR_LIMIT, "there are more than 1000000 values");
  g_string_free (text, TRUE);
}

static void
test_getters (void)
{
  static const gchar text[] =
      "{\"n\":7,\"x\":0.5,\"s\":\"t\",\"b\":true,\"o\":{},\"a\":[],\"z\":null,\"big\":1e300}";
  JsonObject *object = gptvis_json_parse ("x.json", "JSON", text, strlen (text), NULL);
  GptVisJson json = { "x.json", object, NULL };
  g_assert_cmpuint (gptvis_json_uint (&json, "n", 1, 0, 10), ==, 7);
  g_assert_cmpuint (gptvis_json_uint (&json, "absent", 1, 0, 10), ==, 1);
  g_assert_cmpuint (gptvis_json_uint (&json, "z", 1, 0, 10), ==, 1);
  g_assert_cmpfloat (gptvis_json_number (&json, "x", 1, 0, 1), ==, 0.5);
  g_assert_cmpfloat (gptvis_json_number (&json, "n", 1, 0, 10), ==, 7);
  g_assert_true (gptvis_json_boolean (&json, "b", FALSE));
  g_assert_cmpstr (gptvis_json_string (&json, "s", NULL), ==, "t");
  g_assert_nonnull (gptvis_json_object (&json, "o"));
  g_assert_nonnull (gptvis_json_array (&json, "a"));
  g_assert_no_error (json.error);

  /* the first mistake stays, and later getters give their fallbacks */
  g_assert_cmpuint (gptvis_json_uint (&json, "n", 3, 8, 10), ==, 3);
  g_assert_cmpstr (gptvis_json_string (&json, "s", "u"), ==, "u");
  gptvis_json_boolean (&json, "n", FALSE);
  unit_expect_error ("first", json.error, GPTVIS_ERROR_FORMAT,
      "x.json: n is not a whole number from 8 to 10");
  json.error = NULL;
  gptvis_json_uint (&json, "x", 0, 0, 1);
  unit_expect_error ("fraction", json.error, GPTVIS_ERROR_FORMAT, "x is not a whole number");
  json.error = NULL;
  gptvis_json_number (&json, "big", 0, 0, 1);
  unit_expect_error ("range", json.error, GPTVIS_ERROR_FORMAT, "big is not a number from 0 to 1");
  json.error = NULL;
  gptvis_json_boolean (&json, "n", FALSE);
  unit_expect_error ("boolean", json.error, GPTVIS_ERROR_FORMAT, "n is neither true nor false");
  json.error = NULL;
  gptvis_json_string (&json, "n", NULL);
  unit_expect_error ("string", json.error, GPTVIS_ERROR_FORMAT, "n is not a string");
  json.error = NULL;
  gptvis_json_object (&json, "a");
  unit_expect_error ("object", json.error, GPTVIS_ERROR_FORMAT, "a is not an object");
  json.error = NULL;
  gptvis_json_array (&json, "o");
  unit_expect_error ("array", json.error, GPTVIS_ERROR_FORMAT, "o is not an array");
  json_object_unref (object);
}

static void
test_files (void)
{
  gchar *directory = unit_directory ();
  gchar *path = g_build_filename (directory, "x.json", NULL);
  GError *error = NULL;
  g_assert_null (gptvis_json_load (path, &error));
  unit_expect_error ("absent", error, GPTVIS_ERROR_NOT_FOUND, "x.json: there is no such file");
  error = NULL;
  g_assert_null (gptvis_json_load (directory, &error));
  unit_expect_error ("directory", error, GPTVIS_ERROR_NOT_FOUND, "there is no such file");
  error = NULL;
  unit_write (directory, "x.json", "", 0);
  g_assert_null (gptvis_json_load (path, &error));
  unit_expect_error ("empty", error, GPTVIS_ERROR_FORMAT, "is empty");
  error = NULL;
  gchar *large = g_malloc0 (GPTVIS_JSON_MAX_BYTES + 1);
  unit_write (directory, "x.json", large, GPTVIS_JSON_MAX_BYTES + 1);
  g_free (large);
  g_assert_null (gptvis_json_load (path, &error));
  unit_expect_error ("large", error, GPTVIS_ERROR_LIMIT,
      "x.json: the file has 67108865 bytes|at most 67108864");
  g_free (path);
  unit_remove (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/good", test_good);
  g_test_add_func ("/json/bad", test_bad);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/count", test_count);
  g_test_add_func ("/json/getters", test_getters);
  g_test_add_func ("/json/files", test_files);
  return g_test_run ();
}
