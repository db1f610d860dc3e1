/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shaders as pipelines: one for each shader and set of specialization constants, made when
 * first asked for and kept. The driver's cache of them lies in
 * ~/.cache/gptvis between processes, a file a device and driver version.
 *
 * Threads: any; there is a lock. */
#pragma once
#include "device.h"
#include "shared.h"

G_BEGIN_DECLS

typedef enum {
  GPTVIS_SHADER_ATTENTION,
  GPTVIS_SHADER_ATTENTION_F16,
  GPTVIS_SHADER_ATTENTION_MATRIX_KHR,
  GPTVIS_SHADER_ATTENTION_MATRIX_NV,
  GPTVIS_SHADER_BOXES,
  GPTVIS_SHADER_COLUMNS,
  GPTVIS_SHADER_EMBED,
  GPTVIS_SHADER_EMBED_F16,
  GPTVIS_SHADER_EMBED_INT8,
  GPTVIS_SHADER_GATHER,
  GPTVIS_SHADER_KEEP,
  GPTVIS_SHADER_LINEAR,
  GPTVIS_SHADER_LINEAR_DOT,
  GPTVIS_SHADER_LINEAR_F16,
  GPTVIS_SHADER_LINEAR_INT8,
  GPTVIS_SHADER_LINEAR_FEW,
  GPTVIS_SHADER_LINEAR_FEW_F16,
  GPTVIS_SHADER_LINEAR_FEW_INT8,
  GPTVIS_SHADER_LINEAR_MATRIX_KHR,
  GPTVIS_SHADER_LINEAR_MATRIX_NV,
  GPTVIS_SHADER_LINEAR_MATRIX_INT8_KHR,
  GPTVIS_SHADER_LINEAR_MATRIX_INT8_NV,
  GPTVIS_SHADER_LINEAR_PACKED,
  GPTVIS_SHADER_NARROW,
  GPTVIS_SHADER_NORM,
  GPTVIS_SHADER_NORM_SUBGROUP,
  GPTVIS_SHADER_PATCHES,
  GPTVIS_SHADER_POOL,
  GPTVIS_SHADER_RECALL,
  GPTVIS_SHADER_ROPE,
  GPTVIS_SHADER_ROWS,
  GPTVIS_SHADER_SAMPLE,
  GPTVIS_SHADER_SCORE,
  GPTVIS_SHADER_SCORE_SUBGROUP,
  GPTVIS_SHADER_TOP,
  GPTVIS_SHADER_UNFOLD,
  GPTVIS_SHADER_WAVES,
  GPTVIS_SHADER_WINDOWS,
  GPTVIS_N_SHADERS
} GptVisShader;

#define GPTVIS_SHADER_BINDINGS 7        /* at most */

/* What makes a pipeline; shader first, the constants as shared.h numbers them. */
typedef struct {
  guint32 shader;
  guint32 specs[N_SPECS];
} GptVisVulkanVariant;

typedef struct {
  GptVisVulkanVariant variant;
  VkPipeline pipeline;
  VkPipelineLayout layout;      /* the shader's, as what follows */
  VkDescriptorSetLayout set_layout;
  guint n_bindings, push_size;  /* all storage buffers; bytes */
} GptVisVulkanPipeline;

typedef struct GptVisVulkanPipelines GptVisVulkanPipelines;

GptVisVulkanPipelines *gptvis_vulkan_pipelines_new (GptVisVulkanDevice *device, GError **error);
void gptvis_vulkan_pipelines_free (GptVisVulkanPipelines *self);

/* The device must have the features that the shader needs; NULL: DEVICE or LIMIT. */
const GptVisVulkanPipeline *gptvis_vulkan_pipeline (GptVisVulkanPipelines *self,
    const GptVisVulkanVariant *variant, GError **error);

G_END_DECLS
