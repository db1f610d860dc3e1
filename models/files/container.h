/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container: one open file that holds tensors by name, whatever its format. Opening reads what the
 * file says about its tensors and finds every defect that shows without reading a value; their
 * bytes are read when they are asked for.
 *
 *     container = gptvis_safetensors_format.open (path, &error);
 *     tensor = gptvis_container_find (container, "classifier.weight");
 *     gptvis_stored_tensor_read (tensor, 0, tensor->n_bytes, to, &error);
 *
 * Immutable once it is open, so any thread may read. */
#pragma once
#include "error.h"

G_BEGIN_DECLS

#define GPTVIS_STORED_MAX_DIMENSIONS 8u
#define GPTVIS_STORED_MAX_NAME 512u     /* bytes */

typedef struct _GptVisContainer GptVisContainer;

/* A tensor as others see it: row-major and little endian. Where the file stores it otherwise (transposed,
 * a part of a larger one, compressed), its format's `read` converts it. */
typedef struct {
  const GptVisContainer *container;     /* that it is in */
  const gchar *name;            /* as the file spells it */
  const gchar *dtype;           /* in safetensors' words: "F32", "F16", "BF16", "I64", … */
  guint n_dimensions;           /* 0: a single number */
  gsize shape[GPTVIS_STORED_MAX_DIMENSIONS];
  gsize n_elements, n_bytes;
  guint64 offset;               /* for its format, to find its data by */
  gconstpointer data;           /* all its bytes in memory, of any alignment; NULL: they must be read */
} GptVisStoredTensor;

/* The table that a format fills. The functions get containers that its own `open` made. */
typedef struct {
  const gchar *single;          /* the file that holds a whole network */
  const gchar *suffix;          /* of every file of this format */
  /* NULL with NOT_FOUND, FORMAT, UNSUPPORTED or LIMIT; the sentence names the file and the tensor. */
  GptVisContainer *(*open) (const gchar *path, GError **error);
  /* Bytes [first, first + n) of the tensor; FALSE with FORMAT or LIMIT. */
  gboolean (*read) (const GptVisStoredTensor *tensor, gsize first, gsize n, gpointer to, GError **error);
  void (*free) (GptVisContainer *self);        /* the format's own part and the struct */
} GptVisFormat;

/* Every container begins with this; a format's own struct embeds it first. */
struct _GptVisContainer {
  const GptVisFormat *format;
  gchar *file;                  /* its path */
  GArray *tensors;              /* GptVisStoredTensor */
  GHashTable *by_name;          /* name → index in `tensors` */
};

void gptvis_container_free (GptVisContainer *self);    /* NULL is fine */

const gchar *gptvis_container_file (const GptVisContainer *self);
/* By the name in the file; NULL: there is none. */
const GptVisStoredTensor *gptvis_container_find (const GptVisContainer *self, const gchar *name);
guint gptvis_container_n_tensors (const GptVisContainer *self);
/* In the order of their data. */
const GptVisStoredTensor *gptvis_container_tensor (const GptVisContainer *self, guint i);

/* n bytes of it, from byte `first`; FALSE with FORMAT when the file no longer gives them (file.h), or
 * LIMIT. Any thread. */
gboolean gptvis_stored_tensor_read (const GptVisStoredTensor *tensor, gsize first, gsize n, gpointer to,
    GError **error);
/* "[2, 3]"; free with g_free. */
gchar *gptvis_stored_tensor_shape (const GptVisStoredTensor *tensor);

/* ---- for formats ---- */

/* Makes memory that holds zeros a container without tensors. */
void gptvis_container_init (GptVisContainer *self, const GptVisFormat *format, const gchar *file);
/* Adds a tensor, whose name is new; its `container` is set here. */
void gptvis_container_add (GptVisContainer *self, const GptVisStoredTensor *tensor);
/* Sorts the tensors. */
void gptvis_container_sort (GptVisContainer *self, GCompareFunc compare);

G_END_DECLS
