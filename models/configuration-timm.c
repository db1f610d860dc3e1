/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* timm's config.json, which names a network ("vit_base_patch16_224") in place of its numbers, and says by
 * `model_args` which of them are others. Known are plain ViTs: those of Dosovitskiy and of Touvron, with or
 * without class token, registers, layer scale. Other names are refused, for timm has a thousand networks of
 * other kinds. What a name leaves open, the tensors tell (networks/timm.c). */
#include "configuration-private.h"
#include <string.h>

typedef struct {
  const gchar *name;            /* the second part of the architecture's */
  guint width, n_layers, n_heads, hidden;
} Size;

static const Size sizes[] = {
  { "tiny", 192, 12, 3, 768 }, { "xsmall", 256, 10, 4, 1024 }, { "wee", 256, 14, 4, 1280 },
  { "little", 320, 14, 5, 1792 }, { "small", 384, 12, 6, 1536 }, { "medium", 512, 12, 8, 2048 },
  { "mediumd", 512, 20, 8, 2048 }, { "betwixt", 640, 12, 10, 2560 }, { "base", 768, 12, 12, 3072 },
  { "large", 1024, 24, 16, 4096 }, { "huge", 1280, 32, 16, 5120 }, { "giant", 1408, 40, 16, 6144 },
  { "gigantic", 1664, 48, 16, 8192 }, { "so150m", 896, 18, 14, 2304 }, { "so150m2", 832, 21, 13, 2176 },
};

/* What a name may have after its size besides "patch16", "224" and "reg4". */
static const struct {
  const gchar *part;
  Size size;                    /* the numbers that are others; 0: none */
  const gchar *act;             /* likewise */
  gdouble epsilon;
} parts[] = {
  { "distilled" }, { "gap" }, { "miil" }, { "dinov2" }, { "tipsv2" },
  { "clip", .epsilon = 1e-5 }, { "quickgelu", .act = "quick_gelu" },
  { "plus", { NULL, 896, 0, 14, 3584 } }, { "36x1", { NULL, 0, 36, 0, 0 } },
};

/* NULL: it is none. */
static const gchar *
text_of (GptVisJson *json, const gchar *name)
{
  JsonNode *node = gptvis_json_has (json, name) ? json_object_get_member (json->object, name) : NULL;
  return node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
}

gboolean
gptvis_configuration_is_timm (GptVisJson *json)
{
  const gboolean typed = gptvis_json_has (json, "model_type");
  return text_of (json, "architecture")
      && (!typed || g_strcmp0 (text_of (json, "model_type"), GPTVIS_TIMM) == 0);
}

static gboolean
read_number (const gchar *part, const gchar *before, guint most, guint *number)
{
  guint64 value;
  if (!g_str_has_prefix (part, before)
      || !g_ascii_string_to_unsigned (part + strlen (before), 10, 1, most, &value, NULL))
    return FALSE;
  *number = value;
  return TRUE;
}

static void
change (GptVisConfiguration *self, const Size *by)
{
  self->hidden_size = by->width ? by->width : self->hidden_size;
  self->n_layers = by->n_layers ? by->n_layers : self->n_layers;
  self->n_heads = by->n_heads ? by->n_heads : self->n_heads;
  self->intermediate_size = by->hidden ? by->hidden : self->intermediate_size;
}

