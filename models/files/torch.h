/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PyTorch's files of weights (.bin), the second format of containers (container.h). They are zip archives
 *
 *     NAME/data.pkl       a pickle: the state dictionary (state-dict.h)
 *     NAME/byteorder      "little"; not in files of old releases
 *     NAME/data/KEY       the numbers of storage KEY, stored at multiples of 64 bytes; archives that somebody
 *                         packed again may have them deflated
 *
 * or the older form (torch-stream.h). Nothing that a pickle asks for is called; what it may contain, pickle.h
 * and state-dict.h say. Numbers stay in the file and are read when they are asked for, those of transposed
 * and cut tensors through a copy of the part of their storage that they are in. Storages may be shared. */
#pragma once
#include "container.h"

G_BEGIN_DECLS

#define GPTVIS_TORCH_MAX_COPY (G_GUINT64_CONSTANT (4) << 30)    /* bytes, of a storage for one tensor */

extern const GptVisFormat gptvis_torch_format;

/* The same of bytes in memory, which are kept; `name` stands for the file. */
GptVisContainer *gptvis_torch_new (const gchar *name, GBytes *bytes, GError **error);

G_END_DECLS
