/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each opcode that is known, each that is refused, and each bound of the machine. */
#include "made-torch.h"
#include "pickle.h"
#include "unit.h"
#include <string.h>

static const GptVisPickleGlobal globals[] = {
  {"a", "Dict", GPTVIS_PICKLE_DICTIONARY}, {"a.b", "call", GPTVIS_PICKLE_CALLED},
  {"a", "Name", GPTVIS_PICKLE_NAMED}
};

static GptVisPickle *
load_bytes (gconstpointer bytes, gsize n, GError **error)
{
  GptVisFile file;
  guint64 at = 0;
  GBytes *all = g_bytes_new (bytes, n);
  gptvis_file_wrap (&file, "p.pkl", all);
  g_bytes_unref (all);
  GptVisPickle *pickle = gptvis_pickle_load (&file, &at, globals, G_N_ELEMENTS (globals), error);
  if (pickle)
    g_assert_cmpuint (at, ==, n);
  gptvis_file_close (&file);
  return pickle;
}

#define LOAD(text, error) load_bytes (text, sizeof text - 1, error)

static GptVisPickle *
load_good (gconstpointer bytes, gsize n)
{
  GError *error = NULL;
  GptVisPickle *pickle = load_bytes (bytes, n, &error);
  g_assert_no_error (error);
  return pickle;
}

/* What a value is, as Python would write it. */
static void
describe (GString *to, const GptVisPickleValue *v)
{
  static const gchar *const open[] = { [GPTVIS_PICKLE_TUPLE] = "(", [GPTVIS_PICKLE_LIST] = "[",
    [GPTVIS_PICKLE_DICT] = "{", [GPTVIS_PICKLE_CALL] = "call(", [GPTVIS_PICKLE_PERSISTENT] = "id(" };
  if (v->kind == GPTVIS_PICKLE_NONE)
    g_string_append (to, "None");
  else if (v->kind == GPTVIS_PICKLE_BOOLEAN)
    g_string_append (to, v->number ? "True" : "False");
  else if (v->kind == GPTVIS_PICKLE_INTEGER)
    g_string_append_printf (to, "%" G_GINT64_FORMAT, v->number);
  else if (v->kind == GPTVIS_PICKLE_REAL)
    g_string_append_printf (to, "%g", v->real);
  else if (v->kind == GPTVIS_PICKLE_TEXT)
    g_string_append_printf (to, "'%s'", v->text);
  else if (v->kind == GPTVIS_PICKLE_LONG)
    g_string_append_printf (to, "%u bytes", v->n);
  else if (v->kind == GPTVIS_PICKLE_GLOBAL)
    g_string_append_printf (to, "%s.%s", v->global->module, v->global->name);
  else {
    g_string_append (to, open[v->kind]);
    for (guint i = 0; i < v->n; i++) {
      g_string_append (to, i == 0 ? "" : " ");
      describe (to, v->items[i]);
    }
    g_string_append (to, v->kind == GPTVIS_PICKLE_DICT ? "}" : v->kind == GPTVIS_PICKLE_LIST ? "]" : ")");
  }
}

