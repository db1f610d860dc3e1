/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config.json → GptVisConfiguration. A model type's defaults are in its row of the table of
 * architectures; they are those of Transformers' configuration classes. */
#include "configuration-private.h"
#include <string.h>

static void
read_widths (GptVisJson *json, GptVisConfiguration *self)
{
  self->hidden_size = gptvis_json_uint (json, "hidden_size", 768, 1, MAX_WIDTH);
  self->n_layers = gptvis_json_uint (json, "num_hidden_layers", 12, 1, GPTVIS_MAX_LAYERS);
  self->n_heads = gptvis_json_uint (json, "num_attention_heads", 12, 1, MAX_WIDTH);
  if (!json->error && self->hidden_size % self->n_heads)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "hidden_size %u is not a multiple of num_attention_heads %u",
        self->hidden_size, self->n_heads);
}

static void
read_sizes (GptVisJson *json, GptVisConfiguration *self, const GptVisArchitecture *architecture)
{
  if (!architecture->stages)
    read_widths (json, self);
  guint patch_width = self->patch_size = architecture->patch_size;
  self->image_height = architecture->image_size;
  self->image_width = architecture->image_width ? architecture->image_width : architecture->image_size;
  gptvis_configuration_read_sides (json,
      architecture->image_member ? architecture->image_member : "image_size", GPTVIS_PICTURE_MAX_SIDE,
      &self->image_height, &self->image_width);
  gptvis_configuration_read_sides (json, "patch_size", 64, &self->patch_size, &patch_width);
  if (patch_width != self->patch_size)
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED, "patch_size [%u, %u] is not square", self->patch_size,
        patch_width);
  if (!json->error && (self->image_height < self->patch_size || self->image_width < self->patch_size))
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "image_size is smaller than patch_size %u",
        self->patch_size);
  gptvis_json_uint (json, "num_channels", 3, 3, 3);
}

/* Dinov2 has a ratio, the others a number. SwiGLU's two thirds are Transformers':
 * (int (hidden · 2 / 3) + 7) / 8 · 8. */
static void
read_mlp (GptVisJson *json, GptVisConfiguration *self, const GptVisArchitecture *architecture)
{
  self->act = gptvis_configuration_read_act (json, "hidden_act", architecture->act);
  if (!architecture->mlp_ratio) {
    self->intermediate_size = gptvis_json_uint (json, "intermediate_size", 3072, 1, MAX_WIDTH);
    return;
  }
  const gdouble ratio = gptvis_json_number (json, "mlp_ratio", 4, 0.001, 64);
  const gdouble hidden = self->hidden_size * ratio;
  self->swiglu = gptvis_json_boolean (json, "use_swiglu_ffn", FALSE);
  if (hidden < 1 || hidden > MAX_WIDTH)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT,
        "mlp_ratio %g times hidden_size %u is not a width from 1 to %u",
        ratio, self->hidden_size, MAX_WIDTH);
  self->intermediate_size = (guint) hidden;
  if (self->swiglu)
    self->intermediate_size = ((guint) (self->intermediate_size * 2 / 3.0) + 7) / 8 * 8;
}

/* Names that are no labels of the checkpoint's say nothing; each counts once. */
static void
read_region_labels (GptVisJson *json, GptVisConfiguration *self)
{
  JsonArray *names = gptvis_json_array (json, "region_labels");
  if (!names)
    return;
  GPtrArray *labels = g_ptr_array_new ();
  for (guint i = 0; i < json_array_get_length (names); i++) {
    JsonNode *name = json_array_get_element (names, i);
    if (!JSON_NODE_HOLDS_VALUE (name) || json_node_get_value_type (name) != G_TYPE_STRING)
      gptvis_json_fail (
          json, GPTVIS_ERROR_FORMAT, "region_labels[%u] is no string, where a label is needed", i);
    else
      g_ptr_array_add (labels, g_strdup (json_node_get_string (name)));
  }
  g_ptr_array_add (labels, NULL);
  self->region_labels = (gchar **) g_ptr_array_free (labels, FALSE);
}