/* FALSE: it is of another kind of network. */
static gboolean
read_part (GptVisJson *json, GptVisConfiguration *self, const gchar *part)
{
  guint image, registers;
  if (read_number (part, "patch", 64, &self->patch_size) || read_number (part, "reg", 1024, &registers))
    return TRUE;
  if (read_number (part, "", GPTVIS_PICTURE_MAX_SIDE, &image)) {
    self->image_height = self->image_width = image;
    return TRUE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (strcmp (part, parts[i].part) == 0) {
      change (self, &parts[i].size);
      if (parts[i].act)
        self->act = gptvis_configuration_read_act (json, "act_layer", parts[i].act);
      self->epsilon = parts[i].epsilon > 0 ? parts[i].epsilon : self->epsilon;
      self->timm.mean |= strcmp (part, "gap") == 0;
      return TRUE;
    }
  return FALSE;
}

/* The numbers that a name stands for. */
static gboolean
read_name (GptVisJson *json, GptVisConfiguration *self, const gchar *name)
{
  static const gchar *const families[] = { "vit", "deit", "deit3", "flexivit", NULL };
  gchar **words = g_strsplit (name, "_", -1);
  const guint n = g_strv_length (words);
  gboolean known = n >= 2 && g_strv_contains (families, words[0]);
  const Size *size = NULL;
  for (guint i = 0; known && i < G_N_ELEMENTS (sizes); i++)
    if (strcmp (words[1], sizes[i].name) == 0)
      size = &sizes[i];
  known = size != NULL;
  if (known)
    change (self, size);
  for (guint i = 2; known && i < n; i++)
    known = read_part (json, self, words[i]);
  g_strfreev (words);
  /* the one that has narrower heads than its size says */
  if (strcmp (name, "vit_base_patch16_gap_224") == 0)
    self->n_heads = 16;
  return known;
}

/* Numbers that say otherwise than the name; what only changes training is left. */
static void
check_arguments (GptVisJson *args)
{
  static const gchar *const known[] = { "img_size", "patch_size", "in_chans", "num_classes", "global_pool",
    "embed_dim", "depth", "num_heads", "mlp_ratio", "act_layer", "qkv_bias", "init_values", "class_token",
    "no_embed_class", "reg_tokens", "pre_norm", "final_norm", "fc_norm", "dynamic_img_size", "drop_rate",
    "pos_drop_rate", "patch_drop_rate", "proj_drop_rate", "attn_drop_rate", "drop_path_rate", "weight_init",
    "fix_init", "strict_img_size", NULL };
  GList *members = json_object_get_members (args->object);
  for (GList *m = members; m; m = m->next)
    if (!g_strv_contains (known, m->data) && gptvis_json_has (args, m->data))
      gptvis_json_fail (args, GPTVIS_ERROR_UNSUPPORTED,
          "%.60s is set, and what it does is not known here", (const gchar *) m->data);
  g_list_free (members);
  gptvis_json_uint (args, "in_chans", 3, 3, 3);
}

static void
read_arguments (GptVisJson *args, GptVisConfiguration *self)
{
  const guint hidden = self->intermediate_size, width = self->hidden_size;
  guint patch_width;
  check_arguments (args);
  self->hidden_size = gptvis_json_uint (args, "embed_dim", width, 1, MAX_WIDTH);
  self->n_layers = gptvis_json_uint (args, "depth", self->n_layers, 1, GPTVIS_MAX_LAYERS);
  self->n_heads = gptvis_json_uint (args, "num_heads", self->n_heads, 1, MAX_WIDTH);
  const gdouble ratio = gptvis_json_number (args, "mlp_ratio", (gdouble) hidden / width, 0.001, 64);
  self->intermediate_size = CLAMP (self->hidden_size * ratio + 1e-6, 1, MAX_WIDTH);
  if (gptvis_json_has (args, "act_layer"))
    self->act = gptvis_configuration_read_act (args, "act_layer", "gelu");
  gptvis_configuration_read_sides (args, "img_size", GPTVIS_PICTURE_MAX_SIDE, &self->image_height,
      &self->image_width);
  patch_width = self->patch_size;
  gptvis_configuration_read_sides (args, "patch_size", 64, &self->patch_size, &patch_width);
  if (patch_width != self->patch_size)
    gptvis_json_fail (args, GPTVIS_ERROR_UNSUPPORTED, "patch_size is not square");
  if (!args->error && self->hidden_size % self->n_heads)
    gptvis_json_fail (args, GPTVIS_ERROR_FORMAT, "embed_dim %u is not a multiple of num_heads %u",
        self->hidden_size, self->n_heads);
}

static void
read_pool (GptVisJson *json, GptVisConfiguration *self)
{
  const gchar *pool = gptvis_json_string (json, "global_pool", self->timm.mean ? "avg" : "token");
  self->timm.mean = strcmp (pool, "avg") == 0;
  if (!self->timm.mean && strcmp (pool, "token") != 0)
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED, "global_pool \"%.60s\" is neither token nor avg", pool);
}

/* label_names as id2label, so that labels are read in one place; how they are described is what Transformers
 * shows. */
