/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tag's places in the order in which a reader expects them, each with what speaks against it. */
#include "tagplaces.h"

/* Costs. A place further down the list costs one more, so that whatever else is as good the first is
 * taken. */
#define COST_TAKEN 4000.0       /* all of the tag covers, or is covered by, another */
#define COST_BOX 12.0           /* all of it covers another box */
#define COST_MOVED 4.0          /* it had to be moved by its own size to be inside the picture */
#define KEEP 3.0                /* so much better must another place be than that of the frame before */

#define NEAR_PLACES 10u
static const gint far_rows[] = { 1, 2, 3, 5, 8 };       /* so that a plate can be left, too */
G_STATIC_ASSERT (NEAR_PLACES + 6 * G_N_ELEMENTS (far_rows) == GPTVIS_TAG_PLACES);

static double
shared (const GstVideoRectangle *a, const GstVideoRectangle *b)
{
  const gint width = MIN (a->x + a->w, b->x + b->w) - MAX (a->x, b->x);
  const gint height = MIN (a->y + a->h, b->y + b->h) - MAX (a->y, b->y);

  return width > 0 && height > 0 ? (double) width * height : 0;
}

/* The place of that number, wherever it lies. Those that are not near are rows above and below, and beside
 * them. */
static GstVideoRectangle
place (const GstVideoRectangle *box, gint w, gint h, guint number)
{
  const gint left = box->x, right = box->x + box->w - w, top = box->y, bottom = box->y + box->h;
  const gint at[NEAR_PLACES][2] = {
    { left, top - h }, { right, top - h }, { left, bottom }, { right, bottom },
    { left, top }, { left, bottom - h }, { right, top }, { right, bottom - h },
    { left + box->w, top }, { left - w, top } };

  if (number >= NEAR_PLACES) {
    const gint further = number - NEAR_PLACES, rows = far_rows[further / 6];
    const gint x = further % 3 == 0 ? left : further % 3 == 1 ? box->x + box->w : box->x - w;
    return (GstVideoRectangle) { x, further % 6 < 3 ? top - (1 + rows) * h : bottom + rows * h, w, h };
  }
  return (GstVideoRectangle) { at[number][0], at[number][1], w, h };
}

static double
cost (const GptVisTagRoom *room, guint box, const GstVideoRectangle *wanted, const GstVideoRectangle *at)
{
  const double size = (double) at->w * at->h;
  const double moved_x = ABS (at->x - wanted->x), moved_y = ABS (at->y - wanted->y);
  double sum = COST_MOVED * (moved_x / at->w + 2 * moved_y / at->h);

  for (guint i = 0; i < room->n_taken; i++)
    sum += COST_TAKEN * shared (at, &room->taken[i]) / size;
  for (guint i = 0; i < room->n_boxes; i++)
    if (i != box)
      sum += COST_BOX * shared (at, &room->boxes[i]) / size;
  return sum;
}

GstVideoRectangle
gptvis_tag_place (GptVisTagRoom *room, const GstVideoRectangle *area, guint box, gint width, gint height,
    guint *last)
{
  GstVideoRectangle best = { area->x, area->y, width, height };
  double least = G_MAXDOUBLE;
  guint chosen = 0;

  for (guint i = 0; i < GPTVIS_TAG_PLACES && i - KEEP < least; i++) {
    const GstVideoRectangle wanted = place (&room->boxes[box], width, height, i);
    GstVideoRectangle at = wanted;
    at.x = CLAMP (at.x, area->x, MAX (area->x, area->x + area->w - width));
    at.y = CLAMP (at.y, area->y, MAX (area->y, area->y + area->h - height));
    const double against = i + cost (room, box, &wanted, &at) - (i == *last ? KEEP : 0);
    if (against < least) {
      least = against;
      best = at;
      chosen = i;
    }
  }
  *last = chosen;
  if (room->n_taken < room->max_taken)
    room->taken[room->n_taken++] = best;
  return best;
}
