/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Zones as text, and somebody who walks through those that are good. */
#include "fuzz.h"
#include "zones.h"

static void
walk (GptVisZoneList *list)
{
  GptVisZones *zones = gptvis_zones_new (list);
  guint n;
  for (guint i = 0; i < 32; i++) {
    const gfloat x = i * 7 % 32 / 31.0f, y = i * 13 % 32 / 31.0f;
    const GptVisTrack track = { .id = 1 + i / 16,.box = { x, 0, 0, y },.seen = i };
    const GptVisEvent *events = gptvis_zones_update (zones, i, &track, 1, &n);
    for (guint e = 0; e < n; e++)
      g_assert (events[e].name && events[e].zone);
  }
  gptvis_zones_update (zones, 32, NULL, 0, &n);
  for (guint z = 0; z < list->n; z++) {
    const GptVisZoneCount count = gptvis_zones_get_count (zones, z);
    g_assert (count.inside == 0 && count.entered == count.left);
  }
  gptvis_zones_free (zones);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  GError *error = NULL;
  GptVisZoneList *list = gptvis_zone_list_parse ("fuzz", (const gchar *) data, size, &error);
  fuzz_check (list != NULL, error);
  if (list) {
    g_assert (list->n <= GPTVIS_ZONES_MAX);
    walk (list);
  }
  gptvis_zone_list_unref (list);
  return 0;
}
