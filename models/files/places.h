/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a plan's weights are: each name in the plan is looked up once, when the table is made, and the
 * tensor is compared with what the plan needs. All later requests (first bytes, finiteness, rows to
 * pack) use the name's number in the plan.
 *
 * Immutable, so any thread may read. The shards must outlive it. */
#pragma once
#include "backend.h"
#include "shards.h"

G_BEGIN_DECLS

typedef struct _GptVisPlaces GptVisPlaces;

/* For a finished plan. NULL with FORMAT when tensors are missing, have another shape than `network`
 * ("config.json's vit") needs, or are not floats; the sentence names up to five. Tensors that the plan
 * does not ask for are ignored. */
GptVisPlaces *gptvis_places_new (const GptVisPlan *plan, const GptVisShards *shards, const gchar *network,
    GError **error);
void gptvis_places_free (GptVisPlaces *self);  /* NULL is fine */

/* The tensor of the plan's part with that number. */
const GptVisStoredTensor *gptvis_places_tensor (const GptVisPlaces *self, guint number);

/* For gptvis_program_new with that plan; `self` must outlive the program. */
GptVisWeights gptvis_places_weights (const GptVisPlaces *self);

G_END_DECLS
