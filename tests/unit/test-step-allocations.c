/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a token costs in memory: nothing, neither the decoder's step nor, after a first
 * sentence has made its buffers as large as they need to be, what searches and spells. */
#include "client.h"
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

typedef struct {
  gchar *directory;
  GptVisModel *model;
  GptVisClient *client;
} Writer;

static Writer
writer_new (guint beams, guint threads)
{
  const RandomCaptioner tiny = { {2, 32, 2, 16, 8}, 2, 32, 2, 400, 64, LENGTH };
  const GptVisClientOptions asked = { .task = GPTVIS_TASK_BOTH, .beams = beams };
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GError *error = NULL;
  Writer self = { .directory = random_checkpoint_write_captioner (&tiny, &error) };
  g_assert_no_error (error);
  options.path = self.directory;
  options.program.backend = "cpu";
  options.program.threads = threads;
  self.model = gptvis_model_open (&options, &error);
  g_assert_no_error (error);
  self.client = gptvis_client_new (self.model, &asked, &error);
  g_assert_no_error (error);
  while (!all_have_names ())
    g_usleep (1000);
  return self;
}

static void
writer_clear (Writer *self)
{
  gptvis_client_unref (self->client);
  gptvis_model_free (self->model);
  random_checkpoint_remove (self->directory);
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
  GError *error = NULL;
  if (!counting_malloc_works ()) {
    g_test_skip ("another allocator stands in for malloc");
    return;
  }
  Writer writer = writer_new (beams, threads);
  GptVisDecoder *decoder = gptvis_model_decoder (writer.model, beams, &error);
  GptVisProgram *program = decoder->program;
  const GptVisPlan *plan = decoder->plan;
  const GptVisTensor *tokens = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "tokens"));
  GptVisSlot *slot = gptvis_program_slot_new (program, NULL);
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
  gptvis_decoder_unref (decoder);
  writer_clear (&writer);
}

static void
look (GptVisModel *model, GptVisModelSlot *slot, GptVisCaptioner *captioner, guint seed)
{
  const GptVisPlan *plan = gptvis_model_plan (model);
  const GptVisTensor *patches = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "patches"));
  GptVisRequest request = { .slot = slot, .outputs = GPTVIS_OUTPUT_TOKENS };
  GError *error = NULL;
  fill (gptvis_model_slot_rows (model, slot), (gsize) patches->rows * patches->width, seed);
  gptvis_model_run (model, &request, 1, &error);
  g_assert_no_error (error);
  gptvis_captioner_look (captioner, request.tokens);
}

/* Sentences of several streams that are written together, from first to last word. */
static void
test_captioners (gconstpointer data)
{
  const guint beams = GPOINTER_TO_UINT (data);
  GptVisCaptioner *captioners[STREAMS];
  if (!counting_malloc_works ()) {
    g_test_skip ("another allocator stands in for malloc");
    return;
  }
  Writer writer = writer_new (beams, 2);
  GptVisModelSlot *slot = gptvis_model_slot_new (writer.model, NULL);
  for (guint i = 0; i < STREAMS; i++)
    captioners[i] = gptvis_client_captioner_new (writer.client, NULL);
  for (guint sentence = 0; sentence < 4; sentence++) {
    guint made = 0, words = 0;
    for (guint i = 0; i < STREAMS; i++) {
      look (writer.model, slot, captioners[i], 100 * sentence + i);
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
  gptvis_model_slot_free (slot);
  writer_clear (&writer);
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
