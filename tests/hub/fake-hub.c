/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hub for tests, over HTTP on 127.0.0.1: two servers, the hub itself and the store that it redirects to for
 * weights, as the real one does. It has DIRECTORY/NAME for every owner, and the owner says what goes wrong
 * (the table below); of the owner "raw" every answer is the file listing.json there. Prints "HUB STORE" (each
 * HOST:PORT) when it can be asked, and on stderr a line for each request: "hub|store PATH RANGE token|none".
 * Usage: fake-hub DIRECTORY; it runs until it is killed. */
#include <gio/gio.h>
#include <string.h>

#define MAIN "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OFFER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define TOKEN "Authorization: Bearer hf_secret"

static const gchar *directory;
static gchar *store_host;
static GMutex lock;
static GHashTable *counts;      /* path → how often it was asked for */

typedef struct {
  GSocketConnection *connection;
  const gchar *request;
  gchar *path;                  /* without what is after "?" */
  gchar *owner, *name;          /* of the checkpoint */
  guint64 from;                 /* the range's */
  gboolean at_store, ranged;
  guint nth;                    /* how often it was asked for before */
} Client;

/* ---- answers ---- */

static gboolean
put (Client *to, const gchar *data, gsize size)
{
  GOutputStream *stream = g_io_stream_get_output_stream (G_IO_STREAM (to->connection));
  return g_output_stream_write_all (stream, data, size, NULL, NULL, NULL);
}

static void
answer (Client *to, const gchar *status, const gchar *headers, const gchar *body, gsize size)
{
  gchar *head = g_strdup_printf ("HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %" G_GSIZE_FORMAT
      "\r\n%s\r\n", status, size, headers);
  if (put (to, head, strlen (head)))
    put (to, body, size);
  g_free (head);
}

static void
refuse (Client *to, const gchar *status, const gchar *headers)
{
  answer (to, status, headers, "Entry not found", 15);
}

/* Until the other side closes the connection. */
static void
hold (Client *to)
{
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (to->connection));
  gchar byte;
  g_printerr ("held %s\n", to->path);
  while (g_input_stream_read (stream, &byte, 1, NULL, NULL) > 0);
}

static gboolean
is_owner (const Client *to, const gchar *owner)
{
  return strcmp (to->owner, owner) == 0;
}

/* ---- files ---- */

static gboolean
is_large (const gchar *file)
{
  return g_str_has_suffix (file, ".safetensors") || g_str_has_suffix (file, ".bin");
}

/* Of the offer there is a directory NAME.offer. */
static gchar *
read_file (const Client *to, gboolean offer, const gchar *file, gsize *size)
{
  gchar *name = g_strconcat (to->name, offer ? ".offer" : "", NULL), *data = NULL;
  gchar *path = g_build_filename (directory, name, file, NULL);
  if (!g_file_get_contents (path, &data, size, NULL))
    data = NULL;
  g_free (path);
  g_free (name);
  return data;
}

static gchar *
sum_of (const gchar *file, const gchar *data, gsize size)
{
  GChecksum *sum = g_checksum_new (is_large (file) ? G_CHECKSUM_SHA256 : G_CHECKSUM_SHA1);
  if (!is_large (file)) {
    gchar *line = g_strdup_printf ("blob %" G_GSIZE_FORMAT, size);
    g_checksum_update (sum, (const guchar *) line, strlen (line) + 1);
    g_free (line);
  }
  g_checksum_update (sum, (const guchar *) data, size);
  gchar *text = g_strdup (g_checksum_get_string (sum));
  g_checksum_free (sum);
  return text;
}

/* ---- the store ---- */

