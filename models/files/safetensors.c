/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens a safetensors file and finds every defect that shows without reading a
 * value; places.c checks that the tensors are those that a network needs. */
#include "safetensors.h"
#include "file.h"
#include "json.h"
#include "mistakes.h"
#include "quote.h"
#include <string.h>

typedef struct {
  GptVisContainer base;
  GptVisFile source;
  JsonObject *header;           /* owns the names */
} Safetensors;

static const struct {
  const gchar *name;
  guint bits;
} dtypes[] = {
  {"F32", 32}, {"F16", 16}, {"BF16", 16}, {"F64", 64},
  {"I64", 64}, {"I32", 32}, {"I16", 16}, {"I8", 8},
  {"U64", 64}, {"U32", 32}, {"U16", 16}, {"U8", 8}, {"BOOL", 8},
  {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"F4", 4}, {"C64", 64},
};

#define UNFINISHED ", as after a download that did not end: download it again"

/* Tensors' names come from the file. */
#define fail(error, code, ...) (gptvis_quote_error (error, code, __VA_ARGS__), FALSE)

/* Reads the header's length and checks that the file can have it. */
static gboolean
read_length (const Safetensors *self, guint64 size, gsize *length, GError **error)
{
  const gchar *file = self->base.file;
  guint64 n;
  if (size == 0)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: the file is empty, as after a download that failed: "
        "download it again", file);
  if (size < 8)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: the file has %" G_GUINT64_FORMAT
        " bytes and ends within the header's length, which takes 8: download it again", file, size);
  if (!gptvis_file_read (&self->source, 0, 8, &n, error))
    return FALSE;
  n = GUINT64_FROM_LE (n);
  if (n > GPTVIS_SAFETENSORS_MAX_HEADER)
    return fail (error, GPTVIS_ERROR_LIMIT, "%s: the header would be %" G_GUINT64_FORMAT
        " bytes long, where at most %u are read; this is not a safetensors file, or a damaged one", file, n,
        GPTVIS_SAFETENSORS_MAX_HEADER);
  if (n > size - 8)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: the file is truncated: it has %" G_GUINT64_FORMAT
        " bytes and its header alone would end at %" G_GUINT64_FORMAT UNFINISHED, file, size, n + 8);
  *length = n;
  return TRUE;
}

/* NULL after an error. */
static JsonObject *
read_header (const Safetensors *self, guint64 size, gsize *length, GError **error)
{
  if (!read_length (self, size, length, error))
    return NULL;
  gchar *text = g_malloc (*length + 1);
  JsonObject *header = gptvis_file_read (&self->source, 8, *length, text, error)
      ? gptvis_json_parse (self->base.file, "header", text, *length, error) : NULL;
  g_free (text);
  return header;
}

static gboolean
read_dtype (const gchar *file, GptVisStoredTensor *t, JsonObject *entry, guint *bits, GError **error)
{
  JsonNode *node = json_object_get_member (entry, "dtype");
  if (!node || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: tensor %s has no dtype in the header", file, t->name);
  const gchar *name = json_node_get_string (node);
  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++)
    if (strcmp (name, dtypes[i].name) == 0) {
      t->dtype = dtypes[i].name;
      *bits = dtypes[i].bits;
      return TRUE;
    }
  return fail (error, GPTVIS_ERROR_FORMAT,
      "%s: tensor %s has dtype \"%.40s\", which safetensors does not know", file, t->name, name);
}

