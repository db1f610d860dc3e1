/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GPUs as a backend, through Vulkan 1.1's compute: any plan, f32, f16 (weights are
 * halves then) or int8 (bytes, with a scale for each output); activations and most sums stay f32, and only
 * products round what they read (shaders/README.md). A plan becomes one command buffer for each batch size,
 * recorded when that size is first run. This header
 * includes nothing of Vulkan, so that it compiles where that is not installed. (It is not called vulkan.h:
 * volk would take it for the system's <vulkan/vulkan.h>.) */
#pragma once
#include "../backend.h"

G_BEGIN_DECLS

extern const GptVisBackendTable gptvis_backend_vulkan;

/* What was recorded for n pictures (or, for the step, n sequences), for tests; all 0
 * before the first run of that size. */
typedef struct {
  guint dispatches;             /* of the whole part */
  guint barriers;
  guint tries;                  /* of tiles, when the program was made */
  guint submissions;            /* of the program, to run anything, since it was made */
  guint most_a_op;              /* dispatches of one operation */
  guint64 largest_binding;      /* bytes, of an activation that a dispatch reads or writes */
  guint64 arena;                /* bytes of all activations */
} GptVisVulkanStatistics;
void gptvis_vulkan_statistics (GptVisProgram *program, gboolean step, guint n,
    GptVisVulkanStatistics *statistics);

/* Which GPUs there are, one a line: "0: name (kind, Vulkan 1.3.230): f16 subgroup". The words at the end are
 * its optional features (features.h). NULL after an error: DEVICE without a loader or a driver. Free with
 * g_free. Any thread. */
gchar *gptvis_vulkan_list (GError **error);

/* Faults for tests, set before a program is made and not while one runs. All 0: no faults. */
typedef struct {
  gboolean no_loader;
  gboolean too_old;             /* every device has Vulkan 1.0 only */
  gboolean software_counts;     /* auto takes a software rasteriser for a GPU */
  /* of devices that are opened from then on: */
  guint64 memory;               /* bytes that the device has, at most */
  guint range;                  /* bytes that can be bound at once, at most */
  gboolean wrong;               /* norm has an error */
  guint tile;                   /* linear and attention take the tile of that number, from 1; 0: the best */
  gboolean packed;              /* halves are summed as halves in every network */
  gboolean slow_dot;            /* dot products of bytes are used even where they are no faster */
  gboolean far;                 /* the processor reaches none of the device's own memory */
  gboolean tune;                /* tiles are tried on a software rasteriser, too, however long that takes */
  gboolean least;               /* workgroups and shared memory as small as Vulkan allows */
} GptVisVulkanFaults;
void gptvis_vulkan_set_faults (const GptVisVulkanFaults *faults);
/* All devices that are open are lost, as by a driver's reset; those that are opened afterwards work. Any
 * thread. */
void gptvis_vulkan_lose_devices (void);

/* With GPTVIS_VULKAN_VALIDATE=1 in the environment when Vulkan is first used, everything runs
 * under the validation layer with synchronisation validation, where that is installed:
 * TRUE then, and *messages is how many errors and warnings it has printed (on stderr). */
gboolean gptvis_vulkan_validation (guint *messages);

G_END_DECLS
