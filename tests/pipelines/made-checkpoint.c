/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the hand-made checkpoint that tells bright pictures from dark ones (tests/gst/rig.h), for tests that
 * are no C, and prints its directory, which is the caller's to remove. */
#include "rig.h"

int
main (void)
{
  gchar *directory = checkpoint_write (CHECKPOINT_SOUND);

  g_print ("%s\n", directory);
  g_free (directory);
  return 0;
}
