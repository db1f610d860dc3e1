/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The features of a device: asked of its driver, less those that are turned off, and enabled when it is
 * opened. */
#include "config.h"
#include "features.h"
#include "switches.h"
#include <string.h>

/* The forms of cooperative matrices that the shaders' compiler and Vulkan's headers know. */
#if GPTVIS_HAVE_COOPMAT_KHR
#define MATRICES GPTVIS_VULKAN_COOPMAT
#elif GPTVIS_HAVE_COOPMAT_NV
#define MATRICES GPTVIS_VULKAN_COOPMAT_NV
#else
#define MATRICES 0
#endif
/* The structures in which features are asked for, and later enabled. */
typedef struct {
  VkPhysicalDeviceShaderFloat16Int8Features f16;
  VkPhysicalDeviceShaderIntegerDotProductFeatures dot;
  VkPhysicalDeviceSubgroupSizeControlFeatures size;
  VkPhysicalDeviceVulkanMemoryModelFeatures model;
  VkPhysicalDeviceCooperativeMatrixFeaturesNV matrix_nv;
#if GPTVIS_HAVE_COOPMAT_KHR
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrix_khr;
#endif
} Chain;

/* Each structure of the chain: for which features, its extension, its place, and those
 * of the VkBool32s that are used (0: none). */
#define AT(member) offsetof (Chain, member)
static const struct {
  guint features;
  const gchar *extension;
  VkStructureType type;
  gsize place, flags[2];
} parts[] = {
  {GPTVIS_VULKAN_F16, VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME,
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES, AT (f16), {AT (f16.shaderFloat16)}},
  {GPTVIS_VULKAN_DOT, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME,
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES, AT (dot),
      {AT (dot.shaderIntegerDotProduct)}},
  /* matrices are multiplied by whole subgroups of a known size, in Vulkan's own model of memory */
  {GPTVIS_VULKAN_COOPMAT, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME,
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES, AT (size),
      {AT (size.subgroupSizeControl), AT (size.computeFullSubgroups)}},
  {GPTVIS_VULKAN_COOPMAT, VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME,
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES, AT (model),
      {AT (model.vulkanMemoryModel)}},
#if GPTVIS_HAVE_COOPMAT_KHR
  {GPTVIS_VULKAN_COOPMAT_KHR, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME,
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR, AT (matrix_khr),
      {AT (matrix_khr.cooperativeMatrix)}},
#endif
  {GPTVIS_VULKAN_COOPMAT_NV, VK_NV_COOPERATIVE_MATRIX_EXTENSION_NAME,
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_NV, AT (matrix_nv),
      {AT (matrix_nv.cooperativeMatrix)}},
};

static VkBool32 *
flag_of (Chain *chain, gsize place)
{
  return (VkBool32 *) ((guint8 *) chain + place);
}

/* Those of the features' structures, each behind the other. */
static void *
link_parts (Chain *chain, guint features)
{
  VkBaseOutStructure *first = NULL;
  memset (chain, 0, sizeof *chain);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (parts[i].features & features) {
      VkBaseOutStructure *part = (VkBaseOutStructure *) ((guint8 *) chain + parts[i].place);
      part->sType = parts[i].type;
      part->pNext = first;
      first = part;
    }
  return first;
}

/* ---- what there is ---- */

static gboolean
has_extension (const VkExtensionProperties *extensions, guint n, const gchar *name)
{
  for (guint i = 0; i < n; i++)
    if (strcmp (extensions[i].extensionName, name) == 0)
      return TRUE;
  return FALSE;
}

/* Of the features, those whose extensions there are. */
static guint
with_extensions (VkPhysicalDevice physical, guint features)
{
  guint32 n = 0;
  if (vkEnumerateDeviceExtensionProperties (physical, NULL, &n, NULL) != VK_SUCCESS)
    return 0;
  VkExtensionProperties *extensions = g_new (VkExtensionProperties, MAX (n, 1));
  if (vkEnumerateDeviceExtensionProperties (physical, NULL, &n, extensions) < VK_SUCCESS)
    n = 0;
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (!has_extension (extensions, n, parts[i].extension))
      features &= ~parts[i].features;
  g_free (extensions);
  return features;
}

