/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network cameras for tests, over HTTP on 127.0.0.1, good and bad: the path says what one does (the table
 * below). Those without pictures refuse in RTSP too. None gives up after a time: one that falls silent holds
 * its connection until the other side closes it. Prints HOST:PORT when it can be asked, and on stderr each
 * path that was asked for. Usage: http-camera PICTURE.jpg; it runs until it is killed. */
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>

#define PICTURE_GAP (G_USEC_PER_SEC / 10)
#define MULTIPART "200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary="
#define FOREVER G_MAXUINT

static gchar *picture;
static gsize picture_size;

typedef struct {
  GSocketConnection *connection;
  const gchar *request;         /* all of it, to the empty line */
  const gchar *number;          /* of an RTSP request, with its header; else empty */
} Client;

/* FALSE when nobody reads any more. */
static gboolean
put (Client *to, const gchar *data, gsize size)
{
  GOutputStream *stream = g_io_stream_get_output_stream (G_IO_STREAM (to->connection));

  return g_output_stream_write_all (stream, data, size, NULL, NULL, NULL);
}

static gboolean
put_text (Client *to, const gchar *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  gchar *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  gboolean put_all = put (to, text, strlen (text));
  g_free (text);
  return put_all;
}

/* STATUS may have headers after it. */
static gboolean
answer (Client *to, const gchar *status)
{
  return put_text (to, "%s %s\r\n%s\r\n", *to->number ? "RTSP/1.0" : "HTTP/1.1", status,
      *to->number ? to->number : "Connection: close\r\n");
}

/* Until the other side closes the connection. */
static void
hold (Client *to)
{
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (to->connection));
  gchar byte;

  while (g_input_stream_read (stream, &byte, 1, NULL, NULL) > 0);
}

/* --- cameras --- */

static gboolean
put_pictures (Client *to, guint n)
{
  for (guint i = 0; i < n; i++) {
    if (i > 0)
      g_usleep (PICTURE_GAP);
    if (!put_text (to, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
            picture_size) || !put (to, picture, picture_size) || !put (to, "\r\n", 2))
      return FALSE;
  }
  return TRUE;
}

static void
serve_motion (Client *to)
{
  if (answer (to, MULTIPART "frame"))
    put_pictures (to, FOREVER);
}

/* The next picture is years away. */
static void
serve_one (Client *to)
{
  if (answer (to, MULTIPART "frame") && put_pictures (to, 1))
    hold (to);
}

static void
serve_three (Client *to)
{
  if (answer (to, MULTIPART "frame"))
    put_pictures (to, 3);
}

/* All that some camera or other does: its header names the boundary in quotation marks and with the
 * dashes, an empty line comes before the first, names are in small letters, nothing says how
 * long a picture is. */
static void
serve_odd (Client *to)
{
  gboolean open = answer (to, MULTIPART "\"--=_a 'b' (c)?\"") && put (to, "\r\n", 2);

  while (open) {
    open = put_text (to, "--=_a 'b' (c)?\r\nx-timestamp: 12.5\r\ncontent-type:image/jpeg\r\n\r\n")
        && put (to, picture, picture_size) && put (to, "\r\n", 2);
    g_usleep (PICTURE_GAP);
  }
}

/* Line feeds alone, and a picture without a line before the next boundary. */
static void
serve_bare (Client *to)
{
  gboolean open = answer (to, MULTIPART "b");

  while (open) {
    open = put_text (to, "--b\nContent-type: image/jpeg\nContent-length: %" G_GSIZE_FORMAT "\n\n",
        picture_size) && put (to, picture, picture_size);
    g_usleep (PICTURE_GAP);
  }
}

static void
serve_snapshot (Client *to)
{
  gchar *status = g_strdup_printf ("200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %" G_GSIZE_FORMAT,
      picture_size);

  if (answer (to, status))
    put (to, picture, picture_size);
  g_free (status);
}

static void
serve_locked (Client *to)
{
  answer (to, "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"camera\"\r\nContent-Length: 0");
}

/* The only right password is user:secret. */
static void
serve_basic (Client *to)
{
  if (strstr (to->request, "Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"))
    serve_motion (to);
  else
    serve_locked (to);
}

/* --- what is no camera --- */

static void
serve_html (Client *to)
{
  if (answer (to, "200 OK\r\nContent-Type: text/html"))
    put_text (to, "<!DOCTYPE html>\n<html><head><title>Camera</title></head><body>Log in</body></html>\n");
}

static void
serve_json (Client *to)
{
  if (answer (to, "200 OK\r\nContent-Type: application/json"))
    put_text (to, "{\"error\": \"no stream\"}\n");
}

static void
serve_text (Client *to)
{
  if (answer (to, MULTIPART "frame"))
    put_text (to, "--frame\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbusy\r\n--frame--\r\n");
}

static void
serve_forbidden (Client *to)
{
  answer (to, "403 Forbidden\r\nContent-Length: 0");
}

static void
serve_missing (Client *to)
{
  answer (to, "404 Not Found\r\nContent-Length: 0");
}

static void
serve_broken (Client *to)
{
  answer (to, "503 Service Unavailable\r\nContent-Length: 0");
}

static void
serve_redirect (Client *to)
{
  answer (to, "302 Found\r\nLocation: /motion\r\nContent-Length: 0");
}

