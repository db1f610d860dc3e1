/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of GPTVIS_VULKAN_DISABLE, and tests' faults. */
#include "switches.h"

GptVisVulkanFaults gptvis_vulkan_faults;

void
gptvis_vulkan_set_faults (const GptVisVulkanFaults *faults)
{
  gptvis_vulkan_faults = *faults;
}

static gchar **
disabled_words (void)
{
  const gchar *text = g_getenv ("GPTVIS_VULKAN_DISABLE");
  return g_strsplit (text ? text : "", ",", -1);
}

gboolean
gptvis_vulkan_disabled (const gchar *word)
{
  gchar **words = disabled_words ();
  const gboolean found = g_strv_contains ((const gchar *const *) words, word);
  g_strfreev (words);
  return found;
}

void
gptvis_vulkan_check_words (void)
{
  static const gchar *const known[] = {
    "all", "cache", "check", "f16", "subgroup", "dot", "coopmat", "tune", NULL
  };
  gchar **words = disabled_words (), *list = g_strjoinv (", ", (gchar **) known);
  for (guint i = 0; words[i]; i++)
    if (*words[i] && !g_strv_contains (known, words[i]))
      g_warning ("GPTVIS_VULKAN_DISABLE: there is no \"%s\" to turn off, only %s", words[i], list);
  g_free (list);
  g_strfreev (words);
}
