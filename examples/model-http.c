/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests with libcurl. Redirects are followed here and not by libcurl, since the token must be left out of
 * all but those to the hub itself, and what the hub says of a file is in the redirecting answer. */
#include "model-http.h"
#include "config.h"
#include "model-status.h"
#include "quote.h"
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HUB "https://huggingface.co"
#define MOST_REDIRECTS 10
#define MOST_ATTEMPTS 5         /* that bring nothing new */
#define LONGEST_WAIT 300        /* s that a server may ask for */
#define PATIENCE 30L            /* s without a byte */
#define MOST_TEXT (32u << 20)   /* bytes: a listing of some 100,000 files */

struct _Http {
  CURL *curl;
  struct curl_slist *headers;   /* the token's, or NULL */
  gchar *endpoint, *origin;
  gboolean signed_in, answered; /* has a server ever answered? */
};

/* One try of a request, over all redirects. */
typedef struct {
  Http *http;
  HttpSink *sink;
  const gchar *what, *sum;
  gchar *url;
  gboolean at_hub;              /* the answer is the hub's own */
  guint64 from;                 /* the first byte that was asked for */
  gboolean begun;               /* its body is wanted, and has begun */
  GError *error;                /* ends all */
} Try;

typedef enum { DONE, AGAIN, FAILED } Outcome;

/* ---- addresses ---- */

