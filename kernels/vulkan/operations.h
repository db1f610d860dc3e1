/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files share that choose an operation's shader: operations.c, and for the two that
 * have tiles linear.c and attention.c. */
#pragma once
#include "record.h"

G_BEGIN_DECLS

/* Record r->op, one dispatch for each piece of W, or one. */
void gptvis_vulkan_linear (GptVisVulkanRecorder * r);
void gptvis_vulkan_attention (GptVisVulkanRecorder * r);

/* One dispatch with the candidate that r asks for, a test, or else what is best. */
static inline void
dispatch_candidate (GptVisVulkanRecorder *r, const GptVisVulkanCandidates *candidates,
    const GptVisVulkanRange *bindings, const void *push)
{
  const guint asked = r->candidate ? r->candidate : r->p->device->faults.tile;
  const guint i = asked ? MIN (asked, candidates->n) - 1 : candidates->best;
  const guint *groups = candidates->of[i].groups;
  gptvis_vulkan_dispatch (r, &candidates->of[i].variant, bindings, push, groups[0], groups[1], groups[2]);
}

#define GPTVIS_VULKAN_ENOUGH 128u       /* workgroups that keep a device busy */

static inline guint
blocks (guint64 n, guint size)
{
  return MIN ((n + size - 1) / size, G_MAXUINT);
}

static inline const GptVisTensor *
tensor (const GptVisVulkanRecorder *r, GptVisTensorId id)
{
  return gptvis_plan_tensor (r->p->base.plan, id);
}

/* Where the tensor lies; of one that is not there, where `instead` does: a binding must be
 * of something. */
static inline GptVisVulkanRange
range (const GptVisVulkanRecorder *r, GptVisTensorId id, GptVisTensorId instead)
{
  return r->p->tensors[id != GPTVIS_NO_TENSOR ? id : instead].pieces[0].range;
}

static inline gboolean
has (const GptVisVulkanRecorder *r, guint features)
{
  return (r->p->device->features.has & features) == features;
}

G_END_DECLS