static void
serve_loop (Client *to)
{
  answer (to, "302 Found\r\nLocation: /loop\r\nContent-Length: 0");
}

static void
serve_nowhere (Client *to)
{
  answer (to, "302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0");
}

/* Closed without a word: where there is unread data, the system resets the connection. */
static void
serve_reset (Client *to)
{
  const struct linger now = {.l_onoff = 1 };

  setsockopt (g_socket_get_fd (g_socket_connection_get_socket (to->connection)), SOL_SOCKET, SO_LINGER, &now,
      sizeof now);
}

static void
serve_garbage (Client *to)
{
  gchar noise[4096];
  guint32 state = 1;
  gboolean open = answer (to, "200 OK");

  while (open) {
    for (guint i = 0; i < sizeof noise; i++) {
      state = state * 1664525u + 1013904223u;
      noise[i] = state >> 24;
    }
    open = put (to, noise, sizeof noise);
  }
}

/* The same where pictures were promised. */
static void
serve_mixed (Client *to)
{
  if (answer (to, MULTIPART "frame") && put_text (to, "--frame\r\nContent-Type: image/jpeg\r\n\r\n"))
    serve_garbage (to);
}

static void
serve_empty (Client *to)
{
  answer (to, "200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 0");
}

static void
serve_cut (Client *to)
{
  gchar *status = g_strdup_printf ("200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %" G_GSIZE_FORMAT,
      picture_size);

  if (answer (to, status))
    put (to, picture, picture_size / 2);
  g_free (status);
}

static void
serve_headers (Client *to)
{
  if (answer (to, MULTIPART "frame"))
    hold (to);
}

/* --- the server --- */

static const struct {
  const gchar *path;
  void (*serve) (Client *);
} cameras[] = {
  { "/motion", serve_motion }, { "/one", serve_one }, { "/three", serve_three }, { "/odd", serve_odd },
  { "/bare", serve_bare }, { "/snapshot", serve_snapshot }, { "/basic", serve_basic },
  { "/locked", serve_locked }, { "/html", serve_html },
  { "/json", serve_json }, { "/text", serve_text }, { "/forbidden", serve_forbidden },
  { "/missing", serve_missing }, { "/broken", serve_broken }, { "/redirect", serve_redirect },
  { "/loop", serve_loop }, { "/nowhere", serve_nowhere }, { "/reset", serve_reset },
  { "/garbage", serve_garbage }, { "/mixed", serve_mixed }, { "/empty", serve_empty }, { "/cut", serve_cut },
  { "/headers", serve_headers }, { "/silent", hold }
};

/* The path of a request's first line, which may have the whole address; NULL: it is no request. */
static gchar *
path_of (const gchar *request)
{
  GMatchInfo *match;
  GRegex *first = g_regex_new ("^[A-Z]+ (?:[a-z]+://[^/ ]*)?(/[^ ]*) ", 0, 0, NULL);
  gchar *path = g_regex_match (first, request, 0, &match) ? g_match_info_fetch (match, 1) : NULL;

  g_match_info_free (match);
  g_regex_unref (first);
  return path;
}

static gchar *
number_of (const gchar *request)
{
  const gchar *number = strstr (request, "CSeq: ");

  return number ? g_strndup (number, strcspn (number, "\n") + 1) : g_strdup ("");
}

/* FALSE when there is no more. */
static gboolean
read_request (GSocketConnection *connection, gchar *request, gsize room)
{
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  gsize size = 0;
  gssize more = 1;

  memset (request, 0, room);
  while (!strstr (request, "\r\n\r\n") && size < room - 1
      && (more = g_input_stream_read (stream, request + size, room - 1 - size, NULL, NULL)) > 0)
    size += more;
  return more > 0;
}

/* Over RTSP one connection has several requests. */
static gboolean
on_client (GThreadedSocketService *service, GSocketConnection *connection, GObject *source, gpointer unused)
{
  gchar request[8192];
  gboolean again = TRUE;

  while (again && read_request (connection, request, sizeof request)) {
    gchar *path = path_of (request), *number = number_of (request);
    for (guint i = 0; path && i < G_N_ELEMENTS (cameras); i++) {
      if (g_str_equal (path, cameras[i].path)) {
        g_printerr ("%s\n", path);
        cameras[i].serve (&(Client) { connection, request, number });
      }
    }
    again = path && *number && !g_str_equal (path, "/reset");
    g_free (number);
    g_free (path);
  }
  return TRUE;
}

int
main (int argc, char **argv)
{
  GSocketService *service = g_threaded_socket_service_new (64);
  GInetAddress *loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  GSocketAddress *wanted = g_inet_socket_address_new (loopback, 0), *had = NULL;
  GError *error = NULL;

  if (argc != 2 || !g_file_get_contents (argv[1], &picture, &picture_size, &error)
      || !g_socket_listener_add_address (G_SOCKET_LISTENER (service), wanted, G_SOCKET_TYPE_STREAM,
          G_SOCKET_PROTOCOL_TCP, NULL, &had, &error)) {
    g_printerr ("http-camera: %s\n", error ? error->message : "which picture?");
    return 1;
  }
  g_signal_connect (service, "run", G_CALLBACK (on_client), NULL);
  g_socket_service_start (service);
  g_print ("127.0.0.1:%u\n", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (had)));
  g_main_loop_run (g_main_loop_new (NULL, FALSE));
  return 0;
}
