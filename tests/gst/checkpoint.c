/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A checkpoint small enough to be worked out by hand, in Hugging Face's format: 8 channels, 1 head, 1 layer,
 * 4 patches of 4×4. Nothing here is compared with other implementations.
 *
 * The patch embedding puts brightness b (−1 … 1) into channel 0 and −b into
 * channel 1. Attention is uniform (no query, no key), its values and output are
 * the identity: the class token becomes the mean of the normalised tokens, whose
 * sign is b's. The last norm makes (2, −2, 0 …) of it and the classifier reads
 * channel 0: softmax (2, −2, 0) = 0.867, 0.016, 0.117. */
#include "checkpoint.h"
#include <glib/gstdio.h>
#include <string.h>

#define WIDTH TOWER_WIDTH
#define PATCH 4u
#define SIDE 8u                 /* pixels */
#ifdef TSAN                     /* which makes an analysis ten times as long */
#define SLOW_SIDE 192u
#else
#define SLOW_SIDE 384u
#endif
#define LABELS 3u

void
tensors_init (Tensors *self)
{
  *self = (Tensors) { g_string_new ("{"), g_byte_array_new () };
}

void
tensors_add (Tensors *to, const gchar *name, const gchar *shape, const gfloat *values, guint n)
{
  g_string_append_printf (to->header, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%u,%u]}",
      to->header->len > 1 ? "," : "", name, shape, to->data->len, to->data->len + n * 4);
  g_byte_array_append (to->data, (const guint8 *) values, n * 4);
}

void
tensors_fill (Tensors *to, const gchar *name, const gchar *shape, gfloat value, guint n)
{
  gfloat *values = g_new (gfloat, n);

  for (guint i = 0; i < n; i++)
    values[i] = value;
  tensors_add (to, name, shape, values, n);
  g_free (values);
}

void
tensors_save (Tensors *self, const gchar *directory)
{
  GByteArray *file = g_byte_array_new ();
  guint64 length;

  g_string_append_c (self->header, '}');
  while (self->header->len % 8)
    g_string_append_c (self->header, ' ');
  length = GUINT64_TO_LE (self->header->len);
  g_byte_array_append (file, (const guint8 *) &length, sizeof length);
  g_byte_array_append (file, (const guint8 *) self->header->str, self->header->len);
  g_byte_array_append (file, self->data->data, self->data->len);
  checkpoint_put (directory, "model.safetensors", file->data, file->len);
  g_byte_array_unref (file);
  g_byte_array_unref (self->data);
  g_string_free (self->header, TRUE);
}

static void
linear (Tensors *to, const gchar *prefix, gboolean identity)
{
  gfloat weight[WIDTH * WIDTH] = { 0 };
  gchar *name = g_strconcat (prefix, ".weight", NULL);

  for (guint i = 0; identity && i < WIDTH; i++)
    weight[i * WIDTH + i] = 1;
  tensors_add (to, name, "[8,8]", weight, WIDTH * WIDTH);
  g_free (name);
  name = g_strconcat (prefix, ".bias", NULL);
  tensors_fill (to, name, "[8]", 0, WIDTH);
  g_free (name);
}

void
tensors_add_norm (Tensors *to, const gchar *prefix)
{
  gchar *name = g_strconcat (prefix, ".weight", NULL);

  tensors_fill (to, name, "[8]", 1, WIDTH);
  g_free (name);
  name = g_strconcat (prefix, ".bias", NULL);
  tensors_fill (to, name, "[8]", 0, WIDTH);
  g_free (name);
}

static void
layer (Tensors *to, const gchar *prefix, guint i)
{
  static const struct { const gchar *name; gboolean identity; } linears[] = {
    { "attention.attention.query", FALSE }, { "attention.attention.key", FALSE },
    { "attention.attention.value", TRUE }, { "attention.output.dense", TRUE },
    { "intermediate.dense", FALSE }, { "output.dense", FALSE } };
  static const gchar *const norms[] = { "layernorm_before", "layernorm_after" };

  for (guint k = 0; k < G_N_ELEMENTS (norms); k++) {
    gchar *name = g_strdup_printf ("%s.encoder.layer.%u.%s", prefix, i, norms[k]);
    tensors_add_norm (to, name);
    g_free (name);
  }
  for (guint k = 0; k < G_N_ELEMENTS (linears); k++) {
    gchar *name = g_strdup_printf ("%s.encoder.layer.%u.%s", prefix, i, linears[k].name);
    linear (to, name, linears[k].identity);
    g_free (name);
  }
}

/* The last layer is computed for the class token alone, so only one before it can be slow. */
static guint
layers_of (CheckpointKind kind)
{
  return kind == CHECKPOINT_SLOW || kind == CHECKPOINT_SLOWISH ? 2 : 1;
}

static guint
side_of (CheckpointKind kind)
{
  return kind == CHECKPOINT_SLOW ? SLOW_SIDE : kind == CHECKPOINT_SLOWISH ? SLOW_SIDE / 2 : SIDE;
}

