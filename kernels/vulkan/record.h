/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A part of a plan (what runs for a picture, or the step) as a command buffer for n
 * pictures or sequences: recorded once, submitted again and again. A barrier stands only
 * before an operation that reads or overwrites what was written since the last one. */
#pragma once
#include "program.h"

G_BEGIN_DECLS

typedef struct GptVisVulkanRecording {
  VkCommandBuffer commands;
  VkDescriptorPool pool;
  VkQueryPool queries;          /* a time before each operation and after the last; VK_NULL_HANDLE: none */
  guint first_op, end_op;
  GptVisVulkanStatistics statistics;
} GptVisVulkanRecording;

/* NULL: UNSUPPORTED with the operation's name when it is beyond the device's limits; LIMIT, DEVICE. */
GptVisVulkanRecording *gptvis_vulkan_record (GptVisVulkanProgram * p, guint flight, gboolean step, guint n,
    GError ** error);
void gptvis_vulkan_recording_free (GptVisVulkanRecording * self, GptVisVulkanProgram * p);

#define GPTVIS_VULKAN_NO_CANDIDATE G_MAXUINT

/* What operations.c is given to record an operation with. */
typedef struct {
  GptVisVulkanProgram *p;
  guint flight;
  const GptVisOp *op;
  guint n;                      /* pictures or sequences */
  guint dispatches;             /* of this operation so far */
  guint candidate;              /* an operation takes that of its candidates, counted from 1; 0: the best;
                                   GPTVIS_VULKAN_NO_CANDIDATE: none, it only says how many there are */
  guint n_candidates;           /* that it had; they and what they compute, as one number */
  guint64 key;
  GptVisVulkanRecording *recording;
  GError *error;                /* the first; nothing is recorded after it */
} GptVisVulkanRecorder;

/* One dispatch of x·y·z workgroups; bindings and push as shared.h says for the shader. Dispatches
 * of one operation do not depend on each other. */
void gptvis_vulkan_dispatch (GptVisVulkanRecorder * r, const GptVisVulkanVariant * variant,
    const GptVisVulkanRange * bindings, const void *push, guint x, guint y, guint z);

/* operations.c: records r->op; and how many dispatches that takes. */
void gptvis_vulkan_operation (GptVisVulkanRecorder * r);
guint gptvis_vulkan_operation_dispatches (const GptVisVulkanProgram * p, const GptVisOp * op);

G_END_DECLS
