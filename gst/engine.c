/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Engines, their seats and the worker. It knows nothing of buffers, elements and
 * policies: what a frame is for and what becomes of its result is the stream's. */
#include "engine.h"
#include <sys/resource.h>

/* Pictures of one run. Together they take a little less than one by one, but each
 * waits for all: so they are run together as long as that takes no longer than a frame
 * of a camera, and slow ones alone, which leaves results half as old. */
#define MAX_BATCH 4u
#define BATCH_US 33000

#define NICE 10

/* A sentence is to be read before the next one is begun. */
#define CAPTION_PAUSE GST_SECOND

typedef enum { EMPTY, STAGING, READY } Front;

struct _GptVisSeat {
  GptVisEngine *engine;
  GptVisDone done;
  gpointer user;

  /* Under the engine's lock, but for the slot in front while it is STAGING and the
   * other one while it runs. */
  GptVisSlot *slots[2];
  GptVisTicket tickets[2];
  guint in_front;               /* the slot that is staged and waits */
  Front front;
  gint64 since;                 /* monotonic µs when the frame in front was staged */
  gboolean running;             /* the other slot is the worker's */
  gboolean stepping;            /* the captioner is the worker's */
  gboolean writing;             /* a caption is being written */
  gboolean owed;                /* an awaited result waits for it */
  gboolean calling;             /* the worker is in `done` */
  gboolean flushing;
  gboolean gone;                /* freed by its stream; the worker frees it for good */
  gint64 taken;                 /* monotonic µs when a frame was last taken; 0: never */
  gint64 period;                /* µs between two takes, smoothed; 0: not known */
  gboolean forgetting;          /* the captioner is to be told that there was a cut */

  /* The worker's. */
  GptVisCaptioner *captioner;   /* NULL: the model writes nothing */
  GptVisTicket ticket;          /* of the last result */
  GptVisResult *result;         /* the last, without a caption; NULL before the first */
  GstClockTime captioned;       /* when the last sentence was begun, on the clock of `clock_of`; NONE: never */
};

struct _GptVisEngine {
  GptVisModel *model;
  guint users;                  /* under engines_lock */

  GMutex lock;
  GCond work;                   /* a frame is ready, or the worker is to end */
  GCond progress;               /* the worker is done with a batch, or a seat flushes */
  GPtrArray *seats;
  gint64 picture_us;            /* of the last run, for each of its pictures; the worker's */
  gint64 spent_on_pictures, spent_on_words;     /* µs since when both have been waiting; the worker's */
  gboolean nice;                /* the worker's */
  GThread *worker;              /* from the first seat on */
  gboolean ending;
};

static GMutex engines_lock;
static GHashTable *engines;     /* GptVisModel → GptVisEngine; neither is held */

/* --- engines --- */

static GptVisEngine *
engine_new (GptVisModel * model)
{
  GptVisEngine *self = g_new0 (GptVisEngine, 1);

  self->model = gptvis_model_ref (model);
  g_mutex_init (&self->lock);
  g_cond_init (&self->work);
  g_cond_init (&self->progress);
  self->seats = g_ptr_array_new ();
  return self;
}

GptVisEngine *
gptvis_engine_open (const GptVisModelOptions * options, GError ** error)
{
  GptVisModelOptions batched = *options;
  GptVisEngine *engine;
  GptVisModel *model;

  batched.max_batch = MAX_BATCH;
  if (!(model = gptvis_model_open (&batched, error)))
    return NULL;
  g_mutex_lock (&engines_lock);
  if (!engines)
    engines = g_hash_table_new (NULL, NULL);
  if (!(engine = g_hash_table_lookup (engines, model))) {
    engine = engine_new (model);
    g_hash_table_insert (engines, model, engine);
  }
  engine->users++;
  g_mutex_unlock (&engines_lock);
  gptvis_model_unref (model);
  return engine;
}

