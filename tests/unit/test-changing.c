/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The weights' file is cut, written over, replaced or deleted while a model is made ready, runs, or
 * falls back to the processor: it goes on as it was or says what happened, and never dies. */
#include "config.h"
#include "client.h"
#include "checkpoint.h"
#include "unit.h"
#include "vulkan/gpu.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum { CUT, WRITTEN_OVER, REPLACED, DELETED, N_CHANGES } Change;
static const gchar *const names[N_CHANGES] = { "cut", "written over", "replaced", "deleted" };
/* What the opened file is then: another, or still itself. */
#define IS_LOST(change) ((change) == CUT || (change) == WRITTEN_OVER)

static void
change_file (const gchar *path, Change change)
{
  struct stat s;
  g_assert_cmpint (g_stat (path, &s), ==, 0);
  gchar *zeros = g_malloc0 (s.st_size);
  if (change == CUT) {
    g_assert_cmpint (truncate (path, 0), ==, 0);
  } else if (change == WRITTEN_OVER) {
    const struct timespec times[2] = { {0, UTIME_OMIT}, {s.st_mtim.tv_sec,
        (s.st_mtim.tv_nsec + 1) % 1000000000} };
    const gint fd = g_open (path, O_WRONLY);
    g_assert_cmpint (pwrite (fd, zeros, s.st_size, 0), ==, s.st_size);
    g_assert_cmpint (futimens (fd, times), ==, 0);      /* a clock may be coarser than this test */
    close (fd);
  } else if (change == REPLACED) {
    g_assert_true (g_file_set_contents (path, zeros, s.st_size, NULL));
  } else {
    g_assert_cmpint (g_unlink (path), ==, 0);
  }
  g_free (zeros);
}

static gchar *
weights_of (const gchar *directory)
{
  return g_build_filename (directory, "model.safetensors", NULL);
}

/* ---- while it runs ---- */

/* What a model says of a picture: its scores and a caption. */
typedef struct {
  GptVisModel *model;
  GptVisClient *client;
  GptVisCaptioner *captioner;   /* NULL: it only labels */
  GptVisModelSlot *slot;
} Watch;

static Watch
watch_new (const gchar *directory, gboolean writes, const gchar *backend)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GError *error = NULL;
  options.path = directory;
  options.program.backend = backend;
  options.program.threads = 1;
  Watch self = { .model = gptvis_model_open (&options, &error) };
  g_assert_no_error (error);
  self.client = gptvis_client_new (self.model, &(GptVisClientOptions) { .task = writes ? GPTVIS_TASK_BOTH
      : GPTVIS_TASK_LABEL }, &error);
  g_assert_no_error (error);
  self.captioner = gptvis_client_captioner_new (self.client, NULL);
  self.slot = gptvis_model_slot_new (self.model, NULL);
  return self;
}

static void
watch_clear (Watch *self)
{
  gptvis_captioner_free (self->captioner);
  gptvis_client_unref (self->client);
  gptvis_model_slot_free (self->slot);
  gptvis_model_free (self->model);
}

/* One line; NULL after an error. */
static gchar *
look (Watch *self, GError **error)
{
  GptVisRequest request = { .slot = self->slot, .outputs = gptvis_client_outputs (self->client) };
  guint8 pixels[8 * 8 * 3];
  for (guint i = 0; i < sizeof pixels; i++)
    pixels[i] = i * 37;
  const GptVisPicture picture = { .format = GPTVIS_PICTURE_RGB, .width = 8, .height = 8, .planes = {pixels},
    .strides = {24}, .full_range = TRUE };
  if (!gptvis_model_stage (self->model, self->slot, &picture, error)
      || !gptvis_model_run (self->model, &request, 1, error))
    return NULL;
  GString *line = g_string_new (NULL);
  GptVisResult *result = gptvis_client_read (self->client, &request, 0, 0);
  for (guint i = 0; i < result->n_labels; i++)
    g_string_append_printf (line, "%s %.4f ", result->labels[i].text, result->labels[i].score);
  gptvis_result_unref (result);
  if (self->captioner) {
    gptvis_captioner_look (self->captioner, request.tokens);
    gptvis_captioner_begin (self->captioner, 0, 0, 0);
    while (gptvis_captioner_is_writing (self->captioner))
      gptvis_captioners_step (&self->captioner, 1);
    const GError *why = gptvis_captioner_error (self->captioner);
    if (why) {
      g_propagate_error (error, g_error_copy (why));
      return g_string_free (line, TRUE);
    }
    g_string_append (line, gptvis_captioner_caption (self->captioner)->text);
  }
  return g_string_free (line, FALSE);
}

