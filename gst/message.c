/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results as messages. gptvisfilter posts one element message "gptvis-result"
 * for each analysed frame, with the fields of the JSON in the same words:
 *
 * | field | type | meaning |
 * | --- | --- | --- |
 * | version | #guint | 1; raised when a field changes its meaning |
 * | stream | string | name of the element |
 * | frame | #guint64 | number of the analysed frame, from 0 |
 * | pts | #GstClockTime | its timestamp, ns; absent when unknown |
 * | running-time | #GstClockTime | its running time, ns; absent when unknown |
 * | time | string | wall clock of the frame, RFC 3339, UTC; absent when no clock tells |
 * | model | string | name of the checkpoint |
 * | labels | #GstValueArray of #GstStructure "label" | best first; may be empty |
 * | labels[].label | string | UTF-8, as the checkpoint has it |
 * | labels[].score | #gdouble | 0 to 1 |
 * | labels[].id | #guint | class index in the checkpoint |
 * | caption | #GstStructure "caption" | a sentence about a frame, maybe an earlier one; absent when there is none |
 * | caption.text | string | UTF-8, without line ends |
 * | caption.log-probability | #gdouble | natural, of a token: the mean over the sentence's; 0 at most |
 * | caption.final | #gboolean | FALSE: more words will come |
 * | caption.frame | #guint64 | number of the frame that it describes |
 * | caption.pts | #GstClockTime | that frame's timestamp, ns; absent when unknown |
 * | caption.running-time | #GstClockTime | that frame's running time, ns; absent when unknown |
 * | analysis-ms | #gdouble | how long its batch was computed, milliseconds |
 *
 * An element message "gptvis-caption" tells of each caption once it is finished, and with
 * partial-captions of each word before, with the fields version, stream and model and those
 * of caption above: text, log-probability, final, frame, pts, running-time.
 *
 * Text is only ever a value: no label and no caption becomes a quark. */
#include "message.h"

#define VERSION 1u

gchar *
gptvis_time_to_rfc3339 (gint64 time)
{
  GDateTime *seconds = time > 0 ? g_date_time_new_from_unix_utc (time / G_USEC_PER_SEC) : NULL;
  gchar *day, *text;

  if (!seconds)
    return NULL;
  day = g_date_time_format (seconds, "%Y-%m-%dT%H:%M:%S");
  text = g_strdup_printf ("%s.%03uZ", day, (guint) (time % G_USEC_PER_SEC / 1000));
  g_free (day);
  g_date_time_unref (seconds);
  return text;
}

void
gptvis_structure_set_text (GstStructure * structure, const gchar * field, const gchar * text)
{
  gchar *valid = g_utf8_validate (text, -1, NULL) ? NULL : g_utf8_make_valid (text, -1);

  gst_structure_set (structure, field, G_TYPE_STRING, valid ? valid : text, NULL);
  g_free (valid);
}

static void
append_label (GValue * array, const GptVisLabel * label)
{
  GstStructure *structure = gst_structure_new_empty ("label");
  GValue value = G_VALUE_INIT;

  gptvis_structure_set_text (structure, "label", label->text);
  gst_structure_set (structure, "score", G_TYPE_DOUBLE, (gdouble) label->score,
      "id", G_TYPE_UINT, label->id, NULL);
  g_value_init (&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&value, structure);
  gst_value_array_append_and_take_value (array, &value);
}

static void
set_time (GstStructure * structure, const gchar * field, GstClockTime time)
{
  if (GST_CLOCK_TIME_IS_VALID (time))
    gst_structure_set (structure, field, GST_TYPE_CLOCK_TIME, time, NULL);
}

static void
set_caption_fields (GstStructure * structure, const GptVisCaption * caption)
{
  gptvis_structure_set_text (structure, "text", caption->text);
  gst_structure_set (structure, "log-probability", G_TYPE_DOUBLE, (gdouble) caption->log_probability,
      "final", G_TYPE_BOOLEAN, caption->final, "frame", G_TYPE_UINT64, caption->frame, NULL);
  set_time (structure, "pts", caption->pts);
  set_time (structure, "running-time", caption->running_time);
}

