/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One defect a case, and the sentence it must give. */
#include "safetensors.h"
#include "unit.h"
#include <string.h>

#define T(name, dtype, shape, begin, end) \
  "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"

static GptVisContainer *
open_bytes (GByteArray *file, gsize size, GError **error)
{
  GBytes *bytes = g_bytes_new (file->data, size);
  GptVisContainer *self = gptvis_safetensors_new ("m.safetensors", bytes, error);
  g_bytes_unref (bytes);
  return self;
}

static void
test_good (void)
{
  GByteArray *file = unit_safetensors ("{\"__metadata__\":{\"format\":\"pt\"}," T ("b", "F16", "[2,1]", 24,
      28) "," T ("a", "F32", "[2,3]", 0, 24) "," T ("ids", "I64", "[1]", 28, 36) "," T ("none", "F32",
      "[0,4]", 28, 28) "," T ("one", "BF16", "[]", 36, 38) "}   ", 38);
  GError *error = NULL;
  GptVisContainer *self = open_bytes (file, file->len, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (gptvis_container_n_tensors (self), ==, 5);
  g_assert_cmpstr (gptvis_container_tensor (self, 0)->name, ==, "a");
  g_assert_null (gptvis_container_find (self, "__metadata__"));
  g_assert_null (gptvis_container_find (self, "c"));

  const GptVisStoredTensor *b = gptvis_container_find (self, "b");
  g_assert_cmpstr (b->dtype, ==, "F16");
  g_assert_cmpuint (b->n_dimensions, ==, 2);
  g_assert_cmpuint (b->n_elements, ==, 2);
  g_assert_cmpuint (b->n_bytes, ==, 4);
  g_assert_cmpuint (*(const guint8 *) b->data, ==, 25);
  gchar *shape = gptvis_stored_tensor_shape (b);
  g_assert_cmpstr (shape, ==, "[2, 1]");
  g_free (shape);
  g_assert_cmpuint (gptvis_container_find (self, "one")->n_elements, ==, 1);
  g_assert_cmpuint (gptvis_container_find (self, "none")->n_bytes, ==, 0);
  gptvis_container_free (self);
  g_byte_array_unref (file);
}

static void
test_bad_headers (void)
{
  static const struct {
    const gchar *which, *header;
    gsize n_data;
    GptVisError code;
    const gchar *parts;
  } cases[] = {
    {"not JSON", "{\"a\"", 0, GPTVIS_ERROR_FORMAT, "m.safetensors: the header cannot be read"},
    {"empty", "", 0, GPTVIS_ERROR_FORMAT, "the header is empty"},
    {"array", "[]", 0, GPTVIS_ERROR_FORMAT, "the header is not a JSON object"},
    {"not UTF-8", "{\"a\xff\":1}", 0, GPTVIS_ERROR_FORMAT, "the header is not UTF-8 text at byte 3"},
    {"twice", "{" T ("a", "F32", "[1]", 0, 4) "," T ("a", "F32", "[1]", 4, 8) "}", 8, GPTVIS_ERROR_FORMAT,
        "has the name \"a\" twice"},
    {"no object", "{\"a\":3}", 0, GPTVIS_ERROR_FORMAT, "tensor a is not an object"},
    {"no dtype", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, GPTVIS_ERROR_FORMAT,
        "tensor a has no dtype"},
    {"strange dtype", "{" T ("a", "F33", "[1]", 0, 4) "}", 4, GPTVIS_ERROR_FORMAT,
        "tensor a has dtype \"F33\""},
    {"no shape", "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, GPTVIS_ERROR_FORMAT,
        "tensor a has no shape"},
    {"negative side", "{" T ("a", "F32", "[-1]", 0, 4) "}", 4, GPTVIS_ERROR_FORMAT,
        "not made of whole numbers"},
    {"fraction", "{" T ("a", "F32", "[1.5]", 0, 4) "}", 4, GPTVIS_ERROR_FORMAT, "not made of whole numbers"},
    {"dimensions", "{" T ("a", "F32", "[1,1,1,1,1,1,1,1,1]", 0, 4) "}", 4, GPTVIS_ERROR_LIMIT,
        "9 dimensions"},
    {"overflow", "{" T ("a", "F32", "[4294967296,4294967296]", 0, 4) "}", 4, GPTVIS_ERROR_LIMIT,
        "too large to count its elements"},
    {"byte overflow", "{" T ("a", "F32", "[4611686018427387904]", 0, 4) "}", 4, GPTVIS_ERROR_LIMIT,
        "too large to count its bytes"},
    {"beyond 64 bits", "{" T ("a", "F32", "[99999999999999999999999]", 0, 4) "}", 4, GPTVIS_ERROR_FORMAT,
        "tensor a"},
    {"half a byte", "{" T ("a", "F4", "[3]", 0, 2) "}", 2, GPTVIS_ERROR_FORMAT,
        "tensor a ends within a byte"},
    {"no offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, GPTVIS_ERROR_FORMAT,
        "tensor a has no data_offsets"},
    {"three offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4,
        GPTVIS_ERROR_FORMAT, "tensor a has no data_offsets"},
    {"backwards", "{" T ("a", "F32", "[1]", 4, 0) "}", 4, GPTVIS_ERROR_FORMAT,
        "tensor a ends (0) before it begins (4)"},
    {"beyond the end", "{" T ("a", "F32", "[2]", 0, 8) "}", 4, GPTVIS_ERROR_FORMAT,
        "the file is truncated: tensor a ends at byte 8 of 4"},
    {"wrong size", "{" T ("a", "F32", "[2,3]", 0, 4) "}", 4, GPTVIS_ERROR_FORMAT,
        "tensor a has 4 bytes|F32|[2, 3]|need 24"},
    {"overlap", "{" T ("a", "F32", "[2]", 0, 8) "," T ("b", "F32", "[2]", 4, 12) "}", 12, GPTVIS_ERROR_FORMAT,
        "tensors a and b overlap"},
    {"same place", "{" T ("a", "F32", "[1]", 0, 4) "," T ("b", "F32", "[1]", 0, 4) "}", 4,
        GPTVIS_ERROR_FORMAT, "tensors a and b overlap"},
    {"hole", "{" T ("a", "F32", "[1]", 0, 4) "," T ("b", "F32", "[1]", 8, 12) "}", 12, GPTVIS_ERROR_FORMAT,
        "a hole of 4 bytes in the data before tensor b"},
    {"hole at the start", "{" T ("a", "F32", "[1]", 4, 8) "}", 8, GPTVIS_ERROR_FORMAT,
        "a hole of 4 bytes|tensor a"},
    {"rest", "{" T ("a", "F32", "[1]", 0, 4) "}", 7, GPTVIS_ERROR_FORMAT,
        "3 bytes at the end belong to no tensor"},
    {"deep", "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 0, GPTVIS_ERROR_LIMIT,
        "nested more than 32 deep"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    GByteArray *file = unit_safetensors (cases[i].header, cases[i].n_data);
    g_assert_null (open_bytes (file, file->len, &error));
    unit_expect_error (cases[i].which, error, cases[i].code, cases[i].parts);
    g_byte_array_unref (file);
  }
}

static void
test_long_name (void)
{
  gchar *name = g_strnfill (GPTVIS_STORED_MAX_NAME + 1, 'x');
  gchar *header = g_strdup_printf ("{\"%s\":{}}", name);
  GByteArray *file = unit_safetensors (header, 0);
  GError *error = NULL;
  g_assert_null (open_bytes (file, file->len, &error));
  unit_expect_error ("long name", error, GPTVIS_ERROR_LIMIT, "a tensor's name has more than 512 bytes");
  g_byte_array_unref (file);
  g_free (header);
  g_free (name);
}

static void
test_sizes (void)
{
  GByteArray *file = unit_safetensors ("{" T ("a", "F32", "[2]", 0, 8) "}", 8);
  GError *error = NULL;
  g_assert_null (open_bytes (file, 0, &error));
  unit_expect_error ("empty", error, GPTVIS_ERROR_FORMAT, "m.safetensors: the file is empty");
  /* wherever it is cut off, there is a sentence */
  for (gsize size = 1; size < file->len; size++) {
    error = NULL;
    g_assert_null (open_bytes (file, size, &error));
    unit_expect_error ("cut", error, GPTVIS_ERROR_FORMAT, size < 8 ? "ends within the header's length" :
        "the file is truncated");
  }
  static const guint64 lengths[] = { 100000000000, G_MAXUINT64, G_MAXUINT64 - 7,
      GPTVIS_SAFETENSORS_MAX_HEADER + 1 };
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    const guint64 n = GUINT64_TO_LE (lengths[i]);
    memcpy (file->data, &n, 8);
    error = NULL;
    g_assert_null (open_bytes (file, file->len, &error));
    unit_expect_error ("long header", error, GPTVIS_ERROR_LIMIT,
        "the header would be|at most 100000000 are read");
  }
  const guint64 n = GUINT64_TO_LE (GPTVIS_SAFETENSORS_MAX_HEADER);
  memcpy (file->data, &n, 8);
  error = NULL;
  g_assert_null (open_bytes (file, file->len, &error));
  unit_expect_error ("header beyond", error, GPTVIS_ERROR_FORMAT, "the file is truncated|its header alone");
  g_byte_array_unref (file);
}

static void
test_files (void)
{
  gchar *directory = unit_directory ();
  gchar *path = g_build_filename (directory, "m.safetensors", NULL);
  GError *error = NULL;
  g_assert_null (gptvis_safetensors_format.open (path, &error));
  unit_expect_error ("absent", error, GPTVIS_ERROR_NOT_FOUND, "m.safetensors: there is no such file");
  error = NULL;
  GByteArray *file = unit_safetensors ("{" T ("a", "U8", "[3]", 0, 3) "}", 3);
  unit_write (directory, "m.safetensors", file->data, file->len);
  GptVisContainer *self = gptvis_safetensors_format.open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (gptvis_container_file (self), ==, path);
  const GptVisStoredTensor *a = gptvis_container_find (self, "a");
  gchar got[2];
  g_assert_null (a->data);
  g_assert_true (gptvis_stored_tensor_read (a, 1, 2, got, &error));
  g_assert_cmpmem (got, 2, "\2\3", 2);
  gptvis_container_free (self);
  g_byte_array_unref (file);
  g_free (path);
  unit_remove (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/safetensors/good", test_good);
  g_test_add_func ("/safetensors/bad-headers", test_bad_headers);
  g_test_add_func ("/safetensors/long-name", test_long_name);
  g_test_add_func ("/safetensors/sizes", test_sizes);
  g_test_add_func ("/safetensors/files", test_files);
  return g_test_run ();
}
