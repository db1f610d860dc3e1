/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A result read by functions, for languages that do not see the fields of structures. */
#include "result.h"

/* --- of which frame --- */

/**
 * gptvis_result_get_stream:
 * @result: a result
 *
 * Returns: (transfer none) (nullable): who analysed: the element's name
 */
const gchar *
gptvis_result_get_stream (const GptVisResult *result)
{
  return result->stream;
}

/**
 * gptvis_result_get_frame:
 * @result: a result
 *
 * Returns: number of the analysed frame, from 0
 */
guint64
gptvis_result_get_frame (const GptVisResult *result)
{
  return result->frame;
}

/**
 * gptvis_result_get_pts:
 * @result: a result
 *
 * Returns: its timestamp, ns; %G_MAXUINT64 when unknown
 */
guint64
gptvis_result_get_pts (const GptVisResult *result)
{
  return result->pts;
}

/**
 * gptvis_result_get_running_time:
 * @result: a result
 *
 * Returns: its running time, ns; %G_MAXUINT64 when unknown
 */
guint64
gptvis_result_get_running_time (const GptVisResult *result)
{
  return result->running_time;
}

/**
 * gptvis_result_get_time:
 * @result: a result
 *
 * Returns: its wall clock, µs since 1970 UTC; 0 when unknown
 */
gint64
gptvis_result_get_time (const GptVisResult *result)
{
  return result->time;
}

/**
 * gptvis_result_get_model:
 * @result: a result
 *
 * Returns: (transfer none): the checkpoint's name
 */
const gchar *
gptvis_result_get_model (const GptVisResult *result)
{
  return result->model;
}

/**
 * gptvis_result_get_analysis:
 * @result: a result
 *
 * Returns: µs that the backend was at work on the batch that the frame was in
 */
gint64
gptvis_result_get_analysis (const GptVisResult *result)
{
  return result->analysis;
}

/* --- labels --- */

/**
 * gptvis_result_get_n_labels:
 * @result: a result
 *
 * Returns: how many labels the picture has
 */
guint
gptvis_result_get_n_labels (const GptVisResult *result)
{
  return result->n_labels;
}

/**
 * gptvis_result_get_label:
 * @result: a result
 * @i: which label, below gptvis_result_get_n_labels(); the first is the best
 * @score: (out) (optional): how sure the model is, 0 to 1
 *
 * Returns: (transfer none) (nullable): the label's text
 */
const gchar *
gptvis_result_get_label (const GptVisResult *result, guint i, gfloat *score)
{
  const gboolean is = i < result->n_labels;
  if (score)
    *score = is ? result->labels[i].score : 0;
  return is ? result->labels[i].text : NULL;
}

/**
 * gptvis_result_get_label_id:
 * @result: a result
 * @i: which label, below gptvis_result_get_n_labels()
 *
 * Returns: the label's number among the checkpoint's classes
 */
guint
gptvis_result_get_label_id (const GptVisResult *result, guint i)
{
  return i < result->n_labels ? result->labels[i].id : 0;
}

/* --- regions --- */

/**
 * gptvis_result_get_n_regions:
 * @result: a result
 *
 * Returns: how many regions were found
 */
guint
gptvis_result_get_n_regions (const GptVisResult *result)
{
  return result->n_regions;
}

/**
 * gptvis_result_get_region:
 * @result: a result
 * @i: which region, below gptvis_result_get_n_regions()
 * @x: (out) (optional): left, as a fraction of the picture's width
 * @y: (out) (optional): top, as a fraction of its height
 * @width: (out) (optional): as a fraction of the picture's
 * @height: (out) (optional): likewise
 *
 * Returns: whether there is such a region
 */
gboolean
gptvis_result_get_region (const GptVisResult *result, guint i, gfloat *x, gfloat *y, gfloat *width,
    gfloat *height)
{
  static const gfloat none[4];
  const gfloat *box = i < result->n_regions ? result->regions[i].box : none;
  if (x)
    *x = box[0];
  if (y)
    *y = box[1];
  if (width)
    *width = box[2];
  if (height)
    *height = box[3];
  return i < result->n_regions;
}

/**
 * gptvis_result_get_region_id:
 * @result: a result
 * @i: which region, below gptvis_result_get_n_regions()
 *
 * Returns: its track's number, from 1; 0: it is not tracked
 */
guint
gptvis_result_get_region_id (const GptVisResult *result, guint i)
{
  return i < result->n_regions ? result->regions[i].id : 0;
}

/**
 * gptvis_result_get_region_source:
 * @result: a result
 * @i: which region, below gptvis_result_get_n_regions()
 *
 * Returns: who found it
 */
GptVisRegionSource
gptvis_result_get_region_source (const GptVisResult *result, guint i)
{
  return i < result->n_regions ? result->regions[i].source : GPTVIS_SOURCE_MODEL;
}