/* The rule of Transformers' image-classification pipeline: a single class is a
 * sigmoid too. */
static void
read_problem (GptVisJson *json, GptVisConfiguration *self)
{
  const gchar *type = gptvis_json_string (json, "problem_type", NULL);
  self->multi_label = self->n_labels == 1;
  if (!type || strcmp (type, "single_label_classification") == 0)
    return;
  self->multi_label = TRUE;
  if (strcmp (type, "multi_label_classification") != 0)
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED,
        "problem_type \"%.60s\" is neither single_label_classification nor multi_label_classification", type);
}

static void
read_architectures (GptVisJson *json, GptVisConfiguration *self)
{
  JsonArray *array = gptvis_json_array (json, "architectures");
  if (!array || json_array_get_length (array) == 0)
    return;
  JsonNode *node = json_array_get_element (array, 0);
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    self->class_name = g_strdup (json_node_get_string (node));
  else
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "architectures does not hold names");
}

/* "bitsandbytes", "gptq", … The tensors decide whether the weights can be read. */
static void
read_quantisation (GptVisJson *json, GptVisConfiguration *self)
{
  JsonObject *object = gptvis_json_object (json, "quantization_config");
  if (!object)
    return;
  GptVisJson part = { json->file, object, NULL };
  self->quantised = g_strdup (gptvis_json_string (&part, "quant_method", "unnamed"));
  g_clear_error (&part.error);
}

/* Some classes of the same model_type have tensors of the same names, but answer questions, or write without
 * looking at a picture. */
static void
check_class (GptVisJson *json, const GptVisConfiguration *self, const GptVisArchitecture *architecture)
{
  if (self->class_name && strcmp (self->class_name, architecture->class_name) != 0)
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED,
        "architectures has %.60s, where of model_type %s only %s writes captions",
        self->class_name, self->model_type, architecture->class_name);
}

/* `name` is false for a decoder of text alone; where it is missing, the tensors decide. */
static void
check_cross_attention (GptVisJson *json, const gchar *name)
{
  if (!gptvis_json_boolean (json, name, TRUE))
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED, "%s is false: the decoder does not look at the picture",
        name);
}

static void
check_heads (GptVisJson *json, const GptVisDecoderNumbers *d)
{
  if (!json->error && d->hidden_size % d->n_heads)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "a width of %u cannot have %u attention heads",
        d->hidden_size, d->n_heads);
}

/* GPT-2's names for what others call hidden_size and so on. */
static void
read_gpt2 (GptVisJson *json, GptVisDecoderNumbers *d)
{
  d->vocabulary = gptvis_json_uint (json, "vocab_size", 50257, 1, GPTVIS_MAX_VOCABULARY);
  d->n_positions = gptvis_json_uint (json, "n_positions", 1024, 1, MAX_WIDTH);
  d->hidden_size = gptvis_json_uint (json, "n_embd", 768, 1, MAX_WIDTH);
  d->n_layers = gptvis_json_uint (json, "n_layer", 12, 1, GPTVIS_MAX_LAYERS);
  d->n_heads = gptvis_json_uint (json, "n_head", 12, 1, MAX_WIDTH);
  d->intermediate_size = gptvis_json_uint (json, "n_inner", 4 * MIN (d->hidden_size, MAX_WIDTH / 4), 1,
      MAX_WIDTH);
  d->act = gptvis_configuration_read_act (json, "activation_function", "gelu_new");
  d->epsilon = gptvis_json_number (json, "layer_norm_epsilon", 1e-5, 0, 1);
  d->tied = gptvis_json_boolean (json, "tie_word_embeddings", TRUE);
  d->scale_by_layer = gptvis_json_boolean (json, "scale_attn_by_inverse_layer_idx", FALSE);
  if (!gptvis_json_boolean (json, "scale_attn_weights", TRUE))
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED,
        "scale_attn_weights is false, where only true is supported");
  check_heads (json, d);
}

