/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of shaders, and the pipelines that were made of them so far. */
#include "config.h"
#include "pipeline.h"
#include "attention.spv.h"
#include "attention-f16.spv.h"
#include "boxes.spv.h"
#include "columns.spv.h"
#include "embed.spv.h"
#include "embed-f16.spv.h"
#include "embed-int8.spv.h"
#include "gather.spv.h"
#include "keep.spv.h"
#include "linear.spv.h"
#include "linear-dot.spv.h"
#include "linear-f16.spv.h"
#include "linear-int8.spv.h"
#include "linear-few.spv.h"
#include "linear-few-f16.spv.h"
#include "linear-few-int8.spv.h"
#include "linear-packed.spv.h"
#include "narrow.spv.h"
#include "norm.spv.h"
#include "norm-subgroup.spv.h"
#include "patches.spv.h"
#include "pool.spv.h"
#include "recall.spv.h"
#include "rope.spv.h"
#include "rows.spv.h"
#include "sample.spv.h"
#include "score.spv.h"
#include "score-subgroup.spv.h"
#include "top.spv.h"
#include "unfold.spv.h"
#include "waves.spv.h"
#include "windows.spv.h"
#if GPTVIS_HAVE_COOPMAT_KHR
#include "attention-matrix-khr.spv.h"
#include "linear-matrix-khr.spv.h"
#include "linear-matrix-int8-khr.spv.h"
#endif
#if GPTVIS_HAVE_COOPMAT_NV
#include "attention-matrix-nv.spv.h"
#include "linear-matrix-nv.spv.h"
#include "linear-matrix-int8-nv.spv.h"
#endif
#include "store.h"
#include <string.h>

#define SHADER(name, n, push, ...) \
  { gptvis_shader_##name, sizeof gptvis_shader_##name, n, sizeof (struct push), __VA_ARGS__ }
static const struct {
  const guint32 *code;          /* NULL: the compiler could not make it */
  gsize code_size;
  guint n_bindings, push_size;
  guint features;               /* that it needs */
} shaders[] = {
  [GPTVIS_SHADER_ATTENTION] = SHADER (attention, 5, AttentionPush),
  [GPTVIS_SHADER_ATTENTION_F16] = SHADER (attention_f16, 5, AttentionPush),
  [GPTVIS_SHADER_BOXES] = SHADER (boxes, 3, BoxesPush),
  [GPTVIS_SHADER_COLUMNS] = SHADER (columns, 2, ColumnsPush),
  [GPTVIS_SHADER_EMBED] = SHADER (embed, 4, EmbedPush),
  [GPTVIS_SHADER_EMBED_F16] = SHADER (embed_f16, 4, EmbedPush),
  [GPTVIS_SHADER_EMBED_INT8] = SHADER (embed_int8, 4, EmbedPush),
  [GPTVIS_SHADER_GATHER] = SHADER (gather, 3, GatherPush),
  [GPTVIS_SHADER_KEEP] = SHADER (keep, 3, KeepPush),
  [GPTVIS_SHADER_LINEAR] = SHADER (linear, 7, LinearPush),
  [GPTVIS_SHADER_LINEAR_DOT] = SHADER (linear_dot, 7, LinearPush, GPTVIS_VULKAN_DOT),
  [GPTVIS_SHADER_LINEAR_F16] = SHADER (linear_f16, 7, LinearPush),
  [GPTVIS_SHADER_LINEAR_INT8] = SHADER (linear_int8, 7, LinearPush),
  [GPTVIS_SHADER_LINEAR_FEW] = SHADER (linear_few, 7, LinearPush),
  [GPTVIS_SHADER_LINEAR_FEW_F16] = SHADER (linear_few_f16, 7, LinearPush),
  [GPTVIS_SHADER_LINEAR_FEW_INT8] = SHADER (linear_few_int8, 7, LinearPush),
#if GPTVIS_HAVE_COOPMAT_KHR
  [GPTVIS_SHADER_ATTENTION_MATRIX_KHR] = SHADER (attention_matrix_khr, 5, AttentionPush,
      GPTVIS_VULKAN_COOPMAT_KHR),
  [GPTVIS_SHADER_LINEAR_MATRIX_KHR] = SHADER (linear_matrix_khr, 7, LinearPush, GPTVIS_VULKAN_COOPMAT_KHR),
  [GPTVIS_SHADER_LINEAR_MATRIX_INT8_KHR] = SHADER (linear_matrix_int8_khr, 7, LinearPush,
      GPTVIS_VULKAN_COOPMAT_KHR),
#endif
#if GPTVIS_HAVE_COOPMAT_NV
  [GPTVIS_SHADER_ATTENTION_MATRIX_NV] = SHADER (attention_matrix_nv, 5, AttentionPush,
      GPTVIS_VULKAN_COOPMAT_NV),
  [GPTVIS_SHADER_LINEAR_MATRIX_NV] = SHADER (linear_matrix_nv, 7, LinearPush, GPTVIS_VULKAN_COOPMAT_NV),
  [GPTVIS_SHADER_LINEAR_MATRIX_INT8_NV] = SHADER (linear_matrix_int8_nv, 7, LinearPush,
      GPTVIS_VULKAN_COOPMAT_NV),
#endif
  [GPTVIS_SHADER_LINEAR_PACKED] = SHADER (linear_packed, 7, LinearPush, GPTVIS_VULKAN_F16),
  [GPTVIS_SHADER_NARROW] = { gptvis_shader_narrow, sizeof gptvis_shader_narrow, 2, 0, 0 },
  [GPTVIS_SHADER_NORM] = SHADER (norm, 6, NormPush),
  [GPTVIS_SHADER_NORM_SUBGROUP] = SHADER (norm_subgroup, 6, NormPush, GPTVIS_VULKAN_SUBGROUP),
  [GPTVIS_SHADER_PATCHES] = SHADER (patches, 3, PatchesPush),
  [GPTVIS_SHADER_POOL] = SHADER (pool, 2, PoolPush),
  [GPTVIS_SHADER_RECALL] = SHADER (recall, 5, RecallPush),
  [GPTVIS_SHADER_ROPE] = SHADER (rope, 3, RopePush),
  [GPTVIS_SHADER_ROWS] = SHADER (rows, 3, RowsPush),
  [GPTVIS_SHADER_SAMPLE] = SHADER (sample, 4, SamplePush),
  [GPTVIS_SHADER_SCORE] = SHADER (score, 2, ScorePush),
  [GPTVIS_SHADER_SCORE_SUBGROUP] = SHADER (score_subgroup, 2, ScorePush, GPTVIS_VULKAN_SUBGROUP),
  [GPTVIS_SHADER_TOP] = SHADER (top, 2, TopPush),
  [GPTVIS_SHADER_UNFOLD] = SHADER (unfold, 2, UnfoldPush),
  [GPTVIS_SHADER_WAVES] = SHADER (waves, 2, WavesPush),
  [GPTVIS_SHADER_WINDOWS] = SHADER (windows, 3, WindowsPush),
};
G_STATIC_ASSERT (G_N_ELEMENTS (shaders) == GPTVIS_N_SHADERS);
G_STATIC_ASSERT (sizeof (struct RecallPush) <= 128);    /* what every device can push */

struct GptVisVulkanPipelines {
  GptVisVulkanDevice *device;
  GMutex lock;                  /* guards the table */
  GHashTable *table;            /* GptVisVulkanPipeline, by its variant */
  VkPipelineCache cache;
  gchar *cache_path;
  gboolean grown;               /* a pipeline was made that may be new to the cache */
  VkShaderModule modules[GPTVIS_N_SHADERS];
  VkDescriptorSetLayout set_layouts[GPTVIS_N_SHADERS];
  VkPipelineLayout layouts[GPTVIS_N_SHADERS];
};

static guint
hash_variant (gconstpointer key)
{
  const guint32 *words = key;
  guint32 hash = 2166136261u;   /* FNV-1a, by words */
  for (guint i = 0; i < sizeof (GptVisVulkanVariant) / sizeof (guint32); i++)
    hash = (hash ^ words[i]) * 16777619u;
  return hash;
}

static gboolean
same_variant (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (GptVisVulkanVariant)) == 0;
}

