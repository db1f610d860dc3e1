/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A result: what one analysis found. This header is public (gptvis.h includes it). A result is one counted
 * block of memory, shared by metadata, messages and JSON; once it has been handed out it is only read.
 *
 * To make one, fill in a value and copy it:
 *
 *     const GptVisLabel labels[] = { { .text = "cat", .score = 0.9f } };
 *     GptVisResult value = GPTVIS_RESULT_INIT;
 *     value.model = "vit-base";
 *     value.labels = labels;
 *     value.n_labels = 1;
 *     GptVisResult *result = gptvis_result_copy (&value);
 *
 * Of a list, NULL means that nobody looked, and a pointer with a count of 0 that nothing was found. What the
 * fields are called in JSON and in messages is tabled in result-fields.c, and result.md shows it.
 *
 * Threads: any may count and read. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

#ifndef GPTVIS_API
#define GPTVIS_API __attribute__ ((visibility ("default"))) extern
#endif

/* Of the JSON and the messages; raised when a field changes its meaning. */
#define GPTVIS_RESULT_VERSION 2

/**
 * GptVisLabel:
 * @id: its number among the checkpoint's classes
 * @text: UTF-8, from the checkpoint or a labels file
 * @score: 0 to 1: of a softmax, or of a sigmoid of its own
 *
 * What a picture or a region shows.
 */
typedef struct {
  guint id;
  const gchar *text;
  gfloat score;
  /*< private >*/
  gpointer _reserved[1];
} GptVisLabel;

/**
 * GptVisCaption:
 * @text: UTF-8, without line ends
 * @score: 0 to 1: the geometric mean of its tokens' probabilities, the end counted
 * @final: %FALSE: more words will come
 * @frame: number of the frame that it describes
 * @pts: that frame's timestamp, ns; %G_MAXUINT64 when unknown
 * @running_time: that frame's running time, likewise
 *
 * A sentence about a frame, which may be an earlier one than the labels': writing takes longer than
 * labelling, and a new sentence only comes when the scene changes.
 */
typedef struct {
  const gchar *text;
  gfloat score;
  gboolean final;
  guint64 frame;
  guint64 pts, running_time;
  /*< private >*/
  gpointer _reserved[4];
} GptVisCaption;

/**
 * GptVisRegionSource:
 * @GPTVIS_SOURCE_MODEL: a detector
 * @GPTVIS_SOURCE_MOTION: what moved
 * @GPTVIS_SOURCE_UPSTREAM: an element before
 *
 * Who found a region.
 */
typedef enum {
  GPTVIS_SOURCE_MODEL,
  GPTVIS_SOURCE_MOTION,
  GPTVIS_SOURCE_UPSTREAM,
} GptVisRegionSource;

/**
 * GptVisRegion:
 * @box: (array fixed-size=4): left, top, width and height, as fractions of the picture's
 * @labels: (array length=n_labels): what it shows, best first
 * @n_labels: how many
 * @id: its track's number, from 1; 0: it is not tracked
 * @source: who found it
 * @caption: (nullable): a sentence about it
 * @since: timestamp of the frame where its track begins, ns; %G_MAXUINT64: it is not tracked
 *
 * A rectangle of the picture.
 */
typedef struct {
  gfloat box[4];
  const GptVisLabel *labels;
  guint n_labels;
  guint id;
  GptVisRegionSource source;
  const GptVisCaption *caption;
  guint64 since;
  /*< private >*/
  gpointer _reserved[4];
} GptVisRegion;

/**
 * GptVisAnswer:
 * @question: as it was asked
 * @answer: UTF-8, without line ends
 * @yes: probability that the answer is yes, 0 to 1; NAN where the question has no such answer
 * @score: as a caption's
 * @final: %FALSE: more words will come
 * @frame: number of the frame that it is about
 */
typedef struct {
  const gchar *question, *answer;
  gfloat yes, score;
  gboolean final;
  guint64 frame;
  /*< private >*/
  gpointer _reserved[4];
} GptVisAnswer;

/**
 * GptVisEventType:
 * @GPTVIS_EVENT_BEGIN: something is the case from now on
 * @GPTVIS_EVENT_END: no longer
 * @GPTVIS_EVENT_ENTER: a region came into a zone
 * @GPTVIS_EVENT_LEAVE: a region left a zone
 * @GPTVIS_EVENT_CROSS: a region crossed a line
 * @GPTVIS_EVENT_COUNT: the number of regions in a zone has changed
 * @GPTVIS_EVENT_DWELL: a region has been in a zone for as long as the zone says
 */
typedef enum {
  GPTVIS_EVENT_BEGIN,
  GPTVIS_EVENT_END,
  GPTVIS_EVENT_ENTER,
  GPTVIS_EVENT_LEAVE,
  GPTVIS_EVENT_CROSS,
  GPTVIS_EVENT_COUNT,
  GPTVIS_EVENT_DWELL,
} GptVisEventType;

