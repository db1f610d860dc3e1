/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors whose sentences quote a file. Whatever the file holds, the sentence stays one line of text: bytes
 * that are not UTF-8 (a character cut in half) and control characters become U+FFFD. */
#pragma once
#include "error.h"

G_BEGIN_DECLS

void gptvis_quote_error (GError **error, GptVisError code, const gchar *format, ...) G_GNUC_PRINTF (3, 4);
/* The same, for a function with arguments of its own. */
GError *gptvis_quote_error_new (GptVisError code, const gchar *format, va_list args) G_GNUC_PRINTF (2, 0);

G_END_DECLS
