/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/bench --caption --peers: the same captioner in ONNX Runtime, in turn with ours. */
#pragma once
#include "measure.h"

typedef struct _CaptionPeers CaptionPeers;

/* The network as peers read it; checkpoint is its directory, and may go afterwards. */
CaptionPeers *caption_peers_new (const gchar *name, const gchar *checkpoint);
void caption_peers_free (CaptionPeers *self);

/* Starts them with the picture's patches, n floats. */
void caption_peers_start (CaptionPeers *self, guint threads, const float *patches, gsize n);

/* Holds their logits [vocabulary] after the tokens 1 … 16 against ours. */
void caption_peers_compare (CaptionPeers *self, const float *logits, guint vocabulary, gboolean ours_is_f32);

/* One caption by each. */
void caption_peers_turn (CaptionPeers *self);

/* ours: times of whole captions; target: of ours over the best int8 peer's. */
void caption_peers_print (CaptionPeers *self, GArray *ours, gdouble target);
