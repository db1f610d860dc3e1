/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the elements share: a hand-made checkpoint that tells bright
 * pictures from dark ones, and a gptvisfilter in a GstHarness running on it.
 *
 *     Rig *rig = rig_new ("interval=2");
 *     GstBuffer *out = rig_push (rig, rig_frame (rig, 255, 0));
 *     … gptvis_buffer_get_meta (out) …
 *     gst_buffer_unref (out);
 *     rig_free (rig);
 */
#pragma once
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include "gptvis.h"

G_BEGIN_DECLS

/* A ViT of one layer and four patches. SOUND: white pictures give bright 0.87,
 * other 0.12, dark 0.02; black ones dark 0.87, other 0.12, bright 0.02. OVERFLOWS:
 * black pictures give each label 0.33, white ones NaN. MULTI_LABEL: as SOUND with a
 * sigmoid each: white pictures give bright 0.88, other 0.5, dark 0.12. SLOW: as SOUND
 * on 9216 patches (2304 with ThreadSanitizer), so that an analysis takes longer than
 * anything a test does meanwhile; SLOWISH: on a quarter of that, as long as a few words. */
typedef enum { CHECKPOINT_SOUND, CHECKPOINT_OVERFLOWS, CHECKPOINT_MULTI_LABEL, CHECKPOINT_SLOW,
  CHECKPOINT_SLOWISH } CheckpointKind;

/* Writes it to a fresh temporary directory; free with checkpoint_remove. */
gchar *checkpoint_write (CheckpointKind kind);
void checkpoint_remove (gchar *directory);

/* The same ViT before a GPT-2 that writes "a white picture" of white pictures, "a black
 * picture" of black ones (writer.c); with that classifier beside it. */
typedef enum {
  WRITES = 0,
  WRITES_FOREVER = 1 << 0,      /* "a white picture picture picture …": WRITER_LENGTH tokens and no end */
  WRITES_SLOWLY = 1 << 1,       /* likewise, from a large vocabulary: a sentence takes seconds */
  WRITES_NAN = 1 << 2,          /* of white pictures */
  LOOKS_SLOWLY = 1 << 3,        /* the ViT is CHECKPOINT_SLOWISH */
  OVERLOOKS = 1 << 4,           /* it is CHECKPOINT_OVERFLOWS; black pictures give "a white picture" */
  NAMES_NOTHING = 1 << 5,       /* no classifier */
  IS_CAREFUL = 1 << 6           /* its caption_threshold is 1 */
} WriterKind;
#define WRITER_LENGTH 200u

/* As checkpoint_write; free with checkpoint_remove. */
gchar *writer_write (WriterKind kind);

typedef struct {
  gchar *checkpoint;            /* the rig's own, or NULL */
  GstHarness *harness;
  GstElement *element;          /* the gptvisfilter */
  GstBus *bus;                  /* its messages */
  GstVideoInfo info;            /* of the caps that were sent */
} Rig;

/* gst_init, g_test_init, and registers the elements, which are linked in. */
void rig_init (int *argc, char ***argv);

/* A playing gptvisfilter on a SOUND checkpoint with policy=every, caps RGB 16×16 at 25
 * frames a second. `properties` is what gst-launch takes: "interval=2 top-k=1"; or NULL. */
Rig *rig_new (const gchar *properties);
Rig *rig_new_on (CheckpointKind kind, const gchar *properties);
Rig *rig_new_writing (WriterKind kind, const gchar *properties);
Rig *rig_new_at (const gchar *checkpoint, const gchar *properties);   /* which stays the caller's */
void rig_free (Rig *rig);

void rig_caps (Rig *rig, const gchar *caps);
/* A buffer of the rig's caps (RGB, GRAY8 or an 8-bit planar format), all of one grey. */
GstBuffer *rig_frame (Rig *rig, guint8 grey, GstClockTime pts);
/* In and out again; the caller owns what comes out. */
GstBuffer *rig_push (Rig *rig, GstBuffer *buffer);

/* Pushes a white frame at `pts` and says what came out with it. */
typedef enum { NOTHING, HELD, OWN } Outcome;
Outcome rig_step (Rig *rig, GstClockTime pts);

guint64 rig_stat (Rig *rig, const gchar *field);
/* Waits for the next "gptvis-result" and says which frame's it is. Fails after a minute. */
guint64 rig_await_result (Rig *rig);
/* The next message of that type, or NULL; the caller owns it. */
GstMessage *rig_message (Rig *rig, GstMessageType type);
/* The sentence of the next warning or error, or NULL; g_free it. */
gchar *rig_sentence (Rig *rig, GstMessageType type);
guint rig_count_messages (Rig *rig, GstMessageType type);      /* and drops all messages */

G_END_DECLS