static gboolean
read_shape (const gchar *file, GptVisStoredTensor *t, JsonObject *entry, guint bits, GError **error)
{
  JsonNode *node = json_object_get_member (entry, "shape");
  if (!node || !JSON_NODE_HOLDS_ARRAY (node))
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: tensor %s has no shape in the header", file, t->name);
  JsonArray *shape = json_node_get_array (node);
  const guint n = json_array_get_length (shape);
  if (n > GPTVIS_STORED_MAX_DIMENSIONS)
    return fail (error, GPTVIS_ERROR_LIMIT, "%s: tensor %s has %u dimensions, where at most %u are read",
        file, t->name, n, GPTVIS_STORED_MAX_DIMENSIONS);
  gsize n_bits;
  t->n_dimensions = n;
  t->n_elements = 1;
  for (guint i = 0; i < n; i++) {
    guint64 side;
    if (!gptvis_json_node_uint (json_array_get_element (shape, i), &side) || side > G_MAXSIZE)
      return fail (error, GPTVIS_ERROR_FORMAT, "%s: tensor %s has a shape that is not made of whole numbers",
          file, t->name);
    t->shape[i] = side;
    if (!g_size_checked_mul (&t->n_elements, t->n_elements, side))
      return fail (error, GPTVIS_ERROR_LIMIT, "%s: tensor %s has a shape too large to count its elements",
          file, t->name);
  }
  if (!g_size_checked_mul (&n_bits, t->n_elements, bits))
    return fail (error, GPTVIS_ERROR_LIMIT, "%s: tensor %s has a shape too large to count its bytes", file,
        t->name);
  if (n_bits % 8)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: tensor %s ends within a byte", file, t->name);
  t->n_bytes = n_bits / 8;
  return TRUE;
}

static gboolean
read_offsets (const gchar *file, GptVisStoredTensor *t, JsonObject *entry, guint64 data, guint64 size,
    GError **error)
{
  JsonNode *node = json_object_get_member (entry, "data_offsets");
  JsonArray *offsets = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint64 begin, end;
  if (!offsets || json_array_get_length (offsets) != 2
      || !gptvis_json_node_uint (json_array_get_element (offsets, 0), &begin)
      || !gptvis_json_node_uint (json_array_get_element (offsets, 1), &end))
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: tensor %s has no data_offsets [begin, end] in the header",
        file, t->name);
  if (begin > end)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: tensor %s ends (%" G_GUINT64_FORMAT ") before it begins (%"
        G_GUINT64_FORMAT ")", file, t->name, end, begin);
  if (end > size)
    return fail (error, GPTVIS_ERROR_FORMAT,
        "%s: the file is truncated: tensor %s ends at byte %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
        " bytes of data" UNFINISHED, file, t->name, end, size);
  if (end - begin != t->n_bytes) {
    gchar *shape = gptvis_stored_tensor_shape (t);
    gptvis_quote_error (error, GPTVIS_ERROR_FORMAT,
        "%s: tensor %s has %" G_GUINT64_FORMAT " bytes, where its type %s and shape %s need %" G_GSIZE_FORMAT,
        file, t->name, end - begin, t->dtype, shape, t->n_bytes);
    g_free (shape);
    return FALSE;
  }
  t->offset = data + begin;
  return TRUE;
}

static gboolean
read_tensors (Safetensors *self, guint64 data, guint64 size, GError **error)
{
  const gchar *file = self->base.file;
  JsonObjectIter iter;
  const gchar *name;
  JsonNode *node;

  json_object_iter_init (&iter, self->header);
  while (json_object_iter_next (&iter, &name, &node)) {
    GptVisStoredTensor t = { .name = name };
    guint bits = 0;
    if (strcmp (name, "__metadata__") == 0)
      continue;
    if (strlen (name) > GPTVIS_STORED_MAX_NAME)
      return fail (error, GPTVIS_ERROR_LIMIT, "%s: a tensor's name has more than %u bytes", file,
          GPTVIS_STORED_MAX_NAME);
    if (!JSON_NODE_HOLDS_OBJECT (node))
      return fail (error, GPTVIS_ERROR_FORMAT,
          "%s: tensor %s is not an object with dtype, shape and data_offsets in the header", file, name);
    JsonObject *entry = json_node_get_object (node);
    if (!read_dtype (file, &t, entry, &bits, error) || !read_shape (file, &t, entry, bits, error)
        || !read_offsets (file, &t, entry, data, size, error))
      return FALSE;
    if (self->source.bytes)
      t.data = (const gchar *) g_bytes_get_data (self->source.bytes, NULL) + t.offset;
    gptvis_container_add (&self->base, &t);
  }
  return TRUE;
}

