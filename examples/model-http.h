/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks the hub, over HTTP: what goes wrong and may pass is tried again from where it stopped, all else is one
 * sentence. HF_ENDPOINT says where the hub is, else it is https://huggingface.co. HF_TOKEN goes to that
 * host alone, never to one that it redirects to, and into no sentence. */
#pragma once
#include "error.h"

/* Where a body goes. `at` bytes of it are there; those that follow are asked for. Both functions return FALSE
 * with an error that ends all. */
typedef struct _HttpSink HttpSink;
struct _HttpSink {
  guint64 at;
  gboolean (*restart) (HttpSink *sink, GError **error);         /* all comes again: at is 0 then */
  gboolean (*write) (HttpSink *sink, const gchar *bytes, gsize n, GError **error);      /* moves at */
};

typedef struct _Http Http;

/* NULL with FORMAT when HF_ENDPOINT or HF_TOKEN is no such thing. One thread. */
Http *http_new (GError **error);
void http_free (Http *http);    /* NULL is fine */
const gchar *http_endpoint (const Http *http);

/* Of the path below the endpoint. `what` names it in sentences ("google/vit: config.json"). sum: what its
 * ETag must be where it is a sum of the same kind, or NULL. Errors: NOT_FOUND (no such thing, or it is not
 * for this token), DEVICE (the network, the server), those of the sink. */
gboolean http_get (Http *http, const gchar *path, const gchar *what, const gchar *sum, HttpSink *sink,
    GError **error);

/* The same, of a text of a few megabytes at most. */
GString *http_get_text (Http *http, const gchar *path, const gchar *what, GError **error);