/**
 * GptVisDirection:
 * @GPTVIS_DIRECTION_NONE: it has none
 * @GPTVIS_DIRECTION_LEFT: to the left of somebody who goes along the line from its first point
 * @GPTVIS_DIRECTION_RIGHT: to the right
 *
 * The side of a line that a region came to.
 */
typedef enum {
  GPTVIS_DIRECTION_NONE,
  GPTVIS_DIRECTION_LEFT,
  GPTVIS_DIRECTION_RIGHT,
} GptVisDirection;

/**
 * GptVisEvent:
 * @name: of the trigger
 * @type: what happened
 * @region: id of the region that it happened to; 0: none
 * @zone: (nullable): name of the zone or line
 * @score: 0 to 1; NAN: it has none
 * @since: timestamp of the frame where it began, ns; %G_MAXUINT64 when unknown
 * @direction: of %GPTVIS_EVENT_CROSS: the side that the region came to
 * @count: of %GPTVIS_EVENT_CROSS: how often the line has been crossed in that direction; else how many
 *   regions are in the zone
 * @lost: of %GPTVIS_EVENT_LEAVE: the region was no longer found, and was last seen inside
 */
typedef struct {
  const gchar *name;
  GptVisEventType type;
  guint region;
  const gchar *zone;
  gfloat score;
  guint64 since;
  GptVisDirection direction;
  guint count;
  gboolean lost;
  /*< private >*/
  gpointer _reserved[4];
} GptVisEvent;

/**
 * GptVisClip:
 * @frames: how many
 * @from: timestamp of the first, ns; %G_MAXUINT64 when unknown
 * @to: timestamp of the last, likewise
 *
 * The frames that were analysed together, where they were more than one.
 */
typedef struct {
  guint frames;
  guint64 from, to;
  /*< private >*/
  gpointer _reserved[2];
} GptVisClip;

/**
 * GptVisZoneType:
 * @GPTVIS_ZONE_AREA: regions are inside or not
 * @GPTVIS_ZONE_LINE: regions cross it
 *
 * What a zone is.
 */
typedef enum {
  GPTVIS_ZONE_AREA,
  GPTVIS_ZONE_LINE,
} GptVisZoneType;

/**
 * GptVisZoneInfo:
 * @name: what the user calls it
 * @type: an area or a line
 * @points: (array length=n_points): its corners x, y, x, y …, in fractions of the picture from its top left
 * @n_points: how many numbers those are
 * @inside: how many regions are in the area
 * @entered: how many have come into it
 * @exited: how many have left it
 * @crossed_left: how many have crossed the line to its left side
 * @crossed_right: how many to its right side
 *
 * A zone of the picture, and what was counted there since it was last changed.
 */
typedef struct {
  const gchar *name;
  GptVisZoneType type;
  const gfloat *points;
  guint n_points, inside;
  guint64 entered, exited, crossed_left, crossed_right;
  /*< private >*/
  gpointer _reserved[4];
} GptVisZoneInfo;

/**
 * GptVisPlaneType:
 * @GPTVIS_PLANE_MASK: classes, a byte each
 * @GPTVIS_PLANE_DEPTH: distances, a float each
 *
 * What the samples of a plane are.
 */
typedef enum {
  GPTVIS_PLANE_MASK,
  GPTVIS_PLANE_DEPTH,
} GptVisPlaneType;

/**
 * GptVisPlane:
 * @type: what its samples are
 * @width: samples in a row
 * @height: rows
 * @stride: bytes from row to row
 * @data: the samples, rows from the top
 *
 * A sample for each point of a grid over the picture. Planes are large, so they are counted apart from the
 * results that they belong to.
 */
typedef struct {
  GptVisPlaneType type;
  guint width, height;
  gsize stride;
  gpointer data;
  /*< private >*/
  gpointer _reserved[4];
} GptVisPlane;

/**
 * GptVisResult:
 * @stream: (nullable): who analysed: the element's name
 * @frame: number of the analysed frame, from 0
 * @pts: its timestamp, ns; %G_MAXUINT64 when unknown
 * @running_time: its running time, likewise
 * @time: its wall clock, µs since 1970 UTC; 0 when unknown
 * @model: the checkpoint's name (its directory's)
 * @analysis: µs that the network was at work on the batch that the frame was in
 * @labels: (array length=n_labels): best first; equal scores by id
 * @n_labels: how many
 * @regions: (array length=n_regions): rectangles of the picture
 * @n_regions: how many
 * @caption: (nullable): a sentence; %NULL: none yet, or the model writes none
 * @answers: (array length=n_answers): to the questions that were asked
 * @n_answers: how many
 * @embedding: (array length=n_embedding): a vector of length one that stands for the picture
 * @n_embedding: how many numbers it has
 * @events: (array length=n_events): what has happened
 * @n_events: how many
 * @zones: (array length=n_zones): the zones of the picture
 * @n_zones: how many
 * @clip: (nullable): the frames analysed together; %NULL: one
 * @planes: (array length=n_planes): masks, depth; in neither JSON nor messages, for they are large
 * @n_planes: how many
 */
