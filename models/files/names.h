/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The different names of the same tensor. A plan asks for a tensor by the name that Transformers gives it
 * today; older releases, other programs and the wrappers of training have other names for it.
 * The one table of all of them is in names.c. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

/* The name without the parts that wrappers of training add to it: "vit.layernorm.bias" of
 * "_orig_mod.module.vit.layernorm.bias". g_free it. */
gchar *gptvis_names_unwrap (const gchar *name);

/* Looks up a tensor that a plan calls `name` in `named`, whose keys are the names in the files, unwrapped:
 * by that name, or else by another that it is known by. NULL: there is none. */
gpointer gptvis_names_find (GHashTable *named, const gchar *name);

/* Is it the name of a tensor that belongs to quantised weights? */
gboolean gptvis_names_is_quantised (const gchar *name);

G_END_DECLS
