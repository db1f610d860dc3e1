/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of open devices. One that was lost stays with those who have it, and is opened anew for the
 * next. */
#include "context.h"

static GMutex lock;             /* guards the table and every count */
static GSList *contexts;        /* GptVisVulkanContext, not owned */

static void
context_free (GptVisVulkanContext *self)
{
  if (self->pipelines)
    gptvis_vulkan_pipelines_free (self->pipelines);
  if (self->choices)
    gptvis_vulkan_choices_free (self->choices);
  if (self->device)
    gptvis_vulkan_device_free (self->device);
  g_free (self);
}

static GptVisVulkanContext *
context_new (const GptVisVulkanChoice *choice, GError **error)
{
  GptVisVulkanContext *self = g_new0 (GptVisVulkanContext, 1);
  self->refs = 1;
  if ((self->device = gptvis_vulkan_device_new (choice, error))
      && (self->pipelines = gptvis_vulkan_pipelines_new (self->device, error))) {
    self->choices = gptvis_vulkan_choices_new (self->device);
    return self;
  }
  context_free (self);
  return NULL;
}

GptVisVulkanContext *
gptvis_vulkan_context_open (const gchar *device, gboolean software, GError **error)
{
  GptVisVulkanChoice choice;
  GptVisVulkanContext *self = NULL;
  if (!gptvis_vulkan_choose (device, software, &choice, error))
    return NULL;
  g_mutex_lock (&lock);
  for (GSList *i = contexts; i && !self; i = i->next) {
    GptVisVulkanContext *open = i->data;
    if (open->device->physical == choice.physical && !g_atomic_int_get (&open->device->lost)) {
      self = open;
      self->refs++;
    }
  }
  if (!self && (self = context_new (&choice, error)))
    contexts = g_slist_prepend (contexts, self);
  g_mutex_unlock (&lock);
  return self;
}

void
gptvis_vulkan_context_unref (GptVisVulkanContext *self)
{
  g_mutex_lock (&lock);
  const gboolean last = --self->refs == 0;
  if (last) {
    contexts = g_slist_remove (contexts, self);
    context_free (self);
  }
  g_mutex_unlock (&lock);
}

void
gptvis_vulkan_lose_devices (void)
{
  g_mutex_lock (&lock);
  for (GSList *i = contexts; i; i = i->next)
    g_atomic_int_set (&((GptVisVulkanContext *) i->data)->device->lost, TRUE);
  g_mutex_unlock (&lock);
}
