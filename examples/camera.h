/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One camera that is watched for as long as the program runs: its pipeline with a gptvisfilter,
 * and a thread of its own that starts it, reads its bus, notices when it fails, ends or falls
 * silent, and starts it again. Whatever blocks (a network, a driver) blocks that thread alone.
 *
 * A source is rtsp://…, another URI, a device (/dev/video0) or a file; a file is paced as a
 * camera is, and begins anew at its end. */
#pragma once
#include "lines.h"
#include "pipeline.h"

typedef struct _Camera Camera;

/* Begins to watch. The nth camera of this source, from 1: the second is named "SOURCE#2".
 * Settings and lines outlive the camera. */
Camera *camera_new (const gchar *source, guint nth, const CameraSettings *settings, Lines *lines);

/* Asks it to end; returns at once. */
void camera_stop (Camera *camera);
/* Waits for the end until that time (monotonic µs). FALSE: something is stuck; then the camera may still be
 * reported, but not freed. */
gboolean camera_wait (Camera *camera, gint64 until);
/* After it has ended. */
void camera_free (Camera *camera);

/* Prints a line on stderr: its name and its counts. */
void camera_report (Camera *camera);
