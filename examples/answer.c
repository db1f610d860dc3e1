/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From messages on the bus to a sentence, where the network is the reason; reason.c does the same for files.
 * HTTP's headers come in a message "http-headers" before the error, statuses of HTTP and RTSP
 * with the error as its details. */
#include "answer.h"
#include "reason.h"
#include <string.h>

#define NO_CONNECTION "No connection can be made, or it is closed at once; " \
  "is the address right, and is the device on?"
#define NO_TRUST "No connection can be made, it is closed at once, or its certificate is not to be trusted."

static void
replace (gchar **text, gchar *other)
{
  g_free (*text);
  *text = other;
}

/* The host alone: the reader must not see paths or passwords. */
static gchar *
host_of (const gchar *address)
{
  GstUri *uri = address ? gst_uri_from_string (address) : NULL;
  gchar *host = !uri || !gst_uri_get_host (uri) ? NULL
      : gst_uri_get_port (uri) == GST_URI_NO_PORT ? g_strdup (gst_uri_get_host (uri))
      : g_strdup_printf ("%s:%u", gst_uri_get_host (uri), gst_uri_get_port (uri));

  g_clear_pointer (&uri, gst_uri_unref);
  return host;
}

/* A header, whatever letters its name has; without what follows a semicolon. */
static gchar *
header_of (const GstStructure *headers, const gchar *name)
{
  for (gint i = 0; headers && i < gst_structure_n_fields (headers); i++) {
    const gchar *field = gst_structure_nth_field_name (headers, i);
    const gchar *value = gst_structure_get_string (headers, field);
    if (value && g_ascii_strcasecmp (field, name) == 0)
      return g_strstrip (g_strndup (value, strcspn (value, ";")));
  }
  return NULL;
}

void
answer_note (Answer *self, GstMessage *message)
{
  const GstStructure *told = gst_message_get_structure (message);
  GstStructure *headers = NULL;
  const gchar *uri;
  guint status = 0;

  if (!self->missing)
    self->missing = reason_missing (message);
  if (gst_message_has_name (message, "http-headers") && (uri = gst_structure_get_string (told, "uri"))) {
    gst_structure_get (told, "http-status-code", G_TYPE_UINT, &status, "response-headers", GST_TYPE_STRUCTURE,
        &headers, NULL);
    self->unanswered = status == 0;
    self->secure = g_str_has_prefix (uri, "https:");
    replace (&self->type, header_of (headers, "Content-Type"));
    replace (&self->redirected, host_of (gst_structure_get_string (told, "redirection-uri")));
    g_clear_pointer (&headers, gst_structure_free);
  }
}

static guint
status_of (GstMessage *error)
{
  const GstStructure *details = NULL;
  guint status = 0;

  gst_message_parse_error_details (error, &details);
  if (details && !gst_structure_get_uint (details, "http-status-code", &status))
    gst_structure_get_uint (details, "rtsp-status-code", &status);
  return status;
}

/* NULL where the status does not tell. */
static gchar *
of_status (Answer *self, guint status)
{
  self->refused = status == 401;
  if (status == 401)
    return g_strdup ("It asks for a user and a password, or for others than it was given: "
        "PROTOCOL://USER:PASSWORD@HOST (status 401).");
  if (status == 403)
    return g_strdup ("It refuses access (status 403).");
  if (status == 404)
    return g_strdup ("It has nothing at this address (status 404).");
  if (status >= 300 && status < 400)
    return g_strdup_printf ("It redirects without end (status %u).", status);
  return status >= 400 ? g_strdup_printf ("It has no pictures for now (status %u).", status) : NULL;
}

static gboolean
is_of (GstMessage *error, const gchar *name)
{
  GstElementFactory *factory = GST_IS_ELEMENT (GST_MESSAGE_SRC (error))
      ? gst_element_get_factory (GST_ELEMENT (GST_MESSAGE_SRC (error))) : NULL;

  return factory && g_str_equal (GST_OBJECT_NAME (factory), name);
}

static gchar *
of_resource (const Answer *self, GstMessage *message, const GError *error)
{
  if (error->code == GST_RESOURCE_ERROR_NOT_FOUND && is_of (message, "filesrc"))
    return g_strdup ("There is no such file.");
  if (error->code == GST_RESOURCE_ERROR_OPEN_READ_WRITE && is_of (message, "rtspsrc"))
    return g_strdup (NO_CONNECTION);
  if (error->code == GST_RESOURCE_ERROR_READ && is_of (message, "rtspsrc"))
    return g_strdup ("The connection ended, or what came over it is not RTSP.");
  if (error->code == GST_RESOURCE_ERROR_SEEK && is_of (message, "souphttpsrc"))
    return g_strdup ("The connection broke off.");
  return NULL;
}

/* Does the server itself say that it is not a stream? Usually it is a page to log in. */
static gboolean
is_text (const gchar *type)
{
  return type && (g_str_has_prefix (type, "text/") || g_str_equal (type, "application/json")
      || g_str_equal (type, "application/xml"));
}

static gchar *
of_stream (const Answer *self, GstMessage *message, const GError *error)
{
  const GstStructure *details = NULL;
  gint flow = GST_FLOW_OK;

  if (is_text (self->type))
    return g_strdup_printf ("It sends %s, where a stream or a picture is needed.", self->type);
  gst_message_parse_error_details (message, &details);
  if (details && gst_structure_get_int (details, "flow-return", &flow) && flow == GST_FLOW_NOT_LINKED)
    return g_strdup (REASON_NO_PICTURE);
  return reason_of_error (error, self->missing);
}

/* Fit for a terminal. */
static gchar *
clean (gchar *text)
{
  gchar *valid = g_utf8_make_valid (text, -1);

  for (gchar *p = valid; *p; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  g_free (text);
  return valid;
}

gchar *
answer_fault (Answer *self, GstMessage *message)
{
  gchar *sentence = of_status (self, status_of (message));
  GError *error = NULL;

  gst_message_parse_error (message, &error, NULL);
  if (!sentence && self->unanswered && self->redirected)
    sentence = g_strdup_printf ("It redirects to %s, where no connection can be made.", self->redirected);
  else if (!sentence && self->unanswered)
    sentence = g_strdup (self->secure ? NO_TRUST : NO_CONNECTION);
  if (!sentence && error->domain == GST_RESOURCE_ERROR)
    sentence = of_resource (self, message, error);
  if (!sentence)
    sentence = of_stream (self, message, error);
  g_error_free (error);
  return clean (sentence);
}

void
answer_clear (Answer *self)
{
  g_free (self->type);
  g_free (self->redirected);
  g_free (self->missing);
  *self = (Answer) { 0 };
}
