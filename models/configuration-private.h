/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What configuration.c is made of besides: activations, and what detectors say. */
#pragma once
#include "architectures.h"
#include "json.h"

G_BEGIN_DECLS

#define MAX_WIDTH 65536u        /* hidden_size, intermediate_size: the largest published have 1/10 */

GptVisAct gptvis_configuration_read_act (GptVisJson *json, const gchar *member, const gchar *fallback);

/* id2label, or n_labels names of their own. */
void gptvis_configuration_read_labels (GptVisJson *json, GptVisConfiguration *self);
/* timm's config.json: is it one, and all that it says. */
gboolean gptvis_configuration_is_timm (GptVisJson *json);
void gptvis_configuration_read_timm (GptVisJson *json, GptVisConfiguration *self);
/* A side or [height, width]; where nothing is said, what they are stays. */
void gptvis_configuration_read_sides (GptVisJson *json, const gchar *name, guint max, guint *height,
    guint *width);

/* yolos: where it looks. */
void gptvis_configuration_read_places (GptVisJson *json, GptVisConfiguration *self);
/* lw_detr and rf_detr: of backbone_config, what goes on and which layers have windows; and of the whole, all
 * that comes after. */
void gptvis_configuration_read_stages (GptVisJson *json, GptVisConfiguration *self);
void gptvis_configuration_read_two_stages (GptVisJson *json, GptVisConfiguration *self);

/* What only the config.json of a relative of ViT says; rows of the table of architectures name these. */
void gptvis_configuration_read_beit (GptVisJson *json, GptVisConfiguration *self);
void gptvis_configuration_read_dinov3 (GptVisJson *json, GptVisConfiguration *self);
void gptvis_configuration_read_swin (GptVisJson *json, GptVisConfiguration *self);

G_END_DECLS
