/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PyTorch's files: what comes out of views of storages, and one defect a case with the sentence it must
 * give. */
#include "checkpoint.h"
#include "made-torch.h"
#include "safetensors.h"
#include "state-dict.h"
#include "torch.h"
#include "unit.h"
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define N 24u                   /* numbers of the storage that most tensors share */

static guint32 numbers[N];

/* Takes the file. */
static GptVisContainer *
open_bytes (GByteArray *file, GError **error)
{
  GBytes *bytes = g_byte_array_free_to_bytes (file);
  GptVisContainer *self = gptvis_torch_new ("m.bin", bytes, error);
  g_bytes_unref (bytes);
  return self;
}

static const MadeStorage shared = { "0", numbers, sizeof numbers, N };

/* The forms a file can have: stored, deflated, older. */
enum { FORMS = 3 };

static GByteArray *
make_form (guint form, const MadeTensor *tensors, guint n, const MadeStorage *storages, guint n_storages)
{
  GByteArray *pickle = made_dict (tensors, n, form == 2);
  return form == 2 ? made_older (pickle, storages, n_storages)
      : made_torch (pickle, storages, n_storages, form == 1);
}

/* ---- values ---- */

/* By the definition of strides, number by number, and in pieces of 7 bytes. */
static void
check_view (const GptVisContainer *self, const MadeTensor *made)
{
  const GptVisStoredTensor *t = gptvis_container_find (self, made->name);
  GError *error = NULL;
  g_assert_nonnull (t);
  g_assert_cmpstr (t->dtype, ==, "I32");
  g_assert_cmpuint (t->n_dimensions, ==, made->n_dimensions);
  guint32 got[64], pieces[64];
  g_assert_cmpuint (t->n_bytes, <=, sizeof got);
  g_assert_true (gptvis_stored_tensor_read (t, 0, t->n_bytes, got, &error));
  for (gsize at = 0; at < t->n_bytes; at += 7)
    g_assert_true (gptvis_stored_tensor_read (t, at, MIN (7, t->n_bytes - at),
        (guint8 *) pieces + at, &error));
  g_assert_cmpmem (got, t->n_bytes, pieces, t->n_bytes);
  for (guint i = 0; i < t->n_elements; i++) {
    gint64 place = made->offset;
    guint rest = i;
    for (guint d = made->n_dimensions; d-- > 0; rest /= made->size[d])
      place += rest % made->size[d] * made->stride[d];
    g_assert_cmpuint (got[i], ==, numbers[place]);
  }
}

static void
test_views (void)
{
  static const MadeTensor tensors[] = {
    {"whole", "IntStorage", "0", N, 0, 3, {2, 3, 4}, {12, 4, 1}},
    {"parameter", "IntStorage", "0", N, 0, 1, {N}, {1}, TRUE},
    {"transposed", "IntStorage", "0", N, 0, 2, {4, 6}, {1, 4}},
    {"permuted", "IntStorage", "0", N, 0, 3, {3, 4, 2}, {4, 1, 12}},
    {"rows", "IntStorage", "0", N, 8, 2, {3, 4}, {4, 1}},
    {"columns", "IntStorage", "0", N, 1, 2, {6, 2}, {4, 1}},
    {"every third", "IntStorage", "0", N, 2, 1, {7}, {3}},
    {"expanded", "IntStorage", "0", N, 5, 2, {3, 4}, {0, 1}},
    {"side of one", "IntStorage", "0", N, 4, 3, {1, 5, 1}, {999, 1, 77}},
    {"single", "IntStorage", "0", N, 23, 0},
    {"none", "IntStorage", "0", N, 24, 2, {0, 4}, {4, 1}},
    {"other", "IntStorage", "1", 2, 1, 1, {1}, {1}},
  };
  static const guint32 two[] = { 7, 1000 };
  const MadeStorage storages[] = { shared, {"1", two, sizeof two, 2} };
  for (guint form = 0; form < FORMS; form++) {
    GError *error = NULL;
    GptVisContainer *self = open_bytes (make_form (form, tensors, G_N_ELEMENTS (tensors),
        storages, 2), &error);
    g_assert_no_error (error);
    g_assert_cmpuint (gptvis_container_n_tensors (self), ==, G_N_ELEMENTS (tensors));
    for (guint i = 0; i + 1 < G_N_ELEMENTS (tensors); i++)
      check_view (self, &tensors[i]);
    guint32 number;
    g_assert_true (gptvis_stored_tensor_read (gptvis_container_find (self, "other"), 0, 4, &number, &error));
    g_assert_cmpuint (number, ==, 1000);
    gptvis_container_free (self);
  }
}

