/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a caption grows, and in which order results and words are reported: streams (stream.h) on a hand-made
 * checkpoint that writes, without an element around them, since an application's bus does not show the order
 * of threads. */
#include "gate.h"
#include "rig.h"
#include "stream.h"
#include <string.h>

#define FRAME (40 * GST_MSECOND)

typedef struct {
  gchar *checkpoint;
  GptVisEngine *engine;
  GptVisClient *client;
  GptVisStream *stream;
  GptVisSettings settings;
  GstVideoInfo info;
  gboolean leaves;              /* the listener frees the stream at its first words */
  GptVisStream *wakes;          /* its waiters are woken while a caption is reported; or NULL */

  GMutex lock;
  GCond more;
  GPtrArray *told;              /* results, in order */
  GPtrArray *failures;          /* sentences */
} Desk;

static gboolean
is_told (Desk *self, const GptVisResult *result)
{
  g_mutex_lock (&self->lock);
  gboolean told = self->told->len > 0 && self->told->pdata[self->told->len - 1] == result;
  g_mutex_unlock (&self->lock);
  return told;
}

/* For words and for results: a frame that waited for its caption comes as both. */
static void
on_told (gpointer user, GptVisResult *result)
{
  Desk *self = user;

  if (is_told (self, result))
    return;
  if (self->wakes && result->caption) {
    gptvis_stream_set_flushing (self->wakes, FALSE);
    g_usleep (20000);
  }
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->told, gptvis_result_ref (result));
  g_cond_broadcast (&self->more);
  g_mutex_unlock (&self->lock);
  if (self->leaves && result->caption)
    g_clear_pointer (&self->stream, gptvis_stream_free);
}

static void
on_failed (gpointer user, gboolean unmappable, const GError *error)
{
  Desk *self = user;

  g_assert_false (unmappable);
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->failures, g_strdup (error->message));
  g_cond_broadcast (&self->more);
  g_mutex_unlock (&self->lock);
}

static void
unref_result (gpointer result)
{
  gptvis_result_unref (result);
}

/* A stream on the engine of `beside`, or on a new checkpoint of that kind. */
static Desk *
desk_new (WriterKind kind, GptVisPolicy policy, const Desk *beside)
{
  Desk *self = g_new0 (Desk, 1);
  const GptVisListener listener = { on_told, on_told, on_failed, self };
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GError *error = NULL;

  self->settings = (GptVisSettings) GPTVIS_SETTINGS;
  self->settings.policy = policy;
  self->settings.hold_time = GST_CLOCK_TIME_NONE;
  gst_video_info_set_format (&self->info, GST_VIDEO_FORMAT_RGB, 16, 16);
  self->told = g_ptr_array_new_with_free_func (unref_result);
  self->failures = g_ptr_array_new_with_free_func (g_free);
  self->checkpoint = beside ? NULL : writer_write (kind);
  options.path = beside ? beside->checkpoint : self->checkpoint;
  self->engine = gptvis_engine_open (&options, &error);
  g_assert_no_error (error);
  self->client = gptvis_client_new (gptvis_engine_model (self->engine),
      &(GptVisClientOptions) { .task = GPTVIS_TASK_BOTH }, &error);
  g_assert_no_error (error);
  self->stream = gptvis_stream_new (self->engine, self->client, "desk", GPTVIS_REGIONS_NONE, &listener,
      &error);
  g_assert_no_error (error);
  return self;
}

static void
desk_free (Desk *self)
{
  gptvis_stream_free (self->stream);
  gptvis_client_unref (self->client);
  gptvis_engine_close (self->engine);
  g_ptr_array_unref (self->told);
  g_ptr_array_unref (self->failures);
  if (self->checkpoint)
    checkpoint_remove (self->checkpoint);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->more);
  g_free (self);
}

/* What the frame leaves with; may be NULL. */
static GptVisResult *
push (Desk *self, guint8 grey, GstClockTime time)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&self->info), NULL);
  const GptVisFrameTime times = { .pts = time, .running_time = time };
  GptVisFrameResult seen;

  gst_buffer_memset (buffer, 0, grey, GST_VIDEO_INFO_SIZE (&self->info));
  gptvis_stream_frame (self->stream, &self->settings,
      &(GptVisFrame) { .buffer = buffer, .info = &self->info, .time = times }, &seen);
  gst_buffer_unref (buffer);
  return seen.result;
}