static void
read_bert (GptVisJson *json, GptVisDecoderNumbers *d, const GptVisArchitecture *architecture)
{
  d->vocabulary = gptvis_json_uint (json, "vocab_size", architecture->vocabulary, 1, GPTVIS_MAX_VOCABULARY);
  d->n_positions = gptvis_json_uint (json, "max_position_embeddings", architecture->n_positions, 1,
      MAX_WIDTH);
  d->hidden_size = gptvis_json_uint (json, "hidden_size", 768, 1, MAX_WIDTH);
  d->n_layers = gptvis_json_uint (json, "num_hidden_layers", architecture->n_layers, 1, GPTVIS_MAX_LAYERS);
  d->n_heads = gptvis_json_uint (json, "num_attention_heads", architecture->n_heads, 1, MAX_WIDTH);
  d->intermediate_size = gptvis_json_uint (json, "intermediate_size", 3072, 1, MAX_WIDTH);
  d->act = gptvis_configuration_read_act (json, "hidden_act", "gelu");
  d->epsilon = gptvis_json_number (json, "layer_norm_eps", 1e-12, 0, 1);
  d->n_frames = gptvis_json_uint (json, "num_image_with_embedding", 0, 0, GPTVIS_ROWS_PARTS);
  const gchar *positions = gptvis_json_string (json, "position_embedding_type", "absolute");
  if (strcmp (positions, "absolute") != 0)
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED, "position_embedding_type \"%.60s\" is not absolute",
        positions);
  check_heads (json, d);
}

static gint
read_own_token (GptVisJson *json, const gchar *name, guint fallback, guint vocabulary)
{
  const guint token = gptvis_json_uint (json, name, fallback, 0, vocabulary - 1);
  if (token >= vocabulary)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s is missing, and its default %u is not a token below "
        "%u", name, token, vocabulary);
  return token;
}

/* Makes the part `name` an object of its own, whose messages name it. */
static gboolean
enter (GptVisJson *json, const gchar *name, GptVisJson *part)
{
  JsonObject *object = gptvis_json_object (json, name);
  if (!object && !json->error)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s is missing", name);
  *part = (GptVisJson) { g_strdup_printf ("%s: %s", json->file, name), object, NULL };
  return !json->error;
}

/* Ends with the part, whose mistake becomes the whole's. */
static void
leave (GptVisJson *json, GptVisJson *part)
{
  if (part->error && !json->error)
    json->error = part->error;
  else
    g_clear_error (&part->error);
  g_free ((gchar *) part->file);
}

/* vision-encoder-decoder's decoder, whose part names its network. */
static void
read_named_decoder (GptVisJson *json, GptVisConfiguration *self)
{
  GptVisDecoderNumbers *d = &self->decoder;
  const gchar *type = gptvis_json_string (json, "model_type", "");
  if (strcmp (type, "gpt2") != 0) {
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED, "model_type \"%.60s\" is not gpt2", type);
    return;
  }
  check_cross_attention (json, "add_cross_attention");
  read_gpt2 (json, d);
  /* a decoder that says the pictures' width takes them as they are */
  d->project = d->hidden_size != self->hidden_size && !gptvis_json_has (json, "cross_attention_hidden_size");
}

static void
read_decoder (GptVisJson *json, GptVisConfiguration *self, const GptVisArchitecture *architecture)
{
  GptVisDecoderNumbers *d = &self->decoder;
  GptVisJson part;
  d->start = d->end = -1;
  if (!architecture->decoder) {
    read_bert (json, d, architecture);
  } else {
    if (enter (json, architecture->decoder, &part)) {
      if (self->encoder_type) {
        read_named_decoder (&part, self);
      } else {
        check_cross_attention (&part, "is_decoder");
        read_bert (&part, d, architecture);
        if (architecture->own_tokens) {
          d->start = read_own_token (&part, "bos_token_id", architecture->bos, d->vocabulary);
          d->end = read_own_token (&part, "sep_token_id", architecture->eos, d->vocabulary);
        }
      }
    }
    leave (json, &part);
  }
}

