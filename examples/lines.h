/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The output of gptvis-cameras: a JSON object a line, for each result (as result.schema.json
 * has it) and for each event in a camera's life:
 *
 *     {"event":"down","stream":"rtsp://gate/1","time":"2026-05-04T03:02:01.5Z","reason":"The stream ended."}
 *
 * up: pictures come. down: none come, and why; until the next "up" the camera is restarted again and again.
 *
 * A thread of its own writes, each line at once and whole, and waits for a reader that is slow; cameras
 * never do. When too much waits to be read, results are dropped and counted, events are not. All
 * functions may be called from any thread. */
#pragma once
#include <gst/gst.h>

typedef struct {
  gchar *name;                  /* of the file, for sentences */
  gint descriptor;
  gsize most;                   /* bytes that it takes at once */
  GMainLoop *loop;              /* to quit when a line cannot be written */
  GThread *writer;

  GMutex lock;                  /* for all that follows */
  GCond changed;
  GQueue waiting;               /* of GBytes */
  gsize bytes;                  /* in these */
  guint64 lost;                 /* lines */
  gint error;                   /* errno of the line that could not be written; none is written after it */
  gboolean closing;             /* no more lines; the writer ends with the last */
  gboolean given_up;            /* it does not wait for the reader any more */
  gboolean ended;               /* it has ended */
} Lines;

/* Lines are added to the file; NULL or "-" is standard output. FALSE after a sentence. */
gboolean lines_open (Lines *lines, const gchar *file, GMainLoop *loop);
/* Waits until that time (monotonic µs) for a reader. FALSE after a sentence: not all was written. */
gboolean lines_close (Lines *lines, gint64 until);

/* A "gptvis-result" (its fields: models/result.md), reported under the stream's name. */
void lines_result (Lines *lines, const gchar *stream, const GstStructure *result);
/* reason: a sentence, or NULL. */
void lines_event (Lines *lines, const gchar *event, const gchar *stream, const gchar *reason);
