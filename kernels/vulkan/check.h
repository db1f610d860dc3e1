/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GPU drivers do compute wrongly. So a program is run once on a built-in input and held
 * against the processor's: once for each network (its plan, and a sample of its weights),
 * device and driver version; what came of it stays in ~/.cache/gptvis.
 * GPTVIS_VULKAN_DISABLE=check leaves it out. */
#pragma once
#include "program.h"

G_BEGIN_DECLS

/* FALSE and DEVICE, with a warning in the log, when the results differ by more than rounding does.
 * Nothing of the program may be running. */
gboolean gptvis_vulkan_check_program (GptVisVulkanProgram *p, const GptVisWeights *weights,
    GError **error);

G_END_DECLS