/**
 * gptvis_result_get_region_n_labels:
 * @result: a result
 * @i: which region, below gptvis_result_get_n_regions()
 *
 * Returns: how many labels it has
 */
guint
gptvis_result_get_region_n_labels (const GptVisResult *result, guint i)
{
  return i < result->n_regions ? result->regions[i].n_labels : 0;
}

/**
 * gptvis_result_get_region_label:
 * @result: a result
 * @i: which region, below gptvis_result_get_n_regions()
 * @label: which label of it, below gptvis_result_get_region_n_labels(); the first is the best
 * @score: (out) (optional): how sure the model is, 0 to 1
 *
 * Returns: (transfer none) (nullable): the label's text
 */
const gchar *
gptvis_result_get_region_label (const GptVisResult *result, guint i, guint label, gfloat *score)
{
  const gboolean is = label < gptvis_result_get_region_n_labels (result, i);
  if (score)
    *score = is ? result->regions[i].labels[label].score : 0;
  return is ? result->regions[i].labels[label].text : NULL;
}

/* --- sentences and vectors --- */

/**
 * gptvis_result_get_caption:
 * @result: a result
 * @score: (out) (optional): how likely its words are, 0 to 1
 * @final: (out) (optional): %FALSE: more words will come
 *
 * Returns: (transfer none) (nullable): a sentence about a frame, which may be an earlier one; %NULL: there is
 *   none
 */
const gchar *
gptvis_result_get_caption (const GptVisResult *result, gfloat *score, gboolean *final)
{
  const GptVisCaption *caption = result->caption;
  if (score)
    *score = caption ? caption->score : 0;
  if (final)
    *final = caption && caption->final;
  return caption ? caption->text : NULL;
}

/**
 * gptvis_result_get_caption_frame:
 * @result: a result
 * @pts: (out) (optional): that frame's timestamp, ns; %G_MAXUINT64 when unknown
 *
 * Returns: number of the frame that the caption describes; %G_MAXUINT64: there is none
 */
guint64
gptvis_result_get_caption_frame (const GptVisResult *result, guint64 *pts)
{
  const GptVisCaption *caption = result->caption;
  if (pts)
    *pts = caption ? caption->pts : G_MAXUINT64;
  return caption ? caption->frame : G_MAXUINT64;
}

/**
 * gptvis_result_get_n_answers:
 * @result: a result
 *
 * Returns: how many questions were answered
 */
guint
gptvis_result_get_n_answers (const GptVisResult *result)
{
  return result->n_answers;
}

/**
 * gptvis_result_get_answer:
 * @result: a result
 * @i: which answer, below gptvis_result_get_n_answers()
 * @question: (out) (optional) (transfer none) (nullable): what was asked
 * @yes: (out) (optional): probability that the answer is yes; NAN: the question has no such answer
 *
 * Returns: (transfer none) (nullable): the answer's text
 */
const gchar *
gptvis_result_get_answer (const GptVisResult *result, guint i, const gchar **question, gfloat *yes)
{
  const gboolean is = i < result->n_answers;
  if (question)
    *question = is ? result->answers[i].question : NULL;
  if (yes)
    *yes = is ? result->answers[i].yes : 0;
  return is ? result->answers[i].answer : NULL;
}

/**
 * gptvis_result_get_n_zones:
 * @result: a result
 *
 * Returns: how many zones are watched; 0 also when none was asked for
 */
guint
gptvis_result_get_n_zones (const GptVisResult *result)
{
  return result->zones ? result->n_zones : 0;
}

/**
 * gptvis_result_get_zone:
 * @result: a result
 * @i: which of its zones
 * @inside: (out) (optional): how many regions are in it, if it is an area
 * @crossed_left: (out) (optional): how many have crossed it to its left side, if it is a line
 * @crossed_right: (out) (optional): how many to its right side
 *
 * Returns: (transfer none) (nullable): the zone's name; %NULL when there are not so many
 */
const gchar *
gptvis_result_get_zone (const GptVisResult *result, guint i, guint *inside, guint64 *crossed_left,
    guint64 *crossed_right)
{
  static const GptVisZoneInfo none;
  const GptVisZoneInfo *zone = i < gptvis_result_get_n_zones (result) ? &result->zones[i] : &none;
  if (inside)
    *inside = zone->inside;
  if (crossed_left)
    *crossed_left = zone->crossed_left;
  if (crossed_right)
    *crossed_right = zone->crossed_right;
  return zone->name;
}

/**
 * gptvis_result_get_embedding:
 * @result: a result
 * @n: (out): how many numbers it has
 *
 * Returns: (transfer none) (nullable) (array length=n): the picture's vector, of length one; %NULL: none was
 *   asked for
 */
const gfloat *
gptvis_result_get_embedding (const GptVisResult *result, guint *n)
{
  *n = result->embedding ? result->n_embedding : 0;
  return result->embedding;
}