/* PREFIX.embeddings.… */
static void
embeddings (Tensors *to, const gchar *prefix, CheckpointKind kind)
{
  static const gchar *const parts[] = { "cls_token", "position_embeddings",
      "patch_embeddings.projection.weight",
    "patch_embeddings.projection.bias" };
  gchar *names[G_N_ELEMENTS (parts)];
  guint tokens = (side_of (kind) / PATCH) * (side_of (kind) / PATCH) + 1, pixels = 3 * PATCH * PATCH;
  gchar *shape = g_strdup_printf ("[1,%u,8]", tokens);
  gfloat patch[WIDTH * 3 * PATCH * PATCH] = { 0 }, gain = kind == CHECKPOINT_OVERFLOWS ? 3e38f
      : 1.0f / pixels;

  for (guint i = 0; i < pixels; i++) {
    patch[i] = gain;
    patch[pixels + i] = -gain;
  }
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    names[i] = g_strdup_printf ("%s.embeddings.%s", prefix, parts[i]);
  tensors_fill (to, names[0], "[1,1,8]", 0, WIDTH);
  tensors_fill (to, names[1], shape, 0, tokens * WIDTH);
  tensors_add (to, names[2], "[8,3,4,4]", patch, G_N_ELEMENTS (patch));
  tensors_fill (to, names[3], "[8]", 0, WIDTH);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_free (names[i]);
  g_free (shape);
}

void
checkpoint_add_tower (Tensors *to, const gchar *prefix, CheckpointKind kind)
{
  gchar *last = g_strconcat (prefix, ".layernorm", NULL);

  embeddings (to, prefix, kind);
  for (guint i = 0; i < layers_of (kind); i++)
    layer (to, prefix, i);
  tensors_add_norm (to, last);
  g_free (last);
}

void
checkpoint_add_classifier (Tensors *to)
{
  gfloat classifier[LABELS * WIDTH] = { 0 };

  classifier[0] = 1;
  classifier[WIDTH] = -1;
  tensors_add (to, "classifier.weight", "[3,8]", classifier, G_N_ELEMENTS (classifier));
  tensors_fill (to, "classifier.bias", "[3]", 0, LABELS);
}

gchar *
checkpoint_tower_config (CheckpointKind kind)
{
  return g_strdup_printf ("{\"architectures\":[\"ViTForImageClassification\"],\"model_type\":\"vit\","
      "\"hidden_size\":8,"
      "\"num_hidden_layers\":%u,\"num_attention_heads\":1,\"intermediate_size\":8,\"image_size\":%u,"
      "\"patch_size\":4,\"num_channels\":3,\"hidden_act\":\"gelu\",\"layer_norm_eps\":1e-12,"
      "\"qkv_bias\":true,%s"
      "\"id2label\":{\"0\":\"bright\",\"1\":\"dark\",\"2\":\"other\"}}", layers_of (kind), side_of (kind),
      kind == CHECKPOINT_MULTI_LABEL ? "\"problem_type\":\"multi_label_classification\"," : "");
}

void
checkpoint_put (const gchar *directory, const gchar *name, gconstpointer bytes, gssize length)
{
  gchar *path = g_build_filename (directory, name, NULL);
  GError *error = NULL;

  g_file_set_contents (path, bytes, length, &error);
  g_assert_no_error (error);
  g_free (path);
}

void
checkpoint_put_recipe (const gchar *directory, CheckpointKind kind)
{
  /* Black is 0 where it must not overflow, −1 where it must differ from grey. */
  gdouble mean = kind == CHECKPOINT_OVERFLOWS ? 0 : 0.5;
  gchar *recipe = g_strdup_printf ("{\"do_resize\":true,\"size\":{\"height\":%u,\"width\":%u},\"resample\":2,"
      "\"do_rescale\":true,\"rescale_factor\":0.00392156862745098,\"do_normalize\":true,"
      "\"image_mean\":[%g,%g,%g],\"image_std\":[0.5,0.5,0.5]}", side_of (kind), side_of (kind), mean, mean,
      mean);

  checkpoint_put (directory, "preprocessor_config.json", recipe, -1);
  g_free (recipe);
}

gchar *
checkpoint_write (CheckpointKind kind)
{
  GError *error = NULL;
  gchar *directory = g_dir_make_tmp ("gptvis-tiny-XXXXXX", &error), *config = checkpoint_tower_config (kind);
  Tensors tensors;

  g_assert_no_error (error);
  tensors_init (&tensors);
  checkpoint_add_tower (&tensors, "vit", kind);
  checkpoint_add_classifier (&tensors);
  tensors_save (&tensors, directory);
  checkpoint_put (directory, "config.json", config, -1);
  checkpoint_put_recipe (directory, kind);
  g_free (config);
  return directory;
}

void
checkpoint_remove (gchar *directory)
{
  const gchar *names[] = { "model.safetensors", "config.json", "preprocessor_config.json",
      "generation_config.json",
    "vocab.json", "merges.txt" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    gchar *path = g_build_filename (directory, names[i], NULL);
    g_unlink (path);
    g_free (path);
  }
  g_rmdir (directory);
  g_free (directory);
}
