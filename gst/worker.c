/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker: the one thread behind a model. It runs the frames that wait at the seats as
 * batches, and writes captions in turn with them, a word for all at a time. It holds the
 * engine's lock but while it computes and while it tells a stream what it has found. */
#include "engine-private.h"
#include "frametime.h"
#include <sys/resource.h>

/* Pictures together take a little less than one by one, but each waits for all: so they
 * are run together as long as that takes no longer than a frame of a camera, and slow
 * ones alone, which leaves results half as old. */
#define BATCH_US 33000

#define NICE 10

/* A sentence is to be read before the next one is begun. */
#define CAPTION_PAUSE GST_SECOND

/* --- seats, as the worker sees them --- */

/* What was seen and written before a cut is not what comes after it. */
static void
mind_cut (GptVisSeat *seat)
{
  if (!seat->forgetting)
    return;
  seat->forgetting = seat->writing = FALSE;
  seat->captioned = GST_CLOCK_TIME_NONE;
  if (seat->captioner)
    gptvis_captioner_forget (seat->captioner);
  g_cond_broadcast (&seat->engine->progress);
}

/* Moves the frame in front to the worker; until `finish` it holds the seat. */
static void
take (GptVisSeat *seat)
{
  gint64 now = g_get_monotonic_time ();

  gptvis_seat_ref (seat);
  mind_cut (seat);
  if (seat->taken)
    seat->period = seat->period ? (3 * seat->period + now - seat->taken) / 4 : now - seat->taken;
  seat->taken = now;
  seat->in_front = !seat->in_front;
  seat->front = EMPTY;
  seat->running = TRUE;
}

/* Of the streams that have a frame ready, the one whose turn was longest ago. So one that is
 * passed over, since it is just staging a newer frame, comes next. */
static GptVisSeat *
in_turn (GptVisEngine *self)
{
  GptVisSeat *first = NULL;

  for (guint i = 0; i < self->seats->len; i++) {
    GptVisSeat *seat = self->seats->pdata[i];
    if (seat->front == READY && !seat->running && !seat->owed && (!first || seat->taken < first->taken))
      first = seat;
  }
  return first;
}

static guint
gather (GptVisEngine *self, GptVisSeat *batch[MAX_BATCH])
{
  const guint most = CLAMP (BATCH_US / MAX (self->picture_us, 1), 1, MAX_BATCH);
  GptVisSeat *seat;
  guint n = 0;

  while (n < most && (seat = in_turn (self))) {
    take (seat);
    batch[n++] = seat;
  }
  return n;
}

/* What goes with a result: the sentence at hand only where it may be seen as it grows. */
static const GptVisCaption *
caption_of (const GptVisSeat *seat)
{
  if (!seat->captioner)
    return NULL;
  return seat->ticket.partial_captions ? gptvis_captioner_caption (seat->captioner)
      : gptvis_captioner_finished (seat->captioner);
}

/* Tells the last result with the caption that there is; the result is shared from then on. */
static void
tell_result (GptVisSeat *seat, GptVisNews news)
{
  const GptVisCaption *caption = caption_of (seat);
  GptVisResult *whole = caption ? gptvis_result_with_caption (seat->result, caption) : gptvis_result_ref (seat->result);

  gptvis_seat_tell (seat, news, &seat->ticket, whole, NULL);
  gptvis_result_unref (whole);
}

/* 2 is more than any change: opposite pictures have that, or a little less by rounding. */
static gboolean
has_changed (const GptVisSeat *seat)
{
  const gfloat least = seat->ticket.caption_change;

  return least < 2 && gptvis_captioner_change (seat->captioner) >= least;
}

/* Is a sentence to be begun about the picture that was just analysed? */
static gboolean
is_worth_a_caption (const GptVisSeat *seat)
{
  const GptVisTicket *ticket = &seat->ticket;
  const GstClockTime now = gptvis_frame_clock (&ticket->time, ticket->arrival);

  if (!seat->captioner || seat->writing || seat->forgetting || seat->flushing)
    return FALSE;
  if (!GST_CLOCK_TIME_IS_VALID (seat->captioned) || now < seat->captioned)
    return TRUE;
  if (now - seat->captioned < CAPTION_PAUSE)
    return FALSE;
  return has_changed (seat)
      || (GST_CLOCK_TIME_IS_VALID (ticket->caption_interval) && now - seat->captioned >= ticket->caption_interval);
}

