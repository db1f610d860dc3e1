/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another runtime in a process of its own, peer.py, told by a pipe when to run (peer.h). */
#include "peer.h"
#include "measure.h"
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define MADE_OF "made-of"       /* a file in each folder that was made to the end */

/* BENCHMARK_FOLDER is where the scripts lie. */
#define SCRIPT BENCHMARK_FOLDER "/peer.py"
#define REQUIREMENTS BENCHMARK_FOLDER "/requirements.txt"
#define DETECTORS BENCHMARK_FOLDER "/requirements-detectors.txt"

static gchar *
cache_folder (const gchar *name)
{
  return g_build_filename (g_get_user_cache_dir (), "gptvis", "peers", name, NULL);
}

/* Was the folder made to the end, of just this? */
static gboolean
is_made (const gchar *folder, const gchar *of)
{
  gchar *path = g_build_filename (folder, MADE_OF, NULL), *text = NULL;
  g_file_get_contents (path, &text, NULL, NULL);
  const gboolean made = g_strcmp0 (text, of) == 0;
  g_free (path);
  g_free (text);
  return made;
}

static void
set_made (const gchar *folder, const gchar *of)
{
  gchar *path = g_build_filename (folder, MADE_OF, NULL);
  GError *error = NULL;
  if (!g_file_set_contents (path, of, -1, &error))
    measure_die (error->message);
  g_free (path);
}

/* Runs it to its end; what it complains of is to be seen. */
static gboolean
run (const gchar *const *argv)
{
  gint status;
  const GSpawnFlags flags = G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL;
  return g_spawn_sync (NULL, (gchar **) argv, NULL, flags, NULL, NULL, NULL, NULL, &status, NULL)
      && WIFEXITED (status) && WEXITSTATUS (status) == 0;
}

/* Of the files' contents. */
static gchar *
digest (const gchar *const *files)
{
  GChecksum *sum = g_checksum_new (G_CHECKSUM_SHA256);
  for (; *files; files++) {
    gchar *text;
    gsize n;
    GError *error = NULL;
    if (!g_file_get_contents (*files, &text, &n, &error))
      measure_die (error->message);
    g_checksum_update (sum, (const guchar *) text, n);
    g_free (text);
  }
  gchar *words = g_strdup (g_checksum_get_string (sum));
  g_checksum_free (sum);
  return words;
}

/* ---- the environment ---- */

static void
install (const gchar *folder, const gchar *python, gboolean detectors)
{
  const gchar *const version[] = { "python3", "-c", "import sys; sys.exit(sys.version_info < (3, 9))", NULL };
  const gchar *const venv[] = { "python3", "-m", "venv", "--clear", folder, NULL };
  const gchar *const pip[] = { python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r",
    REQUIREMENTS, detectors ? "-r" : NULL, DETECTORS, NULL };
  fprintf (stderr, "bench: installing the peers into %s (once, about %s)\n", folder,
      detectors ? "6 GB" : "700 MB");
  if (!run (version))
    measure_die ("peers need python3, 3.9 or later (Debian: apt install python3 python3-venv)");
  if (!run (venv))
    measure_die ("python3 cannot make a virtual environment: its reason is above"
        " (Debian: apt install python3-venv)");
  if (!run (pip))
    measure_die ("pip could not install the peers: its reason is above;"
        " the first time, peers need the network");
}

gchar *
peer_environment (gboolean detectors)
{
  const gchar *const files[] = { REQUIREMENTS, detectors ? DETECTORS : NULL, NULL };
  gchar *folder = cache_folder (detectors ? "environment-detectors" : "environment");
  gchar *python = g_build_filename (folder, "bin", "python", NULL), *of = digest (files);
  if (!is_made (folder, of)) {
    install (folder, python, detectors);
    set_made (folder, of);
  }
  g_free (folder);
  g_free (of);
  return python;
}

/* ---- networks ---- */

