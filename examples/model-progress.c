/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of progress on standard error. */
#include "model-progress.h"
#include <unistd.h>

#define BETWEEN (G_USEC_PER_SEC / 5)    /* lines */
#define SPAN (2 * G_USEC_PER_SEC)       /* that a rate is counted over */

void
progress_begin (Progress *self, guint64 total, gboolean quiet)
{
  *self = (Progress) { .terminal = !quiet && isatty (STDERR_FILENO), .quiet = quiet, .total = total,
    .since = g_get_monotonic_time () };
}

void
progress_file (Progress *self, const gchar *file)
{
  self->file = file;
  self->shown = 0;
}

/* The rate follows the last seconds, smoothly. */
static void
count_rate (Progress *self, gint64 now)
{
  const gint64 span = now - self->since;
  if (span < SPAN && self->rate > 0)
    return;
  if (span < SPAN / 4)
    return;
  const gdouble latest = self->done > self->had ? (self->done - self->had) * 1e6 / span : 0;
  self->rate = self->rate > 0 ? 0.6 * self->rate + 0.4 * latest : latest;
  self->since = now;
  self->had = self->done;
}

static void
show (const Progress *self)
{
  gchar *done = g_format_size (self->done), *total = g_format_size (self->total);
  GString *line = g_string_new (NULL);
  g_string_printf (line, "\r%3.0f %%  %s of %s", self->total > 0 ? 100. * self->done / self->total : 100,
      done, total);
  if (self->rate > 1) {
    const gdouble left = (self->total - MIN (self->done, self->total)) / self->rate;
    const guint seconds = left < 359999 ? (guint) (left + 0.5) : 359999;
    gchar *rate = g_format_size ((guint64) self->rate);
    g_string_append_printf (line, "  %s/s  ", rate);
    if (seconds >= 3600)
      g_string_append_printf (line, "%u:%02u:%02u left", seconds / 3600, seconds / 60 % 60, seconds % 60);
    else
      g_string_append_printf (line, "%u:%02u left", seconds / 60, seconds % 60);
    g_free (rate);
  }
  g_string_append_printf (line, "  %s\033[K", self->file ? self->file : "");
  g_printerr ("%s", line->str);
  g_string_free (line, TRUE);
  g_free (total);
  g_free (done);
}

void
progress_add (Progress *self, gint64 n)
{
  const gint64 now = g_get_monotonic_time ();
  self->done = n < 0 && self->done < (guint64) -n ? 0 : self->done + n;
  if (!self->terminal)
    return;
  count_rate (self, now);
  if (now - self->shown >= BETWEEN) {
    self->shown = now;
    self->line = TRUE;
    show (self);
  }
}

void
progress_file_done (Progress *self, guint64 size)
{
  if (self->quiet || self->terminal)
    return;
  gchar *text = g_format_size (size);
  g_printerr ("%s, %s\n", self->file, text);
  g_free (text);
}

void
progress_end (Progress *self)
{
  if (self->line) {
    show (self);
    g_printerr ("\n");
  }
  self->terminal = self->line = FALSE;
}
