/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libgptvis adds to results for applications: boxed types for GObject, and the library's version. */
#include "gptvis.h"

/* G_DEFINE_BOXED_TYPE needs functions without const. */
static void
unref_result (GptVisResult *result)
{
  gptvis_result_unref (result);
}

static void
unref_plane (GptVisPlane *plane)
{
  gptvis_plane_unref (plane);
}

G_DEFINE_BOXED_TYPE (GptVisResult, gptvis_result, gptvis_result_ref, unref_result)
G_DEFINE_BOXED_TYPE (GptVisPlane, gptvis_plane, gptvis_plane_ref, unref_plane)

/**
 * gptvis_version:
 * @major: (out) (optional): the major version
 * @minor: (out) (optional): the minor version
 * @micro: (out) (optional): the micro version
 *
 * The version of the library that runs, which may be newer than the headers.
 */
void
gptvis_version (guint *major, guint *minor, guint *micro)
{
  if (major)
    *major = GPTVIS_VERSION_MAJOR;
  if (minor)
    *minor = GPTVIS_VERSION_MINOR;
  if (micro)
    *micro = GPTVIS_VERSION_MICRO;
}
