/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why an input gave nothing, as a sentence for the user. */
#pragma once
#include <gst/gst.h>

/* Is there a decoder missing, of pictures? Its name, to be freed, or NULL. A missing decoder of sound or
 * subtitles does not matter. */
gchar *reason_missing (GstMessage *message);

/* For an error; `missing` as above, or NULL. */
gchar *reason_of_error (const GError *error, const gchar *missing);

#define REASON_NO_PICTURE "There is no picture in it."