/* What its layers are. */
static void
read_body (GptVisJson *json, GptVisConfiguration *self, const GptVisArchitecture *architecture)
{
  read_sizes (json, self, architecture);
  read_mlp (json, self, architecture);
  self->epsilon = gptvis_json_number (json, "layer_norm_eps", architecture->epsilon, 0, 1);
  self->qkv_bias = gptvis_json_boolean (json, "qkv_bias", TRUE);
  self->pooler_size = gptvis_json_uint (json, "pooler_output_size", self->hidden_size, 1, MAX_WIDTH);
  if (architecture->pooler)
    self->pooler_act = gptvis_configuration_read_act (json, "pooler_act", "tanh");
  self->n_registers =
      architecture->registers ? gptvis_json_uint (json, "num_register_tokens", 4, 0, 1024) : 0;
  if (architecture->read)
    architecture->read (json, self);
}

/* CLIP's of 2022 have a part twice; what the second, "…_dict", has counts. */
static void
merge_older (GptVisJson *json, const gchar *name)
{
  gchar *older = g_strconcat (name, "_dict", NULL);
  JsonObject *part = gptvis_json_object (json, name), *over = gptvis_json_object (json, older);
  GList *members = part && over ? json_object_get_members (over) : NULL;
  for (GList *m = members; m; m = m->next)
    json_object_set_member (part, m->data, json_object_dup_member (over, m->data));
  if (over && !part)
    json_object_set_object_member (json->object, name, json_object_ref (over));
  g_list_free (members);
  g_free (older);
}

/* A tower in a part of config.json, which may be left out where the architecture says what it is then. */
static void
read_backbone (GptVisJson *json, GptVisConfiguration *self, const GptVisArchitecture *architecture)
{
  GptVisJson part;
  merge_older (json, architecture->backbone);
  if (!gptvis_json_has (json, architecture->backbone) && architecture->usual_backbone)
    json_object_set_object_member (json->object, architecture->backbone,
        gptvis_json_parse (
            json->file, "JSON", architecture->usual_backbone, strlen (architecture->usual_backbone), NULL));
  if (enter (json, architecture->backbone, &part)) {
    read_body (&part, self, architecture);
    if (architecture->detects)
      gptvis_configuration_read_stages (&part, self);
  }
  leave (json, &part);
}

/* The tower that sees: all of config.json, or a part of it. */
static void
read_tower (GptVisJson *json, GptVisConfiguration *self, const GptVisArchitecture *architecture)
{
  if (architecture->backbone)
    read_backbone (json, self, architecture);
  else
    read_body (json, self, architecture);
  self->projection = gptvis_json_uint (json, "projection_dim", 512, 1, MAX_WIDTH);
  gptvis_configuration_read_labels (json, self);
  read_region_labels (json, self);
  read_problem (json, self);
}

/* A detector's tower may be a part of config.json, or left out where it is as in the first checkpoints. */
static void
read_detector (GptVisJson *json, GptVisConfiguration *self, const GptVisArchitecture *architecture)
{
  gptvis_configuration_read_labels (json, self);
  self->multi_label = architecture->backbone != NULL;
  if (!architecture->backbone) {
    read_body (json, self, architecture);
    gptvis_configuration_read_places (json, self);
    return;
  }
  read_backbone (json, self, architecture);
  gptvis_configuration_read_two_stages (json, self);
}

/* vision-encoder-decoder's tower: an architecture of its own. */
static void
read_encoder (GptVisJson *json, GptVisConfiguration *self)
{
  const gchar *type = gptvis_json_string (json, "model_type", "");
  const GptVisArchitecture *architecture = gptvis_architecture_find (type);
  if (!architecture || !architecture->encodes) {
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED, "model_type \"%.60s\" is neither vit nor deit", type);
    return;
  }
  self->encoder_type = g_strdup (type);
  read_tower (json, self, architecture);
}