static void
test_opcodes (void)
{
#define P(text) text, sizeof text - 1
  static const struct { const gchar *code; gsize n; const gchar *value; } cases[] = {
    {P ("\x80\2N."), "None"},
    {P ("\x80\5\x95\3\0\0\0\0\0\0\0\x88."), "True"},
    {P ("\x89."), "False"},
    {P ("K\xff."), "255"}, {P ("M\1\2."), "513"}, {P ("J\xfe\xff\xff\xff."), "-2"},
    {P ("\x8a\0."), "0"}, {P ("\x8a\1\xff."), "-1"}, {P ("\x8a\2\0\1."), "256"},
    {P ("\x8a\x8\0\0\0\0\0\0\0\x80."), "-9223372036854775808"},
    {P ("\x8a\x9\0\0\0\0\0\0\0\0\1."), "9 bytes"},
    {P ("G\x3f\xf8\0\0\0\0\0\0."), "1.5"},
    {P ("X\2\0\0\0hi."), "'hi'"}, {P ("\x8c\2hi."), "'hi'"}, {P ("\x8d\2\0\0\0\0\0\0\0hi."), "'hi'"},
    {P ("U\2hi."), "'hi'"}, {P ("T\2\0\0\0hi."), "'hi'"}, {P ("\x8c\0."), "''"},
    {P (")."), "()"}, {P ("N\x85."), "(None)"}, {P ("K\1K\2\x86."), "(1 2)"},
    {P ("K\1K\2K\3\x87."), "(1 2 3)"},
    {P ("(t."), "()"}, {P ("(K\1K\2K\3K\4t."), "(1 2 3 4)"},
    {P ("]."), "[]"}, {P ("]K\1a."), "[1]"}, {P ("](K\1K\2eK\3a(K\4K\5K\6e."), "[1 2 3 4 5 6]"},
    {P ("](e."), "[]"},
    {P ("}."), "{}"}, {P ("}K\1K\2s."), "{1 2}"}, {P ("}(K\1K\2K\3K\4u."), "{1 2 3 4}"},
    {P ("ca\nName\n."), "a.Name"}, {P ("\x8c\1a\x8c\4Name\x93."), "a.Name"},
    {P ("ca\nDict\n)R."), "{}"}, {P ("ca\nDict\n)R}b."), "{}"},
    {P ("ca\nDict\n](](K\1K\2eK\3K\4\x86""e\x85R."), "{1 2 3 4}"},
    {P ("ca.b\ncall\nK\1\x85R."), "call(a.b.call (1))"},
    {P ("K\1\x85Q."), "id((1))"},
    {P ("K\1q\0h\0\x86."), "(1 1)"}, {P ("K\1r\0\1\0\0j\0\1\0\0\x86."), "(1 1)"},
    {P ("K\7\x94h\0\x86."), "(7 7)"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GptVisPickle *pickle = load_good (cases[i].code, cases[i].n);
    GString *text = g_string_new (NULL);
    describe (text, gptvis_pickle_root (pickle));
    g_assert_cmpstr (text->str, ==, cases[i].value);
    g_string_free (text, TRUE);
    gptvis_pickle_free (pickle);
  }
}

static void
test_bad (void)
{
  static const struct {
    const gchar *which, *bytes;
    gsize n;
    GptVisError code;
    const gchar *parts;
  } cases[] = {
    {"empty", P (""), GPTVIS_ERROR_FORMAT, "p.pkl: the pickle ends at byte 0, before its last opcode"},
    {"no stop", P ("N"), GPTVIS_ERROR_FORMAT, "ends at byte 1"},
    {"cut number", P ("J\1\2"), GPTVIS_ERROR_FORMAT, "ends at byte 3"},
    {"cut text", P ("X\5\0\0\0abc"), GPTVIS_ERROR_FORMAT, "ends at byte 8"},
    {"cut name", P ("cos\nsys"), GPTVIS_ERROR_FORMAT, "ends at byte 7"},
    {"protocol", P ("\x80\6."), GPTVIS_ERROR_UNSUPPORTED, "has protocol 6, where 2 to 5 are read"},
    {"protocol 0", P ("I1\n."), GPTVIS_ERROR_UNSUPPORTED, "uses the opcode INT"},
    {"no opcode", P ("\7."), GPTVIS_ERROR_FORMAT, "has the byte 0x07 where an opcode is needed"},
    {"nothing", P ("."), GPTVIS_ERROR_FORMAT, "takes a value from its stack where there is none"},
    {"left over", P ("NN."), GPTVIS_ERROR_FORMAT, "ends with values left on its stack"},
    {"mark for a value", P ("(\x85."), GPTVIS_ERROR_FORMAT, "takes a mark from its stack for a value"},
    {"mark at the end", P ("(."), GPTVIS_ERROR_FORMAT, "takes a value from its stack where there is none"},
    {"no mark", P ("Nt."), GPTVIS_ERROR_FORMAT, "down to a mark where there is none"},
    {"two of one", P ("N\x86."), GPTVIS_ERROR_FORMAT, "takes 2 values from its stack, where there are fewer"},
    {"append to none", P ("NNa."), GPTVIS_ERROR_FORMAT, "adds to a list where there is none"},
    {"append alone", P ("]a."), GPTVIS_ERROR_FORMAT, "adds to a list where there is none"},
    {"set in a list", P ("]NNs."), GPTVIS_ERROR_FORMAT, "adds to a dictionary where there is none"},
    {"appends to a mark", P ("((e."), GPTVIS_ERROR_FORMAT, "adds to a list where there is none"},
    {"key alone", P ("}(Nu."), GPTVIS_ERROR_FORMAT, "a key without a value"},
    {"not UTF-8", P ("X\1\0\0\0\xff."), GPTVIS_ERROR_FORMAT, "a text that is not UTF-8"},
    {"0 in a text", P ("X\3\0\0\0a\0b."), GPTVIS_ERROR_FORMAT, "a text that is not UTF-8, or has a 0"},
    {"long text", P ("X\1\0\1\0."), GPTVIS_ERROR_LIMIT, "a text of 65537 bytes, where at most 65536"},
    {"endless text", P ("\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), GPTVIS_ERROR_LIMIT,
        "a text of 18446744073709551615 bytes"},
    {"global", P ("cos\nsystem\n."), GPTVIS_ERROR_UNSUPPORTED, "asks Python for os.system, which|nothing was "
        "called: save the weights alone"},
    {"control characters", P ("cos\x1b[2J\nsys\ttem\n."), GPTVIS_ERROR_UNSUPPORTED,
        "asks Python for os\xef\xbf\xbd"},
    {"global of texts", P ("\x8c\2os\x8c\6system\x93."), GPTVIS_ERROR_UNSUPPORTED,
        "asks Python for os.system"},
    {"other module", P ("cb\nDict\n."), GPTVIS_ERROR_UNSUPPORTED, "asks Python for b.Dict"},
    {"global of numbers", P ("K\1K\2\x93."), GPTVIS_ERROR_FORMAT, "whose name is no text"},
    {"call of a name", P ("ca\nName\n)R."), GPTVIS_ERROR_UNSUPPORTED, "calls a.Name"},
    {"call of a number", P ("K\1)R."), GPTVIS_ERROR_UNSUPPORTED, "calls a number with a tuple"},
    {"call of a call", P ("ca.b\ncall\n)R)R."), GPTVIS_ERROR_UNSUPPORTED,
        "calls what a call gives with a tuple"},
    {"call with a list", P ("ca.b\ncall\n]R."), GPTVIS_ERROR_UNSUPPORTED, "with a list"},
    {"dictionary of a number", P ("ca\nDict\nK\1\x85R."), GPTVIS_ERROR_FORMAT, "other than a list"},
    {"dictionary of numbers", P ("ca\nDict\n]K\1a\x85R."), GPTVIS_ERROR_FORMAT, "other than pairs"},
    {"attributes of a list", P ("]}b."), GPTVIS_ERROR_UNSUPPORTED, "sets the attributes of a list"},
    {"memo", P ("h\3."), GPTVIS_ERROR_FORMAT, "takes value 3 from its memo, where there is none"},
    {"memo between", P ("Nq\2h\1."), GPTVIS_ERROR_FORMAT, "takes value 1 from its memo"},
    {"memo of a mark", P ("(q\0h\0."), GPTVIS_ERROR_FORMAT,
        "takes a value from its stack where there is none"},
    {"far memo", P ("Nr\xff\xff\xff\xff."), GPTVIS_ERROR_LIMIT, "place 4294967295 of its memo"},
    {"in itself", P ("]q\0h\0a."), GPTVIS_ERROR_UNSUPPORTED,
        "changes a value that is already inside another"},
    {"in itself, twice removed", P ("]q\0]h\0aa."), GPTVIS_ERROR_UNSUPPORTED, "already inside another"},
    {"in its tuple", P ("]q\0\x85h\0h\0a."), GPTVIS_ERROR_UNSUPPORTED, "already inside another"},
    {"persistent of none", P ("Q."), GPTVIS_ERROR_FORMAT, "takes a value from its stack where there is none"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    g_assert_null (load_bytes (cases[i].bytes, cases[i].n, &error));
    unit_expect_error (cases[i].which, error, cases[i].code, cases[i].parts);
  }
}

/* All 256: known, refused by name, or no opcode; never read as something else. */
static void
test_every_byte (void)
{
  guint named = 0, unknown = 0;
  for (guint i = 0; i < 256; i++) {
    const guint8 code[] = { i, 0, 0, 0, 0, 0, 0, 0, 0, '.' };
    GError *error = NULL;
    gptvis_pickle_free (load_bytes (code, sizeof code, &error));
    named += error && strstr (error->message, "uses the opcode") != NULL;
    unknown += error && strstr (error->message, "where an opcode is needed") != NULL;
    g_clear_error (&error);
  }
  g_assert_cmpuint (named, ==, 30);
  g_assert_cmpuint (unknown, >=, 256 - 68);
}

static void
expect_repeated (const gchar *which, const gchar *code, guint n_code, guint times, const gchar *parts)
{
  GByteArray *bytes = g_byte_array_new ();
  GError *error = NULL;
  for (guint i = 0; i < times; i++)
    made_bytes (bytes, code, n_code);
  made_code (bytes, ".");
  g_assert_null (load_bytes (bytes->data, bytes->len, &error));
  unit_expect_error (which, error, GPTVIS_ERROR_LIMIT, parts);
  g_byte_array_unref (bytes);
}

static void
test_bounds (void)
{
  expect_repeated ("stack", "N", 1, 20000, "puts more than 16384 values on its stack");
  expect_repeated ("marks", "(", 1, 20000, "puts more than 16384 values on its stack");
  GByteArray *deep = g_byte_array_new ();
  made_code (deep, "N");
  for (guint i = 0; i < 64; i++)
    made_code (deep, "\x85");
  made_code (deep, ".");
  gptvis_pickle_free (load_good (deep->data, deep->len));
  deep->data[deep->len - 1] = '\x85';
  made_code (deep, ".");
  GError *error = NULL;
  g_assert_null (load_bytes (deep->data, deep->len, &error));
  unit_expect_error ("deep", error, GPTVIS_ERROR_LIMIT, "nests values more than 64 deep");
  g_byte_array_unref (deep);
}

/* A list that takes texts until the memory is used up, and one that takes a memo's value again and again. */
static void
test_memory (void)
{
  static const gchar *const codes[] = { "U\xff", "h\0" };
  for (guint i = 0; i < 2; i++) {
    GByteArray *bytes = g_byte_array_new ();
    gchar text[255];
    GError *error = NULL;
    memset (text, 'x', sizeof text);
    made_bytes (bytes, "]q\1Nq\0a", 7);
    for (guint k = 0; k < (i == 0 ? 300000 : 8000000); k++) {
      made_bytes (bytes, codes[i], 2);
      if (i == 0)
        made_bytes (bytes, text, sizeof text);
      made_code (bytes, "a");
    }
    made_code (bytes, ".");
    g_assert_null (load_bytes (bytes->data, bytes->len, &error));
    unit_expect_error ("memory", error, GPTVIS_ERROR_LIMIT, "needs more memory than the 64 MiB");
    g_byte_array_unref (bytes);
  }
}

/* Longer than the window through which it is read, with texts across its ends. */
static void
test_long (void)
{
  GByteArray *bytes = g_byte_array_new ();
  gchar *text = g_strnfill (GPTVIS_PICKLE_MAX_TEXT, 'y');
  made_code (bytes, "](");
  for (guint i = 0; i < 10; i++) {
    made_number (bytes, i);
    made_text (bytes, text + 977 * i);
  }
  made_code (bytes, "e.");
  GptVisPickle *pickle = load_good (bytes->data, bytes->len);
  const GptVisPickleValue *root = gptvis_pickle_root (pickle);
  g_assert_cmpuint (root->n, ==, 20);
  for (guint i = 0; i < 10; i++) {
    g_assert_cmpint (root->items[2 * i]->number, ==, i);
    g_assert_cmpstr (root->items[2 * i + 1]->text, ==, text + 977 * i);
  }
  gptvis_pickle_free (pickle);
  g_free (text);
  g_byte_array_unref (bytes);
}

static void
test_lookup (void)
{
  GptVisPickle *pickle = LOAD ("}(\x8c\1aK\1\x8c\1bK\2\x8c\1aK\3K\5K\6u.", NULL);
  const GptVisPickleValue *root = gptvis_pickle_root (pickle);
  g_assert_cmpint (gptvis_pickle_lookup (root, "a")->number, ==, 3);
  g_assert_cmpint (gptvis_pickle_lookup (root, "b")->number, ==, 2);
  g_assert_null (gptvis_pickle_lookup (root, "c"));
  g_assert_null (gptvis_pickle_lookup (root->items[0], "a"));
  gptvis_pickle_free (pickle);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pickle/opcodes", test_opcodes);
  g_test_add_func ("/pickle/bad", test_bad);
  g_test_add_func ("/pickle/every-byte", test_every_byte);
  g_test_add_func ("/pickle/bounds", test_bounds);
  g_test_add_func ("/pickle/memory", test_memory);
  g_test_add_func ("/pickle/long", test_long);
  g_test_add_func ("/pickle/lookup", test_lookup);
  return g_test_run ();
}
