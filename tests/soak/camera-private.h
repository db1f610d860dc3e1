/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A camera inside: what camera.c keeps and actions.c moves. */
#pragma once
#include "camera.h"
#include "rig.h"

G_BEGIN_DECLS

#define REMEMBERED 4096u        /* frames whose pictures are known; few results are held longer */

typedef enum { NO_PICTURE, BLACK, WHITE } Shown;

struct _Camera {
  const CameraSetup *setup;
  guint number;
  GRand *dice;

  Rig *rig;
  gboolean up;                  /* PAUSED or PLAYING */
  gboolean ended;               /* EOS has passed */
  gboolean late;                /* QoS was told since the last cut */
  GstClockTime pts;
  guint names;                  /* for what must be new each time: streams, segments */

  guint64 next;                 /* the number of the next frame */
  guint64 first;                /* that of the first since the last cut */
  guint8 shown[REMEMBERED];     /* by number */

  CameraTally tally;
  guint steps;                  /* atomic, as is the name of the action at hand: for who watches */
  const gchar *doing;
};

/* Ends the process with a sentence, the seed and the place. Any thread. */
void camera_fail (const Camera *camera, const gchar *format, ...) G_GNUC_NORETURN G_GNUC_PRINTF (2, 3);

/* The dice, in the camera's own thread. */
guint camera_draw (Camera *camera, guint n);   /* 0 … n − 1 */
gboolean camera_chance (Camera *camera, guint percent);

/* An element in PLAYING, on one of the checkpoints; the one before it must be gone. */
void camera_make_element (Camera *camera);
/* Likewise, while another thread closes the one before, which may have been made this way too. */
void camera_hand_over (Camera *camera);
/* Another model and a task that it can do; in READY or NULL. */
void camera_change_model (Camera *camera);

/* What stats promises must hold at any moment; any thread. The frames so far. */
guint64 camera_check_stats (Camera *camera);
/* Events and messages that nobody has taken; an error among them fails. */
void camera_clear_away (Camera *camera);

/* The next frame, and what can be seen in it. */
GstBuffer *camera_frame (Camera *camera, Shown *shown);
/* One frame while nobody else meddles, with all that must hold of it. */
void camera_push (Camera *camera);
/* The same frame n times, while others meddle: whichever of them get through, their
 * numbers and their picture are known. */
void camera_push_burst (Camera *camera, GstBuffer *frame, Shown shown, guint n);

G_END_DECLS