/* Without model_type: other files that are called config.json. */
static void
fail_untyped (GptVisJson *json)
{
  const gchar *error = gptvis_json_string (json, "error", NULL);
  if (error)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT,
        "this is a server's answer (\"%.100s\") in place of the file: download it again", error);
  else if (gptvis_json_has (json, "_class_name"))
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED,
        "this is from a pipeline of Diffusers, which makes pictures");
  else
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "model_type is missing; is this a Transformers checkpoint?");
}

static void
fail_unknown (GptVisJson *json, const gchar *type)
{
  static const gchar *const of_text[] = { "albert", "bart", "bert", "distilbert", "electra",
    "encoder-decoder", "gemma", "gpt2", "gpt_neox", "llama", "mistral", "mpnet", "opt", "qwen2", "roberta",
    "t5", "xlm-roberta", NULL };
  gchar *known = gptvis_architecture_names ();
  const gboolean text = g_strv_contains (of_text, type);
  const gchar *nearest = text ? NULL : gptvis_architecture_nearest (type);
  gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED,
      "model_type \"%.60s\" %sis none of those supported%s%s: %s", type,
      text ? "is a text network, which takes no pictures, and " : "",
      nearest ? ", of which the nearest is " : "", nearest ? nearest : "", known);
  g_free (known);
}

static void
read_all (GptVisJson *json, GptVisConfiguration *self)
{
  const gboolean timm = gptvis_configuration_is_timm (json);
  const gchar *type = timm ? GPTVIS_TIMM : gptvis_json_string (json, "model_type", NULL);
  if (!type) {
    fail_untyped (json);
    return;
  }
  const GptVisArchitecture *architecture = gptvis_architecture_find (type);
  if (!architecture) {
    fail_unknown (json, type);
    return;
  }
  self->model_type = g_strdup (type);
  self->architecture = architecture;
  read_architectures (json, self);
  read_quantisation (json, self);
  if (timm) {
    gptvis_configuration_read_timm (json, self);
    return;
  }
  self->teacher = self->class_name && g_str_has_suffix (self->class_name, "WithTeacher");
  if (architecture->detects) {
    read_detector (json, self, architecture);
    return;
  }
  if (!architecture->tower) {
    read_tower (json, self, architecture);
    return;
  }
  GptVisJson part;
  if (enter (json, architecture->tower, &part)) {
    if (architecture->record)
      read_tower (&part, self, architecture);
    else
      read_encoder (&part, self);
  }
  leave (json, &part);
  self->writes = TRUE;
  check_class (json, self, architecture);
  read_decoder (json, self, architecture);
}

static GptVisConfiguration *
read_object (const gchar *file, JsonObject *object, GError **error)
{
  GptVisJson json = { file, object, NULL };
  GptVisConfiguration *self = g_new0 (GptVisConfiguration, 1);
  read_all (&json, self);
  json_object_unref (object);
  if (json.error) {
    g_propagate_error (error, json.error);
    gptvis_configuration_free (self);
    return NULL;
  }
  return self;
}

GptVisConfiguration *
gptvis_configuration_parse (const gchar *file, const gchar *text, gsize size, GError **error)
{
  JsonObject *object = gptvis_json_parse (file, "JSON", text, size, error);
  return object ? read_object (file, object, error) : NULL;
}

GptVisConfiguration *
gptvis_configuration_load (const gchar *path, GError **error)
{
  JsonObject *object = gptvis_json_load (path, error);
  return object ? read_object (path, object, error) : NULL;
}

void
gptvis_configuration_free (GptVisConfiguration *self)
{
  if (!self)
    return;
  g_strfreev (self->labels);
  g_strfreev (self->region_labels);
  g_free (self->model_type);
  g_free (self->encoder_type);
  g_free (self->class_name);
  g_free (self->quantised);
  g_free (self->timm.architecture);
  g_free (self->detector.windowed);
  g_free (self);
}
