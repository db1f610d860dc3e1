/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* safetensors, the first format of containers (container.h):
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
#include "container.h"

G_BEGIN_DECLS

#define GPTVIS_SAFETENSORS_MAX_HEADER (100u * 1000 * 1000)    /* bytes */

extern const GptVisFormat gptvis_safetensors_format;

/* The same of bytes in memory, which are kept; `name` stands for the file. */
GptVisContainer *gptvis_safetensors_new (const gchar *name, GBytes *bytes, GError **error);

G_END_DECLS
