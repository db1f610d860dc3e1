/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What fuzz targets share. A target is a libFuzzer entry point, one for each parser;
 * replay.c drives it over a corpus where there is no libFuzzer. */
#pragma once
#include "error.h"
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Either it worked, or the error has one of our codes and one line of text; frees it. */
static inline void
fuzz_check (gboolean ok, GError *error)
{
  g_assert (ok == (error == NULL));
  if (error) {
    g_assert (error->domain == GPTVIS_ERROR && g_utf8_validate (error->message, -1, NULL));
    for (const gchar *p = error->message; *p; p++)
      g_assert (!g_ascii_iscntrl (*p));
    g_error_free (error);
  }
}
