/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ViT's layer, in other networks' checkpoints. */
#pragma once
#include "record.h"

G_BEGIN_DECLS

/* With `keep` above 0 only the first so many rows of the result are made: all that a head reads of the last
 * layer. */
GptVisTensorId gptvis_vit_record_layer (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x,
    guint keep, const gchar *layer);

G_END_DECLS