typedef struct {
  const gchar *stream;
  guint64 frame;
  guint64 pts, running_time;
  gint64 time;

  const gchar *model;
  gint64 analysis;

  const GptVisLabel *labels;
  const GptVisRegion *regions;
  const GptVisCaption *caption;
  const GptVisAnswer *answers;
  const gfloat *embedding;
  const GptVisEvent *events;
  const GptVisZoneInfo *zones;
  const GptVisClip *clip;
  const GptVisPlane *const *planes;
  guint n_labels, n_regions, n_answers, n_embedding, n_events, n_zones, n_planes;
  /*< private >*/
  gpointer _reserved[14];
} GptVisResult;
#define GPTVIS_RESULT_INIT { .pts = G_MAXUINT64, .running_time = G_MAXUINT64 }

GPTVIS_API GptVisResult *gptvis_result_copy (const GptVisResult *value);
GPTVIS_API GptVisResult *gptvis_result_with_caption (const GptVisResult *result,
    const GptVisCaption *caption);
GPTVIS_API void gptvis_result_set_frame (GptVisResult *result, const gchar *stream, guint64 frame,
    guint64 pts, guint64 running_time, gint64 time);
GPTVIS_API GptVisResult *gptvis_result_ref (const GptVisResult *result);
GPTVIS_API void gptvis_result_unref (const GptVisResult *result);

GPTVIS_API const gchar *gptvis_result_get_stream (const GptVisResult *result);
GPTVIS_API guint64 gptvis_result_get_frame (const GptVisResult *result);
GPTVIS_API guint64 gptvis_result_get_pts (const GptVisResult *result);
GPTVIS_API guint64 gptvis_result_get_running_time (const GptVisResult *result);
GPTVIS_API gint64 gptvis_result_get_time (const GptVisResult *result);
GPTVIS_API const gchar *gptvis_result_get_model (const GptVisResult *result);
GPTVIS_API gint64 gptvis_result_get_analysis (const GptVisResult *result);
GPTVIS_API guint gptvis_result_get_n_labels (const GptVisResult *result);
GPTVIS_API const gchar *gptvis_result_get_label (const GptVisResult *result, guint i, gfloat *score);
GPTVIS_API guint gptvis_result_get_label_id (const GptVisResult *result, guint i);
GPTVIS_API guint gptvis_result_get_n_regions (const GptVisResult *result);
GPTVIS_API gboolean gptvis_result_get_region (const GptVisResult *result, guint i, gfloat *x, gfloat *y,
    gfloat *width, gfloat *height);
GPTVIS_API guint gptvis_result_get_region_id (const GptVisResult *result, guint i);
GPTVIS_API GptVisRegionSource gptvis_result_get_region_source (const GptVisResult *result, guint i);
GPTVIS_API guint gptvis_result_get_region_n_labels (const GptVisResult *result, guint i);
GPTVIS_API const gchar *gptvis_result_get_region_label (const GptVisResult *result, guint i, guint label,
    gfloat *score);
GPTVIS_API const gchar *gptvis_result_get_caption (const GptVisResult *result, gfloat *score,
    gboolean *final);
GPTVIS_API guint64 gptvis_result_get_caption_frame (const GptVisResult *result, guint64 *pts);
GPTVIS_API guint gptvis_result_get_n_answers (const GptVisResult *result);
GPTVIS_API const gchar *gptvis_result_get_answer (const GptVisResult *result, guint i,
    const gchar **question, gfloat *yes);
GPTVIS_API guint gptvis_result_get_n_zones (const GptVisResult *result);
GPTVIS_API const gchar *gptvis_result_get_zone (const GptVisResult *result, guint i, guint *inside,
    guint64 *crossed_left, guint64 *crossed_right);
GPTVIS_API const gfloat *gptvis_result_get_embedding (const GptVisResult *result, guint *n);

GPTVIS_API gchar *gptvis_result_to_json (const GptVisResult *result, const gchar *stream, gint64 age);
GPTVIS_API gchar *gptvis_time_to_rfc3339 (gint64 time);

GPTVIS_API GptVisPlane *gptvis_plane_new (GptVisPlaneType type, guint width, guint height);
GPTVIS_API GptVisPlane *gptvis_plane_ref (const GptVisPlane *plane);
GPTVIS_API void gptvis_plane_unref (const GptVisPlane *plane);

G_END_DECLS
