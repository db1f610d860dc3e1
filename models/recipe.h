/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* preprocessor_config.json (or image_processor in processor_config.json, where Transformers 5
 * wrote that alone; or pretrained_cfg in timm's config.json) → GptVisRecipe, as
 * Transformers' image processors (and timm's transforms) read it: which keys, which forms of
 * them, and each processor's defaults. kernels/patches.c knows what a recipe does to pixels. */
#pragma once
#include "picture.h"
#include "error.h"

G_BEGIN_DECLS

/* `model_type` chooses the processor when the file names none. NOT_FOUND, FORMAT
 * or UNSUPPORTED; `file` names the text in messages. */
gboolean gptvis_recipe_open (const gchar *directory, const gchar *model_type, GptVisRecipe *recipe,
    GError **error);
gboolean gptvis_recipe_parse (const gchar *file, const gchar *text, gsize size, const gchar *model_type,
    GptVisRecipe *recipe, GError **error);

G_END_DECLS