static void
push_only (Desk *self, guint8 grey, GstClockTime time)
{
  gptvis_result_unref (push (self, grey, time));
}

static guint64
stat_of (Desk *self, const gchar *field)
{
  GstStructure *stats = gptvis_stream_stats (self->stream);
  guint64 value = 0;
  guint small;

  if (gst_structure_get_uint (stats, field, &small))
    value = small;
  else
    g_assert_true (gst_structure_get_uint64 (stats, field, &value));
  gst_structure_free (stats);
  return value;
}

static gboolean
is_partial (const GptVisResult *result)
{
  return result->caption && !result->caption->final;
}

static gboolean
is_captioned (const GptVisResult *result)
{
  return result->caption && result->caption->final;
}

static gboolean
is_any (const GptVisResult *result)
{
  return TRUE;
}

/* How many of the reported results, from number `from` on, are so. */
static guint
count (Desk *self, guint from, gboolean (*is) (const GptVisResult *))
{
  guint n = 0;

  g_mutex_lock (&self->lock);
  for (guint i = from; i < self->told->len; i++)
    n += is (self->told->pdata[i]);
  g_mutex_unlock (&self->lock);
  return n;
}

static void
await (Desk *self, guint n, gboolean (*is) (const GptVisResult *))
{
  while (count (self, 0, is) < n)
    g_usleep (500);
}

/* Each sentence gets one word more, and the worker stands before the next one. */
static void
write_word (void)
{
  gate_await (GATE_WORD);
  g_assert_cmpuint (gate_visits (GATE_WORD), <, WRITER_LENGTH - 2);     /* the sentence is not at its end */
  gate_pass (GATE_WORD);
  gate_await (GATE_WORD);
}

/* Each text continues the one before; the last is final. Returns how many are not. */
static guint
check_growth (Desk *self, const gchar *whole)
{
  gchar *before = g_strdup ("");
  gboolean ended = FALSE;
  guint n = 0;

  for (guint i = 0; i < self->told->len; i++) {
    const GptVisCaption *caption = ((GptVisResult *) self->told->pdata[i])->caption;
    if (!caption)
      continue;
    g_assert_cmpuint (caption->frame, ==, 0);
    g_assert_true (g_str_has_prefix (caption->text, before));
    g_assert_cmpfloat (caption->score, <=, 1);
    g_assert_true (!ended || caption->final);
    ended = caption->final;
    n += !caption->final;
    g_free (before);
    before = g_strdup (caption->text);
  }
  g_assert_true (ended);
  g_assert_cmpstr (before, ==, whole);
  g_free (before);
  return n;
}

static void
check_partial (GptVisPolicy policy)
{
  Desk *desk = desk_new (WRITES, policy, NULL);

  desk->settings.partial_captions = TRUE;
  push_only (desk, 0, 0);
  gptvis_stream_drain (desk->stream);
  /* "a", "a black", "a black picture", and then the end makes it final */
  g_assert_cmpuint (check_growth (desk, "a black picture"), ==, 3);
  g_assert_cmpuint (desk->told->len, ==, policy == GPTVIS_POLICY_EVERY ? 4 : 5);
  g_assert_cmpuint (stat_of (desk, "captions"), ==, 1);
  g_assert_cmpuint (stat_of (desk, "analysed"), ==, 1);
  desk_free (desk);
}

static void
test_partial (void)
{
  check_partial (GPTVIS_POLICY_EVERY);
  check_partial (GPTVIS_POLICY_LATEST);
}

/* Without partial captions no half sentence is reported, neither by itself nor with results found meanwhile;
 * the sentence before stays until the next is whole. */