static void
rename_labels (GptVisJson *json, JsonObject *cfg, guint n)
{
  GptVisJson part = { json->file, cfg, NULL };
  JsonArray *names = gptvis_json_array (json, "label_names");
  if (!names)
    names = gptvis_json_array (&part, "label_names");
  if (part.error && !json->error)
    json->error = g_steal_pointer (&part.error);
  g_clear_error (&part.error);
  json_object_set_int_member (json->object, "num_labels", n);
  if (!names || gptvis_json_has (json, "id2label"))
    return;
  JsonObject *map = json_object_new ();
  for (guint i = 0; i < json_array_get_length (names); i++) {
    gchar *id = g_strdup_printf ("%u", i);
    json_object_set_member (map, id, json_array_dup_element (names, i));
    g_free (id);
  }
  if (json_object_get_size (map) != n)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "label_names has %u names, where there are %u classes",
        json_object_get_size (map), n);
  json_object_set_object_member (json->object, "id2label", map);
}

/* Classes and the picture's size: what model_args, then the whole, then pretrained_cfg says. */
static void
read_classes (GptVisJson *json, GptVisConfiguration *self, GptVisJson *args, JsonObject *cfg)
{
  GptVisJson part = { json->file, cfg, NULL };
  guint n = gptvis_json_uint (&part, "num_classes", 1000, 0, GPTVIS_MAX_LABELS);
  n = gptvis_json_uint (json, "num_classes", n, 0, GPTVIS_MAX_LABELS);
  n = gptvis_json_uint (args, "num_classes", n, 0, GPTVIS_MAX_LABELS);
  JsonArray *size = gptvis_json_array (&part, "input_size");
  guint64 sides[3] = { 0 };
  for (guint i = 0; size && i < 3 && i < json_array_get_length (size); i++)
    gptvis_json_node_uint (json_array_get_element (size, i), &sides[i]);
  if (sides[1] >= 1 && sides[2] >= 1 && sides[1] <= GPTVIS_PICTURE_MAX_SIDE
      && sides[2] <= GPTVIS_PICTURE_MAX_SIDE) {
    self->image_height = sides[1];
    self->image_width = sides[2];
  }
  if (part.error && !json->error)
    json->error = g_steal_pointer (&part.error);
  g_clear_error (&part.error);
  rename_labels (json, cfg, MAX (n, 1));
  gptvis_configuration_read_labels (json, self);
  self->multi_label = self->n_labels == 1;
}

/* `name`, or an empty object: the caller's. */
static JsonObject *
part_of (GptVisJson *json, const gchar *name)
{
  JsonObject *object = gptvis_json_object (json, name);
  return object ? json_object_ref (object) : json_object_new ();
}

void
gptvis_configuration_read_timm (GptVisJson *json, GptVisConfiguration *self)
{
  const gchar *name = gptvis_json_string (json, "architecture", "");
  self->timm.architecture = g_strdup (name);
  self->epsilon = self->architecture->epsilon;
  self->act = gptvis_configuration_read_act (json, "act_layer", self->architecture->act);
  self->image_height = self->image_width = 224;
  self->patch_size = 16;
  if (!read_name (json, self, name)) {
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED, "architecture \"%.60s\" is none of timm's plain ViTs, "
        "whose names are as vit_base_patch16_224 and deit3_small_patch16_224", name);
    return;
  }
  /* before 2023 the configuration was the whole file */
  JsonObject *cfg = gptvis_json_has (json, "pretrained_cfg") ? part_of (json, "pretrained_cfg")
                                                             : json_object_ref (json->object);
  GptVisJson args = { g_strdup_printf ("%s: model_args", json->file), part_of (json, "model_args"), NULL };
  read_classes (json, self, &args, cfg);
  read_pool (json, self);
  read_arguments (&args, self);
  if (gptvis_json_has (&args, "global_pool"))
    read_pool (&args, self);
  const guint features = gptvis_json_uint (json, "num_features", self->hidden_size, 1, MAX_WIDTH);
  if (args.error && !json->error)
    json->error = g_steal_pointer (&args.error);
  g_clear_error (&args.error);
  if (!json->error && features != self->hidden_size)
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED, "num_features is %u, where the plain ViT of that "
        "architecture (%.60s) has %u", features, name, self->hidden_size);
  if (!json->error && (self->image_height < self->patch_size || self->image_width < self->patch_size))
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "pictures of %u×%u are smaller than a patch of %u",
        self->image_width, self->image_height, self->patch_size);
  g_free ((gchar *) args.file);
  json_object_unref (args.object);
  json_object_unref (cfg);
}