/* What was made ready is the model's own: the file is not read any more. Tries the first n changes. */
static void
run_through (gboolean writes, const gchar *backend, guint n)
{
  for (Change change = 0; change < n; change++) {
    gchar *directory = writes ? unit_writer (NULL) : unit_checkpoint (NULL),
        *weights = weights_of (directory);
    GError *error = NULL;
    Watch watch = watch_new (directory, writes, backend);
    g_test_message ("%s, %s: %s", backend, writes ? "captioner" : "classifier", names[change]);
    gchar *before = look (&watch, &error);
    g_assert_no_error (error);
    change_file (weights, change);
    gchar *after = look (&watch, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (after, ==, before);
    watch_clear (&watch);
    g_free (before);
    g_free (after);
    g_free (weights);
    unit_remove (directory);
  }
}

static void
test_running (gconstpointer tier)
{
  if (tier)
    g_setenv ("GPTVIS_CPU", tier, TRUE);
  run_through (FALSE, "cpu", N_CHANGES);
  run_through (TRUE, "cpu", N_CHANGES);
  run_through (TRUE, "reference", N_CHANGES);
  g_unsetenv ("GPTVIS_CPU");
}

/* ---- while it is made ready ---- */

/* A checkpoint's weights, and a gate before their nth read, at which the file changes. */
typedef struct {
  GptVisWeights weights;
  const gchar *path;
  Change change;
  guint n_reads, gate;          /* 0: none */
} Gate;

static gconstpointer
find (gpointer user, const GptVisWeightPart *part, GptVisDtype *dtype, gsize *n_elements)
{
  const Gate *self = user;
  return self->weights.find (self->weights.user, part, dtype, n_elements);
}

static gboolean
read_after_gate (gpointer user, const GptVisWeightPart *part, gsize first, gsize n, gpointer to,
    GError **error)
{
  Gate *self = user;
  if (++self->n_reads == self->gate)
    change_file (self->path, self->change);
  return self->weights.read (self->weights.user, part, first, n, to, error);
}

/* Makes it ready with the gate there. FALSE: there were fewer reads. */
static gboolean
load_through (const gchar *backend, gboolean decoder, Change change, guint gate)
{
  const GptVisProgramOptions options = { .backend = backend, .threads = 2 };
  const GptVisDecoderSize size = { 4, 1, 8 };
  gchar *directory = decoder ? unit_writer (NULL) : unit_checkpoint (NULL), *path = weights_of (directory);
  GError *error = NULL;
  GptVisCheckpoint *checkpoint = gptvis_checkpoint_open (directory, &error);
  g_assert_no_error (error);
  GptVisPlaces *places = NULL;
  GptVisPlan *plan = decoder ? gptvis_checkpoint_decoder_plan (checkpoint, 5, 1, &size, &places, &error)
                             : gptvis_checkpoint_plan (checkpoint, gptvis_checkpoint_recipe (checkpoint), 1,
                                 GPTVIS_OUTPUT_SCORES, &places, &error);
  g_assert_no_error (error);
  Gate self = { gptvis_places_weights (places), path, change, 0, gate };
  const GptVisWeights weights = { find, &self, read_after_gate };
  GptVisProgram *program = gptvis_program_new (plan, &weights, &options, &error);
  const gboolean passed = self.n_reads >= gate;
  if (passed && IS_LOST (change)) {
    g_assert_null (program);
    unit_expect_error (names[change], error, GPTVIS_ERROR_FORMAT,
        "model.safetensors: the file has been written since it was opened|must be opened again");
  } else {
    g_assert_no_error (error);
    g_assert_nonnull (program);
  }
  gptvis_program_free (program);
  gptvis_places_free (places);
  gptvis_plan_free (plan);
  gptvis_checkpoint_free (checkpoint);
  g_free (path);
  unit_remove (directory);
  return passed;
}

static void
test_loading (gconstpointer tier)
{
  if (tier)
    g_setenv ("GPTVIS_CPU", tier, TRUE);
  for (Change change = 0; change < N_CHANGES; change++)
    for (guint decoder = 0; decoder < 2; decoder++) {
      guint gate = 1;
      while (load_through ("cpu", decoder, change, gate))
        gate++;
      g_assert_cmpuint (gate, >, 20);   /* one for each tensor at least */
      load_through ("reference", decoder, change, 1);
    }
  g_unsetenv ("GPTVIS_CPU");
}

/* ---- on a device ---- */

#if GPTVIS_HAVE_VULKAN
static gboolean
is_device (void)
{
  GError *error = NULL;
  gchar *list = gptvis_backend_devices ("vulkan", &error);
  if (!list)
    g_test_skip (error->message);
  g_clear_error (&error);
  g_free (list);
  return list != NULL;
}

static void
test_device (void)
{
  if (!is_device ())
    return;
  run_through (FALSE, "vulkan", 1);
  run_through (TRUE, "vulkan", 1);
  load_through ("vulkan", TRUE, CUT, 5);
  load_through ("vulkan", FALSE, CUT, 1);
  load_through ("vulkan", TRUE, DELETED, 5);
}

/* The device is lost after the file was: the processor's program is made of what the file is now. */
static void
test_fallback (void)
{
  static const Change changes[] = { CUT, DELETED };
  if (!is_device ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++) {
    const Change change = changes[i];
    gchar *directory = unit_checkpoint (NULL), *weights = weights_of (directory);
    GError *error = NULL;
    Watch watch = watch_new (directory, FALSE, "vulkan");
    gchar *before = look (&watch, &error);
    g_assert_no_error (error);
    change_file (weights, change);
    gptvis_vulkan_lose_devices ();
    g_assert_null (look (&watch, &error));
    unit_expect_error (names[change], error, GPTVIS_ERROR_DEVICE, IS_LOST (change)
        ? "the processor cannot take the network|model.safetensors: the file has been written since it was "
            "opened"
        : "continues on the processor");
    error = NULL;
    gchar *after = look (&watch, &error);
    if (IS_LOST (change)) {
      g_assert_null (after);
      g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_DEVICE);
      g_clear_error (&error);
    } else {
      g_assert_no_error (error);
      g_assert_cmpstr (after, ==, before);
    }
    watch_clear (&watch);
    g_free (before);
    g_free (after);
    g_free (weights);
    unit_remove (directory);
  }
}
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* nothing is left on disk, not by the driver either */
  g_setenv ("XDG_CACHE_HOME", "/dev/null", FALSE);
  g_test_add_data_func ("/changing/running", NULL, test_running);
  g_test_add_data_func ("/changing/running-c", "c", test_running);      /* OpenBLAS reads what is held */
  g_test_add_data_func ("/changing/loading", NULL, test_loading);
  g_test_add_data_func ("/changing/loading-c", "c", test_loading);
#if GPTVIS_HAVE_VULKAN
  g_test_add_func ("/changing/device", test_device);
  g_test_add_func ("/changing/fallback", test_fallback);
#endif
  return g_test_run ();
}
