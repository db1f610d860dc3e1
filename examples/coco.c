/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* COCO's list of results, written as it comes. */
#include <errno.h>
#include <string.h>
#include "coco.h"

/* COCO's categories by their numbers, which have gaps. */
static const gchar *const categories[] = { NULL, "person", "bicycle", "car", "motorcycle", "airplane", "bus",
    "train",
  "truck", "boat", "traffic light", "fire hydrant", NULL, "stop sign", "parking meter", "bench", "bird",
  "cat", "dog",
  "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", NULL, "backpack", "umbrella", NULL, NULL,
  "handbag",
  "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove",
  "skateboard", "surfboard", "tennis racket", "bottle", NULL, "wine glass", "cup", "fork", "knife", "spoon",
  "bowl",
  "banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair",
  "couch",
  "potted plant", "bed", NULL, "dining table", NULL, NULL, "toilet", NULL, "tv", "laptop", "mouse", "remote",
  "keyboard", "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", NULL, "book", "clock",
  "vase",
  "scissors", "teddy bear", "hair drier", "toothbrush" };
G_STATIC_ASSERT (G_N_ELEMENTS (categories) == 91);
#define OTHER_CATEGORIES 1000u
#define IMAGES_OF_INPUT G_GUINT64_CONSTANT (1000000)

static guint
category (const GptVisLabel *label)
{
  for (guint i = 0; i < G_N_ELEMENTS (categories); i++)
    if (categories[i] && g_ascii_strcasecmp (categories[i], label->text) == 0)
      return i;
  return OTHER_CATEGORIES + label->id;
}

/* The number that the file's name is, without its ending. */
static gboolean
number_of (const gchar *input, guint64 *number)
{
  gchar *base = g_path_get_basename (input), *dot = strrchr (base, '.');

  if (dot)
    *dot = '\0';
  const gboolean found = g_ascii_string_to_unsigned (base, 10, 0, G_MAXINT64, number, NULL);
  g_free (base);
  return found;
}

static gboolean
complain (const Coco *self, const gchar *what)
{
  g_printerr ("gptvis-label: --coco: \"%s\" cannot be %s: %s.\n", self->name, what, g_strerror (errno));
  return FALSE;
}

gboolean
coco_open (Coco *self, const gchar *name)
{
  *self = (Coco) { .name = name };
  if (!name)
    return TRUE;
  self->file = fopen (name, "we");
  return self->file ? fputc ('[', self->file) != EOF : complain (self, "opened for writing");
}

static void
add_label (Coco *self, guint64 image, const gfloat box[4], const GptVisLabel *label, gint width, gint height)
{
  const gdouble numbers[5] = { box[0] * width, box[1] * height, box[2] * width, box[3] * height,
      label->score };
  gchar texts[5][G_ASCII_DTOSTR_BUF_SIZE];      /* with a point in every locale */

  for (guint i = 0; i < 5; i++)
    g_ascii_formatd (texts[i], sizeof texts[i], i < 4 ? "%.2f" : "%.5f", numbers[i]);
  fprintf (self->file,
      "%s{\"image_id\":%" G_GUINT64_FORMAT ",\"category_id\":%u,\"bbox\":[%s,%s,%s,%s],\"score\":%s}",
      self->any ? ",\n" : "", image, category (label), texts[0], texts[1], texts[2], texts[3], texts[4]);
  self->any = TRUE;
}

void
coco_add (Coco *self, const GptVisResult *result, const gchar *input, guint nth, gint width, gint height)
{
  guint64 image = nth * IMAGES_OF_INPUT, number;

  if (!self->file)
    return;
  if (result->frame == 0 && number_of (input, &number))
    image = number;
  for (guint i = 0; i < result->n_regions; i++)
    for (guint k = 0; k < result->regions[i].n_labels; k++)
      add_label (self, image + result->frame, result->regions[i].box, &result->regions[i].labels[k], width,
          height);
}

gboolean
coco_close (Coco *self)
{
  if (!self->file)
    return TRUE;
  const gboolean whole = fputs ("]\n", self->file) >= 0 && !ferror (self->file);
  const gboolean closed = fclose (self->file) == 0;

  return (whole && closed) || complain (self, "written");
}