/* ---- the cache on disk ---- */

/* (The driver itself refuses the data of another driver.) */
static VkResult
open_cache (GptVisVulkanPipelines *self)
{
  gsize size = 0;
  self->cache_path = gptvis_vulkan_store_path (self->device, "pipelines");
  gchar *data = gptvis_vulkan_store_read (self->cache_path, &size);
  const VkPipelineCacheCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
    .initialDataSize = data ? size : 0,
    .pInitialData = data,
  };
  const VkResult result = self->device->call.vkCreatePipelineCache (self->device->device, &info, NULL,
      &self->cache);
  g_free (data);
  return result;
}

static void
save_cache (GptVisVulkanPipelines *self)
{
  const GptVisVulkanDevice *d = self->device;
  gsize size = 0;
  if (!self->grown || !self->cache || !self->cache_path || d->lost
      || d->call.vkGetPipelineCacheData (d->device, self->cache, &size, NULL) != VK_SUCCESS)
    return;
  gchar *data = g_malloc (size);
  if (d->call.vkGetPipelineCacheData (d->device, self->cache, &size, data) == VK_SUCCESS)
    gptvis_vulkan_store_write (self->cache_path, data, size);
  g_free (data);
}

/* ---- layouts and modules ---- */

static VkResult
make_layout (GptVisVulkanPipelines *self, GptVisShader shader)
{
  const GptVisVulkanDevice *d = self->device;
  VkDescriptorSetLayoutBinding bindings[GPTVIS_SHADER_BINDINGS];
  for (guint i = 0; i < shaders[shader].n_bindings; i++)
    bindings[i] = (VkDescriptorSetLayoutBinding) {
      .binding = i,
      .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
      .descriptorCount = 1,
      .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
    };
  const VkDescriptorSetLayoutCreateInfo set = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
    .bindingCount = shaders[shader].n_bindings,
    .pBindings = bindings,
  };
  const VkPushConstantRange push = { VK_SHADER_STAGE_COMPUTE_BIT, 0, shaders[shader].push_size };
  const VkPipelineLayoutCreateInfo layout = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
    .setLayoutCount = 1,
    .pSetLayouts = &self->set_layouts[shader],
    .pushConstantRangeCount = shaders[shader].push_size > 0,
    .pPushConstantRanges = &push,
  };
  const VkShaderModuleCreateInfo module = {
    .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
    .codeSize = shaders[shader].code_size,
    .pCode = shaders[shader].code,
  };
  VkResult result = d->call.vkCreateDescriptorSetLayout (d->device, &set, NULL, &self->set_layouts[shader]);
  if (result == VK_SUCCESS)
    result = d->call.vkCreatePipelineLayout (d->device, &layout, NULL, &self->layouts[shader]);
  if (result == VK_SUCCESS)
    result = d->call.vkCreateShaderModule (d->device, &module, NULL, &self->modules[shader]);
  return result;
}

