/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Downloads one file into the cache: it goes on with what came before, and checks the sum of all. */
#pragma once
#include "model-progress.h"
#include "model-store.h"

/* The file is then there, whole, as its sum says. FALSE with the errors of http_get, FORMAT (the sum is
 * another) or DEVICE (the disk). */
gboolean fetch_file (Http *http, const Store *store, const gchar *repository, const ListedFile *file,
    Progress *progress, GError **error);
