/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of a result, each once: what it is called, its type, its unit and its meaning. JSON
 * (gptvisjson, the examples), messages (gst/structure.c), result.schema.json and result.md all come from
 * here. A new field is a row. When a row changes its meaning, GPTVIS_RESULT_VERSION rises. */
#include "result-fields.h"

#define AT(structure, member) .offset = G_STRUCT_OFFSET (structure, member)
#define COUNTED(structure, n, member) AT (structure, member), .n_offset = G_STRUCT_OFFSET (structure, n)
#define OPTIONAL .optional = TRUE

#define TABLE(table, structure, object, meaning) \
  static const GptVisFields table = { object, meaning, sizeof (structure), G_N_ELEMENTS (table ## _rows), \
    table ## _rows }

/* --- parts --- */

static const GptVisField label_rows[] = {
  { "label", GPTVIS_FIELD_TEXT, NULL, "the class's text, as the checkpoint or the labels file has it",
    AT (GptVisLabel, text) },
  { "score", GPTVIS_FIELD_SCORE, "0 to 1", "how sure the model is", AT (GptVisLabel, score) },
  { "id", GPTVIS_FIELD_INDEX, NULL, "class index in the checkpoint", AT (GptVisLabel, id) },
};
TABLE (label, GptVisLabel, "label", "What a picture or a region of it shows.");

static const GptVisField caption_rows[] = {
  { "text", GPTVIS_FIELD_TEXT, NULL, "without line ends", AT (GptVisCaption, text) },
  { "score", GPTVIS_FIELD_SCORE, "0 to 1", "probability of a token, the geometric mean over the sentence's",
    AT (GptVisCaption, score) },
  { "final", GPTVIS_FIELD_BOOLEAN, NULL, "false: more words will come", AT (GptVisCaption, final) },
  { "frame", GPTVIS_FIELD_COUNT, NULL, "number of the frame that it describes, maybe an earlier one",
    AT (GptVisCaption, frame) },
  { "pts", GPTVIS_FIELD_TIMESTAMP, "ns", "that frame's timestamp", AT (GptVisCaption, pts), OPTIONAL },
  { "running-time", GPTVIS_FIELD_TIMESTAMP, "ns", "that frame's running time",
    AT (GptVisCaption, running_time), OPTIONAL },
};
TABLE (caption, GptVisCaption, "caption", "A sentence about a frame.");

static const gchar *const sources[] = { "model", "motion", "upstream", NULL };

static const GptVisField region_rows[] = {
  { "box", GPTVIS_FIELD_BOX, "fractions of the picture's width and height",
    "x, y, width and height, from the top left corner", AT (GptVisRegion, box) },
  { "labels", GPTVIS_FIELD_OBJECTS, NULL, "what it shows, best first",
    COUNTED (GptVisRegion, n_labels, labels), .of = &label },
  { "id", GPTVIS_FIELD_ID, NULL, "number of its track, from 1; unknown: it is not tracked",
    AT (GptVisRegion, id), OPTIONAL },
  { "source", GPTVIS_FIELD_WORD, NULL, "who found it", AT (GptVisRegion, source), .words = sources },
  { "caption", GPTVIS_FIELD_OBJECT, NULL, "a sentence about it",
    AT (GptVisRegion, caption), .of = &caption, OPTIONAL },
  { "since", GPTVIS_FIELD_TIMESTAMP, "ns", "timestamp of the frame in which its track began",
    AT (GptVisRegion, since), OPTIONAL },
};
TABLE (region, GptVisRegion, "region", "A rectangle of the picture.");

static const GptVisField answer_rows[] = {
  { "question", GPTVIS_FIELD_TEXT, NULL, "as it was asked", AT (GptVisAnswer, question) },
  { "answer", GPTVIS_FIELD_TEXT, NULL, "without line ends", AT (GptVisAnswer, answer) },
  { "yes", GPTVIS_FIELD_SCORE, "0 to 1",
    "probability that the answer is yes; unknown: the question has no such answer",
    AT (GptVisAnswer, yes), OPTIONAL },
  { "score", GPTVIS_FIELD_SCORE, "0 to 1", "probability of a token, the geometric mean over the answer's",
    AT (GptVisAnswer, score) },
  { "final", GPTVIS_FIELD_BOOLEAN, NULL, "false: more words will come", AT (GptVisAnswer, final) },
  { "frame", GPTVIS_FIELD_COUNT, NULL, "number of the frame that was asked about, maybe an earlier one",
    AT (GptVisAnswer, frame) },
};
TABLE (answer, GptVisAnswer, "answer", "An answer to a question about a frame.");

static const gchar *const event_types[] = { "begin", "end", "enter", "leave", "cross", "count",
  "dwell", NULL };
static const gchar *const directions[] = { "none", "left", "right", NULL };

static const GptVisField event_rows[] = {
  { "name", GPTVIS_FIELD_TEXT, NULL, "of what watches for it", AT (GptVisEvent, name) },
  { "type", GPTVIS_FIELD_WORD, NULL, "what happened", AT (GptVisEvent, type), .words = event_types },
  { "region", GPTVIS_FIELD_ID, NULL, "id of the region that it happened to",
    AT (GptVisEvent, region), OPTIONAL },
  { "zone", GPTVIS_FIELD_TEXT, NULL, "name of the zone that it happened in",
    AT (GptVisEvent, zone), OPTIONAL },
  { "score", GPTVIS_FIELD_SCORE, "0 to 1", "how sure the model is", AT (GptVisEvent, score), OPTIONAL },
  { "since", GPTVIS_FIELD_TIMESTAMP, "ns", "timestamp of the frame in which it began",
    AT (GptVisEvent, since), OPTIONAL },
  { "direction", GPTVIS_FIELD_WORD, NULL,
    "of cross: the side that the region came to, seen along the line from its first point",
    AT (GptVisEvent, direction), .words = directions },
  { "count", GPTVIS_FIELD_INDEX, NULL,
    "of cross: how often the line has been crossed in that direction; else how many regions are in the zone",
    AT (GptVisEvent, count) },
  { "lost", GPTVIS_FIELD_BOOLEAN, NULL, "of leave: the region was no longer found, and was last seen inside",
    AT (GptVisEvent, lost) },
};
TABLE (event, GptVisEvent, "event", "Something that began, ended or happened with this frame.");

static const gchar *const zone_types[] = { "area", "line", NULL };

static const GptVisField zone_rows[] = {
  { "name", GPTVIS_FIELD_TEXT, NULL, "what the user calls it", AT (GptVisZoneInfo, name) },
  { "type", GPTVIS_FIELD_WORD, NULL, "what it is", AT (GptVisZoneInfo, type), .words = zone_types },
  { "points", GPTVIS_FIELD_NUMBERS, "fractions of the picture",
    "x, y, x, y …: an area's corners, or a line from point to point",
    COUNTED (GptVisZoneInfo, n_points, points) },
  { "inside", GPTVIS_FIELD_INDEX, NULL, "how many regions are in the area", AT (GptVisZoneInfo, inside) },
  { "entered", GPTVIS_FIELD_COUNT, NULL, "how many have come into the area", AT (GptVisZoneInfo, entered) },
  { "exited", GPTVIS_FIELD_COUNT, NULL, "how many have left the area", AT (GptVisZoneInfo, exited) },
  { "crossed-left", GPTVIS_FIELD_COUNT, NULL, "how many have crossed the line to its left side",
    AT (GptVisZoneInfo, crossed_left) },
  { "crossed-right", GPTVIS_FIELD_COUNT, NULL, "how many have crossed the line to its right side",
    AT (GptVisZoneInfo, crossed_right) },
};
TABLE (zone, GptVisZoneInfo, "zone", "A zone, and what was counted there since it was last changed.");

static const GptVisField clip_rows[] = {
  { "frames", GPTVIS_FIELD_INDEX, NULL, "how many", AT (GptVisClip, frames) },
  { "from", GPTVIS_FIELD_TIMESTAMP, "ns", "timestamp of the first", AT (GptVisClip, from), OPTIONAL },
  { "to", GPTVIS_FIELD_TIMESTAMP, "ns", "timestamp of the last", AT (GptVisClip, to), OPTIONAL },
};
TABLE (clip, GptVisClip, "clip", "The frames that were analysed together.");

/* --- the whole --- */

/* These are in the message of a caption too. */
#define VERSION_ROW \
  { "version", GPTVIS_FIELD_VERSION, NULL, \
    "raised when a field changes its meaning; new fields may come without" }
#define STREAM_ROW \
  { "stream", GPTVIS_FIELD_TEXT, NULL, \
    "who analysed: the element's name, or what gptvisjson's property says", \
    AT (GptVisReport, result.stream), OPTIONAL }
#define FRAME_ROWS \
  { "frame", GPTVIS_FIELD_COUNT, NULL, "number of the frame, from 0", \
    AT (GptVisReport, result.frame) }, \
  { "pts", GPTVIS_FIELD_TIMESTAMP, "ns", "its timestamp", AT (GptVisReport, result.pts), OPTIONAL }, \
  { "running-time", GPTVIS_FIELD_TIMESTAMP, "ns", "its running time", \
    AT (GptVisReport, result.running_time), OPTIONAL }, \
  { "time", GPTVIS_FIELD_WALL_CLOCK, "RFC 3339, UTC", "its wall clock", \
    AT (GptVisReport, result.time), OPTIONAL }
#define MODEL_ROW \
  { "model", GPTVIS_FIELD_TEXT, NULL, "the checkpoint's name", AT (GptVisReport, result.model) }

static const GptVisField result_rows[] = {
  VERSION_ROW,
  STREAM_ROW,
  FRAME_ROWS,
  MODEL_ROW,
  { "labels", GPTVIS_FIELD_OBJECTS, NULL,
    "what the picture shows, best first, equal scores by id; may be empty",
    COUNTED (GptVisReport, result.n_labels, result.labels), .of = &label },
  { "regions", GPTVIS_FIELD_OBJECTS, NULL,
    "parts of the picture; empty: none was found; unknown: none was looked for",
    COUNTED (GptVisReport, result.n_regions, result.regions), .of = &region, OPTIONAL },
  { "caption", GPTVIS_FIELD_OBJECT, NULL,
    "a sentence about this frame or an earlier one; unknown: there is none yet, or none was asked for",
    AT (GptVisReport, result.caption), .of = &caption, OPTIONAL },
  { "answers", GPTVIS_FIELD_OBJECTS, NULL, "one for each question; unknown: none was asked",
    COUNTED (GptVisReport, result.n_answers, result.answers), .of = &answer, OPTIONAL },
  { "embedding", GPTVIS_FIELD_NUMBERS, NULL, "the picture's vector, of length 1; unknown: none was asked for",
    COUNTED (GptVisReport, result.n_embedding, result.embedding), OPTIONAL },
  { "events", GPTVIS_FIELD_OBJECTS, NULL, "what happened with this frame; unknown: nothing is watched for",
    COUNTED (GptVisReport, result.n_events, result.events), .of = &event, OPTIONAL },
  { "zones", GPTVIS_FIELD_OBJECTS, NULL, "the zones that are watched, in the user's order; unknown: none is",
    COUNTED (GptVisReport, result.n_zones, result.zones), .of = &zone, OPTIONAL },
  { "clip", GPTVIS_FIELD_OBJECT, NULL, "the frames that were analysed together; unknown: this one alone was",
    AT (GptVisReport, result.clip), .of = &clip, OPTIONAL },
  { "analysis-ms", GPTVIS_FIELD_DURATION, "ms",
    "how long the backend was at work on the batch that the frame was in; waiting is not counted",
    AT (GptVisReport, result.analysis) },
  { "age-ms", GPTVIS_FIELD_DURATION, "ms",
    "the carrying frame's time less the analysed frame's; 0 on the analysed frame itself, and in messages",
    AT (GptVisReport, age) },
};
const GptVisFields gptvis_result_fields = { "gptvis-result", "What one analysis found.",
  sizeof (GptVisReport), G_N_ELEMENTS (result_rows), result_rows };

static const GptVisField caption_message_rows[] = {
  VERSION_ROW,
  STREAM_ROW,
  MODEL_ROW,
  { "caption", GPTVIS_FIELD_MEMBERS, NULL, "its fields", AT (GptVisReport, result.caption), .of = &caption },
};
const GptVisFields gptvis_caption_fields = { "gptvis-caption",
  "A caption, once it is finished, and with partial-captions each word of it.",
  sizeof (GptVisReport), G_N_ELEMENTS (caption_message_rows), caption_message_rows };

static const GptVisField event_message_rows[] = {
  VERSION_ROW,
  STREAM_ROW,
  FRAME_ROWS,
  MODEL_ROW,
  { "event", GPTVIS_FIELD_MEMBERS, NULL, "its fields", AT (GptVisReport, result.events), .of = &event },
};
const GptVisFields gptvis_event_fields = { "gptvis-event", "An event, with the frame that it happened in.",
  sizeof (GptVisReport), G_N_ELEMENTS (event_message_rows), event_message_rows };
