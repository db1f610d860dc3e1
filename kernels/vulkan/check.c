/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "check.h"
#include "../cpu/cpu.h"
#include <math.h>
#include <string.h>

/* Of an output's largest value. The same network in f32, summed in another order, stays below a
 * hundredth of this, with weights as halves below a third; what a broken driver makes does not. */
static const double tolerances[] = {[GPTVIS_PRECISION_F32] = 1e-3,[GPTVIS_PRECISION_F16] = 3e-2 };

#define STEPS 3u
#define SAMPLE 64u              /* bytes of each weight that tell networks apart */

static void
add_sample (GChecksum *sum, const GptVisWeights *weights, const gchar *name)
{
  GptVisDtype dtype;
  gsize n;
  const guint8 *data = weights->find (weights->user, name, &dtype, &n);
  g_checksum_update (sum, data, MIN (n * gptvis_dtype_size (dtype), SAMPLE));
}

/* The file that remembers. */
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
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    for (guint j = 0; j < t->n_parts; j++)
      add_sample (sum, weights, t->parts[j].name);
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
take_steps (GptVisProgram *program, GptVisSlot *slot, GArray *to, GError **error)
{
  const guint n = MIN (STEPS, gptvis_plan_max_positions (program->plan));
  for (guint i = 0; i < n; i++) {
    const GptVisSequence sequence = { slot, (7 * i + 3) % n_tokens (program->plan), i, 0, NULL };
    if (!gptvis_program_step (program, &sequence, 1, error) || !gptvis_program_wait (program, error))
      return FALSE;
    read_outputs (program, to);
  }
  return TRUE;
}

/* The outputs of a picture that is noise, and of some words; NULL after an error. */
static GArray *
run (GptVisProgram *program, GError **error)
{
  const GptVisPlan *plan = program->plan;
  GArray *outputs = g_array_new (FALSE, FALSE, sizeof (float));
  GptVisSlot *slot = gptvis_program_slot_new (program);
  float *rows = gptvis_program_slot_rows (program, slot);
  guint32 noise = 1;
  const GptVisTensor *input = gptvis_plan_tensor (plan, gptvis_plan_input_id (plan));
  for (gsize k = 0; k < (gsize) input->rows * input->width; k++) {
    noise = noise * 1664525u + 1013904223u;     /* Knuth's, as Numerical Recipes has it */
    rows[k] = (noise >> 8) * 0x1p-23f - 1;
  }
  gboolean ok = gptvis_program_submit (program, &slot, 1, error) && gptvis_program_wait (program, error);
  if (ok && gptvis_plan_max_sequences (plan) > 0)
    ok = take_steps (program, slot, outputs, error);
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
      return 0;                 /* the network's own fault, and nothing to hold against */
    largest = MAX (largest, fabs (want[i]));
    if (!(fabs (got[i] - want[i]) <= off))
      off = isfinite (got[i]) ? fabs (got[i] - want[i]) : INFINITY;
  }
  return off / MAX (largest, 1e-30);
}

/* How far off the device is; negative when that cannot be found out. */
static double
measure (GptVisVulkanProgram *p, const GptVisWeights *weights, GError **error)
{
  const GptVisProgramOptions options = { .backend = "cpu" };
  GptVisProgram *cpu = gptvis_backend_cpu.program_new (p->base.plan, weights, &options, NULL);
  if (!cpu)
    return -1;
  cpu->backend = &gptvis_backend_cpu;
  GArray *want = run (cpu, NULL), *got = run (&p->base, error);
  const double off = !want || !got ? -1
      : difference ((const float *) got->data, (const float *) want->data, want->len);
  if (want)
    g_array_unref (want);
  if (got)
    g_array_unref (got);
  gptvis_program_free (cpu);
  return off;
}

static gboolean
judge (const GptVisVulkanProgram *p, double off, GError **error)
{
  const double tolerance = tolerances[p->base.precision];
  if (off <= tolerance && !p->device->faults.wrong)
    return TRUE;
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_DEVICE,
      "%s computes the network %s wrongly: its results differ from the processor's by %.1e of the largest, "
      "where %.0e is rounding (GPTVIS_VULKAN_DISABLE=check takes it all the same)", p->device->name,
      gptvis_plan_name (p->base.plan), off, tolerance);
  g_warning ("%s", (*error)->message);
  return FALSE;
}

gboolean
gptvis_vulkan_check_program (GptVisVulkanProgram *p, const GptVisWeights *weights, GError **error)
{
  GError *why = NULL;
  gchar *text = NULL;
  if (gptvis_vulkan_disabled ("check"))
    return TRUE;
  gchar *path = name_file (p, weights);
  double off = -1;
  if (g_file_get_contents (path, &text, NULL, NULL))
    off = g_ascii_strtod (text, NULL);
  else
    off = measure (p, weights, &why);
  if (off >= 0 && !text) {
    gchar *folder = g_path_get_dirname (path), number[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_dtostr (number, sizeof number, off);
    if (g_mkdir_with_parents (folder, 0700) == 0)
      g_file_set_contents (path, number, -1, NULL);
    g_free (folder);
  }
  if (!why)
    judge (p, off, &why);
  g_free (text);
  g_free (path);
  if (!why)
    return TRUE;
  g_propagate_error (error, why);
  return FALSE;
}
