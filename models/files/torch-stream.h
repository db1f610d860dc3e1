/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The form that PyTorch's files had before release 1.6, and have with _use_new_zipfile_serialization=False:
 * pickles one after the other, then numbers.
 *
 *     pickle     0x1950a86a20f9469cfc6c, the form's mark
 *     pickle     1001, its version
 *     pickle     {"protocol_version": 1001, "little_endian": True, …}
 *     pickle     the state dictionary
 *     pickle     ["94012345", …]: the storages, in the order of their data
 *     for each storage 8 bytes, how many numbers it has, and the numbers
 *
 * No number is read here. */
#pragma once
#include "state-dict.h"

G_BEGIN_DECLS

/* The pickle with the dictionary. `places` (keys: text, values: guint64, freed with g_free) gets for each
 * storage the byte of the file at which its numbers begin, all of which are in the file; its keys are the
 * pickle's. NULL with FORMAT, UNSUPPORTED or LIMIT. */
GptVisPickle *gptvis_torch_stream_read (const GptVisFile *file, GHashTable *places, GError **error);

G_END_DECLS
