/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How golden-check compares and reports, and how stored pictures become a model's input (golden.h). */
#include "golden.h"
#include <math.h>
#include <png.h>
#include <string.h>

void
miss (Check *c, const gchar *format, ...)
{
  va_list args;
  va_start (args, format);
  gchar *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_print ("%-20s %s\n", c->name, text);
  g_free (text);
  c->misses++;
}

void
report (Check *c, const gchar *tensor, gdouble error, gdouble tolerance)
{
  const gboolean ok = error <= tolerance;       /* FALSE for a NaN */
  g_print ("%-20s %-24s %8.1e of %.1e  %s\n", c->name, tensor, error, tolerance, ok ? "ok" : "MISS");
  c->misses += !ok;
}

void
compare (Error *e, const float *got, const float *want, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    const gdouble d = fabs ((gdouble) got[i] - want[i]);
    if (!(d <= e->difference))
      e->difference = d;        /* a NaN stays */
    e->magnitude = MAX (e->magnitude, fabs (want[i]));
  }
}

gdouble
relative (const Error *e)
{
  return e->difference / (e->magnitude > 0 ? e->magnitude : 1);
}

/* An f32 tensor with n elements for each picture, or NULL after a miss. */
const float *
expect (Check *c, const gchar *name, gsize n)
{
  const GptVisStoredTensor *t = gptvis_container_find (c->expected, name);
  if (!t) {
    miss (c, "%-24s is not in expected.safetensors", name);
    return NULL;
  }
  if (strcmp (t->dtype, "F32") != 0 || t->n_dimensions < 1
      || (t->shape[0] % c->n_pictures && (t->n_dimensions != 5 || t->shape[1] != c->n_pictures))
      || t->n_elements != n * c->n_pictures || (guintptr) t->data % sizeof (float)) {
    gchar *shape = gptvis_stored_tensor_shape (t);
    miss (c, "%-24s is %s %s, where %" G_GSIZE_FORMAT " F32 values for each of %u pictures are needed", name,
        t->dtype, shape, n, c->n_pictures);
    g_free (shape);
    return NULL;
  }
  return t->data;
}

/* Patch rows ↔ [3, height, width]: pixel (c, y, x) of the picture is value `*inside` of row `*row`. */
static void
unfold (guint width, guint patch, guint ch, guint y, guint x, gsize *row, gsize *inside)
{
  *row = (gsize) (y / patch) * (width / patch) + x / patch;
  *inside = ((gsize) ch * patch + y % patch) * patch + x % patch;
}

static const GptVisOp *
patches_op (GptVisModelSlot *slot)
{
  const GptVisPlan *plan = gptvis_model_slot_plan (slot);
  for (guint i = 0; i < gptvis_plan_n_ops (plan); i++)
    if (gptvis_plan_op (plan, i)->kind == GPTVIS_OP_PATCHES)
      return gptvis_plan_op (plan, i);
  g_assert_not_reached ();
}

const GptVisRecipe *
slot_recipe (GptVisModelSlot *slot)
{
  return &patches_op (slot)->patches.recipe;
}

void
copy_rows (GptVisModel *model, GptVisModelSlot *slot, float *planes, gboolean to_rows)
{
  float *rows = gptvis_model_slot_rows (model, slot);
  const GptVisRecipe *r = slot_recipe (slot);
  const guint p = patches_op (slot)->patches.patch_size;
  gsize row, inside;
  for (guint ch = 0; ch < 3; ch++)
    for (guint y = 0; y < r->height; y++)
      for (guint x = 0; x < r->width; x++) {
        float *plane = &planes[((gsize) ch * r->height + y) * r->width + x];
        unfold (r->width, p, ch, y, x, &row, &inside);
        if (to_rows)
          rows[row * 3 * p * p + inside] = *plane;
        else
          *plane = rows[row * 3 * p * p + inside];
      }
}

guint8 *
read_png (Check *c, guint i, GptVisPicture *picture)
{
  gchar *path = g_strdup_printf ("%s/pictures/%u.png", c->path, i);
  png_image image = { .version = PNG_IMAGE_VERSION };
  guint8 *pixels = NULL;
  if (png_image_begin_read_from_file (&image, path)) {
    image.format = PNG_FORMAT_RGB;
    pixels = g_malloc (PNG_IMAGE_SIZE (image));
    if (!png_image_finish_read (&image, NULL, pixels, 0, NULL))
      g_clear_pointer (&pixels, g_free);
  }
  if (!pixels)
    miss (c, "%s: %s", path, image.message);
  else
    *picture = (GptVisPicture) { .format = GPTVIS_PICTURE_RGB, .width = image.width, .height = image.height,
      .planes = {pixels}, .strides = {(gint) PNG_IMAGE_ROW_STRIDE (image)}, .full_range = TRUE};
  g_free (path);
  return pixels;
}