static void
test_whole (void)
{
  Desk *desk = desk_new (WRITES_FOREVER, GPTVIS_POLICY_LATEST, NULL);
  guint frames = 1;

  desk->settings.caption_interval = 0;
  push_only (desk, 255, 0);
  await (desk, 1, is_captioned);
  g_assert_cmpuint (desk->told->len, ==, 2);
  gate_close (GATE_WORD);
  while (count (desk, 2, is_any) <= 3) {
    GptVisResult *seen = push (desk, 0, GST_SECOND + frames++ * GST_MSECOND);
    g_assert_true (seen->caption && seen->caption->final);
    gptvis_result_unref (seen);
    write_word ();
  }
  g_assert_cmpuint (stat_of (desk, "captions"), ==, 1);
  gate_open (GATE_WORD);
  gptvis_stream_drain (desk->stream);
  g_assert_cmpuint (stat_of (desk, "captions"), ==, 2);
  g_assert_cmpuint (count (desk, 0, is_partial), ==, 0);
  for (guint i = 2; i < desk->told->len; i++) {
    const GptVisResult *result = desk->told->pdata[i];
    const gboolean is_first = result->caption->frame == 0;
    g_assert_true (g_str_has_prefix (result->caption->text, is_first ? "a white picture "
        : "a black picture "));
    g_assert_true (is_first || result->caption->frame <= result->frame);
  }
  desk_free (desk);
}

/* Words are reported with the newest labels and the number of those labels' frame. */
static void
test_labels_go_on (void)
{
  Desk *desk = desk_new (WRITES_FOREVER, GPTVIS_POLICY_LATEST, NULL);
  guint64 last = 0;

  desk->settings.partial_captions = TRUE;
  desk->settings.caption_change = 2;    /* one sentence */
  desk->settings.caption_interval = GST_CLOCK_TIME_NONE;
  gate_close (GATE_WORD);
  push_only (desk, 255, 0);
  for (guint i = 1; stat_of (desk, "analysed") < 4; i++) {
    write_word ();
    push_only (desk, 0, i * GST_MSECOND);
  }
  g_assert_cmpuint (stat_of (desk, "captions"), ==, 0);
  gate_open (GATE_WORD);
  gptvis_stream_drain (desk->stream);
  for (guint i = 0; i < desk->told->len; i++) {
    const GptVisResult *result = desk->told->pdata[i];
    g_assert_cmpuint (result->frame, >=, last);
    g_assert_cmpstr (result->labels[0].text, ==, result->frame ? "dark" : "bright");
    g_assert_cmpuint (result->running_time, ==, result->frame * GST_MSECOND);
    last = result->frame;
  }
  g_assert_cmpuint (last, >, 1);
  const GptVisResult *whole = desk->told->pdata[desk->told->len - 1];
  g_assert_cmpuint (check_growth (desk, whole->caption->text), >, 100);
  desk_free (desk);
}

/* A frame fails while an older one's caption is written: the words still belong to the older one. */
static void
test_failing_frame (void)
{
  Desk *desk = desk_new (WRITES_FOREVER | OVERLOOKS, GPTVIS_POLICY_LATEST, NULL);

  desk->settings.partial_captions = TRUE;
  gate_close (GATE_WORD);
  push_only (desk, 0, 0);
  write_word ();
  push_only (desk, 255, FRAME);
  while (stat_of (desk, "errors") == 0)
    write_word ();
  g_assert_cmpuint (stat_of (desk, "captions"), ==, 0);
  gate_open (GATE_WORD);
  gptvis_stream_drain (desk->stream);
  for (guint i = 0; i < desk->told->len; i++) {
    g_assert_cmpuint (((GptVisResult *) desk->told->pdata[i])->frame, ==, 0);
    g_assert_cmpuint (((GptVisResult *) desk->told->pdata[i])->running_time, ==, 0);
  }
  g_assert_cmpuint (desk->failures->len, ==, 1);
  g_assert_cmpuint (stat_of (desk, "captions"), ==, 1);
  desk_free (desk);
}

/* A cut in the middle of a sentence: no more of it is reported, draining does not wait for it, and the next
 * frame has a sentence of its own. */