/* The part that was asked for, or less of it, or another. */
static void
serve_part (Client *to, gchar *data, gsize size)
{
  const gboolean whole = !to->ranged || is_owner (to, "norange");
  const gsize from = whole ? 0 : MIN (to->from, size);
  gsize n = size - from;
  gchar *head;
  if (is_owner (to, "wrong"))
    data[size / 2] ^= 1;
  if (to->ranged && !whole && from >= size) {
    refuse (to, "416 Range Not Satisfiable", "");
    return;
  }
  if (whole)
    head = g_strdup_printf ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %" G_GSIZE_FORMAT
        "\r\n\r\n", n);
  else
    head = g_strdup_printf ("HTTP/1.1 206 Partial Content\r\nConnection: close\r\nContent-Length: %"
        G_GSIZE_FORMAT "\r\nContent-Range: bytes %" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT "/%" G_GSIZE_FORMAT
        "\r\n\r\n", n, is_owner (to, "otherpart") ? from + 1 : from, size - 1, size);
  put (to, head, strlen (head));
  g_free (head);
  if (is_owner (to, "cut"))
    n = MIN (n, size / 3 + 1);
  if ((is_owner (to, "held") || is_owner (to, "norange") || is_owner (to, "otherpart")) && to->nth == 0)
    n /= 2;
  put (to, data + from, n);
  if (is_owner (to, "held") && to->nth == 0)
    hold (to);
}

static void
serve_store (Client *to, const gchar *commit, const gchar *file)
{
  gsize size = 0;
  gchar *data = read_file (to, strcmp (commit, OFFER) == 0, file, &size);
  if (is_owner (to, "expired") && to->nth == 0)
    refuse (to, "403 Forbidden", "");
  else if (data)
    serve_part (to, data, size);
  else
    refuse (to, "404 Not Found", "");
  g_free (data);
}

/* ---- the hub ---- */

static void
serve_file (Client *to, const gchar *commit, const gchar *file)
{
  gsize size = 0;
  gchar *data = read_file (to, strcmp (commit, OFFER) == 0, file, &size);
  if (!data) {
    refuse (to, "404 Not Found", "X-Error-Code: EntryNotFound\r\n");
    return;
  }
  gchar *sum = sum_of (file, data, size), *headers;
  if (is_owner (to, "moved"))
    sum[0] = sum[0] == '0' ? '1' : '0';
  if (is_owner (to, "relative") && !is_large (file)) {
    headers = g_strdup_printf ("Location: /good/%s/resolve/%s/%s\r\n", to->name, commit, file);
    answer (to, "307 Temporary Redirect", headers, "", 0);
  } else if (is_owner (to, "loop")) {
    headers = g_strdup_printf ("Location: %s\r\n", to->path);
    answer (to, "302 Found", headers, "", 0);
  } else if (is_large (file)) {
    headers = g_strdup_printf ("Location: http://%s/%s/%s/resolve/%s/%s?signature=x\r\n"
        "X-Linked-Etag: \"%s\"\r\nX-Linked-Size: %" G_GSIZE_FORMAT "\r\n", store_host, to->owner, to->name,
        commit, file, sum, size);
    answer (to, "302 Found", headers, "", 0);
  } else {
    headers = g_strdup_printf ("ETag: \"%s\"\r\n", sum);
    answer (to, "200 OK", headers, data, size);
  }
  g_free (headers);
  g_free (sum);
  g_free (data);
}

static void
list_file (Client *to, gboolean offer, const gchar *file, GString *json)
{
  gsize size = 0;
  gchar *data = read_file (to, offer, file, &size);
  if (!data)
    return;
  gchar *sum = sum_of (file, data, size);
  if (is_owner (to, "long") && is_large (file))
    size -= 5;
  const guint64 said = is_owner (to, "huge") && is_large (file) ? G_GUINT64_CONSTANT (1) << 41 : size;
  g_string_append_printf (json,
      ",{\"rfilename\":\"%s\",\"size\":%" G_GUINT64_FORMAT ",\"blobId\":\"%s\"", file, said,
      is_large (file) ? "0123456789abcdef0123456789abcdef01234567" : sum);
  if (is_large (file))
    g_string_append_printf (json, ",\"lfs\":{\"sha256\":\"%s\",\"size\":%" G_GUINT64_FORMAT
        ",\"pointerSize\":134}", sum, said);
  g_string_append (json, "}");
  g_free (sum);
  g_free (data);
}