gboolean
stage_png (Check *c, GptVisModel *model, GptVisModelSlot *slot, guint i)
{
  GptVisPicture picture;
  GError *error = NULL;
  guint8 *pixels = read_png (c, i, &picture);
  if (!pixels)
    return FALSE;
  const gboolean staged = gptvis_model_stage (model, slot, &picture, &error);
  g_free (pixels);
  if (!staged)
    miss (c, "pictures/%u.png: %s", i, error->message);
  g_clear_error (&error);
  return staged;
}

void
compare_staged (GptVisModel *model, GptVisModelSlot *slot, const float *want, Pixels *pixels)
{
  const GptVisRecipe *r = slot_recipe (slot);
  const gsize plane = (gsize) r->width * r->height;
  float *planes = g_new (float, 3 * plane);
  copy_rows (model, slot, planes, FALSE);
  for (gsize k = 0; k < 3 * plane; k++) {
    const gdouble difference = fabs ((gdouble) planes[k] - want[k]) * r->std[k / plane] / r->rescale / 255;
    if (!(difference <= pixels->largest))
      pixels->largest = difference;     /* a NaN stays */
    pixels->above += !(difference <= PIXEL_TOLERANCE);
  }
  pixels->n += 3 * plane;
  g_free (planes);
}

gdouble
pixel_tolerance (const Check *c, const Pixels *pixels)
{
  return c->torchvision && pixels->above * 1000 <= pixels->n ? 2 * PIXEL_TOLERANCE : PIXEL_TOLERANCE;
}

void
check_staging (Check *c, GptVisModel *model, const float *want)
{
  GptVisModelSlot *slot = gptvis_model_slot_new (model, NULL);
  const GptVisRecipe *r = slot_recipe (slot);
  const gsize n = (gsize) 3 * r->width * r->height;
  Pixels pixels = { 0 };
  guint i;
  for (i = 0; i < c->n_pictures && stage_png (c, model, slot, i); i++)
    compare_staged (model, slot, want + i * n, &pixels);
  if (i == c->n_pictures)
    report (c, "pixel_values", pixels.largest, pixel_tolerance (c, &pixels));
  gptvis_model_slot_free (slot);
}

/* One slot for each picture, filled with the stored pixel_values. */
GptVisModelSlot **
fill_slots (Check *c, GptVisModel *model, const float *pixel_values)
{
  GptVisModelSlot **slots = g_new (GptVisModelSlot *, c->n_pictures);
  for (guint i = 0; i < c->n_pictures; i++) {
    slots[i] = gptvis_model_slot_new (model, NULL);
    const GptVisRecipe *r = slot_recipe (slots[i]);
    copy_rows (model, slots[i], (float *) pixel_values + (gsize) i * 3 * r->width * r->height, TRUE);
  }
  return slots;
}

void
free_slots (Check *c, GptVisModelSlot **slots)
{
  for (guint i = 0; i < c->n_pictures; i++)
    gptvis_model_slot_free (slots[i]);
  g_free (slots);
}

gboolean
run_slots (Check *c, GptVisModel *model, GptVisModelSlot **slots)
{
  GptVisRequest *requests = g_new0 (GptVisRequest, c->n_pictures);
  GError *error = NULL;
  for (guint i = 0; i < c->n_pictures; i++)
    requests[i].slot = slots[i];
  const gboolean ok = gptvis_model_run (model, requests, c->n_pictures, &error);
  if (!ok)
    miss (c, "%s", error->message);
  g_clear_error (&error);
  g_free (requests);
  return ok;
}

GptVisModel *
open_model (Check *c, gboolean trace)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GError *error = NULL;
  options.path = c->path;
  options.program = c->program;
  options.max_batch = c->n_pictures;
  GptVisModel *model = gptvis_model_open (&options, &error);
  const GptVisOutputs outputs = model ? gptvis_architecture_outputs (gptvis_model_configuration (model)) : 0;
  if (!model || !gptvis_model_need (model, trace ? outputs | GPTVIS_OUTPUT_HIDDEN : outputs, &error)) {
    miss (c, "%s", error->message);
    g_clear_error (&error);
    g_clear_pointer (&model, gptvis_model_free);
  }
  return model;
}