/* With the lock, which is let go while the decoder looks at the picture. */
static void
begin_caption (GptVisEngine *self, GptVisSeat *seat)
{
  const GptVisTicket *ticket = &seat->ticket;

  seat->captioned = gptvis_frame_clock (&ticket->time, ticket->arrival);
  g_mutex_unlock (&self->lock);
  gptvis_captioner_set_threshold (seat->captioner, ticket->caption_threshold);
  gptvis_captioner_begin (seat->captioner, ticket->frame, ticket->time.pts, ticket->time.running_time);
  g_mutex_lock (&self->lock);
  seat->writing = gptvis_captioner_is_writing (seat->captioner);
  if (gptvis_captioner_error (seat->captioner))
    gptvis_seat_tell (seat, GPTVIS_NEWS_CAPTION, ticket, NULL, gptvis_captioner_error (seat->captioner));
}

/* What has become of a frame: keeps the result, and tells it, unless it is awaited and its
 * caption is to come. One without a result leaves the last as it is, of which a caption
 * may be under way. */
static void
finish (GptVisEngine *self, GptVisSeat *seat, GptVisResult *result, const GError *error)
{
  const GptVisTicket *ticket = &seat->tickets[!seat->in_front];

  if (result) {
    gptvis_result_unref (seat->result);
    seat->result = gptvis_result_ref (result);
    seat->ticket = *ticket;
    if (is_worth_a_caption (seat))
      begin_caption (self, seat);
  }
  seat->running = FALSE;
  seat->owed = result && seat->ticket.awaited && seat->writing;
  if (!result)
    gptvis_seat_tell (seat, GPTVIS_NEWS_RESULT, ticket, NULL, error);
  else if (!seat->owed)
    tell_result (seat, GPTVIS_NEWS_RESULT);
  gptvis_seat_unref (seat);
}

/* For good, since less nice again would be a privilege. The pool's threads follow. */
static void
be_nice (GptVisEngine *self)
{
  self->nice = TRUE;
#ifdef __linux__                /* where that is a thread's own affair */
  setpriority (PRIO_PROCESS, 0, NICE);
#endif
}

/* What has become of a batch; one that has no result has that error. Takes the results. */
static void
finish_all (GptVisEngine *self, GptVisBatch *batch, GptVisResult **results, const GError *error)
{
  for (guint i = 0; i < batch->n; i++) {
    finish (self, batch->seats[i], results[i], results[i] ? NULL : error);
    gptvis_result_unref (results[i]);
  }
}

/* Those who wait, if anybody does, become a batch and the model's: on a GPU beside the one
 * before, on the processor it is all computed here. */
static gboolean
begin_batch (GptVisEngine *self)
{
  GptVisBatch *batch = &self->batches[self->n_begun % GPTVIS_MAX_IN_FLIGHT];
  GptVisResult *none[MAX_BATCH] = { NULL };
  GError *error = NULL;

  batch->n = gather (self, batch->seats);
  if (batch->n == 0)
    return FALSE;
  batch->begun = g_get_monotonic_time ();
  for (guint i = 0; i < batch->n; i++) {
    GptVisSeat *seat = batch->seats[i];
    const GptVisTicket *ticket = &seat->tickets[!seat->in_front];
    batch->requests[i] = (GptVisRequest) { .slot = seat->slots[!seat->in_front],
      .outputs = gptvis_client_outputs (seat->client) };
    if (!ticket->awaited && !self->nice)
      be_nice (self);
  }
  g_mutex_unlock (&self->lock);
  const gboolean begun = gptvis_model_begin (self->model, batch->requests, batch->n, &error);
  g_mutex_lock (&self->lock);
  if (begun)
    self->n_begun++;
  else
    finish_all (self, batch, none, error);
  g_clear_error (&error);
  return TRUE;
}

/* What a seat makes of its picture's outputs; NULL: there are none. */
static GptVisResult *
read_request (GptVisSeat *seat, const GptVisRequest *request)
{
  const GptVisTicket *ticket = &seat->tickets[!seat->in_front];

  if (!request->ran)
    return NULL;
  if (seat->captioner)
    gptvis_captioner_look (seat->captioner, request->tokens);
  return gptvis_client_read (seat->client, request, ticket->top_k, ticket->threshold);
}

/* Waits for the batch that was begun first. */
static void
end_batch (GptVisEngine *self)
{
  GptVisBatch *batch = &self->batches[self->n_ended++ % GPTVIS_MAX_IN_FLIGHT];
  GptVisResult *results[MAX_BATCH];
  GError *error = NULL;

  g_mutex_unlock (&self->lock);
  gptvis_model_end (self->model, batch->requests, batch->n, &error);
  for (guint i = 0; i < batch->n; i++)
    results[i] = read_request (batch->seats[i], &batch->requests[i]);
  const gint64 device_us = gptvis_model_device_us (self->model);
  const gint64 spent = g_get_monotonic_time () - MAX (batch->begun, self->ended);
  g_mutex_lock (&self->lock);
  self->picture_us = spent / batch->n;
  self->spent_on_pictures += spent;
  if (device_us > 0)
    gptvis_timing_add (&self->device, device_us);
  finish_all (self, batch, results, error);
  self->ended = g_get_monotonic_time ();
  g_clear_error (&error);
}

