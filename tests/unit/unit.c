/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scratch directories, tiny checkpoints to spoil, and the check of an error's sentence (unit.h). */
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

/* As vision-encoder-decoder has them; GPT-2 stores its products [in, out]. */
static const UnitTensor decoder_tensors[] = {
#define LAYER "decoder.transformer.h.0."
  {"decoder.transformer.wte.weight", "F32", 2, {10, 12}, 0.1f},
  {"decoder.transformer.wpe.weight", "F32", 2, {16, 12}, 0.2f},
  {LAYER "ln_1.weight", "F32", 1, {12}, 1},
  {LAYER "ln_1.bias", "F32", 1, {12}, 0.1f},
  {LAYER "attn.c_attn.weight", "F32", 2, {12, 36}, 0.1f},
  {LAYER "attn.c_attn.bias", "F32", 1, {36}, 0.1f},
  {LAYER "attn.c_proj.weight", "F32", 2, {12, 12}, 0.1f},
  {LAYER "attn.c_proj.bias", "F32", 1, {12}, 0.1f},
  {LAYER "ln_cross_attn.weight", "F32", 1, {12}, 1},
  {LAYER "ln_cross_attn.bias", "F32", 1, {12}, 0.1f},
  {LAYER "crossattention.c_attn.weight", "F32", 2, {12, 24}, 0.1f},
  {LAYER "crossattention.c_attn.bias", "F32", 1, {24}, 0.1f},
  {LAYER "crossattention.q_attn.weight", "F32", 2, {12, 12}, 0.1f},
  {LAYER "crossattention.q_attn.bias", "F32", 1, {12}, 0.1f},
  {LAYER "crossattention.c_proj.weight", "F32", 2, {12, 12}, 0.1f},
  {LAYER "crossattention.c_proj.bias", "F32", 1, {12}, 0.1f},
  {LAYER "ln_2.weight", "F32", 1, {12}, 1},
  {LAYER "ln_2.bias", "F32", 1, {12}, 0.1f},
  {LAYER "mlp.c_fc.weight", "F32", 2, {12, 20}, 0.1f},
  {LAYER "mlp.c_fc.bias", "F32", 1, {20}, 0.1f},
  {LAYER "mlp.c_proj.weight", "F32", 2, {20, 12}, 0.1f},
  {LAYER "mlp.c_proj.bias", "F32", 1, {12}, 0.1f},
  {"decoder.transformer.ln_f.weight", "F32", 1, {12}, 1},
  {"decoder.transformer.ln_f.bias", "F32", 1, {12}, 0.1f},
  {"enc_to_dec_proj.weight", "F32", 2, {12, 8}, 0.1f},
  {"enc_to_dec_proj.bias", "F32", 1, {12}, 0.1f},
#undef LAYER
};

typedef struct {
  GString *header;
  GArray *values;
} Tensors;

static void
add (Tensors *to, const UnitTensor *t, guint seed)
{
  const guint first = to->values->len;
  guint n = strcmp (t->dtype, "I64") == 0 ? 2 : 1;
  g_string_append_printf (to->header, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", t->name, t->dtype);
  for (guint d = 0; d < t->n_dimensions; d++) {
    g_string_append_printf (to->header, d ? ",%u" : "%u", t->shape[d]);
    n *= t->shape[d];
  }
  for (guint k = 0; k < n; k++) {
    const gfloat value = k == 0 ? t->value : 0.03f * ((k * 7 + seed * 3) % 11) - 0.15f;
    g_array_append_val (to->values, value);
  }
  g_string_append_printf (to->header, "],\"data_offsets\":[%u,%u]}", first * 4, to->values->len * 4);
}

/* `prefix` instead of "vit." */
static void
add_all (Tensors *to, const UnitTensor *table, guint n, const gchar *prefix, UnitSpoil spoil,
const gchar *only)
{
  for (guint i = 0; i < n; i++) {
    UnitTensor t = table[i];
    if (g_str_has_prefix (t.name, "vit."))
      g_snprintf (t.name, sizeof t.name, "%s%s", prefix, table[i].name + 4);
    if ((!only || strstr (t.name, only)) && (!spoil || spoil (&t)))
      add (to, &t, i);
  }
}

static GByteArray *
make_file (gboolean writes, UnitSpoil spoil, const gchar *only)
{
  Tensors all = { g_string_new ("{\"__metadata__\":{\"format\":\"pt\"}"), g_array_new (FALSE, FALSE,
      sizeof (gfloat)) };
  add_all (&all, tensors, G_N_ELEMENTS (tensors), writes ? "encoder." : "vit.", spoil, only);
  if (writes)
    add_all (&all, decoder_tensors, G_N_ELEMENTS (decoder_tensors), "", spoil, only);
  g_string_append_c (all.header, '}');
  GByteArray *file = unit_safetensors (all.header->str, 0);
  g_byte_array_append (file, (const guint8 *) all.values->data, all.values->len * 4);
  g_string_free (all.header, TRUE);
  g_array_unref (all.values);
  return file;
}

GByteArray *
unit_vit (UnitSpoil spoil, const gchar *only)
{
  return make_file (FALSE, spoil, only);
}

gchar *
unit_writer (UnitSpoil spoil)
{
  gchar *directory = unit_directory ();
  GByteArray *file = make_file (TRUE, spoil, NULL);
  unit_write (directory, "config.json", UNIT_WRITER_CONFIG, -1);
  unit_write (directory, "generation_config.json", UNIT_GENERATION, -1);
  unit_write (directory, "preprocessor_config.json", UNIT_PREPROCESSOR, -1);
  unit_write (directory, "vocab.json", "{\"<|endoftext|>\":0,\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,"
      "\"f\":6,\"g\":7,"
      "\"h\":8,\"i\":9}", -1);
  unit_write (directory, "merges.txt", "#version: 0.2\n", -1);
  unit_write (directory, "model.safetensors", file->data, file->len);
  g_byte_array_unref (file);
  return directory;
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
