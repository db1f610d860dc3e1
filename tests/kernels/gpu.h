/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A GPU for tests (a software rasteriser will do), under the validation layer where that is installed.
 * Without one, tests that need it are skipped and say why. With GPTVIS_TEST_LEAST=1 its workgroups and shared
 * memory are as small as Vulkan allows. */
#pragma once
#include "config.h"
#include "backend.h"
#include "vulkan/gpu.h"
#include <glib/gstdio.h>

static GptVisPlan *gpu_plan;    /* a small network that stays open, so that pipelines are made only once */
static GptVisProgram *gpu_program;
static guint gpu_tile;          /* products take that tile; 0: what is best */
static gchar *gpu_reason;       /* why there is none */

static inline gconstpointer
gpu_find (gpointer user, const GptVisWeightPart *part, GptVisDtype *dtype, gsize *n)
{
  static const float one = 1;
  *dtype = GPTVIS_F32;
  *n = 1;
  return &one;
}

/* A folder where this process keeps what it learns about devices; to be called before all else.
 * (GLib's way to such a folder would hide the drivers too.) */
static inline gchar *
gpu_own_cache (void)
{
  gchar *cache = g_dir_make_tmp ("gptvis-XXXXXX", NULL);
  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  return cache;
}

static inline void
gpu_remove_folder (const gchar *path)
{
  GDir *folder = g_dir_open (path, 0, NULL);
  for (const gchar *name; folder && (name = g_dir_read_name (folder));) {
    gchar *file = g_build_filename (path, name, NULL);
    gpu_remove_folder (file);
    g_free (file);
  }
  g_clear_pointer (&folder, g_dir_close);
  g_remove (path);
}

/* TRUE: there is one, and it is open until gpu_close. */
static inline gboolean
gpu_open (void)
{
  const GptVisWeights weights = { gpu_find, NULL };
  const GptVisProgramOptions options = { .backend = "vulkan" };
  GError *error = NULL;
  if (gpu_program || gpu_reason)
    return gpu_program != NULL;
  g_setenv ("GPTVIS_VULKAN_VALIDATE", "1", FALSE);
  /* nothing is left on disk, not by the driver either; tests compare results themselves */
  g_setenv ("XDG_CACHE_HOME", "/dev/null", FALSE);
  g_setenv ("GPTVIS_VULKAN_DISABLE", "cache,check", FALSE);
#if GPTVIS_HAVE_VULKAN
  gptvis_vulkan_set_faults (&(GptVisVulkanFaults) { .packed = TRUE, .slow_dot = TRUE,
          .least = g_getenv ("GPTVIS_TEST_LEAST") != NULL, .tile = gpu_tile });
#endif
  gpu_plan = gptvis_plan_new ("one", 1);
  gptvis_plan_output (gpu_plan, "y", gptvis_plan_linear (gpu_plan, gptvis_plan_input (gpu_plan, "x", 1, 1),
          gptvis_plan_weight (gpu_plan, "w", 1, 1), GPTVIS_NO_TENSOR, NULL));
  g_assert_true (gptvis_plan_finish (gpu_plan, NULL));
  gpu_program = gptvis_program_new (gpu_plan, &weights, &options, &error);
  gpu_reason = g_strdup (error ? error->message : NULL);
  g_clear_error (&error);
  return gpu_program != NULL;
}

/* A test of that backend begins with this: FALSE, and the test is skipped, when there is no GPU that it
 * needs. */
static inline gboolean
gpu_ready (const gchar *backend)
{
  if (!g_str_has_prefix (backend, "vulkan") || gpu_open ())
    return TRUE;
  g_test_skip (gpu_reason);
  return FALSE;
}

/* No error and no warning of the validation layer. The device is closed, unless something else has it
 * open. */
static inline void
gpu_close (void)
{
#if GPTVIS_HAVE_VULKAN
  guint messages;
  const gboolean validated = gptvis_vulkan_validation (&messages);
  if (gpu_program)
    g_print ("# %s, validation %s\n", gpu_program->description, validated ? "on" : "off");
  gptvis_program_free (gpu_program);
  gptvis_vulkan_validation (&messages);
  g_assert_cmpuint (messages, ==, 0);
#endif
  g_clear_pointer (&gpu_plan, gptvis_plan_free);
  g_clear_pointer (&gpu_reason, g_free);
  gpu_program = NULL;
}

/* Opens the device again, as the environment and the tile now say. */
static inline void
gpu_reopen (guint tile)
{
  gpu_close ();
  gpu_tile = tile;
  g_assert_true (gpu_open ());
}

/* Is it the `wanted` backend, on a device with that feature (a word of vulkan/features.h)? */
static inline gboolean
gpu_is_with (const gchar *backend, const gchar *wanted, const gchar *word)
{
  gchar *list = strcmp (backend, wanted) == 0 ? gptvis_backend_devices ("vulkan", NULL) : NULL;
  gchar **words = g_strsplit (list ? list : "", " ", -1);
  const gboolean found = g_strv_contains ((const gchar *const *) words, word);
  g_strfreev (words);
  g_free (list);
  return found;
}

/* The options of a backend as tests call it; "vulkan-f16" and "vulkan-int8" are such names, too. */
static inline GptVisProgramOptions
gpu_options (const gchar *backend, guint threads)
{
  if (strcmp (backend, "vulkan-int8") == 0)
    return (GptVisProgramOptions) { .backend = "vulkan",.precision = GPTVIS_PRECISION_INT8,.threads =
    threads };
  const gboolean f16 = strcmp (backend, "vulkan-f16") == 0;
  return (GptVisProgramOptions) { .backend = f16 ? "vulkan" : backend,
    .precision = f16 ? GPTVIS_PRECISION_F16 : GPTVIS_PRECISION_F32, .threads = threads };
}