GptVisVulkanPipelines *
gptvis_vulkan_pipelines_new (GptVisVulkanDevice *device, GError **error)
{
  GptVisVulkanPipelines *self = g_new0 (GptVisVulkanPipelines, 1);
  self->device = device;
  g_mutex_init (&self->lock);
  self->table = g_hash_table_new (hash_variant, same_variant);
  VkResult result = open_cache (self);
  for (guint i = 0; i < GPTVIS_N_SHADERS && result == VK_SUCCESS; i++)
    if (shaders[i].code && (shaders[i].features & ~device->features.has) == 0)
      result = make_layout (self, i);
  if (gptvis_vulkan_ok (device, result, "making shaders ready", error))
    return self;
  gptvis_vulkan_pipelines_free (self);
  return NULL;
}

void
gptvis_vulkan_pipelines_free (GptVisVulkanPipelines *self)
{
  const GptVisVulkanDevice *d = self->device;
  GHashTableIter iter;
  gpointer value;
  save_cache (self);
  g_hash_table_iter_init (&iter, self->table);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    d->call.vkDestroyPipeline (d->device, ((GptVisVulkanPipeline *) value)->pipeline, NULL);
    g_free (value);
  }
  g_hash_table_unref (self->table);
  for (guint i = 0; i < GPTVIS_N_SHADERS; i++) {
    d->call.vkDestroyShaderModule (d->device, self->modules[i], NULL);
    d->call.vkDestroyPipelineLayout (d->device, self->layouts[i], NULL);
    d->call.vkDestroyDescriptorSetLayout (d->device, self->set_layouts[i], NULL);
  }
  d->call.vkDestroyPipelineCache (d->device, self->cache, NULL);
  g_mutex_clear (&self->lock);
  g_free (self->cache_path);
  g_free (self);
}

/* ---- pipelines ---- */

static VkResult
make (GptVisVulkanPipelines *self, const GptVisVulkanVariant *variant, VkPipeline *pipeline)
{
  VkSpecializationMapEntry entries[N_SPECS];
  for (guint i = 0; i < N_SPECS; i++)
    entries[i] = (VkSpecializationMapEntry) { i, i * sizeof (guint32), sizeof (guint32) };
  const gboolean whole_subgroups = (shaders[variant->shader].features & GPTVIS_VULKAN_COOPMAT) != 0;
  const VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
    .requiredSubgroupSize = self->device->features.matrix_subgroup,
  };
  const VkSpecializationInfo specialization = { N_SPECS, entries, sizeof variant->specs, variant->specs };
  const VkComputePipelineCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
    .stage = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
      .pNext = whole_subgroups ? &subgroup : NULL,
      .flags = whole_subgroups ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT : 0,
      .stage = VK_SHADER_STAGE_COMPUTE_BIT,
      .module = self->modules[variant->shader],
      .pName = "main",
      .pSpecializationInfo = &specialization,
    },
    .layout = self->layouts[variant->shader],
  };
  return self->device->call.vkCreateComputePipelines (self->device->device, self->cache, 1, &info, NULL,
      pipeline);
}

const GptVisVulkanPipeline *
gptvis_vulkan_pipeline (GptVisVulkanPipelines *self, const GptVisVulkanVariant *variant, GError **error)
{
  g_mutex_lock (&self->lock);
  GptVisVulkanPipeline *found = g_hash_table_lookup (self->table, variant);
  VkPipeline pipeline = VK_NULL_HANDLE;
  const VkResult result = found ? VK_SUCCESS : make (self, variant, &pipeline);
  if (!found && result == VK_SUCCESS) {
    found = g_new (GptVisVulkanPipeline, 1);
    *found = (GptVisVulkanPipeline) { *variant, pipeline, self->layouts[variant->shader],
      self->set_layouts[variant->shader], shaders[variant->shader].n_bindings,
      shaders[variant->shader].push_size };
    g_hash_table_insert (self->table, &found->variant, found);
    self->grown = TRUE;
  }
  g_mutex_unlock (&self->lock);
  return gptvis_vulkan_ok (self->device, result, "vkCreateComputePipelines", error) ? found : NULL;
}
