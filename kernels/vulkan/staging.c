/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables and buffers for a size of picture, and the commands that make its patches. */
#include "staging.h"
#include "commands.h"
#include "../taps.h"
#include <string.h>

#define THREADS 64u             /* of a workgroup, side by side in a row */
#define WORDS(bytes) (((gsize) (bytes) + 3) / 4)

/* ---- a picture's tables ---- */

/* What is computed for a size and format. */
typedef struct {
  struct PatchPicture head;
  GptVisTaps across[3], down[3];        /* of each component; down's first count from `first` */
  GptVisVulkanPlane planes[3];
  gsize words;                  /* of the whole buffer */
  gsize narrow;                 /* floats */
} Tables;

/* The plane's rows that component c's taps need, in all. */
static void
find_rows (Tables *t, const GptVisComponent *component, guint c)
{
  const GptVisTaps *down = &t->down[c];
  guint first = G_MAXUINT, end = 0;
  for (guint y = 0; y < down->n; y++)
    if (down->count[y]) {
      first = MIN (first, (guint) down->first[y]);
      end = MAX (end, down->first[y] + down->count[y]);
    }
  t->planes[component->plane].first = MIN (first, end);
  t->planes[component->plane].rows = end - MIN (first, end);
}

/* Taps as words: of each output its first sample and how many, then all weights. */
static gsize
taps_words (const GptVisTaps *taps)
{
  return taps->n * (2 + (gsize) taps->most);
}

static void
write_taps (guint32 *to, const GptVisTaps *taps, gboolean whole, guint first)
{
  for (guint i = 0; i < taps->n; i++) {
    *to++ = taps->count[i] ? taps->first[i] - first : 0;
    *to++ = taps->count[i];
  }
  memcpy (to, whole ? (const void *) taps->whole : taps->parts, (gsize) taps->n * taps->most * sizeof *to);
}

static void
lay_out_component (Tables *t, const GptVisComponent *component, guint c)
{
  struct PatchComponent *to = &t->head.component[c];
  to->across = t->words;
  to->across_most = t->across[c].most;
  t->words += taps_words (&t->across[c]);
  to->down = t->words;
  to->down_most = t->down[c].most;
  t->words += taps_words (&t->down[c]);
  to->rows = t->planes[component->plane].rows;
  to->row = WORDS (t->planes[component->plane].row_bytes) * 4;
  to->step = component->step;
  to->narrow = t->narrow;
  t->narrow += (gsize) to->rows * t->head.width;
}

static void
tables_make (Tables *t, const GptVisRecipe *recipe, guint patch_size, const GptVisPicture *picture)
{
  const GptVisLayout *layout = gptvis_picture_layout (picture->format);
  const GptVisWindow w = gptvis_recipe_window (recipe, picture->width, picture->height);
  *t = (Tables) { .head = { .rgb = gptvis_recipe_is_whole (recipe, layout),
      .components = layout->n_components, .bytes = layout->bytes,
      .width = recipe->width, .height = recipe->height, .patch_size = patch_size,
      .unit = 1.0f / (1 << layout->shift) } };
  t->words = WORDS (sizeof t->head);
  for (guint c = 0; c < 3; c++) {
    t->head.scale[c] = recipe->rescale / recipe->std[c];
    t->head.shift[c] = -recipe->mean[c] / recipe->std[c];
  }
  for (guint c = 0; c < layout->n_components; c++) {
    const GptVisComponent *component = &layout->components[c];
    gptvis_taps_make_for (&t->across[c], recipe, picture->width, w.width, w.left, recipe->width);
    gptvis_taps_make_for (&t->down[c], recipe, picture->height, w.height, w.top, recipe->height);
    if (component->sub_x)
      gptvis_taps_halve (&t->across[c], picture->width, picture->site == GPTVIS_SITE_LEFT);
    if (component->sub_y)
      gptvis_taps_halve (&t->down[c], picture->height, FALSE);
    find_rows (t, component, c);
    t->planes[component->plane].row_bytes = gptvis_picture_plane_row_bytes (picture->format, component->plane,
        picture->width);
    lay_out_component (t, component, c);
  }
  for (guint plane = 0; plane < 3; plane++) {
    t->planes[plane].at = t->words * 4;
    t->words += t->planes[plane].rows * WORDS (t->planes[plane].row_bytes);
  }
  for (guint c = 0; c < layout->n_components; c++)
    t->head.component[c].pixels = t->planes[layout->components[c].plane].at + layout->components[c].offset;
}

static void
tables_clear (Tables *t)
{
  for (guint c = 0; c < 3; c++) {
    gptvis_taps_clear (&t->across[c]);
    gptvis_taps_clear (&t->down[c]);
  }
}

