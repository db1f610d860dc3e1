/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Some GPU drivers compute wrongly. So a program is run on a built-in input, and its results are compared
 * with the processor's: once for each network (its plan, and a sample of its weights), device and driver
 * version. The verdict is kept in ~/.cache/gptvis.
 * GPTVIS_VULKAN_DISABLE=check leaves it out. */
#pragma once
#include "program.h"

G_BEGIN_DECLS

/* FALSE and DEVICE, with a warning in the log, when the results differ by more than rounding does.
 * Nothing of the program may be running. */
gboolean gptvis_vulkan_check_program (GptVisVulkanProgram *p, const GptVisWeights *weights,
    GError **error);

G_END_DECLS