gchar *
peer_network (const gchar *python, const gchar *kind, const gchar *name, const gchar *checkpoint,
    const gchar *size)
{
  static const gchar *const files[] = { SCRIPT, BENCHMARK_FOLDER "/networks.py", NULL };
  gchar *folder = cache_folder (name), *of = digest (files);
  const gchar *const prepare[] = { python, SCRIPT, "prepare", kind, checkpoint, folder, size, NULL };
  if (!is_made (folder, of)) {
    fprintf (stderr, "bench: writing and quantising %s for the peers (once)\n", name);
    if (g_mkdir_with_parents (folder, 0700) != 0)
      measure_die ("the cache folder cannot be made");
    if (!run (prepare))
      measure_die ("the network could not be made ready for the peers: the reason is above");
    set_made (folder, of);
  }
  g_free (of);
  return folder;
}

/* ---- processes ---- */

/* An empty file of a name of its own. */
static gchar *
fresh_file (void)
{
  gchar *path = NULL;
  GError *error = NULL;
  const gint file = g_file_open_tmp ("gptvis-peer-XXXXXX", &path, &error);
  if (file < 0 || !g_close (file, &error))
    measure_die (error->message);
  return path;
}

gchar *
peer_write_input (const float *x, gsize n)
{
  gchar *path = fresh_file ();
  GError *error = NULL;
  if (!g_file_set_contents (path, (const gchar *) x, n * sizeof (float), &error))
    measure_die (error->message);
  return path;
}

static gchar *
answer (Peer *self)
{
  gchar line[512];
  if (!fgets (line, sizeof line, self->from))
    measure_die ("a peer has ended: its reason is above");
  return g_strdup (g_strchomp (line));
}

static gchar *
ask (Peer *self, const gchar *question)
{
  fprintf (self->to, "%s\n", question);
  fflush (self->to);
  return answer (self);
}

gboolean
peer_start (Peer *self, const gchar *python, const gchar *const *arguments)
{
  GPtrArray *argv = g_ptr_array_new ();
  gint in, out;
  GError *error = NULL;
  const gchar *const first[] = { python, SCRIPT, "run" };
  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    g_ptr_array_add (argv, (gchar *) first[i]);
  for (; *arguments; arguments++)
    g_ptr_array_add (argv, (gchar *) *arguments);
  g_ptr_array_add (argv, NULL);
  if (!g_spawn_async_with_pipes (NULL, (gchar **) argv->pdata, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
          &self->pid, &in, &out, NULL, &error))
    measure_die (error->message);
  g_ptr_array_unref (argv);
  self->to = fdopen (in, "w");
  self->from = fdopen (out, "r");
  self->name = answer (self);
  if (!g_str_has_prefix (self->name, "cannot: "))
    return TRUE;
  printf ("left out: %s\n", self->name + strlen ("cannot: "));
  peer_end (self);
  return FALSE;
}

void
peer_end (Peer *self)
{
  fclose (self->to);            /* the end of its input is its own */
  waitpid (self->pid, NULL, 0);
  fclose (self->from);
  g_free (self->name);
  *self = (Peer) { 0 };
}

gint64
peer_run (Peer *self)
{
  gchar *line = ask (self, "run"), *at = line;
  const gint64 ns = g_ascii_strtoll (at, &at, 10);
  for (guint i = 0; i < PEER_PARTS; i++)
    self->parts[i] = g_ascii_strtoll (at, &at, 10);
  g_free (line);
  if (ns <= 0)
    measure_die ("a peer has answered with no time");
  return ns;
}

void
peer_result (Peer *self, float *x, gsize n)
{
  gchar *path = fresh_file (), *text = NULL;
  gsize size;
  GError *error = NULL;
  gchar *question = g_strconcat ("save ", path, NULL);
  g_free (ask (self, question));
  if (!g_file_get_contents (path, &text, &size, &error))
    measure_die (error->message);
  if (size != n * sizeof (float))
    measure_die ("a peer's result has another size than ours");
  memcpy (x, text, size);
  g_unlink (path);
  g_free (path);
  g_free (text);
  g_free (question);
}

void
peer_settle (Peer *self)
{
  clockid_t clock;
  struct timespec before, after;
  if (clock_getcpuclockid (self->pid, &clock) != 0 || clock_gettime (clock, &after) != 0)
    measure_die ("a peer's time on the processor cannot be read");
  do {
    before = after;
    g_usleep (5000);
    clock_gettime (clock, &after);
  } while ((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec > 200000);
}