static void
tables_write (const Tables *t, const GptVisLayout *layout, guint32 *to)
{
  memcpy (to, &t->head, sizeof t->head);
  for (guint c = 0; c < t->head.components; c++) {
    write_taps (to + t->head.component[c].across, &t->across[c], t->head.rgb, 0);
    write_taps (to + t->head.component[c].down, &t->down[c], t->head.rgb,
        t->planes[layout->components[c].plane].first);
  }
}

/* ---- a slot ---- */

void
gptvis_vulkan_slot_clear (GptVisVulkanProgram *p, GptVisVulkanSlot *slot)
{
  gptvis_vulkan_buffer_clear (&slot->picture, p->device);
  gptvis_vulkan_buffer_clear (&slot->near, p->device);
  gptvis_vulkan_buffer_clear (&slot->narrow, p->device);
  slot->width = 0;
}

static gboolean
make_buffers (GptVisVulkanProgram *p, GptVisVulkanSlot *slot, const Tables *t)
{
  const gsize most = p->device->limits.maxStorageBufferRange;
  return t->words * 4 <= most && t->narrow * sizeof (float) <= most
      && gptvis_vulkan_buffer_init (&slot->picture, p->device, t->words * 4, GPTVIS_VULKAN_TO_DEVICE, NULL)
      && (slot->picture.local
      || gptvis_vulkan_buffer_init (&slot->near, p->device, t->words * 4, GPTVIS_VULKAN_DEVICE, NULL))
      && gptvis_vulkan_buffer_init (&slot->narrow, p->device, t->narrow * sizeof (float),
          GPTVIS_VULKAN_DEVICE, NULL);
}

static gboolean
prepare (GptVisVulkanProgram *p, GptVisVulkanSlot *slot, const GptVisPicture *picture)
{
  const GptVisOp *op = gptvis_plan_op (p->base.plan, 0);
  Tables t;
  if (slot->width == picture->width && slot->height == picture->height && slot->format == picture->format
      && slot->site == picture->site)
    return slot->picture.mapped != NULL;
  gptvis_vulkan_slot_clear (p, slot);
  slot->format = picture->format;
  slot->width = picture->width;
  slot->height = picture->height;
  slot->site = picture->site;
  tables_make (&t, &op->patches.recipe, op->patches.patch_size, picture);
  const gboolean made = make_buffers (p, slot, &t);
  if (made)
    tables_write (&t, gptvis_picture_layout (picture->format), slot->picture.mapped);
  else
    gptvis_vulkan_buffer_clear (&slot->picture, p->device);
  memcpy (slot->planes, t.planes, sizeof slot->planes);
  slot->components = t.head.components;
  tables_clear (&t);
  return made;
}

static void
copy_plane (const GptVisVulkanPlane *plane, const guint8 *from, gint stride, guint8 *to)
{
  const gsize row = WORDS (plane->row_bytes) * 4;
  if (plane->rows == 0)         /* the format has no such plane, or nothing of it is seen */
    return;
  from += (gssize) stride * plane->first;
  to += plane->at;
  if (stride == (gint) row) {   /* the padding behind the last row may not be readable */
    memcpy (to, from, (plane->rows - 1) * row + plane->row_bytes);
    return;
  }
  for (guint y = 0; y < plane->rows; y++, from += stride, to += row)
    memcpy (to, from, plane->row_bytes);
}

gboolean
gptvis_vulkan_stage (GptVisVulkanProgram *p, GptVisVulkanSlot *slot, const GptVisPicture *picture)
{
  slot->is_picture = gptvis_picture_check (picture, NULL) && prepare (p, slot, picture);
  if (!slot->is_picture)
    return FALSE;
  struct PatchPicture *head = slot->picture.mapped;
  gptvis_picture_mixes (
      picture, &gptvis_plan_op (p->base.plan, 0)->patches.recipe, (GptVisMix *) head->mixes);
  for (guint plane = 0; plane < 3; plane++)
    copy_plane (&slot->planes[plane], picture->planes[plane], picture->strides[plane], slot->picture.mapped);
  return TRUE;
}
G_STATIC_ASSERT (sizeof (GptVisMix[3]) == sizeof (((struct PatchPicture *) NULL)->mixes));

/* ---- the commands ---- */

VkResult
gptvis_vulkan_staging_init (GptVisVulkanProgram *p, GptVisVulkanFlight *flight)
{
  if (gptvis_plan_op (p->base.plan, 0)->kind != GPTVIS_OP_PATCHES)
    return VK_SUCCESS;
  return gptvis_vulkan_sets_new (p->device, 2 * gptvis_plan_max_batch (p->base.plan), &flight->sets);
}

static GptVisVulkanRange
all_of (const GptVisVulkanBuffer *buffer)
{
  return (GptVisVulkanRange) { buffer, 0, buffer->size };
}

/* Where shaders find the slot's picture. */
static const GptVisVulkanBuffer *
picture_of (const GptVisVulkanSlot *slot)
{
  return slot->near.buffer ? &slot->near : &slot->picture;
}

