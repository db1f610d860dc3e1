/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions as COCO has the results of detectors, a list that pycocotools' loadRes reads:
 *
 *     [{"image_id":139,"category_id":1,"bbox":[412.81,157.62,53.05,138.01],"score":0.9961}, …]
 *
 * Which numbers these are, gptvis-label --help says (arguments.c). Threads: one at a time. */
#pragma once
#include <stdio.h>
#include "gptvis.h"

typedef struct {
  FILE *file;                   /* NULL: none is wanted */
  const gchar *name;            /* its, borrowed */
  gboolean any;                 /* there is something in it */
} Coco;

/* `name` NULL: nothing is written. FALSE after a sentence. */
gboolean coco_open (Coco *coco, const gchar *name);
/* The regions of a frame of width × height pixels: frame `frame` of the input of that name, the nth from
 * 1. */
void coco_add (Coco *coco, const GptVisResult *result, const gchar *input, guint nth, gint width,
    gint height);
/* FALSE after a sentence: not all was written. */
gboolean coco_close (Coco *coco);
