/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One safetensors file, open for reading. The format:
 *
 *     bytes 0 … 7        N, the header's length, little endian
 *     bytes 8 … 8+N      JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
 *                        "__metadata__" holds strings and is no tensor; spaces may follow the object
 *     bytes 8+N … end    the data; offsets count from here
 *
 * All of it is checked when the file is opened: the tensors' data fill the rest of
 * the file in some order, without hole or overlap, and each has the size that its
 * type and shape need. Only the header is kept in memory. */
#pragma once
#include "error.h"
#include <glib.h>

G_BEGIN_DECLS

#define GPTVIS_SAFETENSORS_MAX_HEADER (100u * 1000 * 1000)      /* bytes */
#define GPTVIS_SAFETENSORS_MAX_DIMENSIONS 8u
#define GPTVIS_SAFETENSORS_MAX_NAME 512u        /* bytes */

typedef struct _GptVisSafetensors GptVisSafetensors;

typedef struct {
  const GptVisSafetensors *file;        /* that it is in */
  const gchar *name;
  const gchar *dtype;           /* as the format spells it: "F32", "F16", "BF16", "I64", … */
  guint n_dimensions;           /* 0: a single number */
  gsize shape[GPTVIS_SAFETENSORS_MAX_DIMENSIONS];
  gsize n_elements, n_bytes;
  guint64 offset;               /* of its data, from the file's beginning */
  gconstpointer data;           /* the same of bytes in memory, of any alignment; NULL: in a file */
} GptVisSafetensor;

/* NULL with NOT_FOUND, FORMAT or LIMIT; the sentence names the file and the tensor. */
GptVisSafetensors *gptvis_safetensors_open (const gchar * path, GError ** error);
/* The same of bytes in memory, which are kept; `name` stands for the file. */
GptVisSafetensors *gptvis_safetensors_new (const gchar * name, GBytes * bytes, GError ** error);
void gptvis_safetensors_free (GptVisSafetensors * self);        /* NULL is fine */

const gchar *gptvis_safetensors_file (const GptVisSafetensors * self);
/* NULL when there is none of that name. */
const GptVisSafetensor *gptvis_safetensors_find (const GptVisSafetensors * self, const gchar * name);
/* All tensors in the order of their data. */
guint gptvis_safetensors_n_tensors (const GptVisSafetensors * self);
const GptVisSafetensor *gptvis_safetensors_tensor (const GptVisSafetensors * self, guint i);

/* n bytes of it, from byte `first`; FALSE with FORMAT when the file does not give them any more (file.h).
 * Any thread. */
gboolean gptvis_safetensor_read (const GptVisSafetensor * tensor, gsize first, gsize n, gpointer to,
    GError ** error);
/* "[2, 3]"; free with g_free. */
gchar *gptvis_safetensor_shape (const GptVisSafetensor * tensor);

G_END_DECLS
