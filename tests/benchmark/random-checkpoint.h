/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A checkpoint directory of a plain ViT with random weights: for programs that need a
 * network of a certain cost and do not care what it sees. */
#pragma once
#include <glib.h>

typedef struct {
  guint layers, width, heads, side, patch;      /* side, patch: pixels */
} RandomVit;

/* Writes it, in half precision, to a fresh temporary directory; NULL with an error. */
gchar *random_checkpoint_write (const RandomVit * vit, GError ** error);
void random_checkpoint_remove (gchar * directory);      /* and frees the name */
