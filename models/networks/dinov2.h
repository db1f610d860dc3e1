/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DINOv2's layer, in other networks' checkpoints. */
#pragma once
#include "record.h"

G_BEGIN_DECLS

/* windows: as gptvis_record_attention has it. */
GptVisTensorId gptvis_dinov2_record_layer (
    GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, guint windows, const gchar *layer);

G_END_DECLS
