/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program on the processor that takes over from a device that failed. */
#include "fallback.h"
#include "cpu/cpu.h"

struct _GptVisFallback {
  const GptVisPlan *plan;
  GptVisWeights weights;
  guint threads;
  GptVisProgram *program;       /* atomic */
  GError *failure;              /* atomic, after `program` */
};

GptVisFallback *
gptvis_fallback_new (const GptVisPlan *plan, const GptVisWeights *weights, guint threads)
{
  GptVisFallback *self = g_new0 (GptVisFallback, 1);
  self->plan = plan;
  self->weights = *weights;
  self->threads = threads;
  return self;
}

void
gptvis_fallback_free (GptVisFallback *self)
{
  if (!self)
    return;
  if (self->program)
    self->program->backend->program_free (self->program);
  g_clear_error (&self->failure);
  g_free (self);
}

void
gptvis_fallback_take (GptVisFallback *self, const GError *why)
{
  /* f32, so that results stay what they were */
  const GptVisProgramOptions options =
      { .backend = "cpu",.precision = GPTVIS_PRECISION_F32,.threads = self->threads };
  GError *failure = g_error_copy (why), *why_not = NULL;
  GptVisProgram *program = gptvis_backend_cpu.program_new (self->plan, &self->weights, &options, &why_not);
  gchar *before = failure->message;
  if (program) {
    program->backend = &gptvis_backend_cpu;
    failure->message = g_strdup_printf ("%s; the network %s continues on the processor (%s)", before,
        gptvis_plan_name (self->plan), program->description);
  } else {
    failure->message = g_strdup_printf ("%s; the processor cannot take the network %s either: %s", before,
        gptvis_plan_name (self->plan), why_not->message);
  }
  g_free (before);
  g_clear_error (&why_not);
  g_atomic_pointer_set (&self->program, program);
  g_atomic_pointer_set (&self->failure, failure);
}

GptVisProgram *
gptvis_fallback_program (GptVisFallback *self)
{
  return g_atomic_pointer_get (&self->program);
}

const GError *
gptvis_fallback_failure (GptVisFallback *self)
{
  return g_atomic_pointer_get (&self->failure);
}
