/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of several ways to make a dispatch was fastest on a device: a table that tune.h fills by trying them,
 * kept on disk beside the pipelines. Whatever is not in it takes the way that is reasoned to be best; so does
 * everything with GPTVIS_VULKAN_DISABLE=tune, on a software rasteriser, and on a device without a clock: the
 * table is closed then.
 *
 * Threads: any; there is a lock. */
#pragma once
#include "pipeline.h"

G_BEGIN_DECLS

#define GPTVIS_VULKAN_CANDIDATES 8      /* at most */

/* Ways to make the same dispatch: variants with their numbers of workgroups. */
typedef struct {
  struct {
    GptVisVulkanVariant variant;
    guint groups[3];
  } of[GPTVIS_VULKAN_CANDIDATES];
  guint n;
  guint best;                   /* which of them, as reasoned in shaders/README.md */
} GptVisVulkanCandidates;

typedef struct GptVisVulkanChoices GptVisVulkanChoices;

/* Reads what is on disk for the device. Never fails. */
GptVisVulkanChoices *gptvis_vulkan_choices_new (const GptVisVulkanDevice *device);
void gptvis_vulkan_choices_free (GptVisVulkanChoices *self);

/* FALSE: the table is closed, and stays empty. */
gboolean gptvis_vulkan_choices_are_open (const GptVisVulkanChoices *self);

/* The candidates and what they compute, as one number. */
guint64 gptvis_vulkan_choices_key (const GptVisVulkanCandidates *candidates, const void *push,
    gsize push_size);

/* The fastest of n candidates, counted from 1; 0: they were not tried, or there are fewer. */
guint gptvis_vulkan_choices_find (GptVisVulkanChoices *self, guint64 key, guint n);
/* Candidate `which`, counted from 0, was the fastest. Only of an open table. */
void gptvis_vulkan_choices_set (GptVisVulkanChoices *self, guint64 key, guint which);

/* Writes all to disk. */
void gptvis_vulkan_choices_save (GptVisVulkanChoices *self);

/* The digest, with more data: FNV-1a in 64 bits. */
guint64 gptvis_vulkan_add_to_key (guint64 key, const void *data, gsize size);

G_END_DECLS