static void
set_caption (GstStructure * result, const GptVisCaption * caption)
{
  GstStructure *structure = gst_structure_new_empty ("caption");
  GValue value = G_VALUE_INIT;

  set_caption_fields (structure, caption);
  g_value_init (&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&value, structure);
  gst_structure_take_value (result, "caption", &value);
}

GstStructure *
gptvis_result_to_structure (const GptVisResult * result)
{
  GstStructure *structure = gst_structure_new (GPTVIS_MESSAGE_NAME, "version", G_TYPE_UINT, VERSION, NULL);
  gchar *time = gptvis_time_to_rfc3339 (result->time);
  GValue labels = G_VALUE_INIT;

  gptvis_structure_set_text (structure, "stream", result->stream);
  gst_structure_set (structure, "frame", G_TYPE_UINT64, result->frame, NULL);
  set_time (structure, "pts", result->pts);
  set_time (structure, "running-time", result->running_time);
  if (time)
    gst_structure_set (structure, "time", G_TYPE_STRING, time, NULL);
  g_free (time);
  gptvis_structure_set_text (structure, "model", result->model);

  gst_value_array_init (&labels, result->n_labels);
  for (guint i = 0; i < result->n_labels; i++)
    append_label (&labels, &result->labels[i]);
  gst_structure_take_value (structure, "labels", &labels);
  if (result->caption)
    set_caption (structure, result->caption);

  gst_structure_set (structure, "analysis-ms", G_TYPE_DOUBLE, result->analysis / 1000.0, NULL);
  return structure;
}

GstMessage *
gptvis_result_to_message (const GptVisResult * result, GstObject * source)
{
  return gst_message_new_element (source, gptvis_result_to_structure (result));
}

GstMessage *
gptvis_caption_to_message (const GptVisResult * result, GstObject * source)
{
  GstStructure *structure = gst_structure_new (GPTVIS_CAPTION_MESSAGE_NAME, "version", G_TYPE_UINT, VERSION, NULL);

  gptvis_structure_set_text (structure, "stream", result->stream);
  gptvis_structure_set_text (structure, "model", result->model);
  set_caption_fields (structure, result->caption);
  return gst_message_new_element (source, structure);
}

void
gptvis_error_post (const GError * error, GstElement * element, GstMessageType type)
{
  GQuark domain = GST_RESOURCE_ERROR;
  gint code = GST_RESOURCE_ERROR_FAILED;

  switch ((GptVisError) error->code) {
    case GPTVIS_ERROR_NOT_FOUND:
      code = GST_RESOURCE_ERROR_NOT_FOUND;
      break;
    case GPTVIS_ERROR_FORMAT:
      code = GST_RESOURCE_ERROR_READ;
      break;
    case GPTVIS_ERROR_UNSUPPORTED:
      domain = GST_STREAM_ERROR;
      code = GST_STREAM_ERROR_NOT_IMPLEMENTED;
      break;
    case GPTVIS_ERROR_LIMIT:
      code = GST_RESOURCE_ERROR_NO_SPACE_LEFT;
      break;
    case GPTVIS_ERROR_DEVICE:
      code = GST_RESOURCE_ERROR_FAILED;
      break;
    case GPTVIS_ERROR_BUSY:
      code = GST_RESOURCE_ERROR_BUSY;
      break;
  }
  gst_element_message_full (element, type, domain, code, g_strdup (error->message), NULL,
      __FILE__, G_STRFUNC, __LINE__);
}

void
gptvis_no_text_post (GstElement * element, const GptVisModel * model)
{
  const gboolean could = gptvis_model_configuration (model)->writes;
  const gchar *right = could ? "set task=both or task=caption"
      : "set model to a checkpoint that does, of type vision-encoder-decoder, git or blip";

  GST_ELEMENT_WARNING (element, LIBRARY, SETTINGS,
      ("Pad \"text\" of %s is linked, but %s writes no captions%s; %s, or leave the pad unlinked.",
          GST_OBJECT_NAME (element), gptvis_model_name (model), could ? " with this task" : "", right),
      (NULL));
}
