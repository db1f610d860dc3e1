/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results, and their JSON: written by hand, since it is a dozen fields whose order
 * is fixed and numbers must not follow the locale. result.schema.json describes it. */
#include "result-private.h"
#include <string.h>

#define VERSION 1               /* of the JSON; raised when a field changes its meaning */

/* Copies text to *room and moves that on. */
static const gchar *
put_text (gchar **room, const gchar *text)
{
  const gsize bytes = strlen (text) + 1;
  const gchar *copy = memcpy (*room, text, bytes);
  *room += bytes;
  return copy;
}

/* Where labels come from: another result's, or a model's scores. */
typedef struct {
  const GptVisLabel *labels;
  const gchar *const *texts;
  const float *scores;
  const guint *ids;
} Source;

static GptVisLabel
label_of (const Source *from, guint i)
{
  if (from->labels)
    return from->labels[i];
  return (GptVisLabel) { from->ids[i], from->texts[from->ids[i]], from->scores[from->ids[i]] };
}

static GptVisResult *
make (const gchar *model, gint64 analysis, const Source *from, guint n, const GptVisCaption *caption)
{
  gsize size = sizeof (GptVisResult) + sizeof (GptVisCaption) + n * sizeof (GptVisLabel) + strlen (model) + 1;
  for (guint i = 0; i < n; i++)
    size += strlen (label_of (from, i).text) + 1;
  if (caption)
    size += strlen (caption->text) + 1;

  GptVisResult *self = g_malloc (size);
  GptVisCaption *own = (GptVisCaption *) (self + 1);
  GptVisLabel *labels = (GptVisLabel *) (own + 1);
  gchar *room = (gchar *) (labels + n);
  *self = (GptVisResult) {.refs = 1,.pts = G_MAXUINT64,.running_time = G_MAXUINT64,.analysis = analysis,
    .n_labels = n,.labels = labels };
  self->model = put_text (&room, model);
  for (guint i = 0; i < n; i++) {
    labels[i] = label_of (from, i);
    labels[i].text = put_text (&room, labels[i].text);
  }
  if (caption) {
    *own = *caption;
    own->text = put_text (&room, caption->text);
    self->caption = own;
  }
  return self;
}

GptVisResult *
gptvis_result_new (const gchar *model, gint64 analysis, const gchar *const *texts, const float *scores,
    const guint *ids, guint n, const GptVisCaption *caption)
{
  const Source from = { NULL, texts, scores, ids };
  return make (model, analysis, &from, n, caption);
}

GptVisResult *
gptvis_result_with_caption (const GptVisResult *result, const GptVisCaption *caption)
{
  const Source from = { .labels = result->labels };
  GptVisResult *self = make (result->model, result->analysis, &from, result->n_labels, caption);
  gptvis_result_set_frame (self, result->stream, result->frame, result->pts, result->running_time, result->time);
  return self;
}

void
gptvis_result_set_frame (GptVisResult *result, const gchar *stream, guint64 frame, guint64 pts,
    guint64 running_time, gint64 time)
{
  gchar *copy = g_strdup (stream);
  g_free ((gchar *) result->stream);
  result->stream = copy;
  result->frame = frame;
  result->pts = pts;
  result->running_time = running_time;
  result->time = time;
}

GptVisResult *
gptvis_result_ref (GptVisResult *result)
{
  g_atomic_int_inc (&result->refs);
  return result;
}

void
gptvis_result_unref (GptVisResult *result)
{
  if (!result || !g_atomic_int_dec_and_test (&result->refs))
    return;
  g_free ((gchar *) result->stream);
  g_free (result);
}

/* As JSON wants it: quotation marks, backslashes and control characters escaped,
 * everything else as it is; bytes that are no UTF-8 become U+FFFD. */
static void
append_string (GString *json, const gchar *text)
{
  if (!text) {
    g_string_append (json, "null");
    return;
  }
  gchar *valid = g_utf8_validate (text, -1, NULL) ? NULL : g_utf8_make_valid (text, -1);
  g_string_append_c (json, '"');
  for (const gchar *p = valid ? valid : text; *p; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_printf (json, "\\%c", *p);
    else if (*p == '\n')
      g_string_append (json, "\\n");
    else if (*p == '\t')
      g_string_append (json, "\\t");
    else if ((guchar) *p < 0x20 || *p == 0x7f)
      g_string_append_printf (json, "\\u%04x", (guint) *p);
    else
      g_string_append_c (json, *p);
  }
  g_string_append_c (json, '"');
  g_free (valid);
}

static void
append_decimal (GString *json, const gchar *format, gdouble value)
{
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];
  g_string_append (json, g_ascii_formatd (text, sizeof text, format, value));
}

static void
append_time_ns (GString *json, guint64 ns)
{
  if (ns == G_MAXUINT64)
    g_string_append (json, "null");
  else
    g_string_append_printf (json, "%" G_GUINT64_FORMAT, ns);
}

/* RFC 3339 in UTC, to the millisecond. */
static void
append_wall (GString *json, gint64 us)
{
  GDateTime *time = us > 0 ? g_date_time_new_from_unix_utc (us / G_USEC_PER_SEC) : NULL;
  gchar *text = time ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%S") : NULL;
  if (text)
    g_string_append_printf (json, "\"%s.%03uZ\"", text, (guint) (us % G_USEC_PER_SEC / 1000));
  else
    g_string_append (json, "null");
  g_free (text);
  g_clear_pointer (&time, g_date_time_unref);
}

static void
append_caption (GString *json, const GptVisCaption *caption)
{
  if (!caption) {
    g_string_append (json, "null");
    return;
  }
  g_string_append (json, "{\"text\":");
  append_string (json, caption->text);
  g_string_append (json, ",\"log-probability\":");
  append_decimal (json, "%.4f", caption->log_probability);
  g_string_append_printf (json, ",\"final\":%s,\"frame\":%" G_GUINT64_FORMAT ",\"pts\":",
      caption->final ? "true" : "false", caption->frame);
  append_time_ns (json, caption->pts);
  g_string_append_c (json, '}');
}

gchar *
gptvis_result_to_json (const GptVisResult *result, gint64 age)
{
  GString *json = g_string_sized_new (256);
  g_string_append_printf (json, "{\"version\":%d,\"stream\":", VERSION);
  append_string (json, result->stream);
  g_string_append_printf (json, ",\"frame\":%" G_GUINT64_FORMAT ",\"pts\":", result->frame);
  append_time_ns (json, result->pts);
  g_string_append (json, ",\"running-time\":");
  append_time_ns (json, result->running_time);
  g_string_append (json, ",\"time\":");
  append_wall (json, result->time);
  g_string_append (json, ",\"model\":");
  append_string (json, result->model);
  g_string_append (json, ",\"labels\":[");
  for (guint i = 0; i < result->n_labels; i++) {
    g_string_append (json, i ? ",{\"label\":" : "{\"label\":");
    append_string (json, result->labels[i].text);
    g_string_append (json, ",\"score\":");
    append_decimal (json, "%.4f", result->labels[i].score);
    g_string_append_c (json, '}');
  }
  g_string_append (json, "],\"caption\":");
  append_caption (json, result->caption);
  g_string_append (json, ",\"analysis-ms\":");
  append_decimal (json, "%.3f", result->analysis / 1000.0);
  g_string_append (json, ",\"age-ms\":");
  append_decimal (json, "%.3f", age / 1000.0);
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}
