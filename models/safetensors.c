/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens a safetensors file and finds every defect there is to find without
 * looking at a value; whether the tensors are those a network needs is
 * checkpoint.c's question. */
#include "safetensors.h"
#include "json.h"
#include <string.h>

struct _GptVisSafetensors {
  gchar *file;
  GBytes *bytes;
  JsonObject *header;           /* owns the names */
  GArray *tensors;              /* GptVisSafetensor, by offset */
  GHashTable *by_name;          /* name → index */
};

static const struct {
  const gchar *name;
  guint bits;
} dtypes[] = {
  {"F32", 32}, {"F16", 16}, {"BF16", 16}, {"F64", 64},
  {"I64", 64}, {"I32", 32}, {"I16", 16}, {"I8", 8},
  {"U64", 64}, {"U32", 32}, {"U16", 16}, {"U8", 8}, {"BOOL", 8},
  {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"F4", 4}, {"C64", 64},
};

/* Tensors' names come from the file. */
#define fail(error, code, ...) (gptvis_json_error (error, code, __VA_ARGS__), FALSE)

/* Data's start and length once the header's length is known to be possible. */
static gboolean
split (const gchar *file, GBytes *bytes, const gchar **header, gsize *header_size, GError **error)
{
  gsize size;
  const gchar *all = g_bytes_get_data (bytes, &size);
  guint64 n;

  if (size == 0)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: the file is empty", file);
  if (size < 8)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: the file has %" G_GSIZE_FORMAT
        " bytes and ends within the header's length, which takes 8", file, size);
  memcpy (&n, all, 8);
  n = GUINT64_FROM_LE (n);
  if (n > GPTVIS_SAFETENSORS_MAX_HEADER)
    return fail (error, GPTVIS_ERROR_LIMIT, "%s: the header would be %" G_GUINT64_FORMAT
        " bytes long, where at most %u are read; this is no safetensors file, or a damaged one", file, n,
        GPTVIS_SAFETENSORS_MAX_HEADER);
  if (n > size - 8)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: the file is truncated: it has %" G_GSIZE_FORMAT
        " bytes and its header alone would end at %" G_GUINT64_FORMAT, file, size, n + 8);
  *header = all + 8;
  *header_size = n;
  return TRUE;
}

static gboolean
read_dtype (const gchar *file, GptVisSafetensor *t, JsonObject *entry, guint *bits, GError **error)
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
read_shape (const gchar *file, GptVisSafetensor *t, JsonObject *entry, guint bits, GError **error)
{
  JsonNode *node = json_object_get_member (entry, "shape");
  if (!node || !JSON_NODE_HOLDS_ARRAY (node))
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: tensor %s has no shape in the header", file, t->name);
  JsonArray *shape = json_node_get_array (node);
  const guint n = json_array_get_length (shape);
  if (n > GPTVIS_SAFETENSORS_MAX_DIMENSIONS)
    return fail (error, GPTVIS_ERROR_LIMIT, "%s: tensor %s has %u dimensions, where at most %u are read",
        file, t->name, n, GPTVIS_SAFETENSORS_MAX_DIMENSIONS);
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
read_offsets (const gchar *file, GptVisSafetensor *t, JsonObject *entry, const gchar *data, gsize size,
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
        "%s: the file is truncated: tensor %s ends at byte %" G_GUINT64_FORMAT " of %" G_GSIZE_FORMAT
        " bytes of data",
        file, t->name, end, size);
  if (end - begin != t->n_bytes) {
    gchar *shape = gptvis_safetensor_shape (t);
    gptvis_json_error (error, GPTVIS_ERROR_FORMAT,
        "%s: tensor %s has %" G_GUINT64_FORMAT " bytes, where its type %s and shape %s need %" G_GSIZE_FORMAT,
        file, t->name, end - begin, t->dtype, shape, t->n_bytes);
    g_free (shape);
    return FALSE;
  }
  t->data = data + begin;
  return TRUE;
}

static gboolean
read_tensors (GptVisSafetensors *self, const gchar *data, gsize size, GError **error)
{
  JsonObjectIter iter;
  const gchar *name;
  JsonNode *node;

  json_object_iter_init (&iter, self->header);
  while (json_object_iter_next (&iter, &name, &node)) {
    GptVisSafetensor t = { .name = name };
    guint bits = 0;
    if (strcmp (name, "__metadata__") == 0)
      continue;
    if (strlen (name) > GPTVIS_SAFETENSORS_MAX_NAME)
      return fail (error, GPTVIS_ERROR_LIMIT, "%s: a tensor's name has more than %u bytes", self->file,
          GPTVIS_SAFETENSORS_MAX_NAME);
    if (!JSON_NODE_HOLDS_OBJECT (node))
      return fail (error, GPTVIS_ERROR_FORMAT,
          "%s: tensor %s is no object with dtype, shape and data_offsets in the header", self->file, name);
    JsonObject *entry = json_node_get_object (node);
    if (!read_dtype (self->file, &t, entry, &bits, error) || !read_shape (self->file, &t, entry, bits, error)
        || !read_offsets (self->file, &t, entry, data, size, error))
      return FALSE;
    g_array_append_val (self->tensors, t);
  }
  return TRUE;
}