/* Empty tensors first among those that begin at the same byte. */
static gint
by_offset (gconstpointer a, gconstpointer b)
{
  const GptVisStoredTensor *x = a, *y = b;
  if (x->offset != y->offset)
    return x->offset < y->offset ? -1 : 1;
  if (x->n_bytes != y->n_bytes)
    return x->n_bytes < y->n_bytes ? -1 : 1;
  return strcmp (x->name, y->name);
}

/* Checks that the data are the tensors, one after the other, and nothing else. */
static gboolean
check_layout (Safetensors *self, guint64 data, guint64 size, GError **error)
{
  const gchar *before = NULL;
  guint64 at = data;
  gptvis_container_sort (&self->base, by_offset);
  for (guint i = 0; i < gptvis_container_n_tensors (&self->base); i++) {
    const GptVisStoredTensor *t = gptvis_container_tensor (&self->base, i);
    if (t->offset < at)
      return fail (error, GPTVIS_ERROR_FORMAT, "%s: the data of tensors %s and %s overlap", self->base.file,
          before, t->name);
    if (t->offset > at)
      return fail (error, GPTVIS_ERROR_FORMAT, "%s: there is a hole of %" G_GUINT64_FORMAT
          " bytes in the data before tensor %s", self->base.file, t->offset - at, t->name);
    at += t->n_bytes;
    before = t->name;
  }
  if (at != data + size)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: %" G_GUINT64_FORMAT " bytes at the end belong to no tensor",
        self->base.file, data + size - at);
  return TRUE;
}

/* FALSE: what was read is freed with `self`. */
static gboolean
parse (Safetensors *self, GError **error)
{
  const guint64 size = self->source.size;
  gsize length;
  self->header = read_header (self, size, &length, error);
  if (!self->header)
    return FALSE;
  const guint64 data = 8 + (guint64) length;
  return read_tensors (self, data, size - data, error) && check_layout (self, data, size - data, error);
}

static Safetensors *
begin (const gchar *file)
{
  Safetensors *self = g_new0 (Safetensors, 1);
  gptvis_container_init (&self->base, &gptvis_safetensors_format, file);
  return self;
}

GptVisContainer *
gptvis_safetensors_new (const gchar *name, GBytes *bytes, GError **error)
{
  Safetensors *self = begin (name);
  gptvis_file_wrap (&self->source, name, bytes);
  if (parse (self, error))
    return &self->base;
  gptvis_container_free (&self->base);
  return NULL;
}

/* A file without a header may be a known mistake. */
static void
name_mistake (const Safetensors *self, GError **error)
{
  gchar bytes[GPTVIS_MISTAKE_BYTES];
  const gsize n = MIN (self->source.size, sizeof bytes);
  if (!self->header && gptvis_file_read (&self->source, 0, n, bytes, NULL))
    gptvis_mistake_content (self->base.file, bytes, n, error);
}

static GptVisContainer *
open_file (const gchar *path, GError **error)
{
  Safetensors *self = begin (path);
  GError *why = NULL;
  if (gptvis_file_open (&self->source, path, &why) && !parse (self, &why))
    name_mistake (self, &why);
  if (!why)
    return &self->base;
  g_propagate_error (error, why);
  gptvis_container_free (&self->base);
  return NULL;
}

static gboolean
read_tensor (const GptVisStoredTensor *tensor, gsize first, gsize n, gpointer to, GError **error)
{
  const Safetensors *self = (const Safetensors *) tensor->container;
  return gptvis_file_read (&self->source, tensor->offset + first, n, to, error);
}

static void
free_safetensors (GptVisContainer *container)
{
  Safetensors *self = (Safetensors *) container;
  g_clear_pointer (&self->header, json_object_unref);
  gptvis_file_close (&self->source);
  g_free (self);
}

const GptVisFormat gptvis_safetensors_format = {
  .single = "model.safetensors",
  .suffix = ".safetensors",
  .open = open_file,
  .read = read_tensor,
  .free = free_safetensors,
};
