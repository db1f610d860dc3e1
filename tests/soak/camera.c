/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A camera's frames and what must hold of them. Two things are kept count of, each
 * frame's number and what it showed: with them every result can be told right from
 * wrong. What is done besides pushing frames is actions.c's. */
#include "camera-private.h"
#include "stream.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
camera_fail (const Camera *self, const gchar *format, ...)
{
  va_list args;

  fprintf (stderr, "soak: seed %u, stream %u, step %u (%s), frame %" G_GUINT64_FORMAT ": ", self->setup->seed,
      self->number, camera_steps (self), camera_doing (self), self->next);
  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);
  abort ();
}

guint
camera_draw (Camera *self, guint n)
{
  return g_rand_int_range (self->dice, 0, n);
}

gboolean
camera_chance (Camera *self, guint percent)
{
  return camera_draw (self, 100) < percent;
}

/* --- what must hold --- */

/* What stats promises at any moment, asked from any thread. The frames so far. */
guint64
camera_check_stats (Camera *self)
{
  static const gchar *const parts[] = { "analysed", "skipped", "errors", "unmappable" };
  guint64 frames = 0, analysed = 0, captions = 0, caption_errors = 0, sum = 0, part;
  guint under_way = 0, waiting = 0;
  GstStructure *stats = NULL;

  g_object_get (self->rig->element, "stats", &stats, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (gst_structure_get_uint64 (stats, parts[i], &part))
      sum += part;
  gst_structure_get (stats, "frames", G_TYPE_UINT64, &frames, "under-way", G_TYPE_UINT, &under_way,
      "waiting", G_TYPE_UINT, &waiting, "analysed", G_TYPE_UINT64, &analysed, "captions", G_TYPE_UINT64,
      &captions, "caption-errors", G_TYPE_UINT64, &caption_errors, NULL);
  if (frames != sum + under_way || waiting > 1 || captions > analysed || caption_errors) {
    gchar *text = gst_structure_to_string (stats);
    camera_fail (self, "the statistics do not add up: %s", text);
  }
  gst_structure_free (stats);
  return frames;
}

/* A caption may be of an earlier frame, and is of that one. */
static void
check_caption (Camera *self, const GptVisResult *result)
{
  const GptVisCaption *caption = result->caption;
  const gchar *expected;
  Shown shown;

  if (caption->frame < self->first || caption->frame > result->frame)
    camera_fail (self, "a caption of frame %" G_GUINT64_FORMAT " came with frame %" G_GUINT64_FORMAT
        ", past the cut before %" G_GUINT64_FORMAT, caption->frame, result->frame, self->first);
  if (!self->setup->told || caption->frame + REMEMBERED < self->next)
    return;
  shown = self->shown[caption->frame % REMEMBERED];
  expected = shown == WHITE ? "a white picture" : "a black picture";
  if (shown == NO_PICTURE || strncmp (caption->text, expected, MIN (strlen (caption->text),
      strlen (expected)))
      || (caption->final && strlen (caption->text) < strlen (expected)))
    camera_fail (self, "frame %" G_GUINT64_FORMAT " is said to be \"%.40s\"", caption->frame, caption->text);
}

/* Whatever the policy, a result says which frame it is of. */
static void
check_result (Camera *self, const GptVisResult *result)
{
  const gchar *expected;
  Shown shown;

  if (result->frame < self->first)
    camera_fail (self, "a result of frame %" G_GUINT64_FORMAT " came past the cut before frame %"
        G_GUINT64_FORMAT, result->frame, self->first);
  if (result->caption)
    check_caption (self, result);
  if (!self->setup->told || result->frame + REMEMBERED < self->next)
    return;
  shown = self->shown[result->frame % REMEMBERED];
  if (shown == NO_PICTURE)
    camera_fail (self, "a result of frame %" G_GUINT64_FORMAT ", which had no picture", result->frame);
  expected = shown == WHITE ? "bright" : "dark";
  if (result->n_labels && strcmp (result->labels[0].text, expected))
    camera_fail (self, "frame %" G_GUINT64_FORMAT " was taken for %s and is %s", result->frame,
        result->labels[0].text, expected);
}

/* A frame that came through while nobody else meddled. */
static void
check_alone (Camera *self, const GptVisMeta *meta, Shown shown)
{
  guint64 hold_time;
  gdouble max_rate;
  guint interval;
  gint policy;

  g_object_get (self->rig->element, "policy", &policy, "interval", &interval, "max-rate", &max_rate,
      "hold-time", &hold_time, NULL);
  if (meta && meta->own != (meta->result->frame == self->next))
    camera_fail (self, "a result of frame %" G_GUINT64_FORMAT " is said %sto be this one's",
        meta->result->frame, meta->own ? "" : "not ");
  if (policy == GPTVIS_POLICY_EVERY && meta && !meta->own && meta->age > hold_time)
    camera_fail (self, "a result %" GST_TIME_FORMAT " old was held", GST_TIME_ARGS (meta->age));
  if (policy == GPTVIS_POLICY_EVERY && meta && meta->own && meta->result->caption
      && !meta->result->caption->final)
    camera_fail (self, "a frame did not wait for its caption");
  if (policy == GPTVIS_POLICY_EVERY && interval == 1 && max_rate == 0 && !self->late && shown != NO_PICTURE
      && !(meta && meta->own))
    camera_fail (self, "a frame left without its own result");
}

/* What waits in the harness and on the bus, of which neither may pile up. */
void
camera_clear_away (Camera *self)
{
  gchar *sentence = rig_sentence (self->rig, GST_MESSAGE_ERROR);
  GstEvent *event;

  if (sentence)
    camera_fail (self, "%s", sentence);
  while ((event = gst_harness_try_pull_event (self->rig->harness)))
    gst_event_unref (event);
  while ((event = gst_harness_try_pull_upstream_event (self->rig->harness)))
    gst_event_unref (event);
}

/* --- frames --- */

GstBuffer *
camera_frame (Camera *self, Shown *shown)
{
  GstBuffer *buffer;

  *shown = camera_draw (self, 2) ? WHITE : BLACK;
  buffer = rig_frame (self->rig, *shown == WHITE ? 255 : 0, self->pts);
  if (GST_VIDEO_INFO_FORMAT (&self->rig->info) == GST_VIDEO_FORMAT_YUY2)
    for (gsize i = 1; i < GST_VIDEO_INFO_SIZE (&self->rig->info); i += 2)
      gst_buffer_memset (buffer, i, 128, 1);
  self->pts += camera_draw (self, 5) * 20 * GST_MSECOND;
  if (camera_chance (self, 4))
    self->pts -= MIN (self->pts, 50 * GST_MSECOND);
  if (camera_chance (self, 4))
    GST_BUFFER_PTS (buffer) = GST_CLOCK_TIME_NONE;
  if (camera_chance (self, 4)) {
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
    *shown = NO_PICTURE;
  }
  if (camera_chance (self, 2)) {
    gst_buffer_resize (buffer, 0, gst_buffer_get_size (buffer) / 2);    /* too small for the caps */
    *shown = NO_PICTURE;
  }
  return buffer;
}

/* What came out; `alone`: exactly one buffer. */
static void
take_out (Camera *self, Shown shown, gboolean alone)
{
  guint n = 0;

  for (GstBuffer *out; (out = gst_harness_try_pull (self->rig->harness)); n++) {
    GptVisMeta *meta = gptvis_buffer_get_meta (out);
    if (meta) {
      self->tally.results++;
      self->tally.captions += meta->result->caption != NULL;
      check_result (self, meta->result);
    }
    if (alone)
      check_alone (self, meta, shown);
    gst_buffer_unref (out);
  }
  if (alone && n != 1)
    camera_fail (self, "%u buffers came out for one", n);
}

void
camera_push (Camera *self)
{
  const GstFlowReturn expected = self->ended ? GST_FLOW_EOS : self->up ? GST_FLOW_OK : GST_FLOW_FLUSHING;
  GstFlowReturn flow;
  Shown shown;
  GstBuffer *buffer = camera_frame (self, &shown);
  GstBuffer *shared = camera_chance (self, 10) ? gst_buffer_ref (buffer) : NULL;

  self->tally.frames++;
  self->shown[self->next % REMEMBERED] = shown;
  flow = gst_harness_push (self->rig->harness, buffer);
  if (flow != expected)
    camera_fail (self, "a frame's flow was %s and not %s", gst_flow_get_name (flow),
        gst_flow_get_name (expected));
  if (flow == GST_FLOW_OK) {
    take_out (self, shown, TRUE);
    self->next++;
  }
  if (shared)
    gst_buffer_unref (shared);
}

/* The same frame over and over, while others meddle: whichever of them get through,
 * their numbers and their picture are known. The flow is any: of caps that a flush
 * overtakes GStreamer says that they were refused. */
void
camera_push_burst (Camera *self, GstBuffer *frame, Shown shown, guint n)
{
  for (guint i = 0; i < n; i++)
    self->shown[(self->next + i) % REMEMBERED] = shown;
  for (guint i = 0; i < n; i++) {
    gst_harness_push (self->rig->harness, gst_buffer_copy (frame));
    take_out (self, shown, FALSE);
    self->tally.frames++;
  }
}

/* --- elements --- */

static guint
draw_checkpoint (Camera *self)
{
  const guint drawn = camera_draw (self, 100);

  return drawn < 60 ? 0 : drawn < 85 ? 1 : 2;
}

void
camera_change_model (Camera *self)
{
  static const gchar *const tasks[] = { "auto", "label", "caption", "both" };
  const guint which = draw_checkpoint (self);
  const guint task = camera_draw (self, which == 2 ? 4 : 2);

  g_object_set (self->rig->element, "model", self->setup->checkpoints[which], "beams", camera_draw (self, 3),
      NULL);
  if (self->setup->told)
    gst_util_set_object_arg (G_OBJECT (self->rig->element), "task", tasks[task]);
}

static void
make_element (Camera *self, const gchar *properties)
{
  self->rig = rig_new_at (self->setup->checkpoints[draw_checkpoint (self)], properties);
  self->up = TRUE;
  self->ended = self->late = FALSE;
  self->next = self->first = 0;
  self->pts = 0;
  self->tally.elements++;
}

void
camera_make_element (Camera *self)
{
  make_element (self, NULL);
}

static gpointer
free_rig (gpointer rig)
{
  rig_free (rig);
  return NULL;
}

void
camera_hand_over (Camera *self)
{
  gchar *own = g_strdup_printf ("beams=%u", 3 + self->number % 5);      /* few others have such a model */
  GThread *closer = g_thread_new ("closes", free_rig, self->rig);

  make_element (self, own);
  camera_push (self);
  g_thread_join (closer);
  g_free (own);
}

Camera *
camera_new (const CameraSetup *setup, guint number)
{
  Camera *self = g_new0 (Camera, 1);

  self->setup = setup;
  self->number = number;
  self->doing = "nothing yet";
  self->dice = g_rand_new_with_seed_array ((guint32[]) { setup->seed, number }, 2);
  memset (self->shown, NO_PICTURE, sizeof self->shown);
  camera_make_element (self);
  return self;
}

void
camera_free (Camera *self)
{
  rig_free (self->rig);
  g_rand_free (self->dice);
  g_free (self);
}

const CameraTally *
camera_tally (const Camera *self)
{
  return &self->tally;
}

guint
camera_steps (const Camera *self)
{
  return g_atomic_int_get ((guint *) & self->steps);
}

const gchar *
camera_doing (const Camera *self)
{
  return g_atomic_pointer_get ((const gchar **) & self->doing);
}