/* Empty tensors first among those that begin at the same byte. */
static gint
by_offset (gconstpointer a, gconstpointer b)
{
  const GptVisSafetensor *x = a, *y = b;
  if (x->data != y->data)
    return (const gchar *) x->data < (const gchar *) y->data ? -1 : 1;
  if (x->n_bytes != y->n_bytes)
    return x->n_bytes < y->n_bytes ? -1 : 1;
  return strcmp (x->name, y->name);
}

/* The data are the tensors, one after the other, and nothing else. */
static gboolean
check_layout (GptVisSafetensors *self, const gchar *data, gsize size, GError **error)
{
  const gchar *at = data, *before = NULL;
  g_array_sort (self->tensors, by_offset);
  for (guint i = 0; i < self->tensors->len; i++) {
    const GptVisSafetensor *t = &g_array_index (self->tensors, GptVisSafetensor, i);
    const gchar *begin = t->data;
    if (begin < at)
      return fail (error, GPTVIS_ERROR_FORMAT, "%s: the data of tensors %s and %s overlap", self->file,
          before, t->name);
    if (begin > at)
      return fail (error, GPTVIS_ERROR_FORMAT, "%s: there is a hole of %" G_GSIZE_FORMAT
          " bytes in the data before tensor %s", self->file, (gsize) (begin - at), t->name);
    at += t->n_bytes;
    before = t->name;
    g_hash_table_insert (self->by_name, (gpointer) t->name, GUINT_TO_POINTER (i));
  }
  if (at != data + size)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: %" G_GSIZE_FORMAT " bytes at the end belong to no tensor",
        self->file, (gsize) (data + size - at));
  return TRUE;
}

GptVisSafetensors *
gptvis_safetensors_new (const gchar *name, GBytes *bytes, GError **error)
{
  const gchar *header = NULL;
  gsize header_size = 0;
  if (!split (name, bytes, &header, &header_size, error))
    return NULL;
  JsonObject *object = gptvis_json_parse (name, "header", header, header_size, error);
  if (!object)
    return NULL;

  GptVisSafetensors *self = g_new0 (GptVisSafetensors, 1);
  self->file = g_strdup (name);
  self->bytes = g_bytes_ref (bytes);
  self->header = object;
  self->tensors = g_array_new (FALSE, FALSE, sizeof (GptVisSafetensor));
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  const gchar *data = header + header_size;
  const gsize size = g_bytes_get_size (bytes) - 8 - header_size;
  if (!read_tensors (self, data, size, error) || !check_layout (self, data, size, error)) {
    gptvis_safetensors_free (self);
    return NULL;
  }
  return self;
}

GptVisSafetensors *
gptvis_safetensors_open (const gchar *path, GError **error)
{
  GError *map_error = NULL;
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
    gptvis_json_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: there is no such file", path);
    return NULL;
  }
  GMappedFile *map = g_mapped_file_new (path, FALSE, &map_error);
  if (!map) {
    gptvis_json_error (error, GPTVIS_ERROR_FORMAT, "%s: the file cannot be read: %s", path,
        map_error->message);
    g_error_free (map_error);
    return NULL;
  }
  GBytes *bytes = g_mapped_file_get_bytes (map);
  GptVisSafetensors *self = gptvis_safetensors_new (path, bytes, error);
  g_bytes_unref (bytes);
  g_mapped_file_unref (map);
  return self;
}

void
gptvis_safetensors_free (GptVisSafetensors *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->by_name);
  g_array_unref (self->tensors);
  json_object_unref (self->header);
  g_bytes_unref (self->bytes);
  g_free (self->file);
  g_free (self);
}

const gchar *
gptvis_safetensors_file (const GptVisSafetensors *self)
{
  return self->file;
}

const GptVisSafetensor *
gptvis_safetensors_find (const GptVisSafetensors *self, const gchar *name)
{
  gpointer i;
  return g_hash_table_lookup_extended (self->by_name, name, NULL, &i)
      ? &g_array_index (self->tensors, GptVisSafetensor, GPOINTER_TO_UINT (i)) : NULL;
}

guint
gptvis_safetensors_n_tensors (const GptVisSafetensors *self)
{
  return self->tensors->len;
}

const GptVisSafetensor *
gptvis_safetensors_tensor (const GptVisSafetensors *self, guint i)
{
  return &g_array_index (self->tensors, GptVisSafetensor, i);
}

gchar *
gptvis_safetensor_shape (const GptVisSafetensor *tensor)
{
  GString *text = g_string_new ("[");
  for (guint i = 0; i < tensor->n_dimensions; i++)
    g_string_append_printf (text, i ? ", %" G_GSIZE_FORMAT : "%" G_GSIZE_FORMAT, tensor->shape[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}
