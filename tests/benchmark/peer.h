/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other runtimes as peers: the environment that they are installed in, once, the networks as
 * they read them, made once as well, and a process for each that runs when it is asked to.
 * Everything is below a folder of the user's cache, gptvis/peers; removing that is all it
 * takes to get newer ones. */
#pragma once
#include <glib.h>
#include <stdio.h>

/* Sees to the environment; needs Python 3.9 with venv, and the network the first time. Ends the
 * program with a sentence where something is missing. Returns the Python in it. detectors: with
 * Transformers, in an environment of its own. */
gchar *peer_environment (gboolean detectors);

/* The folder with a network for peers: `peer.py prepare KIND checkpoint folder [size]`, unless it is there.
 * size: WIDTHxHEIGHT of a detector's pictures, else NULL. */
gchar *peer_network (const gchar *python, const gchar *kind, const gchar *name, const gchar *checkpoint,
    const gchar *size);

#define PEER_PARTS 3u

typedef struct {
  gchar *name;                  /* the peer's own */
  GPid pid;
  FILE *to, *from;
  gint64 parts[PEER_PARTS];     /* ns of the last run's parts; 0 where the peer tells none */
} Peer;

/* A file with n floats, for peers to read; the caller removes and frees it. */
gchar *peer_write_input (const float *x, gsize n);

/* Starts `peer.py run …arguments`, which is ready afterwards. FALSE, having said so, when it cannot
 * run on this processor. */
gboolean peer_start (Peer *peer, const gchar *python, const gchar *const *arguments);
void peer_end (Peer *peer);
/* ns that one run took by the peer's own clock. */
gint64 peer_run (Peer *peer);
/* What it gave last: n floats into x. */
void peer_result (Peer *peer, float *x, gsize n);
/* Returns when the peer's threads have stopped spinning. */
void peer_settle (Peer *peer);
