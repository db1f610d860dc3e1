/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a token costs in memory: nothing, neither the decoder's step nor, after a first
 * sentence has made its buffers as large as they need to be, what searches and spells. */
#include "captioner.h"
#include "counting-malloc.h"
#include "random-checkpoint.h"
#include <string.h>

#define LENGTH 24u
#define STREAMS 2u

/* GLib allocates as a thread begins and then gives it its name, which may be long after it was made. */
static gboolean
all_have_names (void)
{
  GDir *tasks = g_dir_open ("/proc/self/task", 0, NULL);
  guint nameless = 0;
  for (const gchar *task; tasks && (task = g_dir_read_name (tasks));) {
    gchar *path = g_build_filename ("/proc/self/task", task, "comm", NULL), *name = NULL;
    g_file_get_contents (path, &name, NULL, NULL);
    nameless += name && !g_str_has_prefix (name, "gptvis");
    g_free (name);
    g_free (path);
  }
  g_clear_pointer (&tasks, g_dir_close);
  return nameless <= 1;         /* the first has the program's */
}

static GptVisModel *
open_model (guint beams, guint threads, gchar **directory)
{
  const RandomCaptioner tiny = { {2, 32, 2, 16, 8}, 2, 32, 2, 400, 64, LENGTH };
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GError *error = NULL;
  options.path = *directory = random_checkpoint_write_captioner (&tiny, &error);
  g_assert_no_error (error);
  options.task = GPTVIS_TASK_BOTH;
  options.beams = beams;
  options.program.backend = "cpu";
  options.program.threads = threads;
  GptVisModel *model = gptvis_model_open (&options, &error);
  g_assert_no_error (error);
  while (!all_have_names ())
    g_usleep (1000);
  return model;
}

static void
fill (float *rows, gsize n, guint seed)
{
  for (gsize i = 0; i < n; i++)
    rows[i] = ((seed + i) * 2654435761u % 1000) / 500.0f - 1;
}

/* The program alone: the part for a picture and every position. */
static void
test_program (gconstpointer data)
{
  const guint threads = GPOINTER_TO_UINT (data), beams = 3;
  gchar *directory;
  GError *error = NULL;
  if (!counting_malloc_works ()) {
    g_test_skip ("another allocator stands in for malloc");
    return;
  }
  GptVisModel *model = open_model (beams, threads, &directory);
  GptVisProgram *program = gptvis_model_decoder_program (model);
  const GptVisPlan *plan = gptvis_model_decoder_plan (model);
  const GptVisTensor *tokens = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "tokens"));
  GptVisSlot *slot = gptvis_program_slot_new (program);
  fill (gptvis_program_slot_rows (program, slot), (gsize) tokens->rows * tokens->width, 1);
  g_assert_true (gptvis_program_submit (program, &slot, 1, &error));
  g_assert_true (gptvis_program_wait (program, &error));

  const guint before = counting_malloc_count ();
  for (guint position = 0; position < LENGTH; position++) {
    GptVisSequence sequences[3];
    for (guint i = 0; i < beams; i++)
      sequences[i] = (GptVisSequence) { .slot = slot, .token = 7 * position + i, .position = position,
        .beam = i };
    g_assert_true (gptvis_program_step (program, sequences, beams, &error));
    g_assert_true (gptvis_program_wait (program, &error));
  }
  g_assert_cmpuint (counting_malloc_count () - before, ==, 0);

  gptvis_program_slot_free (program, slot);
  gptvis_model_unref (model);
  random_checkpoint_remove (directory);
}

static void
look (GptVisModel *model, GptVisSlot *slot, GptVisCaptioner *captioner, guint seed)
{
  const GptVisPlan *plan = gptvis_model_plan (model);
  const GptVisTensor *patches = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "patches"));
  GptVisRequest request = { .slot = slot, .captioner = captioner };
  GError *error = NULL;
  float *rows = gptvis_program_slot_rows (gptvis_model_program (model), slot);
  fill (rows, (gsize) patches->rows * patches->width, seed);
  gptvis_model_run (model, &request, 1, &error);
  g_assert_no_error (error);
  gptvis_result_unref (request.result);
}

/* Sentences of several streams that are written together, from first to last word. */
static void
test_captioners (gconstpointer data)
{
  const guint beams = GPOINTER_TO_UINT (data);
  GptVisCaptioner *captioners[STREAMS];
  gchar *directory;
  if (!counting_malloc_works ()) {
    g_test_skip ("another allocator stands in for malloc");
    return;
  }
  GptVisModel *model = open_model (beams, 2, &directory);
  GptVisSlot *slot = gptvis_model_slot_new (model);
  for (guint i = 0; i < STREAMS; i++)
    captioners[i] = gptvis_captioner_new (model);
  for (guint sentence = 0; sentence < 4; sentence++) {
    guint made = 0, words = 0;
    for (guint i = 0; i < STREAMS; i++) {
      look (model, slot, captioners[i], 100 * sentence + i);
      const guint before = counting_malloc_count ();
      gptvis_captioner_begin (captioners[i], sentence, 0, 0);
      made += counting_malloc_count () - before;
    }
    for (; gptvis_captioner_is_writing (captioners[0]); words++) {
      const guint before = counting_malloc_count ();
      gptvis_captioners_step (captioners, STREAMS);
      made += counting_malloc_count () - before;
    }
    g_assert_cmpuint (words, ==, LENGTH - 1);
    g_test_message ("sentence %u: %u allocations, \"%s\"", sentence, made,
        gptvis_captioner_caption (captioners[0])->text);
    g_assert_true (gptvis_captioner_caption (captioners[0])->final);
    if (sentence > 0)
      g_assert_cmpuint (made, ==, 0);
  }
  for (guint i = 0; i < STREAMS; i++)
    gptvis_captioner_free (captioners[i]);
  gptvis_model_slot_free (model, slot);
  gptvis_model_unref (model);
  random_checkpoint_remove (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/step-allocations/program/1-thread", GUINT_TO_POINTER (1), test_program);
  g_test_add_data_func ("/step-allocations/program/2-threads", GUINT_TO_POINTER (2), test_program);
  g_test_add_data_func ("/step-allocations/captioners/greedy", GUINT_TO_POINTER (1), test_captioners);
  g_test_add_data_func ("/step-allocations/captioners/4-beams", GUINT_TO_POINTER (4), test_captioners);
  return g_test_run ();
}
