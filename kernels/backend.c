/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chooses the backend that makes a program. */
#include "config.h"
#include "backend.h"
#include "fallback.h"
#include "reference.h"
#include "cpu/cpu.h"
#include "vulkan/gpu.h"
#include <string.h>

/* auto never takes the reference. */
static const GptVisBackendTable *const backends[] = {
  &gptvis_backend_cpu,
  &gptvis_backend_reference,
#if GPTVIS_HAVE_VULKAN
  &gptvis_backend_vulkan,
#endif
};

static const GptVisBackendTable *
find_backend (const gchar *name, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (backends); i++)
    if (strcmp (name, backends[i]->name) == 0)
      return backends[i];
  if (strcmp (name, "vulkan") == 0)
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
        "backend vulkan is not in this build: it needs Vulkan's headers, volk and glslangValidator when "
        "gptvis is compiled");
  else
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
        "backend \"%s\" is none of auto, cpu, vulkan, reference", name);
  return NULL;
}

gchar *
gptvis_backend_devices (const gchar *backend, GError **error)
{
  const GptVisBackendTable *found = find_backend (backend, error);
  return found ? found->devices (error) : NULL;
}

/* auto: a GPU, if there is one and it takes the plan; else the processor, and the log says why. */
static GptVisProgram *
take_best (const GptVisPlan *plan, const GptVisWeights *weights, const GptVisProgramOptions *options,
    const GptVisBackendTable **backend, GError **error)
{
#if GPTVIS_HAVE_VULKAN
  GptVisProgramOptions any_device = *options;
  GError *why = NULL;
  *backend = &gptvis_backend_vulkan;
  GptVisProgram *program = (*backend)->program_new (plan, weights, options, &why);
  if (program)
    return program;
  /* a device was named, and is not there */
  if (g_error_matches (why, GPTVIS_ERROR, GPTVIS_ERROR_NOT_FOUND)) {
    g_propagate_error (error, why);
    return NULL;
  }
  g_info ("%s: backend auto takes the cpu: %s", gptvis_plan_name (plan), why->message);
  g_error_free (why);
  any_device.device = NULL;     /* it names a GPU */
  options = &any_device;
#endif
  *backend = &gptvis_backend_cpu;
  return (*backend)->program_new (plan, weights, options, error);
}

GptVisProgram *
gptvis_program_new (const GptVisPlan *plan, const GptVisWeights *weights, const GptVisProgramOptions *options,
    GError **error)
{
  const gboolean any = !options->backend || strcmp (options->backend, "auto") == 0;
  const GptVisBackendTable *backend = any ? NULL : find_backend (options->backend, error);
  if (!any && !backend)
    return NULL;
  GptVisProgram *program = any ? take_best (plan, weights, options, &backend, error)
      : backend->program_new (plan, weights, options, error);
  if (program) {
    program->backend = backend;
    program->plan = plan;
    if (backend != &gptvis_backend_cpu && backend != &gptvis_backend_reference)
      program->fallback = gptvis_fallback_new (plan, weights, options->threads);
  }
  return program;
}