/* Of the features, those that the driver says it has. */
static guint
with_support (VkPhysicalDevice physical, guint features)
{
  Chain chain;
  VkPhysicalDeviceFeatures2 all = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
    .pNext = link_parts (&chain, features),
  };
  vkGetPhysicalDeviceFeatures2 (physical, &all);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    for (guint j = 0; j < G_N_ELEMENTS (parts[i].flags) && parts[i].flags[j]; j++)
      if ((features & parts[i].features) && !*flag_of (&chain, parts[i].flags[j]))
        features &= ~parts[i].features;
  return features;
}

static gboolean
has_subgroups (VkPhysicalDevice physical)
{
  const VkSubgroupFeatureFlags needed = VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT;
  VkPhysicalDeviceSubgroupProperties subgroup = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES };
  VkPhysicalDeviceProperties2 all = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &subgroup };
  vkGetPhysicalDeviceProperties2 (physical, &all);
  return (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT)
      && (subgroup.supportedOperations & needed) == needed;
}

/* Is a dot product of packed signed bytes an instruction, and not made of several? */
static gboolean
is_dot_fast (VkPhysicalDevice physical)
{
  VkPhysicalDeviceShaderIntegerDotProductProperties dot =
      { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES };
  VkPhysicalDeviceProperties2 all = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &dot };
  vkGetPhysicalDeviceProperties2 (physical, &all);
  return dot.integerDotProduct4x8BitPackedSignedAccelerated || gptvis_vulkan_faults.slow_dot;
}

/* ---- matrices ---- */

/* Behind those that make as many products at once, or more. */
static void
add_shape (GptVisVulkanFeatures *self, guint rows, guint columns, guint inner)
{
  if (self->n_shapes == GPTVIS_VULKAN_SHAPES)
    return;
  guint i = self->n_shapes++;
  for (; i > 0; i--) {
    const GptVisVulkanShape *before = &self->shapes[i - 1];
    if (before->rows * before->columns * before->inner >= rows * columns * inner)
      break;
    self->shapes[i] = *before;
  }
  self->shapes[i] = (GptVisVulkanShape) { rows, columns, inner };
}

/* The driver's list, of what multiplies halves into f32 by subgroups. */
static void
find_shapes_nv (VkPhysicalDevice physical, GptVisVulkanFeatures *self)
{
  guint32 n = 0;
  if (vkGetPhysicalDeviceCooperativeMatrixPropertiesNV (physical, &n, NULL) != VK_SUCCESS)
    return;
  VkCooperativeMatrixPropertiesNV *all = g_new0 (VkCooperativeMatrixPropertiesNV, MAX (n, 1));
  for (guint i = 0; i < n; i++)
    all[i].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_NV;
  if (vkGetPhysicalDeviceCooperativeMatrixPropertiesNV (physical, &n, all) < VK_SUCCESS)
    n = 0;
  for (guint i = 0; i < n; i++)
    if (all[i].AType == VK_COMPONENT_TYPE_FLOAT16_NV && all[i].BType == VK_COMPONENT_TYPE_FLOAT16_NV
        && all[i].CType == VK_COMPONENT_TYPE_FLOAT32_NV && all[i].DType == VK_COMPONENT_TYPE_FLOAT32_NV
        && all[i].scope == VK_SCOPE_SUBGROUP_NV)
      add_shape (self, all[i].MSize, all[i].NSize, all[i].KSize);
  g_free (all);
}

#if GPTVIS_HAVE_COOPMAT_KHR
static void
find_shapes_khr (VkPhysicalDevice physical, GptVisVulkanFeatures *self)
{
  guint32 n = 0;
  if (vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR (physical, &n, NULL) != VK_SUCCESS)
    return;
  VkCooperativeMatrixPropertiesKHR *all = g_new0 (VkCooperativeMatrixPropertiesKHR, MAX (n, 1));
  for (guint i = 0; i < n; i++)
    all[i].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
  if (vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR (physical, &n, all) < VK_SUCCESS)
    n = 0;
  for (guint i = 0; i < n; i++)
    if (all[i].AType == VK_COMPONENT_TYPE_FLOAT16_KHR && all[i].BType == VK_COMPONENT_TYPE_FLOAT16_KHR
        && all[i].CType == VK_COMPONENT_TYPE_FLOAT32_KHR && all[i].ResultType == VK_COMPONENT_TYPE_FLOAT32_KHR
        && !all[i].saturatingAccumulation && all[i].scope == VK_SCOPE_SUBGROUP_KHR)
      add_shape (self, all[i].MSize, all[i].NSize, all[i].KSize);
  g_free (all);
}
#endif

