/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tries the ways to make a plan's dispatches on its own shapes, by the GPU's clock, and notes the fastest in
 * the table of choices.h. */
#pragma once
#include "program.h"

G_BEGIN_DECLS

/* Tries what the plan's linears and attentions can take that was not tried yet, for one picture and for a
 * whole batch, for about a second at most; what is left then is tried with the next program. Nothing of p may
 * run. FALSE: the device failed. */
gboolean gptvis_vulkan_tune (GptVisVulkanProgram *p, GError **error);

G_END_DECLS