/* Copies rows into the input, and pictures to where the device reads them. */
static void
record_copies (GptVisVulkanProgram *p, VkCommandBuffer commands, GptVisSlot *const *slots, guint n)
{
  const GptVisVulkanDevice *d = p->device;
  const GptVisVulkanRange *input = &p->tensors[p->input_id].pieces[0].range;
  const gsize size = gptvis_vulkan_bytes (gptvis_plan_tensor (p->base.plan, p->input_id));
  for (guint i = 0; i < n; i++) {
    const GptVisVulkanSlot *slot = gptvis_vulkan_slot (slots[i]);
    const VkBufferCopy rows = { 0, input->offset + i * size, size }, all = { 0, 0, slot->picture.size };
    if (!slot->is_picture)
      d->call.vkCmdCopyBuffer (commands, slot->rows.buffer, input->buffer->buffer, 1, &rows);
    else if (slot->near.buffer)
      d->call.vkCmdCopyBuffer (commands, slot->picture.buffer, slot->near.buffer, 1, &all);
  }
}

/* A dispatch of one of the two shaders. */
static gboolean
record_dispatch (GptVisVulkanProgram *p, VkDescriptorPool sets, VkCommandBuffer commands, GptVisShader shader,
    const GptVisVulkanRange *bindings, const void *push, guint columns, guint y, guint z, GError **error)
{
  const GptVisVulkanVariant variant = { shader, { [SPEC_THREADS] = THREADS } };
  const guint groups[3] = { (columns + THREADS - 1) / THREADS, y, z };
  const GptVisVulkanPipeline *pipeline = gptvis_vulkan_pipeline (p->context->pipelines, &variant, error);
  return pipeline && gptvis_vulkan_put_dispatch (p->device, commands, sets, pipeline, bindings, push, groups,
      error);
}

static gboolean
record_narrow (GptVisVulkanProgram *p, VkDescriptorPool sets, VkCommandBuffer commands,
    const GptVisVulkanSlot *slot, GError **error)
{
  const GptVisRecipe *recipe = &gptvis_plan_op (p->base.plan, 0)->patches.recipe;
  const GptVisVulkanRange bindings[] = { all_of (picture_of (slot)), all_of (&slot->narrow) };
  guint tallest = 0;
  for (guint plane = 0; plane < 3; plane++)
    tallest = MAX (tallest, slot->planes[plane].rows);
  return tallest == 0 || record_dispatch (p, sets, commands, GPTVIS_SHADER_NARROW, bindings, NULL,
      recipe->width, tallest, slot->components, error);
}

static gboolean
record_patches (GptVisVulkanProgram *p, VkDescriptorPool sets, VkCommandBuffer commands,
    const GptVisVulkanSlot *slot, guint i, GError **error)
{
  const GptVisRecipe *recipe = &gptvis_plan_op (p->base.plan, 0)->patches.recipe;
  const GptVisVulkanRange *input = &p->tensors[p->input_id].pieces[0].range;
  const GptVisTensor *t = gptvis_plan_tensor (p->base.plan, p->input_id);
  const GptVisVulkanRange bindings[] = { all_of (picture_of (slot)), all_of (&slot->narrow), *input };
  return record_dispatch (p, sets, commands, GPTVIS_SHADER_PATCHES, bindings,
      &(struct PatchesPush) { i * t->rows * t->width }, recipe->width, recipe->height, 1, error);
}

gboolean
gptvis_vulkan_record_staging (GptVisVulkanProgram *p, GptVisVulkanFlight *flight, VkCommandBuffer commands,
    GptVisSlot *const *slots, guint n, GError **error)
{
  const GptVisVulkanDevice *d = p->device;
  gboolean pictures = FALSE, ok = TRUE;
  for (guint i = 0; i < n; i++)
    pictures |= gptvis_vulkan_slot (slots[i])->is_picture;
  /* the run before may still have the arena */
  gptvis_vulkan_barrier (p->device, commands,
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
      VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT);
  record_copies (p, commands, slots, n);
  gptvis_vulkan_barrier (p->device, commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT,
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_READ_BIT);
  if (!pictures)
    return TRUE;
  d->call.vkResetDescriptorPool (d->device, flight->sets, 0);
  for (guint i = 0; i < n && ok; i++)
    if (gptvis_vulkan_slot (slots[i])->is_picture)
      ok = record_narrow (p, flight->sets, commands, gptvis_vulkan_slot (slots[i]), error);
  gptvis_vulkan_barrier (p->device, commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
      VK_ACCESS_SHADER_WRITE_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_READ_BIT);
  for (guint i = 0; i < n && ok; i++)
    if (gptvis_vulkan_slot (slots[i])->is_picture)
      ok = record_patches (p, flight->sets, commands, gptvis_vulkan_slot (slots[i]), i, error);
  gptvis_vulkan_barrier (p->device, commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
      VK_ACCESS_SHADER_WRITE_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
      VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_TRANSFER_READ_BIT);
  return ok;
}