static void
test_cut (void)
{
  Desk *desk = desk_new (WRITES_FOREVER, GPTVIS_POLICY_LATEST, NULL);
  guint before;

  desk->settings.partial_captions = TRUE;
  for (guint i = 0; i < 20; i++) {
    gate_close (GATE_WORD);
    push_only (desk, 255, 0);
    write_word ();
    write_word ();
    g_assert_cmpuint (count (desk, 0, is_partial), >=, 2 * (i + 1));
    gptvis_stream_cut (desk->stream);
    before = count (desk, 0, is_any);
    gate_pass (GATE_WORD);      /* the word that is being written, and none after it */
    gptvis_stream_drain (desk->stream);
    g_assert_cmpuint (count (desk, before, is_any), ==, 0);
    g_assert_cmpuint (stat_of (desk, "captions"), ==, 0);
  }
  gate_open (GATE_WORD);
  before = count (desk, 0, is_any);
  desk->settings.partial_captions = FALSE;
  push_only (desk, 0, 0);
  gptvis_stream_drain (desk->stream);
  for (guint i = before; i < desk->told->len; i++)
    g_assert_cmpuint (((GptVisResult *) desk->told->pdata[i])->frame, ==, 20);
  g_assert_cmpuint (count (desk, before, is_captioned), ==, 1);
  desk_free (desk);
}

/* Draining ends only after the last report has returned, whatever else wakes the thread that drains. */
static void
test_told_first (void)
{
  Desk *wakes = desk_new (WRITES, GPTVIS_POLICY_LATEST, NULL), *desk = desk_new (0, GPTVIS_POLICY_LATEST,
      wakes);
  GptVisResult *seen;

  desk->wakes = wakes->stream;
  push_only (desk, 0, 0);
  gptvis_stream_drain (desk->stream);
  g_assert_cmpuint (count (desk, 0, is_captioned), ==, 1);
  desk->settings.policy = GPTVIS_POLICY_EVERY;
  seen = push (desk, 255, GST_SECOND);
  g_assert_nonnull (seen);
  g_assert_cmpstr (seen->caption->text, ==, "a white picture");
  gptvis_result_unref (seen);
  g_assert_cmpuint (count (desk, 0, is_captioned), ==, 2);
  desk_free (desk);
  desk_free (wakes);
}

/* A picture for each of the two streams, so that one waits whenever the worker looks for one. */
static void
push_both (Desk *one, Desk *other, guint *frames)
{
  const GstClockTime time = *frames ? GST_SECOND * 1000 + *frames * FRAME : 0;

  push_only (one, 255, time);
  push_only (other, 0, time);
  ++*frames;
}

/* Neither stream is ever more than one picture ahead. */
static void
assert_fair (Desk *one, Desk *other)
{
  const gint64 ahead = (gint64) stat_of (one, "analysed") - (gint64) stat_of (other, "analysed");

  g_assert_cmpint (ABS (ahead), <=, 1);
}

/* Analyses until a sentence is begun, which is that of `one`: a frame of each may be under way or wait. */
static void
look_until_written (Desk *one, Desk *other, guint *frames)
{
  one->settings.caption_interval = 0;
  for (guint pictures = 0; gate_await_any () == GATE_ANALYSIS; pictures++) {
    g_assert_cmpuint (pictures, <, 4);
    push_both (one, other, frames);
    assert_fair (one, other);
    gate_pass (GATE_ANALYSIS);
  }
}

/* While words and pictures both wait, each has as much time as the other, to within the longer of the two;
 * and the streams' pictures are taken in turn. That the model was busy with pictures alone before is no
 * debt. */
