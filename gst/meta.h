/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results onto buffers: GptVisMeta (gptvis.h is how to read it) and, where
 * GStreamer has it (1.24), the same as GstAnalyticsRelationMeta. */
#pragma once
#include "gptvis.h"

G_BEGIN_DECLS

/* Registers "GptVisMetaAPI" and "GptVisMeta" once; any thread. No tags: the meta
 * says nothing about pixels, so it survives conversion, scaling, cropping and copies. */
const GstMetaInfo *gptvis_meta_get_info (void);

/* Attaches the result, taking a reference of its own. `buffer` is writable.
 * Behind another gptvisfilter the buffer then carries one meta of each. */
GptVisMeta *gptvis_buffer_add_meta (GstBuffer * buffer, const GptVisResult * result, gboolean own,
    GstClockTime age);

G_END_DECLS
