/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A part of a plan (what runs for a picture, or the step) as a command buffer for n
 * pictures or sequences: recorded once, submitted again and again. A barrier stands only
 * before an operation that reads or overwrites what was written since the last one. */
#pragma once
#include "recorder.h"

G_BEGIN_DECLS

/* NULL: UNSUPPORTED with the operation's name when it is beyond the device's limits; LIMIT, DEVICE. */
GptVisVulkanRecording *gptvis_vulkan_record (GptVisVulkanProgram *p, guint flight, gboolean step, guint n,
    GError **error);
void gptvis_vulkan_recording_free (GptVisVulkanRecording *self, GptVisVulkanProgram *p);

G_END_DECLS
