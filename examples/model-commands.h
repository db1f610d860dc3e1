/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What gptvis-model can be told to do. Each prints what is wrong as one sentence. */
#pragma once
#include "hub.h"

/* Downloads a checkpoint's files that are needed, and prints where they are. (model-get.c) */
gboolean command_get (const gchar *name, gboolean quiet);

/* Prints what is in the caches. (model-list.c) */
gboolean command_list (void);

/* Opens a directory's or a name's checkpoint, says what it is and how fast. (model-check.c) */
gboolean command_check (const gchar *name);

/* Removes a checkpoint from gptvis-model's cache, or one revision of it. (model-remove.c) */
gboolean command_remove (const gchar *name);

/* Prints "gptvis-model: SENTENCE", frees the error, is FALSE. */
gboolean complain (GError *error);

/* What a checkpoint's network is and finds: "vit, 1000 labels"; and whether all that it needs is there: NULL,
 * or the sentence that says what is not. g_free both. (model-describe.c) */
gchar *describe_checkpoint (const gchar *path, gchar **problem);
