/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What configuration.c is made of besides: activations, and what detectors say. */
#pragma once
#include "architectures.h"
#include "json.h"

G_BEGIN_DECLS

#define MAX_WIDTH 65536u        /* hidden_size, intermediate_size: the largest published have 1/10 */

GptVisAct gptvis_configuration_read_act (GptVisJson *json, const gchar *member, const gchar *fallback);

/* yolos: where it looks. */
void gptvis_configuration_read_places (GptVisJson *json, GptVisConfiguration *self);
/* lw_detr and rf_detr: of backbone_config, what goes on and which layers have windows; and of the whole, all
 * that comes after. */
void gptvis_configuration_read_stages (GptVisJson *json, GptVisConfiguration *self);
void gptvis_configuration_read_two_stages (GptVisJson *json, GptVisConfiguration *self);

G_END_DECLS