static void
check_turns (gint64 picture_us, gint64 word_us)
{
  enum { WORDS = WRITER_LENGTH * 3 / 4 };
  Desk *one = desk_new (WRITES_FOREVER, GPTVIS_POLICY_LATEST, NULL), *other = desk_new (0,
      GPTVIS_POLICY_LATEST, one);
  guint frames = 0, words = 0, pictures = 1;

  gate_set_pace (picture_us, word_us);
  one->settings.caption_change = other->settings.caption_change = 2;
  one->settings.caption_interval = other->settings.caption_interval = GST_CLOCK_TIME_NONE;
  push_both (one, other, &frames);      /* each has its only sentence behind it */
  gptvis_stream_drain (one->stream);
  gptvis_stream_drain (other->stream);
  gate_close (GATE_ANALYSIS);
  gate_close (GATE_WORD);
  push_both (one, other, &frames);
  for (guint i = 0; i < 40; i++) {
    gate_await (GATE_ANALYSIS);
    push_both (one, other, &frames);
    assert_fair (one, other);
    gate_pass (GATE_ANALYSIS);
  }
  g_assert_cmpuint (gate_visits (GATE_WORD), ==, 0);
  look_until_written (one, other, &frames);
  while (words < WORDS) {       /* `pictures` counts the one that the sentence is about */
    const Gate gate = gate_await_any ();
    push_both (one, other, &frames);
    assert_fair (one, other);
    words += gate == GATE_WORD;
    pictures += gate == GATE_ANALYSIS;
    g_assert_cmpint (ABS (words * word_us - pictures * picture_us), <=, MAX (picture_us, word_us));
    gate_pass (gate);
  }
  gate_open (GATE_WORD);
  gate_open (GATE_ANALYSIS);
  gptvis_stream_drain (one->stream);
  gptvis_stream_drain (other->stream);
  gate_set_pace (0, 0);
  desk_free (other);
  desk_free (one);
}

/* Pictures are so slow that they are analysed one by one. */
static void
test_in_turn (void)
{
  check_turns (20000, 4000);
  check_turns (20000, 50000);
}

/* A listener frees its stream in the middle of a sentence; another stream goes on. */
static void
test_leaves (void)
{
  Desk *stays = desk_new (WRITES_FOREVER, GPTVIS_POLICY_LATEST, NULL);
  Desk *leaves = desk_new (0, GPTVIS_POLICY_LATEST, stays);

  leaves->settings.partial_captions = stays->settings.partial_captions = TRUE;
  leaves->leaves = TRUE;
  push_only (stays, 0, 0);
  push_only (leaves, 255, 0);
  gptvis_stream_drain (stays->stream);
  await (leaves, 1, is_partial);
  while (gptvis_engine_n_sessions (stays->engine) > 1)
    g_usleep (500);
  push_only (stays, 255, 2 * GST_SECOND);
  gptvis_stream_drain (stays->stream);
  g_assert_cmpuint (stat_of (stays, "captions"), ==, 2);
  g_assert_cmpuint (count (leaves, 0, is_captioned), ==, 0);
  desk_free (leaves);
  desk_free (stays);
}

/* More streams than one step has room for, each with as many beams as there can be. */
static void
test_many (void)
{
  Desk *desks[11] = { desk_new (WRITES_FOREVER, GPTVIS_POLICY_LATEST, NULL) };

  for (guint i = 1; i < G_N_ELEMENTS (desks); i++)
    desks[i] = desk_new (0, GPTVIS_POLICY_LATEST, desks[0]);
  for (guint i = 0; i < G_N_ELEMENTS (desks); i++)
    push_only (desks[i], i % 3 ? 255 : 0, 0);
  for (guint i = 0; i < G_N_ELEMENTS (desks); i++) {
    gptvis_stream_drain (desks[i]->stream);
    g_assert_cmpuint (count (desks[i], 0, is_captioned), ==, 1);
    const GptVisResult *result = desks[i]->told->pdata[desks[i]->told->len - 1];
    g_assert_true (g_str_has_prefix (result->caption->text, i % 3 ? "a white picture " : "a black picture "));
  }
  for (guint i = G_N_ELEMENTS (desks); i-- > 0;)
    desk_free (desks[i]);
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_test_add_func ("/words/partial", test_partial);
  g_test_add_func ("/words/whole", test_whole);
  g_test_add_func ("/words/labels-go-on", test_labels_go_on);
  g_test_add_func ("/words/failing-frame", test_failing_frame);
  g_test_add_func ("/words/cut", test_cut);
  g_test_add_func ("/words/told-first", test_told_first);
  g_test_add_func ("/words/in-turn", test_in_turn);
  g_test_add_func ("/words/leaves", test_leaves);
  g_test_add_func ("/words/many", test_many);
  return g_test_run ();
}
