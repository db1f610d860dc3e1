/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads label files and ranks scores; the ranking runs on a frame's path, so it
 * works in place and allocates nothing. */
#include "labels.h"
#include "head.h"
#include "file.h"
#include <string.h>

static gchar **
fail (GPtrArray *lines, GError **error, GptVisError code, const gchar *format, ...)
{
  va_list args;
  va_start (args, format);
  gchar *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, GPTVIS_ERROR, code, text);
  g_free (text);
  if (lines)
    g_ptr_array_unref (lines);
  return NULL;
}

gchar **
gptvis_labels_parse (const gchar *file, const gchar *text, gsize size, guint n, GError **error)
{
  const gchar *bad, *end = text + size;
  if (!g_utf8_validate (text, size, &bad))
    return fail (NULL, error, GPTVIS_ERROR_FORMAT, "%s: the file is not UTF-8 text at byte %" G_GSIZE_FORMAT,
        file, (gsize) (bad - text));
  if (size >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    text += 3;
  while (end > text && g_ascii_isspace (end[-1]))
    end--;
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);
  for (const gchar *line = text; line < end;) {
    const gchar *stop = memchr (line, '\n', end - line);
    if (!stop)
      stop = end;
    gchar *label = g_strstrip (g_strndup (line, stop - line));
    g_ptr_array_add (lines, label);
    if (!*label)
      return fail (lines, error, GPTVIS_ERROR_FORMAT, "%s: line %u is empty, where a label is needed", file,
          lines->len);
    if (lines->len > n)
      return fail (lines, error, GPTVIS_ERROR_FORMAT,
          "%s: there are more than %u labels, where the checkpoint has %u classes", file, n, n);
    line = stop + 1;
  }
  if (lines->len < n)
    return fail (lines, error, GPTVIS_ERROR_FORMAT,
        "%s: there are %u labels, where the checkpoint has %u classes", file, lines->len, n);
  g_ptr_array_add (lines, NULL);
  return (gchar **) g_ptr_array_free (lines, FALSE);
}

gchar **
gptvis_labels_load (const gchar *path, guint n, GError **error)
{
  gsize size;
  gchar *text = gptvis_file_load (path, "a label file", GPTVIS_LABELS_MAX_BYTES, &size, error);
  gchar **labels = text ? gptvis_labels_parse (path, text, size, n, error) : NULL;
  g_free (text);
  return labels;
}

static gboolean
better (const float *scores, guint a, guint b)
{
  return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
}

/* Lets ids[i] sink until no child of it is better: a heap with the best on top. */
static void
sink (const float *scores, guint *ids, guint n, guint i)
{
  for (;;) {
    guint best = i;
    for (guint child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
      if (better (scores, ids[child], ids[best]))
        best = child;
    if (best == i)
      return;
    const guint id = ids[i];
    ids[i] = ids[best];
    ids[best] = id;
    i = best;
  }
}

guint
gptvis_labels_top (const float *scores, guint n, guint k, float threshold, guint *ids)
{
  guint m = 0;
  for (guint i = 0; i < n; i++)
    if (scores[i] >= threshold)
      ids[m++] = i;
  k = k == 0 ? m : MIN (k, m);
  for (guint i = m / 2; i-- > 0;)
    sink (scores, ids, m, i);
  /* the best go to the end, one by one, so the order is reversed afterwards */
  for (guint i = 0; i < k; i++) {
    const guint last = m - 1 - i, id = ids[0];
    ids[0] = ids[last];
    ids[last] = id;
    sink (scores, ids, last, 0);
  }
  for (guint i = 0; i < k; i++) {
    const guint from = m - 1 - i;
    if (from <= i)
      break;
    const guint id = ids[i];
    ids[i] = ids[from];
    ids[from] = id;
  }
  return k;
}

/* --- the head --- */

typedef struct {
  gchar **file_texts;           /* of the client's own file; NULL: the checkpoint's */
  const gchar *const *texts;
  guint n;
  gboolean multi_label;
  guint *ids;                   /* room to order n in */
} LabelsHead;

static gpointer
open_labels (GptVisModel *model, const GptVisClientOptions *options, GError **error)
{
  const GptVisConfiguration *config = gptvis_model_configuration (model);
  gchar **file_texts = NULL;
  if (options->labels_file
      && !(file_texts = gptvis_labels_load (options->labels_file, config->n_labels, error)))
    return NULL;
  LabelsHead *self = g_new0 (LabelsHead, 1);
  self->file_texts = file_texts;
  self->texts = (const gchar *const *) (file_texts ? file_texts : config->labels);
  self->n = config->n_labels;
  self->multi_label = config->multi_label;
  self->ids = g_new (guint, self->n);
  return self;
}

static void
close_labels (gpointer head)
{
  LabelsHead *self = head;
  g_strfreev (self->file_texts);
  g_free (self->ids);
  g_free (self);
}

/* Among a thousand labels that share one softmax 0.1 is a high score; a label with a sigmoid of
 * its own counts when it is more likely than not. */
static gfloat
threshold_of (const LabelsHead *self, const GptVisReading *reading)
{
  if (reading->threshold >= 0)
    return reading->threshold;
  return self->multi_label ? 0.5f : 0.1f;
}

static void
read_labels (gpointer head, const GptVisReading *reading)
{
  LabelsHead *self = head;
  const float *scores = reading->request->scores;
  const guint n = gptvis_labels_top (scores, self->n, reading->top_k, threshold_of (self, reading),
      self->ids);
  for (guint i = 0; i < n; i++) {
    const guint id = self->ids[i];
    gptvis_draft_add_label (reading->draft, &(GptVisLabel) { id, self->texts[id], scores[id] });
  }
}

guint
gptvis_labels_head_n (gconstpointer head)
{
  return ((const LabelsHead *) head)->n;
}

const gchar *
gptvis_labels_head_text (gconstpointer head, guint id)
{
  return ((const LabelsHead *) head)->texts[id];
}

const GptVisHead gptvis_labels_head = { "labels", GPTVIS_OUTPUT_SCORES, open_labels, close_labels,
    read_labels };
