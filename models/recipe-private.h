/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What recipe.c is made of besides: other files that say how pictures are prepared. */
#pragma once
#include "json.h"
#include "recipe.h"

G_BEGIN_DECLS

/* A number for all channels or three, from `min` on; as it is where nothing is said. */
void gptvis_recipe_read_triple (GptVisJson *json, const gchar *name, gdouble min, gdouble value[3]);

/* timm's config.json. */
void gptvis_recipe_read_timm (GptVisJson *json, GptVisRecipe *recipe);

G_END_DECLS
