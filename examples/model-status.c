/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hub answers 401 for what is private, for what has terms and for what is not there at all, so that
 * nobody learns which names exist; X-Error-Code says more where it may be known. */
#include "model-status.h"
#include "quote.h"
#include <curl/curl.h>
#include <string.h>

static gboolean
is_cut (gint code)
{
  switch (code) {
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return TRUE;
    default:
      return FALSE;
  }
}

gchar *
status_passes (const Status *self)
{
  if (is_cut (self->code))
    return g_strdup ("the connection broke off");
  if (self->code == CURLE_OPERATION_TIMEDOUT && self->answered)
    return g_strdup ("nothing more came");
  if (self->code != CURLE_OK && self->answered
      && (self->code == CURLE_COULDNT_CONNECT || self->code == CURLE_COULDNT_RESOLVE_HOST))
    return g_strdup ("no connection can be made any more");
  if (self->code != CURLE_OK)
    return NULL;
  if (self->status == 429)
    return g_strdup_printf ("the server has had too many requests from here (status 429)%s",
        self->token ? "" : ", which HF_TOKEN allows more of");
  if (self->status >= 500 || self->status == 408)
    return g_strdup_printf ("the server is in trouble (status %ld)", self->status);
  if (self->status == 416)
    return g_strdup ("the file is shorter than what had come of it (status 416)");
  if (self->status == 403 && !self->at_hub)     /* the redirection held for a time */
    return g_strdup ("the address of the file is no longer valid (status 403)");
  return NULL;
}

/* No answer came. */
static void
fail_to_reach (const Status *self, GError **error)
{
  const gchar *why = curl_easy_strerror (self->code);
  if (self->code == CURLE_COULDNT_RESOLVE_HOST || self->code == CURLE_COULDNT_CONNECT
      || self->code == CURLE_OPERATION_TIMEDOUT)
    gptvis_quote_error (error, GPTVIS_ERROR_DEVICE, "%s: %s cannot be reached (%s): is there a network, and "
        "is HF_ENDPOINT right, if it is set?", self->what, self->endpoint, why);
  else if (self->code == CURLE_PEER_FAILED_VERIFICATION)
    gptvis_quote_error (error, GPTVIS_ERROR_DEVICE, "%s: the server's certificate is not valid for it (%s): "
        "is the clock right, and are ca-certificates installed?", self->what, why);
  else
    gptvis_quote_error (error, GPTVIS_ERROR_DEVICE, "%s: it cannot be downloaded (%s)", self->what, why);
}

static gboolean
is_reason (const Status *self, const gchar *reason)
{
  return self->reason && strcmp (self->reason, reason) == 0;
}

static void
fail_to_enter (const Status *self, GError **error)
{
  if (is_reason (self, "GatedRepo"))
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: its owner asks to agree to terms: do so on its "
        "page at %s, and set HF_TOKEN to a token of that account (status %ld)", self->what, self->endpoint,
        self->status);
  else if (!self->token)
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: the hub has no checkpoint of that name, or not "
        "for everybody: is it spelt right? If it is private or has terms to agree to, set HF_TOKEN (status "
        "%ld)", self->what, self->status);
  else
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: the hub has no checkpoint of that name, or not "
        "for the account of HF_TOKEN: is it spelt right, and the token still valid? (status %ld)", self->what,
        self->status);
}

void
status_fail (const Status *self, GError **error)
{
  if (self->code != CURLE_OK)
    fail_to_reach (self, error);
  else if (self->status == 401 || self->status == 403 || is_reason (self, "RepoNotFound"))
    fail_to_enter (self, error);
  else if (self->status == 404 && is_reason (self, "RevisionNotFound"))
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: the hub has no such revision of it (status 404)",
        self->what);
  else if (self->status == 404)
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: the hub has no such thing (status 404)",
        self->what);
  else if (self->status / 100 == 3)
    gptvis_quote_error (error, GPTVIS_ERROR_DEVICE, "%s: the server redirects without end (status %ld)",
        self->what, self->status);
  else
    gptvis_quote_error (error, GPTVIS_ERROR_DEVICE, "%s: the server answers with status %ld", self->what,
        self->status);
}
