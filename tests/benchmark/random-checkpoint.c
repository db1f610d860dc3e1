/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which tensors there are is asked of the architecture itself: its plan is recorded and
 * its weights are written as they stand there. */
#include "random-checkpoint.h"
#include "architectures.h"
#include <glib/gstdio.h>

static const gchar *const files[] = { "config.json", "preprocessor_config.json", "model.safetensors" };

static gboolean
put (const gchar *directory, const gchar *name, const gchar *text, gssize size, GError **error)
{
  gchar *path = g_build_filename (directory, name, NULL);
  gboolean done = g_file_set_contents (path, text, size, error);

  g_free (path);
  return done;
}

static GptVisPlan *
record (const RandomVit *vit, GError **error)
{
  const GptVisConfiguration config = {
    .model_type = "vit", .hidden_size = vit->width, .n_layers = vit->layers, .n_heads = vit->heads,
    .intermediate_size = 4 * vit->width, .image_height = vit->side, .image_width = vit->side,
    .patch_size = vit->patch, .act = GPTVIS_ACT_GELU, .epsilon = 1e-12f, .qkv_bias = TRUE, .n_labels = 2,
  };
  const GptVisRecipe recipe = { .resize_width = vit->side, .resize_height = vit->side,
    .filter = GPTVIS_FILTER_BILINEAR, .width = vit->side, .height = vit->side, .rescale = 1 / 255.0,
    .std = {1, 1, 1} };

  return gptvis_architecture_plan (&config, &recipe, 1, FALSE, error);
}

/* The safetensors file: magnitudes from 2⁻⁷ to 2⁻⁶, either sign. */
static GByteArray *
tensors (const GptVisPlan *plan)
{
  GString *header = g_string_new ("{");
  GByteArray *file = g_byte_array_new ();
  guint64 size, end = 0;
  guint32 state = 1;

  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    for (guint p = 0; p < t->n_parts; p++) {
      guint64 start = end;
      end += (guint64) t->parts[p].rows * t->width * 2;
      g_string_append_printf (header, "%s\"%s\":{\"dtype\":\"F16\",\"shape\":[%u,%u],\"data_offsets\":[%" G_GUINT64_FORMAT
          ",%" G_GUINT64_FORMAT "]}", header->len > 1 ? "," : "", t->parts[p].name, t->parts[p].rows, t->width,
          start, end);
    }
  }
  g_string_append_c (header, '}');
  size = GUINT64_TO_LE (header->len);
  g_byte_array_append (file, (const guint8 *) &size, sizeof size);
  g_byte_array_append (file, (const guint8 *) header->str, header->len);
  g_byte_array_set_size (file, file->len + end);
  for (guint8 *at = file->data + file->len - end; at < file->data + file->len; at += 2) {
    state = state * 1664525u + 1013904223u;
    at[0] = state >> 16;
    at[1] = 0x20 | (state >> 24 & 0x83);
  }
  g_string_free (header, TRUE);
  return file;
}

gchar *
random_checkpoint_write (const RandomVit *vit, GError **error)
{
  GptVisPlan *plan = record (vit, error);
  gchar *directory = plan ? g_dir_make_tmp ("gptvis-random-XXXXXX", error) : NULL;

  if (directory) {
    GByteArray *weights = tensors (plan);
    gchar *config = g_strdup_printf ("{\"model_type\":\"vit\",\"hidden_size\":%u,\"num_hidden_layers\":%u,"
        "\"num_attention_heads\":%u,\"intermediate_size\":%u,\"image_size\":%u,\"patch_size\":%u,"
        "\"hidden_act\":\"gelu\",\"id2label\":{\"0\":\"heads\",\"1\":\"tails\"}}", vit->width, vit->layers, vit->heads,
        4 * vit->width, vit->side, vit->patch);
    gchar *recipe = g_strdup_printf ("{\"size\":{\"height\":%u,\"width\":%u}}", vit->side, vit->side);
    gboolean done = put (directory, files[0], config, -1, error) && put (directory, files[1], recipe, -1, error)
        && put (directory, files[2], (const gchar *) weights->data, weights->len, error);
    g_byte_array_unref (weights);
    g_free (config);
    g_free (recipe);
    if (!done) {
      random_checkpoint_remove (directory);
      directory = NULL;
    }
  }
  gptvis_plan_free (plan);
  return directory;
}

void
random_checkpoint_remove (gchar *directory)
{
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    gchar *path = g_build_filename (directory, files[i], NULL);
    g_unlink (path);
    g_free (path);
  }
  g_rmdir (directory);
  g_free (directory);
}
