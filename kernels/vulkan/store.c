/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files, each with a checksum on its first line. */
#include "store.h"
#include "switches.h"
#include <string.h>

#define MOST (64u << 20)        /* bytes: a larger file is not one that was written here */
#define LINE (2 * 32 + 1)       /* bytes of the line before the data */

gchar *
gptvis_vulkan_store_path (const GptVisVulkanDevice *device, const gchar *what)
{
  const VkPhysicalDeviceProperties *p = &device->properties;
  if (gptvis_vulkan_disabled ("cache"))
    return NULL;
  GString *name = g_string_new (NULL);
  g_string_printf (name, "vulkan-%08x-%08x-%08x-", p->vendorID, p->deviceID, p->driverVersion);
  for (guint i = 0; i < VK_UUID_SIZE; i++)
    g_string_append_printf (name, "%02x", p->pipelineCacheUUID[i]);
  g_string_append_printf (name, ".%s", what);
  gchar *path = g_build_filename (g_get_user_cache_dir (), "gptvis", name->str, NULL);
  g_string_free (name, TRUE);
  return path;
}

static gchar *
first_line (const gchar *data, gsize size)
{
  gchar *sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) data, size);
  gchar *line = g_strconcat (sum, "\n", NULL);
  g_free (sum);
  return line;
}

static gboolean
is_whole (const gchar *file, gsize size)
{
  if (size < LINE || size > MOST)
    return FALSE;
  gchar *line = first_line (file + LINE, size - LINE);
  const gboolean same = memcmp (line, file, LINE) == 0;
  g_free (line);
  return same;
}

gchar *
gptvis_vulkan_store_read (const gchar *path, gsize *size)
{
  gchar *file = NULL;
  if (!path || !g_file_get_contents (path, &file, size, NULL))
    return NULL;
  if (!is_whole (file, *size)) {
    g_free (file);
    return NULL;
  }
  *size -= LINE;
  memmove (file, file + LINE, *size + 1);
  return file;
}

void
gptvis_vulkan_store_write (const gchar *path, const gchar *data, gsize size)
{
  if (!path || size > MOST - LINE)
    return;
  gchar *folder = g_path_get_dirname (path), *line = first_line (data, size);
  if (g_mkdir_with_parents (folder, 0700) == 0) {
    GString *file = g_string_new (line);
    g_string_append_len (file, data, size);
    g_file_set_contents (path, file->str, file->len, NULL);
    g_string_free (file, TRUE);
  }
  g_free (folder);
  g_free (line);
}
