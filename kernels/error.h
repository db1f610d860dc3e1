/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one error domain. Every function that can fail because of something from
 * outside takes a GError ** and fills it with one sentence that names the file,
 * tensor or property, says what is wrong there and what would be right. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  GPTVIS_ERROR_NOT_FOUND,       /* a file, directory, tensor or name is not there */
  GPTVIS_ERROR_FORMAT,          /* it is there and is not what it should be */
  GPTVIS_ERROR_UNSUPPORTED,     /* well formed, but nothing here handles it */
  GPTVIS_ERROR_LIMIT,           /* beyond a stated limit, or out of memory */
  GPTVIS_ERROR_DEVICE,          /* a device or its driver failed */
  GPTVIS_ERROR_BUSY,            /* in use in a way that excludes this */
} GptVisError;

#define GPTVIS_ERROR (gptvis_error_quark ())
GQuark gptvis_error_quark (void);

G_END_DECLS
