/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A result's life: one counted block with all that it points to, planes apart. Its fields are
 * result-fields.c's. */
#include "result-fields.h"
#include <string.h>

/* The count is not in the public part, so that a result can be copied as a value while others count it. */
typedef struct {
  gint refs;
  gchar *stream;                /* what result.stream points to once it was set; NULL: into this block */
  GptVisResult result;
} Block;

/* The table is a report's; a result alone has all of its pointers. */
G_STATIC_ASSERT (G_STRUCT_OFFSET (GptVisReport, result) == 0);

static Block *
block_of (const GptVisResult *result)
{
  return (Block *) ((gchar *) result - G_STRUCT_OFFSET (Block, result));
}

/**
 * gptvis_result_copy:
 * @value: (transfer none): a result, or a value filled in by hand
 *
 * Copies all of @value, except its planes, which get a reference.
 *
 * Returns: (transfer full): the copy, in one block of memory; the caller's alone until it is shared
 */
GptVisResult *
gptvis_result_copy (const GptVisResult *value)
{
  const guint n_planes = value->planes ? value->n_planes : 0;
  const gsize planes = n_planes * sizeof (GptVisPlane *);
  Block *block = g_malloc (sizeof (Block) + planes + gptvis_fields_room (&gptvis_result_fields, value));
  GptVisResult *self = &block->result;
  const GptVisPlane **own = (const GptVisPlane **) (block + 1);

  block->refs = 1;
  block->stream = NULL;
  *self = *value;
  self->n_planes = n_planes;
  self->planes = value->planes ? own : NULL;
  for (guint i = 0; i < n_planes; i++)
    own[i] = gptvis_plane_ref (value->planes[i]);
  gptvis_fields_copy (&gptvis_result_fields, value, self, (gchar *) own + planes);
  return self;
}

/**
 * gptvis_result_with_caption:
 * @result: a result
 * @caption: (nullable): what the copy has for a caption
 *
 * Returns: (transfer full): a copy of @result with that caption
 */
GptVisResult *
gptvis_result_with_caption (const GptVisResult *result, const GptVisCaption *caption)
{
  GptVisResult with = *result;
  with.caption = caption;
  return gptvis_result_copy (&with);
}

/**
 * gptvis_result_set_frame: (skip)
 * @result: a result that nobody else has yet
 * @stream: (nullable): who analysed; it is copied
 * @frame: number of the frame
 * @pts: its timestamp, ns, or %G_MAXUINT64
 * @running_time: its running time, ns, or %G_MAXUINT64
 * @time: its wall clock, µs since 1970 UTC, or 0
 *
 * Says which frame @result is of.
 */
void
gptvis_result_set_frame (GptVisResult *result, const gchar *stream, guint64 frame, guint64 pts,
    guint64 running_time, gint64 time)
{
  Block *block = block_of (result);
  gchar *copy = g_strdup (stream);
  g_free (block->stream);
  result->stream = block->stream = copy;
  result->frame = frame;
  result->pts = pts;
  result->running_time = running_time;
  result->time = time;
}

/**
 * gptvis_result_ref:
 * @result: a result
 *
 * Returns: (transfer full): the same result, which is to be unreferenced once more
 */
GptVisResult *
gptvis_result_ref (const GptVisResult *result)
{
  Block *block = block_of (result);
  g_atomic_int_inc (&block->refs);
  return &block->result;
}

/**
 * gptvis_result_unref:
 * @result: (nullable) (transfer full): a result
 *
 * The last reference takes the result with it.
 */
void
gptvis_result_unref (const GptVisResult *result)
{
  Block *block = result ? block_of (result) : NULL;
  if (!block || !g_atomic_int_dec_and_test (&block->refs))
    return;
  for (guint i = 0; i < result->n_planes; i++)
    gptvis_plane_unref (result->planes[i]);
  g_free (block->stream);
  g_free (block);
}

/* --- planes --- */

typedef struct {
  gint refs;
  GptVisPlane plane;
  _Alignas (16) guint8 data[];
} PlaneBlock;

static PlaneBlock *
plane_block_of (const GptVisPlane *plane)
{
  return (PlaneBlock *) ((gchar *) plane - G_STRUCT_OFFSET (PlaneBlock, plane));
}

/**
 * gptvis_plane_new: (skip)
 * @type: what its samples are
 * @width: samples in a row, at least 1
 * @height: rows, at least 1
 *
 * Who calls has checked the size, and fills the plane before others see it.
 *
 * Returns: (transfer full): a plane of zeros
 */
GptVisPlane *
gptvis_plane_new (GptVisPlaneType type, guint width, guint height)
{
  const gsize stride = width * (type == GPTVIS_PLANE_DEPTH ? sizeof (gfloat) : 1);
  PlaneBlock *block = g_malloc0 (sizeof (PlaneBlock) + stride * height);
  block->refs = 1;
  block->plane = (GptVisPlane) { type, width, height, stride, block->data };
  return &block->plane;
}

/**
 * gptvis_plane_ref:
 * @plane: a plane
 *
 * Returns: (transfer full): the same plane, which is to be unreferenced once more
 */
GptVisPlane *
gptvis_plane_ref (const GptVisPlane *plane)
{
  PlaneBlock *block = plane_block_of (plane);
  g_atomic_int_inc (&block->refs);
  return &block->plane;
}

/**
 * gptvis_plane_unref:
 * @plane: (nullable) (transfer full): a plane
 *
 * The last reference takes the plane with it.
 */
void
gptvis_plane_unref (const GptVisPlane *plane)
{
  if (plane && g_atomic_int_dec_and_test (&plane_block_of (plane)->refs))
    g_free (plane_block_of (plane));
}

/* --- reports --- */

GptVisReport
gptvis_result_report (const GptVisResult *result, const gchar *stream, gint64 age)
{
  GptVisReport report = { *result, age };
  if (stream)
    report.result.stream = stream;
  return report;
}

/**
 * gptvis_result_to_json:
 * @result: a result
 * @stream: (nullable): another name to report it under than the result's own
 * @age: µs between the analysed frame and the one that carries the result; 0: it is the same
 *
 * Returns: (transfer full): a JSON object without a newline, as result.schema.json describes it
 */
gchar *
gptvis_result_to_json (const GptVisResult *result, const gchar *stream, gint64 age)
{
  const GptVisReport report = gptvis_result_report (result, stream, age);
  GString *json = g_string_sized_new (512);
  gptvis_fields_append_json (json, &gptvis_result_fields, &report);
  return g_string_free (json, FALSE);
}

/**
 * gptvis_time_to_rfc3339:
 * @time: µs since 1970 UTC
 *
 * Returns: (transfer full) (nullable): "2026-03-01T12:00:00.123Z"; %NULL for 0 (unknown) and for years that
 *   RFC 3339 cannot write
 */
gchar *
gptvis_time_to_rfc3339 (gint64 time)
{
  gchar text[32];
  return gptvis_rfc3339 (time, text) ? g_strdup (text) : NULL;
}
