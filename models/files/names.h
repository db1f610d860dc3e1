/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tensors are called by whom. A plan asks for a tensor by the name that Transformers gives it
 * today; older releases, other programs and the wrappers of training have other names for the same.
 * The one table of all of them is in names.c. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

/* The name without what the wrappers of training put into it: "vit.layernorm.bias" of
 * "_orig_mod.module.vit.layernorm.bias". g_free it. */
gchar *gptvis_names_unwrap (const gchar *name);

/* What `named` (of the names that files have, unwrapped) holds for a tensor that a plan calls `name`, by
 * that name or else by another that it is known by; NULL: nothing. */
gpointer gptvis_names_find (GHashTable *named, const gchar *name);

/* Is it the name of a tensor that stands beside or instead of weights that were quantised? */
gboolean gptvis_names_is_quantised (const gchar *name);

G_END_DECLS
