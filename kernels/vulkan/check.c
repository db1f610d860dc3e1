/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program on the device and one on the processor run the same made-up input; where their outputs differ by
 * too much, the first operation that is wrong is looked for. */
#include "config.h"
#include "check.h"
#include "commands.h"
#include "switches.h"
#include "../cpu/cpu.h"
#include <math.h>
#include <string.h>

/* Parts of an output's largest value. The same network in f32, summed in another order, stays below a
 * hundredth of this, with weights as halves or bytes below a third; the results of a broken driver do not. */
static const double tolerances[] = {
  [GPTVIS_PRECISION_F32] = 1e-3,[GPTVIS_PRECISION_F16] = 3e-2,[GPTVIS_PRECISION_INT8] = 2e-1
};

#define STEPS 3u
#define SAMPLE 64u              /* bytes of each weight that tell networks apart */

static void
add_sample (GChecksum *sum, const GptVisWeights *weights, const GptVisWeightPart *part)
{
  guchar sample[SAMPLE];
  g_checksum_update (sum, sample, gptvis_weights_sample (weights, part, sample, sizeof sample));
}

/* The file that keeps the verdict. */
static gchar *
name_file (const GptVisVulkanProgram *p, const GptVisWeights *weights)
{
  const GptVisPlan *plan = p->base.plan;
  const VkPhysicalDeviceProperties *device = &p->device->properties;
  GChecksum *sum = g_checksum_new (G_CHECKSUM_SHA256);
  gchar *text = gptvis_plan_print (plan);
  g_checksum_update (sum, (const guchar *) text, -1);
  g_checksum_update (sum, (const guchar *) GPTVIS_VERSION, -1);
  g_checksum_update (sum, (const guchar *) gptvis_precision_name (p->base.precision), -1);
  g_checksum_update (sum, (const guchar *) device->deviceName, -1);
  g_checksum_update (sum, (const guchar *) &device->driverVersion, sizeof device->driverVersion);
  g_checksum_update (sum, device->pipelineCacheUUID, VK_UUID_SIZE);
  g_checksum_update (sum, (const guchar *) &p->device->features.has, sizeof p->device->features.has);
  g_checksum_update (sum, (const guchar *) &p->chosen, sizeof p->chosen);
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    for (guint j = 0; j < t->n_parts; j++)
      add_sample (sum, weights, &t->parts[j]);
  }
  gchar *name = g_strconcat ("checked-", g_checksum_get_string (sum), NULL);
  gchar *path = g_build_filename (g_get_user_cache_dir (), "gptvis", name, NULL);
  g_checksum_free (sum);
  g_free (name);
  g_free (text);
  return path;
}

/* ---- the runs ---- */