/* "https://host:443"; NULL: it is no address of HTTP, or has a user in it. */
static gchar *
origin_of (const gchar *url)
{
  CURLU *parsed = curl_url ();
  char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL;
  gchar *origin = NULL;
  if (curl_url_set (parsed, CURLUPART_URL, url, 0) == CURLUE_OK
      && curl_url_get (parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK
      && curl_url_get (parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK
      && curl_url_get (parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK
      && curl_url_get (parsed, CURLUPART_USER, &user, 0) == CURLUE_NO_USER
      && (strcmp (scheme, "https") == 0 || strcmp (scheme, "http") == 0)) {
    gchar *lower = g_ascii_strdown (host, -1);
    origin = g_strdup_printf ("%s://%s:%s", scheme, lower, port);
    g_free (lower);
  }
  curl_free (scheme);
  curl_free (host);
  curl_free (port);
  curl_free (user);
  curl_url_cleanup (parsed);
  return origin;
}

static gboolean
take_endpoint (Http *self, GError **error)
{
  const gchar *said = g_getenv ("HF_ENDPOINT");
  self->endpoint = g_strdup (said && *said ? said : HUB);
  for (gsize n = strlen (self->endpoint); n > 0 && self->endpoint[n - 1] == '/'; n--)
    self->endpoint[n - 1] = '\0';
  self->origin = strpbrk (self->endpoint, "?# ") ? NULL : origin_of (self->endpoint);
  if (!self->origin)
    gptvis_quote_error (error, GPTVIS_ERROR_FORMAT, "HF_ENDPOINT is no address of a hub: that is "
        "https://HOST, as in " HUB);
  return self->origin != NULL;
}

/* Whatever else it is, it must not end its header. */
static gboolean
take_token (Http *self, GError **error)
{
  const gchar *said = g_getenv ("HF_TOKEN");
  gchar *token = g_strstrip (g_strdup (said ? said : ""));
  gboolean good = TRUE;
  for (const gchar *p = token; *p; p++)
    good = good && g_ascii_isgraph (*p);
  if (*token && good) {
    gchar *header = g_strconcat ("Authorization: Bearer ", token, NULL);
    self->headers = curl_slist_append (NULL, header);
    self->signed_in = TRUE;
    g_free (header);
  } else if (!good) {
    gptvis_quote_error (error, GPTVIS_ERROR_FORMAT, "HF_TOKEN is no token of the hub, since it has blanks or "
        "other characters than letters, digits and signs");
  }
  g_free (token);
  return good;
}

Http *
http_new (GError **error)
{
  Http *self = g_new0 (Http, 1);
  if (curl_global_init (CURL_GLOBAL_DEFAULT) != CURLE_OK || !(self->curl = curl_easy_init ()))
    gptvis_quote_error (error, GPTVIS_ERROR_DEVICE, "libcurl cannot be used");
  else if (take_endpoint (self, error) && take_token (self, error))
    return self;
  http_free (self);
  return NULL;
}

void
http_free (Http *self)
{
  if (!self)
    return;
  curl_easy_cleanup (self->curl);
  curl_slist_free_all (self->headers);
  g_free (self->endpoint);
  g_free (self->origin);
  g_free (self);
}

const gchar *
http_endpoint (const Http *self)
{
  return self->endpoint;
}

/* ---- an answer ---- */

static const gchar *
header (Http *self, const gchar *name)
{
  struct curl_header *found;
  return curl_easy_header (self->curl, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value : NULL;
}

static long
status_of (Http *self)
{
  long status = 0;
  curl_easy_getinfo (self->curl, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

/* An ETag is a sum of the file if it has as many digits: SHA-256 of a large one, git's SHA-1 of a small. The
 * answer that redirects tells it of the file, and not of itself, as X-Linked-Etag. */
static gboolean
has_sum (Try *try)
{
  const gchar *etag = header (try->http, "X-Linked-Etag");
  if (!etag && status_of (try->http) / 100 == 2)
    etag = header (try->http, "ETag");
  if (!etag || !try->sum || !try->at_hub)
    return TRUE;
  if (g_str_has_prefix (etag, "W/"))
    etag += 2;
  gchar *sum = g_strdup (etag[0] == '"' ? etag + 1 : etag);
  sum[strcspn (sum, "\"")] = '\0';
  const gboolean same = strlen (sum) != strlen (try->sum) || g_ascii_strcasecmp (sum, try->sum) == 0
      || strspn (sum, "abcdefABCDEF0123456789") != strlen (sum);
  g_free (sum);
  return same;
}

/* Does the body begin with the byte that was asked for? If it begins with the first, all is written again. */
static gboolean
begin (Try *try)
{
  const gchar *range = header (try->http, "Content-Range");
  if (!has_sum (try)) {
    gptvis_quote_error (&try->error, GPTVIS_ERROR_FORMAT, "%s: the hub now has another file there than it "
        "said a moment ago: try again", try->what);
    return FALSE;
  }
  if (status_of (try->http) == 206 && range && g_str_has_prefix (range, "bytes ")
      && g_ascii_strtoull (range + 6, NULL, 10) == try->from)
    return TRUE;
  if (status_of (try->http) == 206) {
    gptvis_quote_error (&try->error, GPTVIS_ERROR_DEVICE, "%s: the server sent another part of the file than "
        "it was asked for", try->what);
    return FALSE;
  }
  return try->sink->at == 0 || try->sink->restart (try->sink, &try->error);
}

static size_t
on_body (char *bytes, size_t one, size_t n, void *data)
{
  Try *try = data;
  const long status = status_of (try->http);
  if (status != 200 && status != 206)
    return n;                   /* of a redirection or a refusal, which its headers explain */
  if (!try->begun && !begin (try))
    return CURL_WRITEFUNC_ERROR;
  try->begun = TRUE;
  return try->sink->write (try->sink, bytes, n, &try->error) ? n : CURL_WRITEFUNC_ERROR;
}

/* ---- one try ---- */

static CURLcode
perform (Try *try)
{
  CURL *curl = try->http->curl;
  gchar *range = try->sink->at > 0 ? g_strdup_printf ("%" G_GUINT64_FORMAT "-", try->sink->at) : NULL;
  gchar *origin = origin_of (try->url);
  try->at_hub = g_strcmp0 (origin, try->http->origin) == 0;
  try->from = try->sink->at;
  try->begun = FALSE;
  curl_easy_reset (curl);       /* connections stay open */
  curl_easy_setopt (curl, CURLOPT_URL, try->url);
  curl_easy_setopt (curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt (curl, CURLOPT_USERAGENT, "gptvis/" GPTVIS_VERSION);
  curl_easy_setopt (curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (curl, CURLOPT_CONNECTTIMEOUT, PATIENCE);
  curl_easy_setopt (curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt (curl, CURLOPT_LOW_SPEED_TIME, PATIENCE);
  curl_easy_setopt (curl, CURLOPT_RANGE, range);
  curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt (curl, CURLOPT_WRITEDATA, try);
  curl_easy_setopt (curl, CURLOPT_HTTPHEADER, try->at_hub ? try->http->headers : NULL);
  const CURLcode code = curl_easy_perform (curl);
  g_free (origin);
  g_free (range);
  return code;
}

/* Leads the answer elsewhere? Then url is that. From an encrypted connection none that is not is followed. */
static gboolean
is_redirected (Try *try)
{
  char *to = NULL;
  const long status = status_of (try->http);
  if (status / 100 != 3 || status == 304
      || curl_easy_getinfo (try->http->curl, CURLINFO_REDIRECT_URL, &to) != CURLE_OK || !to)
    return FALSE;
  gchar *origin = origin_of (to);
  if (!origin || (g_str_has_prefix (try->url, "https:") && !g_str_has_prefix (origin, "https:")))
    gptvis_quote_error (&try->error, GPTVIS_ERROR_DEVICE, "%s: the server redirects to what is no address of "
        "https", try->what);
  else if (!has_sum (try))
    gptvis_quote_error (&try->error, GPTVIS_ERROR_FORMAT, "%s: the hub now has another file there than it "
        "said a moment ago: try again", try->what);
  g_free (origin);
  g_free (try->url);
  try->url = g_strdup (to);
  return TRUE;
}

static Status
status_now (Try *try, CURLcode code)
{
  curl_off_t after = 0;
  curl_easy_getinfo (try->http->curl, CURLINFO_RETRY_AFTER, &after);
  return (Status) { .what = try->what, .endpoint = try->http->endpoint, .code = code,
    .status = status_of (try->http), .wait = (gint64) MAX (after, 0), .token = try->http->signed_in,
    .reason = header (try->http, "X-Error-Code"), .at_hub = try->at_hub, .answered = try->http->answered };
}

static Outcome
run (Try *try, gint64 *wait, gchar **why, GError **error)
{
  CURLcode code = CURLE_OK;
  guint i = 0;
  do
    code = perform (try);
  while (code == CURLE_OK && i++ < MOST_REDIRECTS && is_redirected (try) && !try->error);
  if (try->error) {
    g_propagate_error (error, g_steal_pointer (&try->error));
    return FAILED;
  }
  try->http->answered = try->http->answered || status_of (try->http) > 0;
  const Status status = status_now (try, code);
  if (code == CURLE_OK && (status.status == 200 || status.status == 206)) {
    if (try->begun || begin (try))      /* an empty body has not begun */
      return DONE;
    g_propagate_error (error, g_steal_pointer (&try->error));
    return FAILED;
  }
  if (status.status == 416 && try->sink->at > 0 && !try->sink->restart (try->sink, error))
    return FAILED;
  *wait = status.wait;
  if ((*why = status_passes (&status)))
    return AGAIN;
  status_fail (&status, error);
  return FAILED;
}

/* ---- tries ---- */

/* On a terminal a line of progress may stand there, which is written over. */
static void
rest (const gchar *what, const gchar *why, gint64 seconds)
{
  g_printerr ("%sgptvis-model: %s: %s; trying again in %d s\n", isatty (STDERR_FILENO) ? "\r\033[K" : "",
      what, why, (gint) seconds);
  g_usleep (seconds * G_USEC_PER_SEC);
}

gboolean
http_get (Http *self, const gchar *path, const gchar *what, const gchar *sum, HttpSink *sink, GError **error)
{
  guint vain = 0;
  for (;;) {
    Try try = { .http = self, .sink = sink, .what = what, .sum = sum,
      .url = g_strconcat (self->endpoint, path, NULL) };
    const guint64 before = sink->at;
    gint64 wait = 0;
    gchar *why = NULL;
    const Outcome outcome = run (&try, &wait, &why, error);
    g_free (try.url);
    if (outcome != AGAIN)
      return outcome == DONE;
    vain = sink->at > before ? 1 : vain + 1;
    if (wait > LONGEST_WAIT || vain >= MOST_ATTEMPTS) {
      if (wait > LONGEST_WAIT)
        gptvis_quote_error (error, GPTVIS_ERROR_DEVICE, "%s: %s, and it asks to wait for %" G_GINT64_FORMAT
            " s: try again then; what came is kept", what, why, wait);
      else
        gptvis_quote_error (error, GPTVIS_ERROR_DEVICE, "%s: %s, %u times: try again later; what came is "
            "kept", what, why, vain);
      g_free (why);
      return FALSE;
    }
    rest (what, why, wait > 0 ? wait : (gint64) 1 << (vain - 1));
    g_free (why);
  }
}

/* ---- texts ---- */

typedef struct {
  HttpSink sink;
  const gchar *what;
  GString *text;
} TextSink;

static gboolean
restart_text (HttpSink *sink, GError **error)
{
  g_string_truncate (((TextSink *) sink)->text, 0);
  sink->at = 0;
  return TRUE;
}

static gboolean
write_text (HttpSink *sink, const gchar *bytes, gsize n, GError **error)
{
  TextSink *self = (TextSink *) sink;
  if (n > MOST_TEXT - self->text->len) {
    gptvis_quote_error (error, GPTVIS_ERROR_LIMIT, "%s: the answer has more than %u MiB", self->what,
        MOST_TEXT >> 20);
    return FALSE;
  }
  g_string_append_len (self->text, bytes, n);
  sink->at = self->text->len;
  return TRUE;
}

GString *
http_get_text (Http *self, const gchar *path, const gchar *what, GError **error)
{
  TextSink sink = { { 0, restart_text, write_text }, what, g_string_new (NULL) };
  if (http_get (self, path, what, NULL, &sink.sink, error))
    return sink.text;
  g_string_free (sink.text, TRUE);
  return NULL;
}
