/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-label's output on stderr: a progress bar, complaints, a summary. The
 * bar leaves the cursor at its line's start, so that what comes next overwrites it. */
#include "tally.h"

#define BAR 24u                 /* characters */
#define MOST_SEEN 5u            /* labels in the summary */
#define ERASE "\033[K"          /* to the end of the line */

void
tally_init (Tally *self, gboolean progress)
{
  *self = (Tally) { .progress = progress };
  self->best = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

void
tally_clear (Tally *self)
{
  g_clear_pointer (&self->best, g_hash_table_unref);
  g_clear_pointer (&self->caption, g_free);
}

void
tally_count (Tally *self, const gchar *best, gint64 analysis)
{
  self->frames++;
  self->analysis += analysis;
  if (best) {
    guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->best, best));
    g_hash_table_replace (self->best, g_strdup (best), GUINT_TO_POINTER (n + 1));
  }
}

void
tally_caption (Tally *self, const gchar *text)
{
  if (g_strcmp0 (text, self->caption) == 0)
    return;
  g_free (self->caption);
  self->caption = g_strdup (text);
  gchar *line = g_utf8_make_valid (text, -1);
  for (gchar *p = line; *p; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';                 /* nothing that controls a terminal */
  g_printerr ("%scaption: %s\n", self->progress ? ERASE : "", line);
  g_free (line);
}

void
tally_complain (const Tally *self, const gchar *name, const gchar *kind, const gchar *sentence)
{
  g_printerr ("%sgptvis-label: %s%s%s%s%s\n", self->progress ? ERASE : "", name ? name : "", name ? ": " : "",
      kind ? kind : "", kind ? ": " : "", sentence);
}

void
tally_progress (const Tally *self, double part, guint i, guint n, const gchar *name)
{
  const double whole = (i + CLAMP (part, 0, 1)) / n;
  gchar bar[BAR + 1] = { 0 };

  if (!self->progress)
    return;
  for (guint b = 0; b < BAR; b++)
    bar[b] = b < whole * BAR ? '#' : '.';
  g_printerr ("[%s] %3.0f%%  %u of %u  %.40s" ERASE "\r", bar, 100 * whole, i + 1, n, name);
}

static gint
by_count (gconstpointer a, gconstpointer b, gpointer counts)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, a));
  guint m = GPOINTER_TO_UINT (g_hash_table_lookup (counts, b));

  return n < m ? 1 : n > m ? -1 : g_strcmp0 (a, b);
}

void
tally_summary (const Tally *self, guint inputs, guint failed, double seconds)
{
  GList *labels = g_list_sort_with_data (g_hash_table_get_keys (self->best), by_count, self->best);
  GList *label = labels;

  g_printerr ("%s%" G_GUINT64_FORMAT " %s analysed in %.1f s: %.1f a second, %.1f ms each; "
      "%u of %u %s failed\n",
      self->progress ? ERASE : "", self->frames, self->frames == 1 ? "frame" : "frames", seconds,
      self->frames / MAX (seconds, 1e-3), self->frames ? self->analysis / 1e3 / self->frames : 0, failed,
      inputs, inputs == 1 ? "input" : "inputs");
  for (guint i = 0; label && i < MOST_SEEN; i++, label = label->next)
    g_printerr ("%7u × %s\n", GPOINTER_TO_UINT (g_hash_table_lookup (self->best, label->data)),
        (const gchar *) label->data);
  g_list_free (labels);
}
