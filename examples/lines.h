/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The output of gptvis-cameras: a JSON object a line, for each result (as result.schema.json
 * has it) and for each event in a camera's life:
 *
 *     {"event":"down","stream":"rtsp://gate/1","time":"2026-05-04T03:02:01.5Z","reason":"The stream ended."}
 *
 * up: pictures come. down: they do not, and why; until the next "up" it is tried again and again.
 * A line is written out at once and whole. All may be called from any thread. */
#pragma once
#include <gst/gst.h>
#include <stdio.h>

typedef struct {
  GMutex lock;
  FILE *file;
  gint error;                   /* errno of the line that could not be written; nothing is, after it */
  GMainLoop *loop;              /* is quit then */
} Lines;

/* Lines are added to the file; NULL or "-" is standard output. FALSE with errno. */
gboolean lines_open (Lines * lines, const gchar * name, GMainLoop * loop);
/* 0, or the errno of a line that could not be written. */
gint lines_close (Lines * lines);

/* A "gptvis-result" (its fields: gst/message.c), told as the stream's. */
void lines_result (Lines * lines, const gchar * stream, const GstStructure * result);
/* reason: a sentence, or NULL. */
void lines_event (Lines * lines, const gchar * event, const gchar * stream, const gchar * reason);
