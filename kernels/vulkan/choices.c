/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of what was fastest: a file that begins with its version, then has a line for each entry, the key
 * in sixteen hexadecimal digits and which candidate it is, counted from 0. */
#include "choices.h"
#include "store.h"
#include "switches.h"
#include <string.h>

#define VERSION "gptvis tuned 1\n"

struct GptVisVulkanChoices {
  GMutex lock;                  /* guards the table */
  GHashTable *fastest;          /* guint64, a key → which candidate + 1; NULL: closed */
  gchar *path;
};

guint64
gptvis_vulkan_add_to_key (guint64 key, const void *data, gsize size)
{
  const guint8 *bytes = data;
  for (gsize i = 0; i < size; i++)
    key = (key ^ bytes[i]) * G_GUINT64_CONSTANT (1099511628211);
  return key;
}

guint64
gptvis_vulkan_choices_key (const GptVisVulkanCandidates *candidates, const void *push, gsize push_size)
{
  const guint64 key = gptvis_vulkan_add_to_key (G_GUINT64_CONSTANT (14695981039346656037), candidates->of,
      candidates->n * sizeof candidates->of[0]);
  return gptvis_vulkan_add_to_key (key, push, push_size);
}

/* With the lock held, or before anybody else has the table. */
static void
set (GptVisVulkanChoices *self, guint64 key, guint which)
{
  g_hash_table_replace (self->fastest, g_memdup2 (&key, sizeof key), GUINT_TO_POINTER (which + 1));
}

void
gptvis_vulkan_choices_set (GptVisVulkanChoices *self, guint64 key, guint which)
{
  g_mutex_lock (&self->lock);
  set (self, key, which);
  g_mutex_unlock (&self->lock);
}

guint
gptvis_vulkan_choices_find (GptVisVulkanChoices *self, guint64 key, guint n)
{
  if (!self->fastest)
    return 0;
  g_mutex_lock (&self->lock);
  const guint found = GPOINTER_TO_UINT (g_hash_table_lookup (self->fastest, &key));
  g_mutex_unlock (&self->lock);
  return found <= n ? found : 0;
}

gboolean
gptvis_vulkan_choices_are_open (const GptVisVulkanChoices *self)
{
  return self->fastest != NULL;
}

static void
read_all (GptVisVulkanChoices *self)
{
  gsize size = 0;
  gchar *text = gptvis_vulkan_store_read (self->path, &size);
  if (text && g_str_has_prefix (text, VERSION)) {
    gchar **lines = g_strsplit (text + strlen (VERSION), "\n", -1);
    for (guint i = 0; lines[i]; i++) {
      gchar *end = lines[i];
      const guint64 key = g_ascii_strtoull (lines[i], &end, 16);
      if (end == lines[i] + 16 && *end == ' ' && g_ascii_isdigit (end[1]) && end[2] == 0)
        set (self, key, end[1] - '0');
    }
    g_strfreev (lines);
  }
  g_free (text);
}
G_STATIC_ASSERT (GPTVIS_VULKAN_CANDIDATES < 10);        /* one digit */

void
gptvis_vulkan_choices_save (GptVisVulkanChoices *self)
{
  GString *text = g_string_new (VERSION);
  GHashTableIter iter;
  gpointer key, which;
  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->fastest);
  while (g_hash_table_iter_next (&iter, &key, &which))
    g_string_append_printf (text, "%016" G_GINT64_MODIFIER "x %u\n", *(guint64 *) key,
        GPOINTER_TO_UINT (which) - 1);
  g_mutex_unlock (&self->lock);
  gptvis_vulkan_store_write (self->path, text->str, text->len);
  g_string_free (text, TRUE);
}

GptVisVulkanChoices *
gptvis_vulkan_choices_new (const GptVisVulkanDevice *device)
{
  GptVisVulkanChoices *self = g_new0 (GptVisVulkanChoices, 1);
  const gboolean software = device->properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  if (!device->timestamps || gptvis_vulkan_disabled ("tune") || (software && !device->faults.tune))
    return self;
  g_mutex_init (&self->lock);
  self->fastest = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->path = gptvis_vulkan_store_path (device, "tuned");
  read_all (self);
  return self;
}

void
gptvis_vulkan_choices_free (GptVisVulkanChoices *self)
{
  if (self->fastest) {
    g_hash_table_unref (self->fastest);
    g_mutex_clear (&self->lock);
  }
  g_free (self->path);
  g_free (self);
}