/* All outputs as they are now, behind those of earlier runs. */
static void
read_outputs (GptVisProgram *program, GArray *to)
{
  for (guint i = 0; i < gptvis_plan_n_tensors (program->plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (program->plan, i);
    if (t->output && gptvis_tensor_is_activation (t))
      g_array_append_vals (to, gptvis_program_output (program, i, 0), t->rows * t->width);
  }
}

/* Tokens that the step can be given. */
static guint
n_tokens (const GptVisPlan *plan)
{
  guint n = 1;
  for (guint i = gptvis_plan_step_op (plan); i < gptvis_plan_n_ops (plan); i++)
    if (gptvis_plan_op (plan, i)->kind == GPTVIS_OP_EMBED)
      n = gptvis_plan_tensor (plan, gptvis_plan_op (plan, i)->in[0])->rows;
  return n;
}

static gboolean
take_steps (GptVisProgram *program, GptVisSlot *slot, guint n, GArray *to, GError **error)
{
  n = MIN (n, gptvis_plan_max_positions (program->plan));
  for (guint i = 0; i < n; i++) {
    const GptVisSequence sequence = { slot, (7 * i + 3) % n_tokens (program->plan), i, 0, NULL };
    if (!gptvis_program_step (program, &sequence, 1, error) || !gptvis_program_wait (program, error))
      return FALSE;
    read_outputs (program, to);
  }
  return TRUE;
}

/* The pictures that networks see here: R'G'B' and Y'CbCr become patches in different ways. A network that
 * reads rows gets rows. */
static const GptVisPictureFormat shown[] = { GPTVIS_PICTURE_NV12, GPTVIS_PICTURE_RGB };
#define SIDE 150u               /* pixels; neither a multiple of a patch nor of a workgroup */

/* Noise, the same each time: 24 bits of a linear congruential generator with Knuth's constants. */
static guint32
next_noise (guint32 *state)
{
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static gboolean
fill (GptVisProgram *program, GptVisSlot *slot, GptVisPictureFormat format, GError **error)
{
  guint8 pixels[SIDE * SIDE * 3];
  const gint stride = format == GPTVIS_PICTURE_RGB ? 3 * SIDE : SIDE;
  const GptVisPicture picture = { .format = format, .width = SIDE, .height = SIDE,
    .planes = {pixels, pixels + SIDE * SIDE}, .strides = {stride, stride}, .matrix = GPTVIS_MATRIX_BT709 };
  guint32 state = 1;
  for (gsize k = 0; k < sizeof pixels; k++)
    pixels[k] = next_noise (&state) >> 16;
  return gptvis_program_stage (program, slot, &picture, error);
}

static void
fill_rows (GptVisProgram *program, GptVisSlot *slot)
{
  const GptVisTensor *input = gptvis_plan_tensor (program->plan, gptvis_plan_input_id (program->plan));
  float *rows = gptvis_program_slot_rows (program, slot);
  guint32 state = 1;
  for (gsize k = 0; k < (gsize) input->rows * input->width; k++)
    rows[k] = next_noise (&state) * 0x1p-23f - 1;
}

static gboolean
is_shown_pictures (const GptVisPlan *plan)
{
  return gptvis_plan_op (plan, 0)->kind == GPTVIS_OP_PATCHES;
}

/* A slot filled with noise and run; NULL after an error. */
static GptVisSlot *
run_noise (GptVisProgram *program, GptVisPictureFormat format, GError **error)
{
  GptVisSlot *slot = gptvis_program_slot_new (program, error);
  gboolean ok = TRUE;
  if (!slot)
    return NULL;
  if (is_shown_pictures (program->plan))
    ok = fill (program, slot, format, error);
  else
    fill_rows (program, slot);
  if (ok && gptvis_program_submit (program, &slot, 1, error) && gptvis_program_wait (program, error))
    return slot;
  gptvis_program_slot_free (program, slot);
  return NULL;
}

/* The outputs of a picture, and of some words; NULL after an error. */
static GArray *
run (GptVisProgram *program, GptVisPictureFormat format, GError **error)
{
  GArray *outputs = g_array_new (FALSE, FALSE, sizeof (float));
  GptVisSlot *slot = run_noise (program, format, error);
  gboolean ok = slot != NULL;
  if (ok && gptvis_plan_max_sequences (program->plan) > 0)
    ok = take_steps (program, slot, STEPS, outputs, error);
  else if (ok)
    read_outputs (program, outputs);
  gptvis_program_slot_free (program, slot);
  if (!ok)
    g_clear_pointer (&outputs, g_array_unref);
  return outputs;
}

/* The largest difference, in parts of the largest value; infinite for a NaN where there should be none. */
static double
difference (const float *got, const float *want, guint n)
{
  double largest = 0, off = 0;
  for (guint i = 0; i < n; i++) {
    if (!isfinite (want[i]))
      return 0;                 /* the network's own fault, and nothing to compare with */
    largest = MAX (largest, fabs (want[i]));
    if (!(fabs (got[i] - want[i]) <= off))
      off = isfinite (got[i]) ? fabs (got[i] - want[i]) : INFINITY;
  }
  return off / MAX (largest, 1e-30);
}

/* ---- which operation it is ---- */

/* The values in a tensor, after a run that ended with the operation that writes it; NULL after an error. */
static float *
read_tensor (GptVisVulkanProgram *p, GptVisTensorId id)
{
  const GptVisVulkanRange *range = &p->tensors[id].pieces[0].range;
  const gsize size = gptvis_vulkan_bytes (gptvis_plan_tensor (p->base.plan, id));
  const VkBufferCopy copy = { range->offset, 0, size };
  GptVisVulkanBuffer buffer = { };
  float *values = NULL;
  if (gptvis_vulkan_buffer_init (&buffer, p->device, size, GPTVIS_VULKAN_SHARED, NULL)
      && gptvis_vulkan_begin (p, p->copies, NULL)) {
    p->device->call.vkCmdCopyBuffer (p->copies, range->buffer->buffer, buffer.buffer, 1, &copy);
    if (gptvis_vulkan_program_copy (p, NULL))
      values = g_memdup2 (buffer.mapped, size);
  }
  gptvis_vulkan_buffer_clear (&buffer, p->device);
  return values;
}

/* A picture, or a word after it, as far as operation i. */
static gboolean
run_until (GptVisProgram *program, GptVisPictureFormat format, guint i)
{
  program->end_op = i + 1;
  GArray *unused = g_array_new (FALSE, FALSE, sizeof (float));
  GptVisSlot *slot = run_noise (program, format, NULL);
  const gboolean ok = slot && (i < gptvis_plan_step_op (program->plan)
      || take_steps (program, slot, 1, unused, NULL));
  gptvis_program_slot_free (program, slot);
  g_array_unref (unused);
  program->end_op = 0;
  return ok;
}

/* How far the result of operation i is off; negative when that cannot be found out. */
static double
difference_after (GptVisVulkanProgram *p, GptVisProgram *cpu, GptVisPictureFormat format, guint i)
{
  const GptVisTensorId id = gptvis_plan_op (p->base.plan, i)->out;
  const GptVisTensor *t = gptvis_plan_tensor (p->base.plan, id);
  gptvis_vulkan_program_drop_recordings (p);
  if (!run_until (cpu, format, i) || !run_until (&p->base, format, i))
    return -1;
  float *got = read_tensor (p, id);
  const double off = got ? difference (got, cpu->backend->output (cpu, id, 0), t->rows * t->width) : -1;
  g_free (got);
  return off;
}

static gboolean
is_wrong_after (GptVisVulkanProgram *p, GptVisProgram *cpu, GptVisPictureFormat format, guint i)
{
  return difference_after (p, cpu, format, i) > tolerances[p->base.precision];
}

/* The operations before the first that chooses rows: rounding alone makes it choose others, and all that
 * follows is about those. */
static guint
n_comparable (const GptVisPlan *plan)
{
  guint n = 0;
  while (n < gptvis_plan_n_ops (plan) && gptvis_plan_op (plan, n)->kind != GPTVIS_OP_TOP)
    n++;
  return n;
}

/* The first operation that the device computes wrongly, as the plan's line of it; NULL: each is right by
 * itself. It is found by bisection, as all that follow it are wrong, too. */
static gchar *
find_wrong (GptVisVulkanProgram *p, GptVisProgram *cpu, GptVisPictureFormat format)
{
  const GptVisPlan *plan = p->base.plan;
  GArray *ops = g_array_new (FALSE, FALSE, sizeof (guint));     /* those whose results can be read */
  for (guint i = 0; i < n_comparable (plan); i++)
    if (gptvis_tensor_is_activation (gptvis_plan_tensor (plan, gptvis_plan_op (plan, i)->out)))
      g_array_append_val (ops, i);
  guint from = 0, to = ops->len;        /* it is among these, or there is none */
  while (from < to) {
    const guint middle = (from + to) / 2;
    if (is_wrong_after (p, cpu, format, g_array_index (ops, guint, middle)))
      to = middle;
    else
      from = middle + 1;
  }
  gchar *line = from < ops->len ? gptvis_plan_print_op (plan, g_array_index (ops, guint, from)) : NULL;
  gptvis_vulkan_program_drop_recordings (p);
  g_array_unref (ops);
  return line;
}

/* ---- the verdict ---- */

/* How far off the device is, and where; negative when that cannot be found out. Of a network that chooses
 * rows it is what these are chosen by that is compared. */
static double
measure_on (GptVisVulkanProgram *p, GptVisProgram *cpu, GptVisPictureFormat format, gchar **where,
    GError **error)
{
  const guint n = n_comparable (p->base.plan);
  GArray *want = run (cpu, format, NULL), *got = run (&p->base, format, error);
  double off = !want || !got ? -1
      : difference ((const float *) got->data, (const float *) want->data, want->len);
  if (off >= 0 && n > 0 && n < gptvis_plan_n_ops (p->base.plan)) {
    off = difference_after (p, cpu, format, n - 1);
    gptvis_vulkan_program_drop_recordings (p);
  }
  if (off > tolerances[p->base.precision])
    *where = find_wrong (p, cpu, format);
  g_clear_pointer (&want, g_array_unref);
  g_clear_pointer (&got, g_array_unref);
  return off;
}

static double
measure (GptVisVulkanProgram *p, const GptVisWeights *weights, gchar **where, GError **error)
{
  const GptVisProgramOptions options = { .backend = "cpu", .precision = GPTVIS_PRECISION_F32 };
  const guint n = is_shown_pictures (p->base.plan) ? G_N_ELEMENTS (shown) : 1;
  double off = 0;
  GptVisProgram *cpu = gptvis_backend_cpu.program_new (p->base.plan, weights, &options, NULL);
  if (!cpu)
    return -1;
  cpu->backend = &gptvis_backend_cpu;
  for (guint i = 0; i < n && off >= 0 && !*where; i++) {
    const double here = measure_on (p, cpu, shown[i], where, error);
    off = here < 0 ? here : MAX (off, here);
  }
  gptvis_program_free (cpu);
  return off;
}

static gboolean
judge (const GptVisVulkanProgram *p, double off, const gchar *where, GError **error)
{
  const double tolerance = tolerances[p->base.precision];
  if (off <= tolerance)
    return TRUE;
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_DEVICE,
      "%s computes the network %s wrongly: its results differ from the processor's by %.1e of the largest, "
      "where %.0e is rounding; %s%s (GPTVIS_VULKAN_DISABLE=check takes it all the same)", p->device->name,
      gptvis_plan_name (p->base.plan), off, tolerance,
      where ? "the first operation that differs is " : "no operation does by itself", where ? where : "");
  g_warning ("%s", (*error)->message);
  return FALSE;
}

/* A file of a number, and below it the operation that was wrong. FALSE: there is none that was written
 * here. */
static gboolean
recall (const gchar *path, double *off, gchar **where)
{
  gchar *text = NULL, *end;
  gsize size;
  if (!g_file_get_contents (path, &text, &size, NULL))
    return FALSE;
  *off = g_ascii_strtod (text, &end);
  const gboolean whole = end > text && *end == '\n' && size < 4096 && g_utf8_validate (text, size, NULL);
  if (whole && end[1])
    *where = g_strdup (end + 1);
  g_free (text);
  return whole;
}

/* If it cannot be written, the next program is checked again. */
static void
remember (const gchar *path, double off, const gchar *where)
{
  gchar *folder = g_path_get_dirname (path), number[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_dtostr (number, sizeof number, off);
  gchar *text = g_strconcat (number, "\n", where, NULL);
  if (g_mkdir_with_parents (folder, 0700) == 0)
    g_file_set_contents (path, text, -1, NULL);
  g_free (text);
  g_free (folder);
}

gboolean
gptvis_vulkan_check_program (GptVisVulkanProgram *p, const GptVisWeights *weights, GError **error)
{
  GError *why = NULL;
  gchar *where = NULL;
  double off;
  if (gptvis_vulkan_disabled ("check"))
    return TRUE;
  gchar *path = name_file (p, weights);
  if (!recall (path, &off, &where)) {
    off = measure (p, weights, &where, &why);
    if (off >= 0)
      remember (path, off, where);
  }
  if (!why)
    judge (p, off, where, &why);
  g_free (where);
  g_free (path);
  if (!why)
    return TRUE;
  g_propagate_error (error, why);
  return FALSE;
}