static gboolean
leave (GptVisEngine * self)
{
  gboolean last;

  g_mutex_lock (&engines_lock);
  last = --self->users == 0;
  if (last) {
    g_hash_table_remove (engines, self->model);
    if (g_hash_table_size (engines) == 0)
      g_clear_pointer (&engines, g_hash_table_unref);
  }
  g_mutex_unlock (&engines_lock);
  return last;
}

static void
engine_free (GptVisEngine * self)
{
  gptvis_model_unref (self->model);
  g_ptr_array_unref (self->seats);
  g_cond_clear (&self->progress);
  g_cond_clear (&self->work);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
gptvis_engine_close (GptVisEngine * self)
{
  GThread *worker;

  if (!self || !leave (self))
    return;
  g_mutex_lock (&self->lock);
  worker = self->worker;
  self->ending = TRUE;
  g_cond_signal (&self->work);
  g_mutex_unlock (&self->lock);
  if (!worker) {
    engine_free (self);
  } else if (worker == g_thread_self ()) {
    g_thread_unref (worker);    /* a handler of a message closes it: the worker frees the rest as it ends */
  } else {
    g_thread_join (worker);
  }
}

GptVisModel *
gptvis_engine_model (GptVisEngine * self)
{
  return self->model;
}

guint
gptvis_engine_n_seats (GptVisEngine * self)
{
  g_mutex_lock (&self->lock);
  guint n = self->seats->len;
  g_mutex_unlock (&self->lock);
  return n;
}

/* --- the worker --- */

static void
seat_release (GptVisSeat * seat)
{
  for (guint i = 0; i < 2; i++)
    gptvis_model_slot_free (seat->engine->model, seat->slots[i]);
  gptvis_captioner_free (seat->captioner);
  gptvis_result_unref (seat->result);
  g_free (seat);
}

/* What was seen and written before a cut is not what comes after it. */
static void
mind_cut (GptVisSeat * seat)
{
  if (!seat->forgetting)
    return;
  seat->forgetting = seat->writing = FALSE;
  seat->captioned = GST_CLOCK_TIME_NONE;
  if (seat->captioner)
    gptvis_captioner_forget (seat->captioner);
  g_cond_broadcast (&seat->engine->progress);
}

/* Moves the frame in front to the worker. */
static void
take (GptVisSeat * seat)
{
  gint64 now = g_get_monotonic_time ();

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
in_turn (GptVisEngine * self)
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
gather (GptVisEngine * self, GptVisSeat * batch[MAX_BATCH])
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

/* With the lock, which is let go for the call. */
static void
tell (GptVisSeat * seat, GptVisNews news, const GptVisTicket * ticket, GptVisResult * result, const GError * error)
{
  GptVisEngine *self = seat->engine;

  if (seat->gone)
    return;
  seat->calling = TRUE;
  g_mutex_unlock (&self->lock);
  seat->done (seat->user, news, ticket, result, error);
  g_mutex_lock (&self->lock);
  seat->calling = FALSE;
}

/* The worker has nothing more to do with the seat for now. */
static void
leave_seat (GptVisSeat * seat)
{
  if (seat->gone && !seat->running && !seat->stepping)
    seat_release (seat);
}

/* What goes with a result: the sentence at hand only where it may be seen as it grows. */
static const GptVisCaption *
caption_of (const GptVisSeat * seat)
{
  if (!seat->captioner)
    return NULL;
  return seat->ticket.partial_captions ? gptvis_captioner_caption (seat->captioner)
      : gptvis_captioner_finished (seat->captioner);
}

/* Tells the last result with the caption that there is; the result is shared from then on. */
static void
tell_result (GptVisSeat * seat, GptVisNews news)
{
  const GptVisCaption *caption = caption_of (seat);
  GptVisResult *whole = caption ? gptvis_result_with_caption (seat->result, caption) : gptvis_result_ref (seat->result);

  tell (seat, news, &seat->ticket, whole, NULL);
  gptvis_result_unref (whole);
}

/* Streams without timestamps are measured by when their frames came. */
static GstClockTime
clock_of (const GptVisTicket * ticket)
{
  const GstClockTime time = ticket->time.running_time;

  return GST_CLOCK_TIME_IS_VALID (time) ? time : (GstClockTime) ticket->arrival * 1000;
}

/* 2 is more than any change: opposite pictures have that, or a little less by rounding. */
static gboolean
has_changed (const GptVisSeat * seat)
{
  const gfloat least = seat->ticket.caption_change;

  return least < 2 && gptvis_captioner_change (seat->captioner) >= least;
}

/* Is a sentence to be begun about the picture that was just analysed? */
static gboolean
is_worth_a_caption (const GptVisSeat * seat)
{
  const GptVisTicket *ticket = &seat->ticket;
  const GstClockTime now = clock_of (ticket);

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
begin_caption (GptVisEngine * self, GptVisSeat * seat)
{
  const GptVisTicket *ticket = &seat->ticket;

  seat->captioned = clock_of (ticket);
  seat->stepping = TRUE;
  g_mutex_unlock (&self->lock);
  gptvis_captioner_begin (seat->captioner, ticket->frame, ticket->time.pts, ticket->time.running_time);
  g_mutex_lock (&self->lock);
  seat->stepping = FALSE;
  seat->writing = gptvis_captioner_is_writing (seat->captioner);
  if (gptvis_captioner_error (seat->captioner))
    tell (seat, GPTVIS_NEWS_CAPTION, ticket, NULL, gptvis_captioner_error (seat->captioner));
}

/* What has become of a frame: keeps the result, and tells it, unless it is awaited and its
 * caption is to come. One without a result leaves the last as it is, of which a caption
 * may be under way. */
static void
finish (GptVisEngine * self, GptVisSeat * seat, GptVisResult * result, const GError * error)
{
  const GptVisTicket *ticket = &seat->tickets[!seat->in_front];

  if (!result) {
    tell (seat, GPTVIS_NEWS_RESULT, ticket, NULL, error);
    seat->running = FALSE;
    leave_seat (seat);
    return;
  }
  gptvis_result_unref (seat->result);
  seat->result = gptvis_result_ref (result);
  seat->ticket = *ticket;
  if (is_worth_a_caption (seat))
    begin_caption (self, seat);
  if (seat->ticket.awaited && seat->writing)
    seat->owed = TRUE;
  else
    tell_result (seat, GPTVIS_NEWS_RESULT);
  seat->running = FALSE;
  leave_seat (seat);
}

/* For good, since less nice again would be a privilege. The pool's threads follow. */
static void
be_nice (GptVisEngine * self)
{
  self->nice = TRUE;
#ifdef __linux__                /* where that is a thread's own affair */
  setpriority (PRIO_PROCESS, 0, NICE);
#endif
}

static void
run (GptVisEngine * self, GptVisSeat * batch[MAX_BATCH], guint n)
{
  GptVisRequest requests[MAX_BATCH];
  gint64 begun = g_get_monotonic_time ();
  GError *error = NULL;

  for (guint i = 0; i < n; i++) {
    const GptVisTicket *ticket = &batch[i]->tickets[!batch[i]->in_front];
    requests[i] = (GptVisRequest) { .slot = batch[i]->slots[!batch[i]->in_front], .top_k = ticket->top_k,
      .threshold = ticket->threshold, .captioner = batch[i]->captioner };
    if (!ticket->awaited && !self->nice)
      be_nice (self);
  }
  g_mutex_unlock (&self->lock);
  gptvis_model_run (self->model, requests, n, &error);
  self->picture_us = (g_get_monotonic_time () - begun) / n;
  self->spent_on_pictures += g_get_monotonic_time () - begun;
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < n; i++) {
    finish (self, batch[i], requests[i].result, requests[i].result ? NULL : error);
    gptvis_result_unref (requests[i].result);
  }
  g_clear_error (&error);
}

/* --- captions --- */

/* An awaited frame whose caption is finished, given up or failed. */
static void
pay (GptVisSeat * seat)
{
  if (!seat->owed || seat->writing)
    return;
  seat->owed = FALSE;
  tell_result (seat, GPTVIS_NEWS_RESULT);
}

/* A seat's sentence after a step. */
static void
tell_words (GptVisSeat * seat)
{
  const GError *error = gptvis_captioner_error (seat->captioner);

  seat->writing = gptvis_captioner_is_writing (seat->captioner);
  if (error)
    tell (seat, GPTVIS_NEWS_CAPTION, &seat->ticket, NULL, error);
  else if (seat->writing && seat->ticket.partial_captions)
    tell_result (seat, GPTVIS_NEWS_WORDS);
  else if (!seat->writing && !seat->owed)
    tell_result (seat, GPTVIS_NEWS_CAPTION);
}

/* Those that write. Results that are owed no longer are told on the way, which lets go of
 * the lock, so seats may come and go; who is passed over has its turn in the next round. */
static guint
gather_writers (GptVisEngine * self, GPtrArray * writers, GPtrArray * captioners)
{
  g_ptr_array_set_size (writers, 0);
  g_ptr_array_set_size (captioners, 0);
  for (guint i = 0; i < self->seats->len; i++) {
    GptVisSeat *seat = self->seats->pdata[i];
    mind_cut (seat);
    if (seat->owed && !seat->writing) {
      seat->stepping = TRUE;
      pay (seat);
      seat->stepping = FALSE;
      leave_seat (seat);
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
write_words (GptVisEngine * self, GPtrArray * writers, GPtrArray * captioners)
{
  gint64 begun = g_get_monotonic_time ();

  for (guint i = 0; i < writers->len; i++)
    ((GptVisSeat *) writers->pdata[i])->stepping = TRUE;
  g_mutex_unlock (&self->lock);
  gptvis_captioners_step ((GptVisCaptioner **) captioners->pdata, captioners->len);
  self->spent_on_words += g_get_monotonic_time () - begun;
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < writers->len; i++) {
    GptVisSeat *seat = writers->pdata[i];
    if (!seat->forgetting)
      tell_words (seat);
    pay (seat);
    seat->stepping = FALSE;
    leave_seat (seat);
  }
}

/* --- the worker's day --- */

static gpointer
work (gpointer data)
{
  GptVisEngine *self = data;
  GPtrArray *writers = g_ptr_array_new (), *captioners = g_ptr_array_new ();
  GptVisSeat *batch[MAX_BATCH];
  guint n;

  g_mutex_lock (&self->lock);
  while (!self->ending) {
    const guint n_writers = gather_writers (self, writers, captioners);
    if (n_writers == 0 || !in_turn (self))      /* what one has while the other does not wait, it owes nobody */
      self->spent_on_words = self->spent_on_pictures = 0;
    const gboolean words_turn = n_writers > 0 && self->spent_on_words <= self->spent_on_pictures;
    n = words_turn ? 0 : gather (self, batch);
    if (n == 0 && n_writers == 0) {
      g_cond_wait (&self->work, &self->lock);
      continue;
    }
    if (n > 0)
      run (self, batch, n);
    else
      write_words (self, writers, captioners);
    g_cond_broadcast (&self->progress);
  }
  g_mutex_unlock (&self->lock);
  g_ptr_array_unref (writers);
  g_ptr_array_unref (captioners);
  engine_free (self);
  return NULL;
}

/* --- seats --- */

GptVisSeat *
gptvis_seat_new (GptVisEngine * engine, GptVisDone done, gpointer user, GError ** error)
{
  GptVisSeat *seat = NULL;
  GError *why = NULL;

  g_mutex_lock (&engine->lock);
  if (!engine->worker)
    engine->worker = g_thread_try_new ("gptvis-worker", work, engine, &why);
  if (engine->worker) {
    seat = g_new0 (GptVisSeat, 1);
    *seat = (GptVisSeat) { .engine = engine, .done = done, .user = user, .captioned = GST_CLOCK_TIME_NONE };
    seat->captioner = gptvis_captioner_new (engine->model);
    for (guint i = 0; i < 2; i++)
      seat->slots[i] = gptvis_model_slot_new (engine->model);
    g_ptr_array_add (engine->seats, seat);
  } else {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT, "No thread for analyses could be started: %s",
        why->message);
    g_error_free (why);
  }
  g_mutex_unlock (&engine->lock);
  return seat;
}

void
gptvis_seat_free (GptVisSeat * seat)
{
  GptVisEngine *engine;

  if (!seat)
    return;
  engine = seat->engine;
  g_mutex_lock (&engine->lock);
  g_ptr_array_remove_fast (engine->seats, seat);
  while (seat->calling && engine->worker != g_thread_self ())
    g_cond_wait (&engine->progress, &engine->lock);
  if (seat->running || seat->stepping)
    seat->gone = TRUE;
  else
    seat_release (seat);
  g_mutex_unlock (&engine->lock);
}

gboolean
gptvis_seat_is_fresh (GptVisSeat * seat)
{
  g_mutex_lock (&seat->engine->lock);
  gboolean fresh = seat->front == READY && g_get_monotonic_time () - seat->since < seat->period / 8;
  g_mutex_unlock (&seat->engine->lock);
  return fresh;
}

gboolean
gptvis_seat_stage (GptVisSeat * seat, const GptVisPicture * picture, const GptVisTicket * ticket,
    gboolean * replaced, GError ** error)
{
  GptVisEngine *engine = seat->engine;
  gboolean staged;

  g_mutex_lock (&engine->lock);
  *replaced = seat->front == READY;
  seat->front = STAGING;        /* so the worker leaves it alone */
  g_mutex_unlock (&engine->lock);
  seat->tickets[seat->in_front] = *ticket;
  staged = gptvis_model_stage (engine->model, seat->slots[seat->in_front], picture, error);
  g_mutex_lock (&engine->lock);
  seat->front = staged ? READY : EMPTY;
  seat->since = g_get_monotonic_time ();
  if (staged)
    g_cond_signal (&engine->work);
  g_mutex_unlock (&engine->lock);
  return staged;
}

/* What is being told has not come yet. */
static gboolean
is_busy (const GptVisSeat * seat)
{
  return seat->front == READY || seat->running || seat->writing || seat->owed || seat->calling;
}

void
gptvis_seat_wait (GptVisSeat * seat)
{
  g_mutex_lock (&seat->engine->lock);
  while (is_busy (seat) && !seat->flushing)
    g_cond_wait (&seat->engine->progress, &seat->engine->lock);
  g_mutex_unlock (&seat->engine->lock);
}

/* The worker sees to it before its next word. */
static void
forget_captions (GptVisSeat * seat)
{
  if (!seat->captioner)
    return;
  seat->forgetting = TRUE;
  g_cond_signal (&seat->engine->work);
}

void
gptvis_seat_set_flushing (GptVisSeat * seat, gboolean flushing)
{
  g_mutex_lock (&seat->engine->lock);
  seat->flushing = flushing;
  if (flushing)
    forget_captions (seat);
  g_cond_broadcast (&seat->engine->progress);
  g_mutex_unlock (&seat->engine->lock);
}

gboolean
gptvis_seat_clear (GptVisSeat * seat)
{
  g_mutex_lock (&seat->engine->lock);
  gboolean waited = seat->front == READY;
  if (waited)
    seat->front = EMPTY;
  forget_captions (seat);
  g_mutex_unlock (&seat->engine->lock);
  return waited;
}

gboolean
gptvis_seat_is_waiting (GptVisSeat * seat)
{
  g_mutex_lock (&seat->engine->lock);
  gboolean waiting = seat->front == READY;
  g_mutex_unlock (&seat->engine->lock);
  return waiting;
}
