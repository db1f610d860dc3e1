/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scene: what is known of one camera's picture over time. Regions are found in it, by motion, by an
 * element before or by the model, and become tracks; some of them are looked at, which means that the part
 * of the picture around them is analysed like a picture of its own; and what the looks showed is voted on.
 *
 *     gptvis_scene_watch (scene, &settings, &picture, time, &view);     // each frame
 *     gptvis_scene_choose (scene, &settings, &view);    // of a frame that is analysed: what to look at
 *     … gptvis_scene_cut (&picture, view.regions[view.looks[i]].box) …
 *     all = gptvis_scene_complete (scene, &settings, &view, result, looks);     // when it is analysed
 *     now = gptvis_scene_renew (scene, &settings, &view, held);         // of a frame between
 *
 * A view is what was known of one frame when it came; it is a plain value and stays true of that frame.
 *
 * Threads: frames are watched and chosen for by one thread, in their order; the rest may be called from
 * any thread. A scene is counted. It has one lock of its own, under which it calls nobody. */
#pragma once
#include "picture.h"
#include "track.h"
#include "zones.h"

G_BEGIN_DECLS

#define GPTVIS_MAX_REGIONS 32u  /* of a frame */
#define GPTVIS_MAX_LOOKS 16u    /* at one frame */
#define GPTVIS_LOOK_LABELS 8u   /* of one look that are voted on */

typedef struct {
  gboolean track;               /* identities, steady boxes, labels voted; FALSE: a model's regions as they
                                 * come */
  guint max_regions;            /* looked at in one frame at most; of a model's, told */
  gfloat min_region;            /* shortest side, of the picture's height: smaller ones are passed over */
  gfloat threshold;             /* what a region's label must score */
  gboolean captions_only;       /* nothing but captions is asked for of regions */
  guint64 caption_interval;     /* ns from a region's caption to its next; G_MAXUINT64: it has but one */
} GptVisSceneSettings;

typedef struct {
  GptVisBox box;
  guint id;                     /* of its track; 0: it has none */
  guint64 since;                /* when that began, ns; G_MAXUINT64 */
  gboolean small;               /* one that an element before found, and nobody looks at */
} GptVisSceneRegion;

typedef struct {
  guint64 time;                 /* ns */
  guint generation;             /* the scene's own count of resets */
  GptVisSceneRegion regions[GPTVIS_MAX_REGIONS];
  guint n;
  guint looks[GPTVIS_MAX_LOOKS];        /* indices of regions */
  guint n_looks;
} GptVisView;

/* What the model made of one look: labels, best first. */
typedef struct {
  gboolean done;                /* FALSE: it failed, and counts nothing */
  GptVisLabel labels[GPTVIS_LOOK_LABELS];
  guint n;
} GptVisLook;

typedef struct _GptVisScene GptVisScene;

GptVisScene *gptvis_scene_new (GptVisRegionSource source);
GptVisScene *gptvis_scene_ref (GptVisScene *scene);
void gptvis_scene_unref (GptVisScene *scene);   /* NULL is fine */
GptVisRegionSource gptvis_scene_source (const GptVisScene *scene);

/* What comes next does not continue what came before. */
void gptvis_scene_reset (GptVisScene *scene);
/* From the next frame on; the scene takes a reference. NULL: none. */
void gptvis_scene_set_zones (GptVisScene *scene, GptVisZoneList *zones);

/* Does it want to see every frame, also those that are not analysed? */
gboolean gptvis_scene_needs_frames (const GptVisScene *scene);
/* The next frame: finds its regions where motion does it, and says in `view` which are known. `found`:
 * regions of elements before, of a scene with that source, each of which becomes a region, in their order
 * (at most GPTVIS_MAX_REGIONS). A picture without planes says only how large the frame is, which cannot or
 * need not be read: nothing is found in it, and what is known moves on. */
void gptvis_scene_watch (GptVisScene *scene, const GptVisSceneSettings *settings,
    const GptVisPicture *picture, const GptVisDetection *found, guint n_found, guint64 time,
    GptVisView *view);
/* Chooses which of the view's regions to look at: what is new first, then what has changed or was not
 * looked at for long; what is sure and as it was is left alone. */
void gptvis_scene_choose (GptVisScene *scene, const GptVisSceneSettings *settings, GptVisView *view);

/* The square around the box, with a little of what is around it, as far as the picture goes. */
GptVisPicture gptvis_scene_cut (const GptVisPicture *picture, GptVisBox box);

/* The result of an analysed frame, whose regions are the view's: `looks` has one for each that was looked
 * at. From a model that finds regions they are `result`'s own. The caller's. */
GptVisResult *gptvis_scene_complete (GptVisScene *scene, const GptVisSceneSettings *settings,
    const GptVisView *view, const GptVisResult *result, const GptVisLook *looks);
/* Has the view's region with that id no caption yet, or an old one? */
gboolean gptvis_scene_wants_caption (GptVisScene *scene, const GptVisSceneSettings *settings,
    const GptVisView *view, guint id);
/* A region of a view of that generation gets a caption, which is copied. NULL: it is to have none. */
void gptvis_scene_set_caption (GptVisScene *scene, guint generation, guint id, const GptVisCaption *caption);
/* A result again, with the captions that its regions have now. The caller's. */
GptVisResult *gptvis_scene_caption (GptVisScene *scene, const GptVisResult *result);
/* A result again, with the view's regions and what is known of them now; of the frame that was watched
 * last also with what happened in zones since the frame before. The caller's. */
GptVisResult *gptvis_scene_renew (GptVisScene *scene, const GptVisSceneSettings *settings,
    const GptVisView *view, const GptVisResult *result);

G_END_DECLS
