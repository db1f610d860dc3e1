/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes lines of JSON of messages, and writes them to a file. */
#include "lines.h"
#include "gptvis.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST (64u << 20)        /* bytes that wait to be read: hours of a few cameras */
#define TICK 100                /* ms */
#define LAST_TICKS (3 * TICK * 1000)    /* µs in which the writer notices that it must give up */

/* --- the writer's thread --- */

static gboolean
has_given_up (Lines *self)
{
  g_mutex_lock (&self->lock);
  gboolean given_up = self->given_up;
  g_mutex_unlock (&self->lock);
  return given_up;
}

/* 0, an errno, or ECANCELED. Writes no more at a time than a ready descriptor takes at once, so that only
 * poll waits. */
static gint
put (Lines *self, GBytes *line)
{
  struct pollfd ready = { .fd = self->descriptor, .events = POLLOUT };
  gsize left;
  const gchar *at = g_bytes_get_data (line, &left);

  while (left > 0) {
    int answer = poll (&ready, 1, TICK);
    gssize n = answer > 0 ? write (self->descriptor, at, MIN (left, self->most)) : answer;
    if (n < 0 && errno != EINTR && errno != EAGAIN)
      return errno;
    at += MAX (n, 0);
    left -= MAX (n, 0);
    if (answer == 0 && has_given_up (self))
      return ECANCELED;
  }
  return 0;
}

/* The next line; NULL: there will be no more. */
static GBytes *
take (Lines *self)
{
  g_mutex_lock (&self->lock);
  while (!self->closing && g_queue_is_empty (&self->waiting))
    g_cond_wait (&self->changed, &self->lock);
  GBytes *line = self->error || self->given_up ? NULL : g_queue_pop_head (&self->waiting);
  if (line)
    self->bytes -= g_bytes_get_size (line);
  g_mutex_unlock (&self->lock);
  return line;
}

/* In the main loop, which may not run yet. */
static gboolean
on_error (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
note (Lines *self, gint error)
{
  g_mutex_lock (&self->lock);
  self->lost++;
  if (error != ECANCELED)
    self->error = error;
  if (!self->closing)
    g_idle_add (on_error, self->loop);
  g_mutex_unlock (&self->lock);
}

static gpointer
write_all (gpointer data)
{
  Lines *self = data;
  gint error = 0;

  for (GBytes *line; !error && (line = take (self)); g_bytes_unref (line)) {
    if ((error = put (self, line)))
      note (self, error);
  }
  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return NULL;
}

/* --- the file --- */

/* −1 after a sentence; NULL is standard output. */
static gint
open_file (const gchar *file, const gchar *name)
{
  const int how = file ? O_WRONLY : fcntl (STDOUT_FILENO, F_GETFL);
  gint descriptor = STDOUT_FILENO;

  if (how < 0 || (how & O_ACCMODE) == O_RDONLY) {       /* as standard_guard leaves it */
    g_printerr ("gptvis-cameras: %s is closed.\n", name);
    return -1;
  }
  if (file && (descriptor = g_open (file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666)) < 0)
    g_printerr ("gptvis-cameras: %s cannot be opened for writing: %s.\n", name, g_strerror (errno));
  return descriptor;
}

gboolean
lines_open (Lines *self, const gchar *file, GMainLoop *loop)
{
  struct stat status;

  if (g_strcmp0 (file, "-") == 0)
    file = NULL;
  *self = (Lines) { .loop = loop };
  self->name = file ? g_strdup_printf ("\"%s\"", file) : g_strdup ("Standard output");
  if ((self->descriptor = open_file (file, self->name)) < 0) {
    g_free (self->name);
    return FALSE;
  }
  self->most = fstat (self->descriptor, &status) == 0 && S_ISREG (status.st_mode) ? G_MAXSSIZE : PIPE_BUF;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->waiting);
  self->writer = g_thread_new ("lines", write_all, self);
  return TRUE;
}

