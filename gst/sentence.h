/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A caption's text, made fit to be shown or sent: one line of UTF-8. A tokenizer's
 * words are a download's, and nothing is certain of them. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

/* What is no UTF-8 replaced, control characters and line ends made blanks, of several blanks
 * one, none at the ends, and so long at most that it can be laid out at once; maybe empty. To
 * be freed. */
gchar *gptvis_sentence (const gchar *text);

G_END_DECLS