static void
test_types (void)
{
  static const struct { const gchar *storage, *dtype; guint size; } types[] = {
    {"FloatStorage", "F32", 4}, {"HalfStorage", "F16", 2}, {"BFloat16Storage", "BF16", 2},
    {"DoubleStorage", "F64", 8}, {"LongStorage", "I64", 8}, {"IntStorage", "I32", 4}, {"CharStorage",
        "I8", 1},
    {"ByteStorage", "U8", 1}, {"BoolStorage", "BOOL", 1},
  };
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    for (guint form = 0; form < FORMS; form++) {
      const guint n = sizeof numbers / types[i].size;
      const MadeTensor t = { "t", types[i].storage, "0", n, 1, 1, {n - 1}, {1} };
      const MadeStorage storage = { "0", numbers, sizeof numbers, n };
      guint8 got[sizeof numbers];
      GptVisContainer *self = open_bytes (make_form (form, &t, 1, &storage, 1), NULL);
      const GptVisStoredTensor *stored = gptvis_container_tensor (self, 0);
      g_assert_cmpstr (stored->dtype, ==, types[i].dtype);
      g_assert_cmpuint (stored->n_bytes, ==, sizeof numbers - types[i].size);
      g_assert_true (gptvis_stored_tensor_read (stored, 0, stored->n_bytes, got, NULL));
      g_assert_cmpmem (got, stored->n_bytes, (guint8 *) numbers + types[i].size, stored->n_bytes);
      gptvis_container_free (self);
    }
}

/* ---- dictionaries ---- */

static const MadeTensor plain = { "w", "IntStorage", "0", N, 0, 2, {4, 6}, {6, 1} };

/* {outer: {…: {"w": tensor, "epoch": 3}}, "epoch": 3} */
static GByteArray *
nested (const gchar *const *outer)
{
  GByteArray *pickle = g_byte_array_new ();
  const guint n = g_strv_length ((gchar **) outer);
  made_code (pickle, "\x80\2");
  for (guint i = 0; i < n; i++) {
    made_code (pickle, "}(");
    made_text (pickle, outer[i]);
  }
  made_code (pickle, "}(");
  made_tensor (pickle, &plain, FALSE);
  for (guint i = 0; i <= n; i++) {
    made_text (pickle, "epoch");
    made_number (pickle, 3);
    made_code (pickle, "u");
  }
  made_code (pickle, ".");
  return made_torch (pickle, &shared, 1, FALSE);
}

static void
test_nested (void)
{
  static const gchar *const good[][6] = { {NULL}, {"state_dict"}, {"model"}, {"module"}, {"model_state_dict"},
    {"model", "state_dict"}, {"model", "model", "module", "state_dict"} };
  static const gchar *const bad[][6] = { {"weights"}, {"model", "model", "model", "model", "model"} };
  GError *error = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    GptVisContainer *self = open_bytes (nested (good[i]), &error);
    g_assert_no_error (error);
    g_assert_cmpuint (gptvis_container_n_tensors (self), ==, 1);
    check_view (self, &plain);
    gptvis_container_free (self);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    error = NULL;
    g_assert_null (open_bytes (nested (bad[i]), &error));
    unit_expect_error (bad[i][0], error, GPTVIS_ERROR_UNSUPPORTED, i == 0
        ? "a dictionary without tensors (weights is a dictionary)"
            : "without tensors (model is a dictionary)");
  }
}

