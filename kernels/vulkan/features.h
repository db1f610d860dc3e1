/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The optional features of a device, beyond what any with Vulkan 1.1 can compute: found before it is opened,
 * and enabled with it. GPTVIS_VULKAN_DISABLE turns each off by its word; whoever uses a feature has a
 * fallback. */
#pragma once
#include <glib.h>
#include <volk.h>

G_BEGIN_DECLS

typedef enum {
  GPTVIS_VULKAN_F16 = 1 << 0,           /* arithmetic on halves; buffers of them are read as words */
  GPTVIS_VULKAN_SUBGROUP = 1 << 1,      /* sums and maxima over a subgroup */
  /* dot products of four signed bytes, which are faster than of floats */
  GPTVIS_VULKAN_DOT = 1 << 2,
  GPTVIS_VULKAN_COOPMAT_KHR = 1 << 3,   /* cooperative matrices of halves with f32 sums: */
  GPTVIS_VULKAN_COOPMAT_NV = 1 << 4,    /* … at most one of the two forms; needs f16 */
} GptVisVulkanFeature;
#define GPTVIS_VULKAN_COOPMAT (GPTVIS_VULKAN_COOPMAT_KHR | GPTVIS_VULKAN_COOPMAT_NV)

/* A product of cooperative matrices: [rows, inner] · [inner, columns]. */
typedef struct {
  guint rows, columns, inner;
} GptVisVulkanShape;

#define GPTVIS_VULKAN_SHAPES 16u

typedef struct {
  guint has;                    /* GptVisVulkanFeature */
  guint matrix_subgroup;        /* threads of a subgroup that multiplies matrices */
  GptVisVulkanShape shapes[GPTVIS_VULKAN_SHAPES];       /* of halves with f32 sums, the largest first */
  guint n_shapes;
} GptVisVulkanFeatures;

/* Of a device with Vulkan 1.1; less what is turned off. */
void gptvis_vulkan_features_find (VkPhysicalDevice physical, GptVisVulkanFeatures *features);

/* "f16 subgroup dot coopmat 16x16x16", or "" for none. Free with g_free. */
gchar *gptvis_vulkan_features_describe (const GptVisVulkanFeatures *features);

/* vkCreateDevice with the features and their extensions enabled; what info says of these is ignored. */
VkResult gptvis_vulkan_features_create (const GptVisVulkanFeatures *features, VkPhysicalDevice physical,
    const VkDeviceCreateInfo *info, VkDevice *device);

G_END_DECLS
