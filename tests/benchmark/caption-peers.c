/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts ONNX Runtime on the captioner that bench --caption times, checks that it computes the same, and
 * prints its times beside ours (caption-peers.h). */
#include "caption-peers.h"
#include "peer.h"
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>

#define CLOSE 1e-3              /* of f32's logits, root mean square; sums in other orders make 1e-6 */

static const gchar *const precisions[] = { "f32", "int8" };
#define N_PEERS G_N_ELEMENTS (precisions)
#define INT8 1u

/* What a peer times beside the whole. */
static const gchar *const parts[] = { "encoder", "keys and values", "16 tokens" };
#define N_PARTS G_N_ELEMENTS (parts)

struct _CaptionPeers {
  gchar *python, *folder;
  Peer peers[N_PEERS];
  GArray *times[N_PEERS], *part_times[N_PEERS][N_PARTS];
  gdouble errors[N_PEERS];
};

CaptionPeers *
caption_peers_new (const gchar *name, const gchar *checkpoint)
{
  CaptionPeers *self = g_new0 (CaptionPeers, 1);
  self->python = peer_environment (FALSE);
  self->folder = peer_network (self->python, "captioner", name, checkpoint, NULL);
  for (guint i = 0; i < N_PEERS; i++) {
    self->times[i] = measure_times_new ();
    for (guint p = 0; p < N_PARTS; p++)
      self->part_times[i][p] = measure_times_new ();
  }
  return self;
}

void
caption_peers_free (CaptionPeers *self)
{
  for (guint i = 0; i < N_PEERS; i++) {
    peer_end (&self->peers[i]);
    g_array_unref (self->times[i]);
    for (guint p = 0; p < N_PARTS; p++)
      g_array_unref (self->part_times[i][p]);
  }
  g_free (self->python);
  g_free (self->folder);
  g_free (self);
}

void
caption_peers_start (CaptionPeers *self, guint threads, const float *patches, gsize n)
{
  gchar *input = peer_write_input (patches, n), text[16];
  g_snprintf (text, sizeof text, "%u", threads);
  for (guint i = 0; i < N_PEERS; i++) {
    const gchar *const arguments[] = { "captioner", precisions[i], self->folder, text, "1", input, NULL };
    if (!peer_start (&self->peers[i], self->python, arguments))
      measure_die ("ONNX Runtime cannot write captions here");
  }
  g_unlink (input);             /* they have read it */
  g_free (input);
}

void
caption_peers_compare (CaptionPeers *self, const float *logits, guint vocabulary, gboolean ours_is_f32)
{
  float *theirs = g_new (float, vocabulary);
  for (guint i = 0; i < N_PEERS; i++) {
    peer_result (&self->peers[i], theirs, vocabulary);
    self->errors[i] = measure_difference (theirs, logits, vocabulary);
    if (ours_is_f32 && i != INT8 && !(self->errors[i] < CLOSE))
      measure_die ("the peer's f32 computes something else: the comparison would mean nothing");
  }
  g_free (theirs);
}

void
caption_peers_turn (CaptionPeers *self)
{
  for (guint i = 0; i < N_PEERS; i++) {
    measure_add (self->times[i], peer_run (&self->peers[i]));
    for (guint p = 0; p < N_PARTS; p++)
      measure_add (self->part_times[i][p], self->peers[i].parts[p]);
    peer_settle (&self->peers[i]);
  }
}

void
caption_peers_print (CaptionPeers *self, GArray *ours, gdouble target)
{
  printf ("\nIn turn with them, 16 tokens from the picture's patches (off by: their logits from ours,\n"
      "root mean square):\n");
  for (guint i = 0; i < N_PEERS; i++) {
    printf ("%-26s min %8.2f ms  median %8.2f ms  (%u runs, off by %.1e)", self->peers[i].name,
        measure_least (self->times[i]) * 1e-6, measure_median (self->times[i]) * 1e-6, self->times[i]->len,
        self->errors[i]);
    for (guint p = 0; p < N_PARTS; p++)
      printf ("  %s %.2f", parts[p], measure_least (self->part_times[i][p]) * 1e-6);
    printf ("\n");
  }
  for (guint i = 0; i < N_PEERS; i++) {
    const gdouble minima = measure_least (ours) / measure_least (self->times[i]);
    printf ("our caption / %-26s minima %.3f  medians %.3f", self->peers[i].name, minima,
        measure_median (ours) / measure_median (self->times[i]));
    if (i == INT8)
      printf ("  at most %.2f: %s", target, minima <= target ? "holds" : "missed");
    printf ("\n");
  }
}
