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
  self->regions = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->things = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

void
tally_clear (Tally *self)
{
  g_clear_pointer (&self->best, g_hash_table_unref);
  g_clear_pointer (&self->regions, g_hash_table_unref);
  g_clear_pointer (&self->things, g_hash_table_unref);
  g_clear_pointer (&self->caption, g_free);
}

static void
add_one (GHashTable *counts, const gchar *label)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, label));

  g_hash_table_replace (counts, g_strdup (label), GUINT_TO_POINTER (n + 1));
}

void
tally_count (Tally *self, const gchar *best, gint64 analysis)
{
  self->frames++;
  self->analysis += analysis;
  if (best)
    add_one (self->best, best);
}

void
tally_regions (Tally *self, const GptVisResult *result)
{
  for (guint i = 0; i < result->n_regions; i++) {
    const GptVisRegion *region = &result->regions[i];
    gpointer id = GUINT_TO_POINTER (region->id);
    if (region->id && (region->n_labels > 0 || !g_hash_table_contains (self->regions, id)))
      g_hash_table_replace (self->regions, id, g_strdup (region->n_labels > 0 ? region->labels[0].text
          : NULL));
  }
}

#define UNNAMED "without a label"

void
tally_next (Tally *self)
{
  GHashTableIter iter;
  gpointer label;

  g_hash_table_iter_init (&iter, self->regions);
  while (g_hash_table_iter_next (&iter, NULL, &label))
    add_one (self->things, label ? label : UNNAMED);
  g_hash_table_remove_all (self->regions);
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

/* The labels that were counted most. */
static void
print_most (GHashTable *counts, const gchar *heading)
{
  GList *labels = g_list_sort_with_data (g_hash_table_get_keys (counts), by_count, counts);
  GList *label = labels;

  if (label)
    g_printerr ("%s", heading);
  for (guint i = 0; label && i < MOST_SEEN; i++, label = label->next)
    g_printerr ("%7u × %s\n", GPOINTER_TO_UINT (g_hash_table_lookup (counts, label->data)),
        (const gchar *) label->data);
  g_list_free (labels);
}

void
tally_summary (Tally *self, guint inputs, guint failed, double seconds)
{
  g_printerr ("%s%" G_GUINT64_FORMAT " %s analysed in %.1f s: %.1f a second, %.1f ms each; "
      "%u of %u %s failed\n",
      self->progress ? ERASE : "", self->frames, self->frames == 1 ? "frame" : "frames", seconds,
      self->frames / MAX (seconds, 1e-3), self->frames ? self->analysis / 1e3 / self->frames : 0, failed,
      inputs, inputs == 1 ? "input" : "inputs");
  print_most (self->best, "");
  tally_next (self);
  print_most (self->things, "regions that were followed:\n");
}