/* --- captions --- */

/* An awaited frame whose caption is finished, given up or failed. */
static void
pay (GptVisSeat *seat)
{
  if (!seat->owed || seat->writing)
    return;
  seat->owed = FALSE;
  tell_result (seat, GPTVIS_NEWS_RESULT);
}

/* A seat's sentence after a step. */
static void
tell_words (GptVisSeat *seat)
{
  const GError *error = gptvis_captioner_error (seat->captioner);

  seat->writing = gptvis_captioner_is_writing (seat->captioner);
  if (error)
    gptvis_seat_tell (seat, GPTVIS_NEWS_CAPTION, &seat->ticket, NULL, error);
  else if (seat->writing && seat->ticket.partial_captions && gptvis_captioner_shows_words (seat->captioner))
    tell_result (seat, GPTVIS_NEWS_WORDS);
  else if (!seat->writing && !seat->owed)
    tell_result (seat, GPTVIS_NEWS_CAPTION);
}

/* Those that write. Results that are owed no longer are told on the way, which lets go of
 * the lock, so seats may come and go; who is passed over has its turn in the next round. */
static guint
gather_writers (GptVisEngine *self, GPtrArray *writers, GPtrArray *captioners)
{
  g_ptr_array_set_size (writers, 0);
  g_ptr_array_set_size (captioners, 0);
  for (guint i = 0; i < self->seats->len; i++) {
    GptVisSeat *seat = self->seats->pdata[i];
    if (!seat->running)         /* what it is shown yet is from before the cut */
      mind_cut (seat);
    if (seat->owed && !seat->writing) {
      gptvis_seat_ref (seat);
      pay (seat);
      gptvis_seat_unref (seat);
      g_cond_broadcast (&self->progress);
    }
  }
  for (guint i = 0; i < self->seats->len; i++) {
    GptVisSeat *seat = self->seats->pdata[i];
    if (seat->writing && !seat->forgetting) {
      g_ptr_array_add (writers, seat);
      g_ptr_array_add (captioners, seat->captioner);
    }
  }
  return writers->len;
}

/* A word more for each of them. */
static void
write_words (GptVisEngine *self, GPtrArray *writers, GPtrArray *captioners)
{
  gint64 begun = g_get_monotonic_time ();

  for (guint i = 0; i < writers->len; i++)
    gptvis_seat_ref (writers->pdata[i]);
  g_mutex_unlock (&self->lock);
  gptvis_captioners_step ((GptVisCaptioner **) captioners->pdata, captioners->len);
  self->spent_on_words += g_get_monotonic_time () - begun;
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < writers->len; i++) {
    GptVisSeat *seat = writers->pdata[i];
    if (!seat->forgetting)
      tell_words (seat);
    pay (seat);
    gptvis_seat_unref (seat);
  }
}

/* --- the worker's day --- */

static guint
n_under_way (const GptVisEngine *self)
{
  return self->n_begun - self->n_ended;
}

/* Words and pictures in turn, as much time for one as for the other while both wait. */
static gboolean
is_words_turn (GptVisEngine *self, guint n_writers)
{
  /* what one has while the other does not wait, it owes nobody */
  if (n_writers == 0 || (!in_turn (self) && n_under_way (self) == 0))
    self->spent_on_words = self->spent_on_pictures = 0;
  return n_writers > 0 && self->spent_on_words <= self->spent_on_pictures;
}

/* With the lock, until the engine is told to end and nothing is under way. */
static void
work (GptVisEngine *self, GPtrArray *writers, GPtrArray *captioners)
{
  while (!self->ending) {
    const guint n_writers = gather_writers (self, writers, captioners);
    gboolean begun = FALSE;
    if (!is_words_turn (self, n_writers))
      while (n_under_way (self) < gptvis_model_in_flight (self->model) && begin_batch (self))
        begun = TRUE;
    if (n_under_way (self) > 0) {
      end_batch (self);
    } else if (n_writers > 0 && !begun) {
      write_words (self, writers, captioners);
    } else if (!begun) {
      g_cond_wait (&self->work, &self->lock);
      continue;
    }
    g_cond_broadcast (&self->progress);
  }
  while (n_under_way (self) > 0)
    end_batch (self);
}

gpointer
gptvis_worker (gpointer data)
{
  GptVisEngine *self = data;
  GPtrArray *writers = g_ptr_array_new (), *captioners = g_ptr_array_new ();

  do {
    g_mutex_lock (&self->lock);
    work (self, writers, captioners);
    g_mutex_unlock (&self->lock);
  } while (!gptvis_engine_retire (self));
  g_ptr_array_unref (writers);
  g_ptr_array_unref (captioners);
  gptvis_engine_unref (self);
  return NULL;
}
