/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an answer without the file means: that it may pass, or a sentence for the user. */
#pragma once
#include "error.h"

typedef struct {
  const gchar *what;            /* was asked for */
  const gchar *endpoint;
  gint code;                    /* libcurl's, 0: an answer came */
  glong status;                 /* of HTTP; 0: none came */
  gint64 wait;                  /* s that the server asks to wait; 0: it does not say */
  const gchar *reason;          /* the hub's word for it (X-Error-Code), or NULL */
  gboolean token;               /* HF_TOKEN was sent */
  gboolean at_hub;              /* and not by a server that it redirects to */
  gboolean answered;            /* some server has answered before */
} Status;

/* Why it is worth another try, as the middle of a sentence, to be freed; NULL: it is not. */
gchar *status_passes (const Status *status);

/* NOT_FOUND or DEVICE. */
void status_fail (const Status *status, GError **error);
