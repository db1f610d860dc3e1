/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people give in place of a checkpoint: a pointer of git-lfs, a web page, half a download,
 * the weights of another framework, an adapter. Asked at the door, where something is not there or
 * cannot be read, for a sentence that says what it is and what would work. Knows names and first
 * bytes; reads no file and no format. */
#pragma once
#include "error.h"

G_BEGIN_DECLS

#define GPTVIS_MISTAKE_BYTES 512u       /* of a file's beginning: enough to tell */

/* A file's first bytes. TRUE: they show what it is instead of what it should be, and the error
 * says so, in the place of any that was there. */
gboolean gptvis_mistake_content (const gchar *path, const gchar *bytes, gsize n, GError **error);

/* A file that is not there: NOT_FOUND, with what is known of why. */
void gptvis_mistake_file_absent (const gchar *path, GError **error);

/* What a model's name is that is no path of this machine: NOT_FOUND. */
void gptvis_mistake_path_absent (const gchar *path, GError **error);

/* A file, which begins with those n bytes, where a checkpoint's directory is needed: FORMAT or UNSUPPORTED. */
void gptvis_mistake_no_directory (const gchar *path, const gchar *bytes, gsize n, GError **error);

/* A directory without config.json; one without weights, where `class_name` is Transformers' class of
 * the network that config.json speaks of: NOT_FOUND or UNSUPPORTED. */
void gptvis_mistake_no_config (const gchar *directory, GError **error);
void gptvis_mistake_no_weights (const gchar *directory, const gchar *class_name, GError **error);

G_END_DECLS