static void
serve_listing (Client *to, const gchar *revision)
{
  const gboolean offer = strcmp (revision, "refs%2Fpr%2F2") == 0;
  gchar *name = g_strconcat (to->name, offer ? ".offer" : "", NULL);
  gchar *path = g_build_filename (directory, name, NULL);
  GDir *dir = g_dir_open (path, 0, NULL);
  if (!dir) {
    refuse (to, "404 Not Found", "X-Error-Code: RepoNotFound\r\n");
  } else if (!offer && strcmp (revision, "main") != 0 && strcmp (revision, "v1") != 0
      && strcmp (revision, MAIN) != 0) {
    refuse (to, "404 Not Found", "X-Error-Code: RevisionNotFound\r\n");
  } else {
    GString *json = g_string_new (NULL);
    g_string_printf (json, "{\"id\":\"%s/%s\",\"sha\":\"%s\",\"siblings\":["
        "{\"rfilename\":\"onnx/model.onnx\"}", to->owner, to->name, offer ? OFFER : MAIN);
    if (is_owner (to, "hostile"))
      g_string_append (json, ",{\"rfilename\":\"../../../outside\",\"size\":1}"
          ",{\"rfilename\":\"\\u001b[2J.safetensors\",\"size\":1}"
          ",{\"rfilename\":\"..\",\"size\":1},{\"rfilename\":\"/etc/outside\",\"size\":1}");
    for (const gchar *file; (file = g_dir_read_name (dir));)
      list_file (to, offer, file, json);
    g_string_append (json, "]}");
    answer (to, "200 OK", "Content-Type: application/json\r\n", json->str, json->len);
    g_string_free (json, TRUE);
  }
  g_clear_pointer (&dir, g_dir_close);
  g_free (path);
  g_free (name);
}

/* Anybody may offer something; only the hub's converter is to be trusted. */
static void
serve_discussions (Client *to)
{
  static const gchar answer_text[] = "{\"discussions\":["
      "{\"num\":1,\"title\":\"Adding `safetensors` variant of this model\",\"status\":\"open\","
      "\"isPullRequest\":true,\"author\":{\"name\":\"somebody\"}},"
      "{\"num\":2,\"title\":\"Adding `safetensors` variant of this model\",\"status\":\"open\","
      "\"isPullRequest\":true,\"author\":{\"name\":\"SFconvertbot\"}}],\"count\":2,\"start\":0}";
  answer (to, "200 OK", "", answer_text, strlen (answer_text));
}

