/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"
#include <glib/gstdio.h>
#include <string.h>

void
unit_expect_error (const gchar *which, GError *error, GptVisError code, const gchar *parts)
{
  if (!error)
    g_error ("%s: no error, where one with \"%s\" is expected", which, parts);
  gchar *shown = g_strescape (which, NULL);
  g_test_message ("%s: %s", shown, error->message);
  g_free (shown);
  if (error->domain != GPTVIS_ERROR || error->code != (gint) code)
    g_error ("%s: code %d, where %d is expected: %s", which, error->code, code, error->message);
  gchar **part = g_strsplit (parts, "|", -1);
  for (guint i = 0; part[i]; i++)
    if (!strstr (error->message, part[i]))
      g_error ("%s: \"%s\" is not in: %s", which, part[i], error->message);
  g_strfreev (part);
  g_assert_null (strchr (error->message, '\n'));
  g_assert_false (g_str_has_suffix (error->message, "."));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_error_free (error);
}

gchar *
unit_directory (void)
{
  gchar *directory = g_dir_make_tmp ("gptvis-unit-XXXXXX", NULL);
  g_assert_nonnull (directory);
  return directory;
}

void
unit_remove (gchar *directory)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  for (const gchar *name; dir && (name = g_dir_read_name (dir));) {
    gchar *path = g_build_filename (directory, name, NULL);
    if (g_remove (path) != 0)
      unit_remove (g_strdup (path));
    g_free (path);
  }
  if (dir)
    g_dir_close (dir);
  g_rmdir (directory);
  g_free (directory);
}

void
unit_write (const gchar *directory, const gchar *name, gconstpointer data, gssize size)
{
  gchar *path = g_build_filename (directory, name, NULL);
  g_assert_true (g_file_set_contents (path, data, size, NULL));
  g_free (path);
}

GByteArray *
unit_safetensors (const gchar *header, gsize n_data)
{
  GByteArray *file = g_byte_array_new ();
  const guint64 n = GUINT64_TO_LE ((guint64) strlen (header));
  g_byte_array_append (file, (const guint8 *) &n, 8);
  g_byte_array_append (file, (const guint8 *) header, strlen (header));
  for (gsize i = 0; i < n_data; i++) {
    const guint8 byte = (guint8) (i + 1);
    g_byte_array_append (file, &byte, 1);
  }
  return file;
}

static const UnitTensor tensors[] = {
#define LAYER "vit.encoder.layer.0."
  {"vit.embeddings.cls_token", "F32", 3, {1, 1, 8}, 0.1f},
  {"vit.embeddings.position_embeddings", "F32", 3, {1, 5, 8}, 0.2f},
  {"vit.embeddings.patch_embeddings.projection.weight", "F32", 4, {8, 3, 4, 4}, 0.3f},
  {"vit.embeddings.patch_embeddings.projection.bias", "F32", 1, {8}, 0.1f},
  {LAYER "attention.attention.query.weight", "F32", 2, {8, 8}, 0.1f},
  {LAYER "attention.attention.query.bias", "F32", 1, {8}, 0.1f},
  {LAYER "attention.attention.key.weight", "F32", 2, {8, 8}, 0.1f},
  {LAYER "attention.attention.key.bias", "F32", 1, {8}, 0.1f},
  {LAYER "attention.attention.value.weight", "F32", 2, {8, 8}, 0.1f},
  {LAYER "attention.attention.value.bias", "F32", 1, {8}, 0.1f},
  {LAYER "attention.output.dense.weight", "F32", 2, {8, 8}, 0.1f},
  {LAYER "attention.output.dense.bias", "F32", 1, {8}, 0.1f},
  {LAYER "layernorm_before.weight", "F32", 1, {8}, 1},
  {LAYER "layernorm_before.bias", "F32", 1, {8}, 0.1f},
  {LAYER "layernorm_after.weight", "F32", 1, {8}, 1},
  {LAYER "layernorm_after.bias", "F32", 1, {8}, 0.1f},
  {LAYER "intermediate.dense.weight", "F32", 2, {12, 8}, 0.1f},
  {LAYER "intermediate.dense.bias", "F32", 1, {12}, 0.1f},
  {LAYER "output.dense.weight", "F32", 2, {8, 12}, 0.1f},
  {LAYER "output.dense.bias", "F32", 1, {8}, 0.1f},
  {"vit.layernorm.weight", "F32", 1, {8}, 1},
  {"vit.layernorm.bias", "F32", 1, {8}, 0.1f},
  {"classifier.weight", "F32", 2, {3, 8}, 0.5f},
  {"classifier.bias", "F32", 1, {3}, 0.2f},
#undef LAYER
};

GByteArray *
unit_vit (UnitSpoil spoil, const gchar *only)
{
  GString *header = g_string_new ("{\"__metadata__\":{\"format\":\"pt\"}");
  GArray *values = g_array_new (FALSE, FALSE, sizeof (gfloat));
  for (guint i = 0; i < G_N_ELEMENTS (tensors); i++) {
    UnitTensor t = tensors[i];
    if ((only && !strstr (t.name, only)) || (spoil && !spoil (&t)))
      continue;
    const guint first = values->len;
    guint n = strcmp (t.dtype, "I64") == 0 ? 2 : 1;
    g_string_append_printf (header, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", t.name, t.dtype);
    for (guint d = 0; d < t.n_dimensions; d++) {
      g_string_append_printf (header, d ? ",%u" : "%u", t.shape[d]);
      n *= t.shape[d];
    }
    for (guint k = 0; k < n; k++) {
      const gfloat value = k == 0 ? t.value : 0.03f * ((k * 7 + i * 3) % 11) - 0.15f;
      g_array_append_val (values, value);
    }
    g_string_append_printf (header, "],\"data_offsets\":[%u,%u]}", first * 4, values->len * 4);
  }
  g_string_append_c (header, '}');
  GByteArray *file = unit_safetensors (header->str, 0);
  g_byte_array_append (file, (const guint8 *) values->data, values->len * 4);
  g_string_free (header, TRUE);
  g_array_unref (values);
  return file;
}

gchar *
unit_checkpoint (UnitSpoil spoil)
{
  gchar *directory = unit_directory ();
  GByteArray *file = unit_vit (spoil, NULL);
  unit_write (directory, "config.json", UNIT_CONFIG, -1);
  unit_write (directory, "preprocessor_config.json", UNIT_PREPROCESSOR, -1);
  unit_write (directory, "model.safetensors", file->data, file->len);
  g_byte_array_unref (file);
  return directory;
}
