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

gboolean
gptvis_label_texts_open (GptVisLabelTexts *self, const GptVisConfiguration *config, const gchar *labels_file,
    GError **error)
{
  gchar **own = labels_file ? gptvis_labels_load (labels_file, config->n_labels, error) : NULL;
  *self = (GptVisLabelTexts) { own, (const gchar *const *) (own ? own : config->labels), config->n_labels };
  return own || !labels_file;
}

void
gptvis_label_texts_clear (GptVisLabelTexts *self)
{
  g_strfreev (self->own);
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
  GptVisLabelTexts labels;
  gboolean multi_label;
  guint *ids;                   /* room to order n in */
  gboolean *of_regions;         /* [n]: a part of a picture may have it */
  gboolean names_of_regions;    /* it is said which, by the client or the checkpoint */
} LabelsHead;

/* With blanks around the name, or other cases in it, it is the same label. */
static void
fold_names (gchar **names)
{
  for (guint i = 0; names && names[i]; i++) {
    gchar *folded = g_utf8_casefold (g_strstrip (names[i]), -1);
    g_free (names[i]);
    names[i] = folded;
  }
}

static gboolean
is_among (const gchar *label, gchar *const *folded_names)
{
  gchar *folded = g_utf8_casefold (label, -1);
  const gboolean found = g_strv_contains ((const gchar *const *) folded_names, folded);
  g_free (folded);
  return found;
}

/* FALSE when the client names labels and none is the checkpoint's. */
static gboolean
choose_of_regions (LabelsHead *self, const GptVisConfiguration *config, const gchar *asked, GError **error)
{
  gchar **names = asked ? g_strsplit (asked, ",", -1) : g_strdupv (config->region_labels);
  guint n = 0;
  fold_names (names);
  self->names_of_regions = names != NULL;
  for (guint i = 0; i < self->labels.n; i++)
    n += self->of_regions[i] = !names || is_among (self->labels.texts[i], names);
  g_strfreev (names);
  if (n > 0 || !asked)
    return TRUE;
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_NOT_FOUND,
      "region-labels \"%.200s\" names no label of the checkpoint's, which has \"%.60s\" and %u more", asked,
      self->labels.texts[0], self->labels.n - 1);
  return FALSE;
}

static void
close_labels (gpointer head)
{
  LabelsHead *self = head;
  gptvis_label_texts_clear (&self->labels);
  g_free (self->ids);
  g_free (self->of_regions);
  g_free (self);
}

static gpointer
open_labels (GptVisModel *model, const GptVisClientOptions *options, GError **error)
{
  const GptVisConfiguration *config = gptvis_model_configuration (model);
  GptVisLabelTexts labels;
  if (!gptvis_label_texts_open (&labels, config, options->labels_file, error))
    return NULL;
  LabelsHead *self = g_new0 (LabelsHead, 1);
  self->labels = labels;
  self->multi_label = config->multi_label;
  self->ids = g_new (guint, labels.n);
  self->of_regions = g_new (gboolean, labels.n);
  if (!choose_of_regions (self, config, options->region_labels, error))
    g_clear_pointer (&self, close_labels);
  return self;
}

/* Among a thousand labels that share one softmax 0.1 is a high score; a label with a sigmoid of
 * its own counts when it is more likely than not. */
gfloat
gptvis_labels_head_threshold (gconstpointer head, gfloat threshold)
{
  if (threshold >= 0)
    return threshold;
  return ((const LabelsHead *) head)->multi_label ? 0.5f : 0.1f;
}

static void
read_labels (gpointer head, const GptVisReading *reading)
{
  LabelsHead *self = head;
  const float *scores = reading->request->scores;
  const gfloat threshold = gptvis_labels_head_threshold (self, reading->threshold);
  const guint n = gptvis_labels_top (scores, self->labels.n, reading->top_k, threshold, self->ids);
  for (guint i = 0; i < n; i++) {
    const guint id = self->ids[i];
    gptvis_draft_add_label (reading->draft, &(GptVisLabel) { id, self->labels.texts[id], scores[id] });
  }
}

guint
gptvis_labels_head_read_region (gpointer head, const GptVisRequest *request, GptVisLabel *labels, guint max)
{
  LabelsHead *self = head;
  const guint all = gptvis_labels_top (request->scores, self->labels.n, 0, 0, self->ids);
  guint n = 0;
  for (guint i = 0; i < all && n < max; i++) {
    const guint id = self->ids[i];
    if (self->of_regions[id])
      labels[n++] = (GptVisLabel) { id, self->labels.texts[id], request->scores[id] };
  }
  return n;
}

gboolean
gptvis_labels_head_names_regions (gconstpointer head)
{
  return ((const LabelsHead *) head)->names_of_regions;
}

const GptVisLabelTexts *
gptvis_labels_head_texts (gconstpointer head)
{
  return &((const LabelsHead *) head)->labels;
}

const GptVisHead gptvis_labels_head = { "labels", GPTVIS_OUTPUT_SCORES, open_labels, close_labels,
    read_labels };