/* Waits for the writer to end; FALSE: it has not by then. */
static gboolean
await (Lines *self, gint64 until)
{
  while (!self->ended && g_cond_wait_until (&self->changed, &self->lock, until));
  return self->ended;
}

static gboolean
report (const Lines *self)
{
  if (self->error)
    g_printerr ("gptvis-cameras: %s cannot be written: %s.\n", self->name, g_strerror (self->error));
  else if (self->lost > 0)
    g_printerr ("gptvis-cameras: %s was not read in time: %" G_GUINT64_FORMAT " %s lost.\n", self->name,
        self->lost, self->lost == 1 ? "line is" : "lines are");
  return !self->error && self->lost == 0;
}

/* A writer that is stuck in a file system is left to the system, with what it uses. */
gboolean
lines_close (Lines *self, gint64 until)
{
  g_mutex_lock (&self->lock);
  self->closing = TRUE;
  g_cond_broadcast (&self->changed);
  if (!await (self, until)) {
    self->given_up = TRUE;
    await (self, g_get_monotonic_time () + LAST_TICKS);
  }
  self->lost += g_queue_get_length (&self->waiting) + !self->ended;
  g_queue_clear_full (&self->waiting, (GDestroyNotify) g_bytes_unref);
  const gboolean ended = self->ended, written = report (self);
  g_mutex_unlock (&self->lock);
  if (!ended)
    return FALSE;
  g_thread_join (self->writer);
  if (self->descriptor != STDOUT_FILENO && close (self->descriptor) != 0 && written) {
    self->error = errno;
    report (self);
  }
  g_free (self->name);
  return written && !self->error;
}

/* --- lines --- */

/* Takes the line. Lines of a camera that did not end in time are ignored. */
static void
add_line (Lines *self, GBytes *line, gboolean may_be_lost)
{
  g_mutex_lock (&self->lock);
  gboolean fits = !may_be_lost || self->bytes + g_bytes_get_size (line) <= MOST;
  if (self->closing || self->error) {
    g_bytes_unref (line);
  } else if (fits) {
    self->bytes += g_bytes_get_size (line);
    g_queue_push_tail (&self->waiting, line);
    g_cond_broadcast (&self->changed);
  } else {
    if (self->lost++ == 0)
      g_printerr ("gptvis-cameras: %s is not read: results are lost from now on.\n", self->name);
    g_bytes_unref (line);
  }
  g_mutex_unlock (&self->lock);
}

/* --- what is in them --- */

/* Takes the text. */
static void
end_line (Lines *self, gchar *text, gboolean may_be_lost)
{
  gchar *line = g_strconcat (text, "\n", NULL);

  add_line (self, g_bytes_new_take (line, strlen (line)), may_be_lost);
  g_free (text);
}

void
lines_result (Lines *self, const gchar *stream, const GstStructure *result)
{
  GstStructure *named = gst_structure_copy (result);

  gst_structure_set (named, "stream", G_TYPE_STRING, stream, NULL);
  end_line (self, gptvis_structure_to_json (named), TRUE);
  gst_structure_free (named);
}

static void
add_text (JsonBuilder *builder, const gchar *name, const gchar *text)
{
  json_builder_set_member_name (builder, name);
  if (text)
    json_builder_add_string_value (builder, text);
  else
    json_builder_add_null_value (builder);
}

void
lines_event (Lines *self, const gchar *event, const gchar *stream, const gchar *reason)
{
  JsonBuilder *builder = json_builder_new_immutable ();
  gchar *time = gptvis_time_to_rfc3339 (g_get_real_time ());
  JsonNode *root;

  json_builder_begin_object (builder);
  add_text (builder, "event", event);
  add_text (builder, "stream", stream);
  add_text (builder, "time", time);
  add_text (builder, "reason", reason);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  end_line (self, json_to_string (root, FALSE), FALSE);
  json_node_unref (root);
  g_object_unref (builder);
  g_free (time);
}
