/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A caption's text, made fit to be shown or sent: one line of UTF-8. The words come from a
 * tokenizer that was downloaded, so they may be anything. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

/* What is no UTF-8 is replaced, control characters and line ends become blanks, several blanks one, and
 * there are none at the ends; it is cut where laying it out would take long. May be empty; g_free it. */
gchar *gptvis_sentence (const gchar *text);

G_END_DECLS
