/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text to a descriptor, without ever blocking in write(): poll waits, which another thread can end, and then
 * no more is written than a pipe takes at once when poll calls it ready. */
#include "outlet.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static GptVisOutletTurns on_stdout;

void
gptvis_outlet_init (GptVisOutlet *outlet)
{
  *outlet = (GptVisOutlet) {.descriptor = -1,.poll = gst_poll_new (TRUE) };
  g_mutex_init (&outlet->own.lock);
  g_cond_init (&outlet->own.changed);
  outlet->turns = &outlet->own;
}

void
gptvis_outlet_clear (GptVisOutlet *outlet)
{
  gst_poll_free (outlet->poll);
  g_mutex_clear (&outlet->own.lock);
  g_cond_clear (&outlet->own.changed);
}

/* --- turns --- */

static void
add_writer (GptVisOutlet *outlet, GptVisOutletTurns *turns)
{
  outlet->turns = turns;
  g_mutex_lock (&turns->lock);
  if (turns->writers++ == 0)
    turns->unwritten = g_string_new (NULL);
  g_mutex_unlock (&turns->lock);
}

/* FALSE: a flush came first. */
static gboolean
take_turn (GptVisOutlet *outlet)
{
  GptVisOutletTurns *turns = outlet->turns;

  g_mutex_lock (&turns->lock);
  while (turns->busy && !g_atomic_int_get (&outlet->flushing))
    g_cond_wait (&turns->changed, &turns->lock);
  gboolean taken = !turns->busy;
  if (taken)
    turns->busy = TRUE;
  g_mutex_unlock (&turns->lock);
  return taken;
}

static void
end_turn (GptVisOutlet *outlet)
{
  g_mutex_lock (&outlet->turns->lock);
  outlet->turns->busy = FALSE;
  g_cond_broadcast (&outlet->turns->changed);
  g_mutex_unlock (&outlet->turns->lock);
}

void
gptvis_outlet_set_flushing (GptVisOutlet *outlet, gboolean flushing)
{
  g_mutex_lock (&on_stdout.lock);       /* the only turns that are shared */
  g_atomic_int_set (&outlet->flushing, flushing);
  g_cond_broadcast (&on_stdout.changed);
  g_mutex_unlock (&on_stdout.lock);
  gst_poll_set_flushing (outlet->poll, flushing);
}

/* --- the descriptor --- */

int
gptvis_outlet_open (GptVisOutlet *outlet, const gchar *file, gboolean append)
{
  const int how = O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC);
  struct stat status;

  outlet->descriptor = file ? g_open (file, how, 0666) : STDOUT_FILENO;
  if (outlet->descriptor < 0)
    return errno;
  const gboolean is_file = fstat (outlet->descriptor, &status) == 0 && S_ISREG (status.st_mode);
  outlet->max_write = is_file ? G_MAXSSIZE : PIPE_BUF;
  gst_poll_fd_init (&outlet->polled);
  outlet->polled.fd = outlet->descriptor;
  gst_poll_add_fd (outlet->poll, &outlet->polled);
  gst_poll_fd_ctl_write (outlet->poll, &outlet->polled, TRUE);
  add_writer (outlet, file ? &outlet->own : &on_stdout);
  return 0;
}

/* A reader that is gone is an error to report, and must not end the process: SIGPIPE is blocked in this
 * thread only, and removed if this write has raised it. Returns 0 or an errno. */
static int
write_some (GptVisOutlet *outlet)
{
  GString *unwritten = outlet->turns->unwritten;
  const struct timespec now = { 0 };
  sigset_t pipe, pending, before;
  gboolean ours;
  int error = 0;

  sigemptyset (&pipe);
  sigaddset (&pipe, SIGPIPE);
  sigpending (&pending);
  ours = !sigismember (&pending, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &pipe, &before);
  gssize n = write (outlet->descriptor, unwritten->str, MIN (unwritten->len, outlet->max_write));
  if (n < 0)
    error = errno;
  if (error == EPIPE && ours)
    while (sigtimedwait (&pipe, NULL, &now) < 0 && errno == EINTR);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  if (n > 0)
    g_string_erase (unwritten, 0, n);
  return error == EINTR || error == EAGAIN ? 0 : error;
}

/* Returns 0 when the descriptor may be ready, else an errno; ECANCELED: a flush. */
static int
wait_for_reader (GptVisOutlet *outlet)
{
  if (gst_poll_wait (outlet->poll, GST_CLOCK_TIME_NONE) >= 0 || errno == EINTR || errno == EAGAIN)
    return 0;
  return errno == EBUSY ? ECANCELED : errno;
}

int
gptvis_outlet_write (GptVisOutlet *outlet, const GString *text)
{
  GString *unwritten;
  int error = 0;

  if (!take_turn (outlet))
    return ECANCELED;
  unwritten = outlet->turns->unwritten;
  g_string_append_len (unwritten, text->str, text->len);
  while (!error && unwritten->len > 0) {
    if (!(error = wait_for_reader (outlet)))
      error = write_some (outlet);
  }
  if (error == ECANCELED && unwritten->len >= text->len)
    g_string_truncate (unwritten, unwritten->len - text->len);
  else if (error && error != ECANCELED)
    g_string_truncate (unwritten, 0);
  end_turn (outlet);
  return error;
}

int
gptvis_outlet_close (GptVisOutlet *outlet, gsize *lost)
{
  GptVisOutletTurns *turns = outlet->turns;
  struct pollfd ready = {.fd = outlet->descriptor,.events = POLLOUT };
  int error = 0;

  *lost = 0;
  if (outlet->descriptor < 0)
    return 0;
  g_mutex_lock (&turns->lock);
  if (--turns->writers == 0) {
    while (!error && turns->unwritten->len > 0 && poll (&ready, 1, 0) > 0)
      error = write_some (outlet);
    *lost = turns->unwritten->len;
    g_string_free (turns->unwritten, TRUE);
    turns->unwritten = NULL;
  }
  g_mutex_unlock (&turns->lock);
  gst_poll_remove_fd (outlet->poll, &outlet->polled);
  if (outlet->descriptor != STDOUT_FILENO && close (outlet->descriptor) != 0 && !error)
    error = errno;
  outlet->descriptor = -1;
  return error;
}