static void
test_other_values (void)
{
  static const struct { const gchar *which, *code, *parts; } cases[] = {
    {"none", "N.", "m.bin: the file holds None, where a dictionary of tensors is needed"},
    {"list", "].", "holds a list"}, {"empty", "}.", "holds an empty dictionary"},
    {"text", "}\x8c\1wU\1xs.", "a dictionary without tensors (w is a text)"},
    {"number as a key", "}K\1K\2s.", "without tensors (its first value is a number)"},
    {"call", "ctorch._utils\n_rebuild_parameter\n)R.", "holds what a call gives"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GByteArray *pickle = g_byte_array_new ();
    GError *error = NULL;
    made_code (pickle, cases[i].code);
    g_assert_null (open_bytes (made_torch (pickle, &shared, 1, FALSE), &error));
    unit_expect_error (cases[i].which, error, GPTVIS_ERROR_UNSUPPORTED, cases[i].parts);
  }
}

static void
test_names (void)
{
  gchar *name = g_strnfill (GPTVIS_STORED_MAX_NAME + 1, 'x');
  MadeTensor twice[] = { plain, plain };
  GError *error = NULL;
  g_assert_null (open_bytes (make_form (0, twice, 2, &shared, 1), &error));
  unit_expect_error ("twice", error, GPTVIS_ERROR_FORMAT, "two tensors with the name w");
  twice[0].name = name;
  error = NULL;
  g_assert_null (open_bytes (make_form (0, twice, 2, &shared, 1), &error));
  unit_expect_error ("long", error, GPTVIS_ERROR_LIMIT, "a tensor's name is longer|at most 512 bytes");
  g_free (name);
}

/* One tensor under more names than a network has. */
static void
test_many (void)
{
  GByteArray *pickle = g_byte_array_new ();
  GError *error = NULL;
  made_code (pickle, "}");
  made_tensor (pickle, &plain, FALSE);
  made_code (pickle, "q\1s");
  for (guint i = 0; i < GPTVIS_STATE_DICT_MAX_TENSORS; i++) {
    gchar *name = g_strdup_printf ("w.%u", i);
    made_text (pickle, name);
    made_code (pickle, "h\1s");
    g_free (name);
  }
  made_code (pickle, ".");
  g_assert_null (open_bytes (made_torch (pickle, &shared, 1, FALSE), &error));
  unit_expect_error ("many", error, GPTVIS_ERROR_LIMIT, "the dictionary has more than 100000 tensors");
}

/* ---- defects ---- */

static void
test_bad_tensors (void)
{
#define MOST G_MAXINT64
  static const struct { const gchar *which; MadeTensor t; GptVisError code; const gchar *parts; } cases[] = {
    {"offset", {"w", "IntStorage", "0", N, -1, 1, {1}, {1}}, GPTVIS_ERROR_FORMAT,
        "tensor w begins before its "
        "storage"},
    {"far offset", {"w", "IntStorage", "0", N, 25, 1, {0}, {1}}, GPTVIS_ERROR_FORMAT,
        "tensor w of shape [0], from number 25 on, leaves its storage 0 of 24 numbers"},
    {"size", {"w", "IntStorage", "0", N, 0, 1, {-1}, {1}}, GPTVIS_ERROR_FORMAT, "a size that is negative"},
    {"stride", {"w", "IntStorage", "0", N, 4, 1, {2}, {-1}}, GPTVIS_ERROR_FORMAT,
        "a stride that is negative"},
    {"too many", {"w", "IntStorage", "0", N, 0, 2, {5, 5}, {5, 1}}, GPTVIS_ERROR_FORMAT, "tensor w of shape "
        "[5, 5], from number 0 on, leaves its storage"},
    {"far stride", {"w", "IntStorage", "0", N, 0, 2, {2, 2}, {23, 1}}, GPTVIS_ERROR_FORMAT,
        "leaves its storage"},
    {"one too far", {"w", "IntStorage", "0", N, 1, 1, {N}, {1}}, GPTVIS_ERROR_FORMAT, "leaves its storage"},
    {"overflowing stride", {"w", "IntStorage", "0", N, 0, 2, {5, 5}, {MOST, MOST}}, GPTVIS_ERROR_FORMAT,
        "leaves its storage"},
    {"overflowing sum", {"w", "IntStorage", "0", N, 0, 3, {2, 2, 2}, {MOST, MOST, 2}}, GPTVIS_ERROR_FORMAT,
        "leaves its storage"},
    {"overflowing offset", {"w", "IntStorage", "0", N, MOST, 1, {2}, {MOST}}, GPTVIS_ERROR_FORMAT,
        "leaves its storage"},
    {"overflowing shape", {"w", "IntStorage", "0", N, 0, 3, {MOST, MOST, MOST}, {0, 0, 0}},
        GPTVIS_ERROR_LIMIT,
        "tensor w has a shape too large"},
    {"overflowing bytes", {"w", "IntStorage", "0", N, 0, 1, {MOST}, {0}}, GPTVIS_ERROR_LIMIT,
        "tensor w has a shape too large"},
    {"storage", {"w", "IntStorage", "7", N, 0, 1, {1}, {1}}, GPTVIS_ERROR_FORMAT,
        "tensor w is in storage 7, which the archive does not have"},
    {"storage elsewhere", {"w", "IntStorage", "../byteorder", 1, 0, 1, {1}, {1}}, GPTVIS_ERROR_FORMAT,
        "tensor w is in storage ../byteorder, which the archive does not have"},
    {"small storage", {"w", "DoubleStorage", "0", N, 0, 1, {1}, {1}}, GPTVIS_ERROR_FORMAT,
        "in storage 0, which has 96 bytes, where its 24 numbers of type F64 need 192"},
    {"negative storage", {"w", "IntStorage", "0", -3, 0, 1, {1}, {1}}, GPTVIS_ERROR_FORMAT,
        "storage 0 has -3 numbers, which cannot be"},
    {"huge storage", {"w", "DoubleStorage", "0", MOST, 0, 1, {1}, {1}}, GPTVIS_ERROR_FORMAT,
        "storage 0 has 9223372036854775807 numbers"},
    {"other type", {"w", "ComplexFloatStorage", "0", N, 0, 1, {1}, {1}}, GPTVIS_ERROR_UNSUPPORTED,
        "asks Python for torch.ComplexFloatStorage"},
    {"no type", {"w", "FloatTensor", "0", N, 0, 1, {1}, {1}}, GPTVIS_ERROR_UNSUPPORTED,
        "asks Python for torch.FloatTensor"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    g_assert_null (open_bytes (make_form (0, &cases[i].t, 1, &shared, 1), &error));
    unit_expect_error (cases[i].which, error, cases[i].code, cases[i].parts);
  }
}

/* Records of calls with other arguments than PyTorch gives. */
static void
test_bad_calls (void)
{
#define TENSOR "ctorch._utils\n_rebuild_tensor_v2\n"
#define STORAGE "(U\7storagectorch\nIntStorage\nU\1" "0U\3cpuK\x18tQ"
  static const struct { const gchar *which, *args; GptVisError code; const gchar *parts; } cases[] = {
    {"no arguments", ")", GPTVIS_ERROR_FORMAT,
        "tensor w has no storage, offset, shape and strides"},
    {"no storage", "(NK\1)))t", GPTVIS_ERROR_FORMAT,
        "tensor w has no storage"},
    {"no offset", "(" STORAGE "N))t", GPTVIS_ERROR_FORMAT,
        "tensor w has no storage, offset"},
    {"shape", "(" STORAGE "K\1]]t", GPTVIS_ERROR_FORMAT,
        "tensor w has no storage, offset, shape"},
    {"strides", "(" STORAGE "K\1K\1\x85)t", GPTVIS_ERROR_FORMAT,
        "tensor w has no stride for each of its 1 dimensions"},
    {"size", "(" STORAGE "K\1U\1x\x85K\1\x85t", GPTVIS_ERROR_FORMAT,
        "tensor w has a size that is negative or no number"},
    {"module", "((U\6moduleNNNNtQK\1))t", GPTVIS_ERROR_FORMAT,
        "names something outside it that is no storage"},
    {"storage without type", "((U\7storageU\1xU\1" "0U\3cpuK\1tQK\1))t", GPTVIS_ERROR_FORMAT,
        "that is no storage"},
    {"function as a type", "((U\7storage" TENSOR "U\1" "0U\3cpuK\1tQK\1))t", GPTVIS_ERROR_FORMAT,
        "storage 0 has numbers of type _rebuild_tensor_v2, which is none"},
    {"view", "((U\7storagectorch\nIntStorage\nU\1" "0U\3cpuK\1(U\1" "1K\1K\1ttQK\1))t",
        GPTVIS_ERROR_UNSUPPORTED,
        "storage 0 is a part of another|must be saved again"},
    {"many dimensions", "(" STORAGE "K\1(K\1K\1K\1K\1K\1K\1K\1K\1K\1t)t", GPTVIS_ERROR_LIMIT,
        "tensor w has 9 dimensions"},
    {"negated", "(" STORAGE "K\1))\x89)}U\3neg\x88st", GPTVIS_ERROR_UNSUPPORTED,
        "its signs or conjugates left to be changed"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GByteArray *pickle = g_byte_array_new ();
    GError *error = NULL;
    made_code (pickle, "}\x8c\1w" TENSOR);
    made_code (pickle, cases[i].args);
    made_code (pickle, "Rs.");
    g_assert_null (open_bytes (made_torch (pickle, &shared, 1, FALSE), &error));
    unit_expect_error (cases[i].which, error, cases[i].code, cases[i].parts);
  }
}

static void
expect_file (const gchar *which, GByteArray *file, GptVisError code, const gchar *parts)
{
  GError *error = NULL;
  g_assert_null (open_bytes (file, &error));
  unit_expect_error (which, error, code, parts);
}

static void
test_archives (void)
{
  GByteArray *pickle = made_dict (&plain, 1, FALSE);
  const MadeEntry big[] = { {"m/data.pkl", pickle->data, pickle->len}, {"m/byteorder", "big", 3} };
  const MadeEntry program[] = { {"m/data.pkl", pickle->data, pickle->len}, {"m/constants.pkl", "N.", 2} };
  const MadeEntry other[] = { {"m/config.json", "{}", 2}, {"m/inner/data.pkl", "N.", 2} };
  expect_file ("byte order", made_zip (big, 2, NULL, FALSE), GPTVIS_ERROR_UNSUPPORTED,
      "m.bin: the numbers are stored in the byte order \"big\", where \"little\" is needed");
  expect_file ("program", made_zip (program, 2, NULL, FALSE), GPTVIS_ERROR_UNSUPPORTED,
      "m.bin: this is a program of TorchScript's");
  expect_file ("archive", made_zip (other, 2, NULL, FALSE), GPTVIS_ERROR_UNSUPPORTED,
      "m.bin: this is a zip archive without data.pkl");
  g_byte_array_unref (pickle);

  GByteArray *file = make_form (0, &plain, 1, &shared, 1);
  made_patch (file, "PK\1\2", 0, 16, 1, 4);
  expect_file ("checksum", file, GPTVIS_ERROR_FORMAT, "entry m/data.pkl is damaged: its checksum");
}

static void
test_older (void)
{
  static const struct { const gchar *which, *at; guint offset; guint64 number; guint n; GptVisError code;
    const gchar *parts; } cases[] = {
    {"mark", "\x8a\nl\xfc", 3, 0, 1, GPTVIS_ERROR_UNSUPPORTED,
        "a Python pickle, and none of PyTorch's weights"},
    {"version", "M\xe9\3.", 1, 1000, 2, GPTVIS_ERROR_UNSUPPORTED, "in another version of its form than 1001"},
    {"byte order", "dian", 4, 0x89, 1, GPTVIS_ERROR_UNSUPPORTED, "their highest byte first"},
    {"storage", "0e.\x18", 0, '1', 1, GPTVIS_ERROR_FORMAT, "a storage 1 that the pickle does not name"},
    {"count", "0e.\x18", 3, 25, 1, GPTVIS_ERROR_FORMAT, "storage 0 has 25 numbers, where the pickle says 24"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GByteArray *file = make_form (2, &plain, 1, &shared, 1);
    made_patch (file, cases[i].at, 0, cases[i].offset, cases[i].number, cases[i].n);
    expect_file (cases[i].which, file, cases[i].code, cases[i].parts);
  }
  const MadeTensor two[] = { plain, {"v", "FloatStorage", "0", N, 0, 1, {1}, {1}} };
  expect_file ("two types", make_form (2, two, 2, &shared, 1), GPTVIS_ERROR_FORMAT,
      "storage 0 has two types");
  expect_file ("none", make_form (2, &plain, 1, NULL, 0), GPTVIS_ERROR_FORMAT,
      "tensor w is in storage 0, which the file does not have");
}

/* Wherever it is cut off. */
static void
test_cut (void)
{
  for (guint form = 0; form < FORMS; form++) {
    GByteArray *whole = make_form (form, &plain, 1, &shared, 1);
    for (guint n = 0; n < whole->len; n++) {
      GByteArray *cut = g_byte_array_new ();
      GError *error = NULL;
      g_byte_array_append (cut, whole->data, n);
      g_assert_null (open_bytes (cut, &error));
      unit_expect_error ("cut", error, GPTVIS_ERROR_FORMAT, "download it again");
    }
    g_byte_array_unref (whole);
  }
}

static void
test_contents (void)
{
  static const struct { const gchar *bytes; gsize n; GptVisError code; const gchar *parts; } cases[] = {
    {"", 0, GPTVIS_ERROR_FORMAT, "m.bin: the file is empty"},
    {"hello", 5, GPTVIS_ERROR_FORMAT, "m.bin: this is neither a zip archive nor a pickle"},
    {"<!doctype html>", 15, GPTVIS_ERROR_FORMAT, "m.bin: this is a web page"},
    {"GGUF\3\0\0\0", 8, GPTVIS_ERROR_UNSUPPORTED, "m.bin: this is a GGUF file"},
    {"\x40\0\0\0\0\0\0\0{\"__metadata__\":{}}", 26, GPTVIS_ERROR_FORMAT, "m.bin: this is a safetensors file"},
    {"\x80\4\x95\x11\0\0\0\0\0\0\0}\x8c\1a.", 16, GPTVIS_ERROR_FORMAT, "values left on its stack"},
    {"\x80\4}.", 4, GPTVIS_ERROR_UNSUPPORTED, "m.bin: this is a Python pickle, and none of PyTorch's"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GByteArray *file = g_byte_array_new ();
    made_bytes (file, cases[i].bytes, cases[i].n);
    expect_file (cases[i].bytes, file, cases[i].code, cases[i].parts);
  }
}

/* ---- files and directories ---- */

/* The tensors of a safetensors file whose names hold `only`, each in a storage of its own. */
static GByteArray *
convert (GByteArray *file, const gchar *only, guint form)
{
  GBytes *bytes = g_bytes_new (file->data, file->len);
  GptVisContainer *from = gptvis_safetensors_new ("m.safetensors", bytes, NULL);
  const guint n = gptvis_container_n_tensors (from);
  MadeTensor *tensors = g_new0 (MadeTensor, n);
  MadeStorage *storages = g_new0 (MadeStorage, n);
  guint k = 0;
  for (guint i = 0; i < n; i++) {
    const GptVisStoredTensor *t = gptvis_container_tensor (from, i);
    gint64 stride = 1;
    if (!strstr (t->name, only))
      continue;
    storages[k] = (MadeStorage) { g_strdup_printf ("%u", k), t->data, t->n_bytes, t->n_elements };
    tensors[k] = (MadeTensor) { t->name, "FloatStorage", storages[k].key, t->n_elements, 0, t->n_dimensions };
    for (guint d = t->n_dimensions; d-- > 0; stride *= t->shape[d]) {
      tensors[k].size[d] = t->shape[d];
      tensors[k].stride[d] = stride;
    }
    k++;
  }
  GByteArray *made = make_form (form, tensors, k, storages, k);
  for (guint i = 0; i < k; i++)
    g_free ((gchar *) storages[i].key);
  g_free (storages);
  g_free (tensors);
  gptvis_container_free (from);
  g_bytes_unref (bytes);
  return made;
}

static void
put_bin (const gchar *directory, const gchar *name, const gchar *only, guint form)
{
  GByteArray *vit = unit_vit (NULL, NULL), *bin = convert (vit, only, form);
  unit_write (directory, name, bin->data, bin->len);
  g_byte_array_unref (bin);
  g_byte_array_unref (vit);
}

static void
drop_safetensors (const gchar *directory)
{
  gchar *path = g_build_filename (directory, "model.safetensors", NULL);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_free (path);
}

/* The checkpoint's weights are found and read. */
static void
check_directory (const gchar *directory)
{
  GError *error = NULL;
  GptVisCheckpoint *checkpoint = gptvis_checkpoint_open (directory, &error);
  g_assert_no_error (error);
  GptVisPlaces *places = NULL;
  GptVisPlan *plan = gptvis_checkpoint_plan (checkpoint, gptvis_checkpoint_recipe (checkpoint), 1,
      GPTVIS_OUTPUT_SCORES, &places, &error);
  g_assert_no_error (error);
  const GptVisProgramOptions options = { .backend = "cpu", .threads = 1 };
  GptVisProgram *program = gptvis_checkpoint_program (checkpoint, plan, places, &options, &error);
  g_assert_no_error (error);
  gptvis_program_free (program);
  gptvis_places_free (places);
  gptvis_plan_free (plan);
  gptvis_checkpoint_free (checkpoint);
}

static void
test_directories (void)
{
  for (guint form = 0; form < FORMS; form++) {
    gchar *directory = unit_checkpoint (NULL);
    drop_safetensors (directory);
    put_bin (directory, "pytorch_model.bin", "", form);
    check_directory (directory);
    unit_remove (directory);
  }
  /* safetensors wins, whatever the other is */
  gchar *directory = unit_checkpoint (NULL);
  unit_write (directory, "pytorch_model.bin", "x", 1);
  check_directory (directory);
  unit_remove (directory);
}

static void
test_shards (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GString *index = g_string_new ("{\"weight_map\":{");
  GByteArray *vit = unit_vit (NULL, NULL);
  GBytes *bytes = g_byte_array_free_to_bytes (vit);
  GptVisContainer *all = gptvis_safetensors_new ("all", bytes, NULL);
  for (guint i = 0; i < gptvis_container_n_tensors (all); i++) {
    const gchar *name = gptvis_container_tensor (all, i)->name;
    g_string_append_printf (index, "%s\"%s\":\"pytorch_model-0000%u-of-00002.bin\"", i ? "," : "", name,
        strstr (name, "vit.") ? 1 : 2);
  }
  g_string_append (index, "}}");
  gptvis_container_free (all);
  g_bytes_unref (bytes);
  drop_safetensors (directory);
  unit_write (directory, "pytorch_model.bin.index.json", index->str, -1);
  put_bin (directory, "pytorch_model-00001-of-00002.bin", "vit.", 0);
  GError *error = NULL;
  g_assert_null (gptvis_checkpoint_open (directory, &error));
  unit_expect_error ("a part", error, GPTVIS_ERROR_NOT_FOUND,
      "pytorch_model-00002-of-00002.bin: there is no such file|pytorch_model.bin.index.json names it");
  put_bin (directory, "pytorch_model-00002-of-00002.bin", "classifier", 2);
  check_directory (directory);
  g_string_free (index, TRUE);
  unit_remove (directory);
}

/* A file that is written while it is open. */
static void
test_changed (void)
{
  for (guint form = 0; form < FORMS; form++) {
    gchar *directory = unit_directory (), *path = g_build_filename (directory, "m.bin", NULL);
    GByteArray *file = make_form (form, &plain, 1, &shared, 1);
    guint32 got[N];
    GError *error = NULL;
    unit_write (directory, "m.bin", file->data, file->len);
    GptVisContainer *self = gptvis_torch_format.open (path, &error);
    g_assert_no_error (error);
    check_view (self, &plain);
    FILE *written = fopen (path, "r+b");        /* the same file, cut */
    g_assert_true (written && ftruncate (fileno (written), file->len / 2) == 0);
    fclose (written);
    g_assert_false (gptvis_stored_tensor_read (gptvis_container_tensor (self, 0),
        0, sizeof got, got, &error));
    unit_expect_error ("cut", error, GPTVIS_ERROR_FORMAT,
        "m.bin: the file has been written since it was opened");
    gptvis_container_free (self);
    g_byte_array_unref (file);
    g_free (path);
    unit_remove (directory);
  }
}

/* Files that somebody made to do harm: a sentence for each, but for the one that is fine. */
static void
test_hostile (void)
{
  gchar *directory = g_build_filename (g_getenv ("GPTVIS_SHARED"), "golden", "bin_hostile", NULL);
  GDir *dir = g_dir_open (directory, 0, NULL);
  guint n = 0;
  if (!dir)
    g_test_skip ("the folder golden/bin_hostile of ../shared is not there");
  for (const gchar *name; dir && (name = g_dir_read_name (dir));) {
    gchar *path = g_build_filename (directory, name, NULL);
    GError *error = NULL;
    if (g_str_has_suffix (name, ".bin")) {
      GptVisContainer *self = gptvis_torch_format.open (path, &error);
      g_assert_true ((self != NULL) == (strcmp (name, "fine.bin") == 0));
      g_test_message ("%s: %s", name, self ? "opens" : error->message + strlen (path) + 2);
      gptvis_container_free (self);
      if (error)
        unit_expect_error (name, error, error->code, path);
      n++;
    }
    g_free (path);
  }
  if (dir)
    g_assert_cmpuint (n, >=, 20);
  g_clear_pointer (&dir, g_dir_close);
  g_free (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < N; i++)
    numbers[i] = i * 0x01020305u + 17;
  g_test_add_func ("/torch/views", test_views);
  g_test_add_func ("/torch/types", test_types);
  g_test_add_func ("/torch/nested", test_nested);
  g_test_add_func ("/torch/other-values", test_other_values);
  g_test_add_func ("/torch/names", test_names);
  g_test_add_func ("/torch/many", test_many);
  g_test_add_func ("/torch/bad-tensors", test_bad_tensors);
  g_test_add_func ("/torch/bad-calls", test_bad_calls);
  g_test_add_func ("/torch/archives", test_archives);
  g_test_add_func ("/torch/older", test_older);
  g_test_add_func ("/torch/cut", test_cut);
  g_test_add_func ("/torch/contents", test_contents);
  g_test_add_func ("/torch/directories", test_directories);
  g_test_add_func ("/torch/shards", test_shards);
  g_test_add_func ("/torch/changed", test_changed);
  g_test_add_func ("/torch/hostile", test_hostile);
  return g_test_run ();
}
