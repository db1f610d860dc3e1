/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An operation of a plan as dispatches; and what the files share that choose an operation's shader:
 * operations.c, and for the two that have tiles linear.c and attention.c. */
#pragma once
#include "recorder.h"
#include <string.h>

G_BEGIN_DECLS

/* Records r->op. */
void gptvis_vulkan_operation (GptVisVulkanRecorder *r);
/* How many dispatches that takes; 0: it is not recorded, but done before. */
guint gptvis_vulkan_operation_dispatches (const GptVisVulkanProgram *p, const GptVisOp *op);

/* For operations.c: record r->op, one dispatch for each piece of W, or one. */
void gptvis_vulkan_linear (GptVisVulkanRecorder *r);
void gptvis_vulkan_attention (GptVisVulkanRecorder *r);
/* Of grids and detectors (grids.c). */
void gptvis_vulkan_columns (GptVisVulkanRecorder *r);
void gptvis_vulkan_windows (GptVisVulkanRecorder *r);
void gptvis_vulkan_unfold (GptVisVulkanRecorder *r);
void gptvis_vulkan_top (GptVisVulkanRecorder *r);
void gptvis_vulkan_gather (GptVisVulkanRecorder *r);
void gptvis_vulkan_boxes (GptVisVulkanRecorder *r);
void gptvis_vulkan_waves (GptVisVulkanRecorder *r);
void gptvis_vulkan_sample (GptVisVulkanRecorder *r);

#define THREADS 64              /* of a workgroup that goes element by element, or row by row */

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

/* Floats from one picture's tensor to the next one's. */
static inline guint
stride (const GptVisTensor *t)
{
  return gptvis_tensor_is_activation (t) ? t->rows * t->width : 0;
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

/* One more way to make a dispatch, with so many workgroups. */
static inline void
add_candidate (GptVisVulkanCandidates *to, const GptVisVulkanVariant *variant, guint x, guint y, guint z)
{
  to->of[to->n].variant = *variant;
  memcpy (to->of[to->n++].groups, (guint[]) { x, y, z }, sizeof to->of[0].groups);
}

static inline gboolean
fits_workgroup (const GptVisVulkanDevice *device, guint threads, guint shared_bytes)
{
  const VkPhysicalDeviceLimits *limits = &device->limits;
  return threads <= limits->maxComputeWorkGroupInvocations && threads <= limits->maxComputeWorkGroupSize[0]
      && shared_bytes <= limits->maxComputeSharedMemorySize;
}

static inline void
set_shape (GptVisVulkanVariant *variant, const GptVisVulkanShape *shape)
{
  variant->specs[SPEC_MATRIX_ROWS] = shape->rows;
  variant->specs[SPEC_MATRIX_COLUMNS] = shape->columns;
  variant->specs[SPEC_MATRIX_INNER] = shape->inner;
}

G_END_DECLS
