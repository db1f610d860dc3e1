/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tiles that are tried for a device, and what of that is kept on disk. A software rasteriser will do. */
#include "gpu.h"
#include "made-weights.h"
#include "vulkan/gpu.h"
#include "vulkan/tiles.h"
#include <glib/gstdio.h>
#include <string.h>

/* How many tiles are tried when a program of one product is made, on a device that is opened for it. */
static guint
count_tries_in (GptVisPrecision precision, gboolean software)
{
  GptVisVulkanStatistics statistics;
  GError *error = NULL;
  Weights w;
  GRand *rand = g_rand_new_with_seed (5);
  GptVisPlan *plan = gptvis_plan_new ("tuned", 2);
  GptVisTensorId x = gptvis_plan_input (plan, "x", 17, 16);
  gptvis_plan_output (plan, "y", gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, "w", 16, 16),
          GPTVIS_NO_TENSOR, NULL));
  g_assert_true (gptvis_plan_finish (plan, NULL));
  make_weights (&w, plan, rand);
  g_rand_free (rand);
  const GptVisWeights weights = { find_weight, &w };
  const GptVisProgramOptions options = { .backend = "vulkan",.precision = precision };
  gptvis_vulkan_set_faults (&(GptVisVulkanFaults) { .tune = software, .slow_dot = TRUE });
  GptVisProgram *program = gptvis_program_new (plan, &weights, &options, &error);
  g_assert_no_error (error);
  gptvis_vulkan_statistics (program, FALSE, 2, &statistics);
  gptvis_program_free (program);
  gptvis_vulkan_set_faults (&(GptVisVulkanFaults) { });
  free_weights (&w);
  gptvis_plan_free (plan);
  return statistics.tries;
}

static guint
count_tries (gboolean software)
{
  return count_tries_in (GPTVIS_PRECISION_F32, software);
}

static gchar *
find_tuned (void)
{
  gchar *path = g_build_filename (g_get_user_cache_dir (), "gptvis", NULL), *found = NULL;
  GDir *folder = g_dir_open (path, 0, NULL);
  for (const gchar *name; folder && (name = g_dir_read_name (folder));)
    if (g_str_has_suffix (name, ".tuned"))
      found = g_build_filename (path, name, NULL);
  g_clear_pointer (&folder, g_dir_close);
  g_free (path);
  return found;
}

/* As the program writes it: a line with the sum of the text, then the text. */
static void
write_tuned (const gchar *path, const gchar *text)
{
  gchar *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  gchar *file = g_strconcat (sum, "\n", text, NULL);
  g_assert_true (g_file_set_contents (path, file, -1, NULL));
  g_free (file);
  g_free (sum);
}

/* Once for each device; a file is only believed if it was written for that device. */
static void
test_tuned (void)
{
  if (!gpu_ready ("vulkan"))
    return;
  const gboolean has_dot = gpu_is_with ("vulkan", "vulkan", "dot");
  gpu_close ();
  g_setenv ("GPTVIS_VULKAN_DISABLE", "check,coopmat", TRUE);    /* there, the tiles are known */
  gchar *cache = g_build_filename (g_get_user_cache_dir (), "gptvis", NULL), *text = NULL;
  const guint all = count_tries (TRUE);
  gchar *path = find_tuned ();
  g_assert_cmpuint (all, >, 0);
  g_assert_nonnull (path);
  g_assert_cmpuint (count_tries (TRUE), ==, 0);
  const guint all_bytes = count_tries_in (GPTVIS_PRECISION_INT8, TRUE); /* of one picture, and of two */
  g_assert_cmpuint (all_bytes, ==, 2 * (has_dot ? G_N_ELEMENTS (gptvis_vulkan_dot_tiles)
          : G_N_ELEMENTS (gptvis_vulkan_tiles)));
  g_assert_cmpuint (count_tries_in (GPTVIS_PRECISION_INT8, TRUE), ==, 0);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (strchr (text, '\n'), "\ngptvis tuned 1\n"));

  g_assert_true (g_file_set_contents (path, "", -1, NULL));
  g_assert_cmpuint (count_tries (TRUE), ==, all);
  g_assert_true (g_file_set_contents (path, text, strlen (text) - 2, NULL));    /* cut short */
  g_assert_cmpuint (count_tries (TRUE), ==, all);
  write_tuned (path, "gptvis tuned 0\n");
  g_assert_cmpuint (count_tries (TRUE), ==, all);
  write_tuned (path, "gptvis tuned 1\n\nzz\n0123456789abcdef\n0123456789abcdef 77\n 0123456789abcde 1\n");
  g_assert_cmpuint (count_tries (TRUE), ==, all);
  gchar *lines = g_strdup (strchr (text, '\n') + 1);
  for (gchar *end = strchr (lines, '\n') + 1; (end = strchr (end, '\n')); end++)
    end[-1] = '9';              /* there are not so many candidates */
  write_tuned (path, lines);
  g_assert_cmpuint (count_tries (TRUE), ==, all);
  g_assert_cmpuint (count_tries (TRUE), ==, 0);

  g_remove (path);
  g_assert_cmpuint (count_tries (FALSE), ==, 0);        /* not on a rasteriser */
  g_setenv ("GPTVIS_VULKAN_DISABLE", "check,tune", TRUE);
  g_assert_cmpuint (count_tries (TRUE), ==, 0);
  g_setenv ("GPTVIS_VULKAN_DISABLE", "check,coopmat", TRUE);
  gpu_remove_folder (cache);
  g_assert_true (g_file_set_contents (cache, "a file where the folder should be", -1, NULL));
  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (count_tries (TRUE), ==, all);
  g_remove (cache);
  g_setenv ("GPTVIS_VULKAN_DISABLE", "cache,check", TRUE);
  g_free (lines);
  g_free (text);
  g_free (path);
  g_free (cache);
}

int
main (int argc, char **argv)
{
  gchar *cache = gpu_own_cache ();
  g_test_init (&argc, &argv, NULL);
  g_setenv ("GPTVIS_VULKAN_DISABLE", "cache,check", TRUE);
  g_test_add_func ("/tune/kept", test_tuned);
  const int status = g_test_run ();
  gpu_close ();
  gpu_remove_folder (cache);
  g_free (cache);
  return status;
}