#define INTEL 0x8086u

/* Intel's matrix units are those of the smallest subgroups, the others' of what the driver prefers.
 * 0: a shader cannot ask for it. */
static guint
find_matrix_subgroup (VkPhysicalDevice physical)
{
  VkPhysicalDeviceSubgroupProperties subgroup = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES };
  VkPhysicalDeviceSubgroupSizeControlProperties size =
      { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES, &subgroup };
  VkPhysicalDeviceProperties2 all = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &size };
  vkGetPhysicalDeviceProperties2 (physical, &all);
  if (!(size.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT))
    return 0;
  const guint wanted = all.properties.vendorID == INTEL ? size.minSubgroupSize : subgroup.subgroupSize;
  return CLAMP (wanted, size.minSubgroupSize, size.maxSubgroupSize);
}

/* Leaves one of the two forms, or none. */
static void
find_matrices (VkPhysicalDevice physical, GptVisVulkanFeatures *self)
{
  self->matrix_subgroup = self->has & GPTVIS_VULKAN_COOPMAT ? find_matrix_subgroup (physical) : 0;
  if (!(self->has & GPTVIS_VULKAN_F16) || self->matrix_subgroup == 0)
    self->has &= ~GPTVIS_VULKAN_COOPMAT;
#if GPTVIS_HAVE_COOPMAT_KHR
  if (self->has & GPTVIS_VULKAN_COOPMAT_KHR)
    find_shapes_khr (physical, self);
#endif
  if (self->n_shapes > 0)
    self->has &= ~GPTVIS_VULKAN_COOPMAT_NV;
  else
    self->has &= ~GPTVIS_VULKAN_COOPMAT_KHR;
  if (self->has & GPTVIS_VULKAN_COOPMAT_NV)
    find_shapes_nv (physical, self);
  if (self->n_shapes == 0)
    self->has &= ~GPTVIS_VULKAN_COOPMAT;
}

static const struct {
  const gchar *word;
  guint features;
} words[] = {
  {"f16", GPTVIS_VULKAN_F16}, {"subgroup", GPTVIS_VULKAN_SUBGROUP}, {"dot", GPTVIS_VULKAN_DOT},
  {"coopmat", GPTVIS_VULKAN_COOPMAT},
};

void
gptvis_vulkan_features_find (VkPhysicalDevice physical, GptVisVulkanFeatures *self)
{
  *self = (GptVisVulkanFeatures) {
    .has = GPTVIS_VULKAN_F16 | GPTVIS_VULKAN_SUBGROUP | GPTVIS_VULKAN_DOT | MATRICES,
  };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (gptvis_vulkan_disabled (words[i].word))
      self->has &= ~words[i].features;
  self->has = with_support (physical, with_extensions (physical, self->has));
  if (!has_subgroups (physical))
    self->has &= ~GPTVIS_VULKAN_SUBGROUP;
  if ((self->has & GPTVIS_VULKAN_DOT) && !is_dot_fast (physical))
    self->has &= ~GPTVIS_VULKAN_DOT;
  find_matrices (physical, self);
}

gchar *
gptvis_vulkan_features_describe (const GptVisVulkanFeatures *self)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (self->has & words[i].features)
      g_string_append_printf (text, "%s%s", text->len ? " " : "", words[i].word);
  for (guint i = 0; i < self->n_shapes; i++)
    g_string_append_printf (text, " %ux%ux%u", self->shapes[i].rows, self->shapes[i].columns,
        self->shapes[i].inner);
  return g_string_free (text, FALSE);
}

/* ---- what is enabled ---- */

VkResult
gptvis_vulkan_features_create (const GptVisVulkanFeatures *self, VkPhysicalDevice physical,
    const VkDeviceCreateInfo *info, VkDevice *device)
{
  Chain chain;
  VkDeviceCreateInfo with = *info;
  const gchar *extensions[G_N_ELEMENTS (parts)];
  with.pNext = link_parts (&chain, self->has);
  with.ppEnabledExtensionNames = extensions;
  with.enabledExtensionCount = 0;
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    if (!(parts[i].features & self->has))
      continue;
    extensions[with.enabledExtensionCount++] = parts[i].extension;
    for (guint j = 0; j < G_N_ELEMENTS (parts[i].flags) && parts[i].flags[j]; j++)
      *flag_of (&chain, parts[i].flags[j]) = VK_TRUE;
  }
  return vkCreateDevice (physical, &with, NULL, device);
}
