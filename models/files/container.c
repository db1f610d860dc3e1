/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all formats share: a container's tensors by number and by name. */
#include "container.h"

void
gptvis_container_free (GptVisContainer *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->by_name);
  g_array_unref (self->tensors);
  g_free (self->file);
  self->format->free (self);
}

const gchar *
gptvis_container_file (const GptVisContainer *self)
{
  return self->file;
}

const GptVisStoredTensor *
gptvis_container_find (const GptVisContainer *self, const gchar *name)
{
  gpointer i;
  return g_hash_table_lookup_extended (self->by_name, name, NULL, &i)
      ? gptvis_container_tensor (self, GPOINTER_TO_UINT (i)) : NULL;
}

guint
gptvis_container_n_tensors (const GptVisContainer *self)
{
  return self->tensors->len;
}

const GptVisStoredTensor *
gptvis_container_tensor (const GptVisContainer *self, guint i)
{
  return &g_array_index (self->tensors, GptVisStoredTensor, i);
}

gboolean
gptvis_stored_tensor_read (const GptVisStoredTensor *tensor, gsize first, gsize n, gpointer to,
    GError **error)
{
  return tensor->container->format->read (tensor, first, n, to, error);
}

gchar *
gptvis_stored_tensor_shape (const GptVisStoredTensor *tensor)
{
  GString *text = g_string_new ("[");
  for (guint i = 0; i < tensor->n_dimensions; i++)
    g_string_append_printf (text, i ? ", %" G_GSIZE_FORMAT : "%" G_GSIZE_FORMAT, tensor->shape[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

void
gptvis_container_init (GptVisContainer *self, const GptVisFormat *format, const gchar *file)
{
  self->format = format;
  self->file = g_strdup (file);
  self->tensors = g_array_new (FALSE, FALSE, sizeof (GptVisStoredTensor));
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
}

void
gptvis_container_add (GptVisContainer *self, const GptVisStoredTensor *tensor)
{
  GptVisStoredTensor t = *tensor;
  t.container = self;
  g_hash_table_insert (self->by_name, (gpointer) t.name, GUINT_TO_POINTER (self->tensors->len));
  g_array_append_val (self->tensors, t);
}

void
gptvis_container_sort (GptVisContainer *self, GCompareFunc compare)
{
  g_array_sort (self->tensors, compare);
  for (guint i = 0; i < self->tensors->len; i++)
    g_hash_table_insert (self->by_name, (gpointer) gptvis_container_tensor (self, i)->name,
        GUINT_TO_POINTER (i));
}
