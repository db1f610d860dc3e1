/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What operations.c, linear.c and attention.c are given to record an operation with: where it goes, and which
 * of the operation's candidates it takes. Below them; above them stand record.h, which records a plan, and
 * tune.h, which tries what its operations can take. */
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

#define GPTVIS_VULKAN_NO_CANDIDATE G_MAXUINT

typedef struct {
  GptVisVulkanProgram *p;
  guint flight;
  const GptVisOp *op;
  guint n;                      /* pictures or sequences */
  guint dispatches;             /* of this operation so far */
  /* an operation takes that one of its candidates, counted from 1; 0: the one that was fastest, or else the
   * best; GPTVIS_VULKAN_NO_CANDIDATE: none is recorded */
  guint candidate;
  guint n_candidates;           /* that the last dispatch had … */
  guint64 key;                  /* … and they with what they compute, as choices.h has it */
  GptVisVulkanRecording *recording;
  GError *error;                /* the first; nothing is recorded after it */
} GptVisVulkanRecorder;

/* One dispatch of x·y·z workgroups; bindings and push as shared.h says for the shader. Dispatches
 * of one operation do not depend on each other. */
void gptvis_vulkan_dispatch (GptVisVulkanRecorder *r, const GptVisVulkanVariant *variant,
    const GptVisVulkanRange *bindings, const void *push, guint x, guint y, guint z);

/* Dispatches one of the candidates: what r or a test asks for, else what was fastest, else the best. */
void gptvis_vulkan_dispatch_candidate (GptVisVulkanRecorder *r, const GptVisVulkanCandidates *candidates,
    const GptVisVulkanRange *bindings, const void *push, gsize push_size);

G_END_DECLS
