/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A camera of the soak: one gptvisfilter to which everything is done that a pipeline,
 * an application and a user can do to it, in an order drawn from a seed, some of it from
 * other threads while frames pass. Whatever comes out is checked; what is wrong ends the
 * process with a sentence.
 *
 * Threads: a camera is used by one thread at a time; _steps and _doing by any. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  guint seed;
  const gchar *checkpoints[3];  /* one for all cameras, one that some take, and one that writes */
  gboolean told;                /* what they say is known: rig.h */
} CameraSetup;

typedef struct {
  guint64 frames;               /* that were pushed */
  guint64 results, captions;    /* buffers that came out with one */
  guint64 cuts, states, elements;
} CameraTally;

typedef struct _Camera Camera;

Camera *camera_new (const CameraSetup *setup, guint number);   /* `setup` must outlive it */
void camera_free (Camera *camera);

/* Goes on until so many more frames were pushed. */
void camera_run (Camera *camera, guint64 frames);
const CameraTally *camera_tally (const Camera *camera);

guint camera_steps (const Camera *camera);
const gchar *camera_doing (const Camera *camera);      /* static */

G_END_DECLS
