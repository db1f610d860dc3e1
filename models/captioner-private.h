/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the model does with captioners, and they with it. */
#pragma once
#include "captioner.h"
#include "decoder.h"

G_BEGIN_DECLS

/* NULL when it writes nothing. */
GptVisDecoder *gptvis_model_decoder (GptVisModel * model);

/* The tower's tokens [rows, width] of a picture. */
void gptvis_captioner_look (GptVisCaptioner * self, const float *tokens);

G_END_DECLS