/* Owners of whom every answer is one of these, at first or always. TRUE: it was given. */
static gboolean
serve_trouble (Client *to)
{
  static const struct { const gchar *owner; guint times; const gchar *status, *headers; } troubles[] = {
    { "unknown", G_MAXUINT, "401 Unauthorized", "X-Error-Code: RepoNotFound\r\n" },
    { "gated", G_MAXUINT, "403 Forbidden", "X-Error-Code: GatedRepo\r\n" },
    { "nothing", G_MAXUINT, "404 Not Found", "X-Error-Code: RepoNotFound\r\n" },
    { "busy", 1, "429 Too Many Requests", "Retry-After: 1\r\n" },
    { "patient", G_MAXUINT, "429 Too Many Requests", "Retry-After: 100000\r\n" },
    { "tired", 1, "503 Service Unavailable", "" },
    { "down", G_MAXUINT, "500 Internal Server Error", "Retry-After: 1\r\n" },
    { "odd", G_MAXUINT, "418 I'm a teapot", "" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (troubles); i++)
    if (is_owner (to, troubles[i].owner) && to->nth < troubles[i].times) {
      refuse (to, troubles[i].status, troubles[i].headers);
      return TRUE;
    }
  if (is_owner (to, "private") && !strstr (to->request, TOKEN "\r\n")) {
    refuse (to, "401 Unauthorized", "X-Error-Code: RepoNotFound\r\n");
    return TRUE;
  }
  if (is_owner (to, "raw")) {
    gsize size = 0;
    gchar *text = read_file (to, FALSE, "listing.json", &size);
    answer (to, "200 OK", "", text ? text : "", size);
    g_free (text);
    return TRUE;
  }
  return FALSE;
}

/* ---- servers ---- */

/* /api/models/OWNER/NAME/…, /OWNER/NAME/resolve/COMMIT/FILE */
static void
serve (Client *to)
{
  const gboolean api = g_str_has_prefix (to->path, "/api/models/");
  gchar **part = g_strsplit (to->path + (api ? 12 : 1), "/", 5);
  const guint n = g_strv_length (part);
  if (n >= 2) {
    to->owner = g_strdup (part[0]);
    to->name = g_strdup (part[1]);
    if (!to->at_store && serve_trouble (to))
      ;
    else if (api && n == 4 && strcmp (part[2], "revision") == 0)
      serve_listing (to, part[3]);
    else if (api && n == 3 && strcmp (part[2], "discussions") == 0)
      serve_discussions (to);
    else if (!api && n == 5 && to->at_store)
      serve_store (to, part[3], part[4]);
    else if (!api && n == 5)
      serve_file (to, part[3], part[4]);
    else
      refuse (to, "404 Not Found", "");
  }
  g_strfreev (part);
}

static guint
count (const gchar *path)
{
  g_mutex_lock (&lock);
  const guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, path));
  g_hash_table_insert (counts, g_strdup (path), GUINT_TO_POINTER (n + 1));
  g_mutex_unlock (&lock);
  return n;
}

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
  return more > 0 && g_str_has_prefix (request, "GET /");
}

static gboolean
on_client (GThreadedSocketService *service, GSocketConnection *connection, GObject *source, gpointer is_store)
{
  gchar request[16384];
  if (!read_request (connection, request, sizeof request))
    return TRUE;
  const gchar *range = strstr (request, "\r\nRange: bytes=");
  Client client = { .connection = connection, .request = request, .at_store = is_store != NULL,
    .path = g_strndup (request + 4, strcspn (request + 4, " ?")), .ranged = range != NULL };
  if (range)
    client.from = g_ascii_strtoull (range + 15, NULL, 10);
  gchar *key = g_strconcat (is_store ? "store" : "hub", client.path, NULL);
  client.nth = count (key);
  g_printerr ("%s %s %" G_GUINT64_FORMAT " %s\n", is_store ? "store" : "hub", client.path, client.from,
      strstr (request, "uthorization:") ? "token" : "none");
  serve (&client);
  g_free (key);
  g_free (client.owner);
  g_free (client.name);
  g_free (client.path);
  return TRUE;
}

/* Its address. */
static gchar *
start (gboolean is_store)
{
  GSocketService *service = g_threaded_socket_service_new (64);
  GInetAddress *loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  GSocketAddress *wanted = g_inet_socket_address_new (loopback, 0), *had = NULL;
  GError *error = NULL;
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (service), wanted, G_SOCKET_TYPE_STREAM,
          G_SOCKET_PROTOCOL_TCP, NULL, &had, &error))
    g_error ("fake-hub: %s", error->message);
  g_signal_connect (service, "run", G_CALLBACK (on_client), GINT_TO_POINTER (is_store));
  g_socket_service_start (service);
  return g_strdup_printf ("127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (had)));
}

int
main (int argc, char **argv)
{
  if (argc != 2) {
    g_printerr ("fake-hub: which directory?\n");
    return 1;
  }
  directory = argv[1];
  counts = g_hash_table_new (g_str_hash, g_str_equal);
  store_host = start (TRUE);
  gchar *hub = start (FALSE);
  g_print ("%s %s\n", hub, store_host);
  g_main_loop_run (g_main_loop_new (NULL, FALSE));
  return 0;
}
