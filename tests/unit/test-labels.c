/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Label files, and the order of scores. */
#include "labels.h"
#include "unit.h"
#include <string.h>

static void
test_good (void)
{
  static const gchar *const texts[] = {
    "a\nb b\nç\n", "a\nb b\nç", "\357\273\277a\r\n b b \r\nç\r\n\r\n\n",
  };
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    GError *error = NULL;
    gchar **labels = gptvis_labels_parse ("l.txt", texts[i], strlen (texts[i]), 3, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (labels[0], ==, "a");
    g_assert_cmpstr (labels[1], ==, "b b");
    g_assert_cmpstr (labels[2], ==, "ç");
    g_assert_null (labels[3]);
    g_strfreev (labels);
  }
}

static void
test_bad (void)
{
  static const struct { const gchar *text; const gchar *parts; } cases[] = {
    {"", "l.txt: there are 0 labels, where the checkpoint has 3 classes"},
    {"\n\n", "there are 0 labels"},
    {"a\nb\n", "there are 2 labels, where the checkpoint has 3 classes"},
    {"a\nb\nc\nd\n", "there are more than 3 labels, where the checkpoint has 3 classes"},
    {"a\n\nc\n", "line 2 is empty"},
    {"a\n\xff\nc\n", "not UTF-8 text at byte 2"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    g_assert_null (gptvis_labels_parse ("l.txt", cases[i].text, strlen (cases[i].text), 3, &error));
    unit_expect_error (cases[i].text, error, GPTVIS_ERROR_FORMAT, cases[i].parts);
  }
}

static void
test_files (void)
{
  gchar *directory = unit_directory ();
  gchar *path = g_build_filename (directory, "l.txt", NULL);
  GError *error = NULL;
  g_assert_null (gptvis_labels_load (path, 3, &error));
  unit_expect_error ("absent", error, GPTVIS_ERROR_NOT_FOUND, "l.txt: there is no such file");
  error = NULL;
  unit_write (directory, "l.txt", "", 0);
  g_assert_null (gptvis_labels_load (path, 3, &error));
  unit_expect_error ("empty", error, GPTVIS_ERROR_FORMAT, "there are 0 labels");
  error = NULL;
  gchar *large = g_strnfill (GPTVIS_LABELS_MAX_BYTES + 1, 'x');
  unit_write (directory, "l.txt", large, -1);
  g_free (large);
  g_assert_null (gptvis_labels_load (path, 3, &error));
  unit_expect_error ("large", error, GPTVIS_ERROR_LIMIT, "10485761 bytes|at most 10485760");
  g_free (path);
  unit_remove (directory);
}

static void
test_top (void)
{
  static const float scores[] = { 0.1f, 0.5f, 0.3f, 0.5f, 0.0f, 0.3f };
  guint ids[6];
  g_assert_cmpuint (gptvis_labels_top (scores, 6, 3, 0, ids), ==, 3);
  g_assert_cmpmem (ids, 12, ((guint[]) { 1, 3, 2 }), 12);
  g_assert_cmpuint (gptvis_labels_top (scores, 6, 0, 0, ids), ==, 6);
  g_assert_cmpmem (ids, 24, ((guint[]) { 1, 3, 2, 5, 0, 4 }), 24);
  g_assert_cmpuint (gptvis_labels_top (scores, 6, 9, 0.3f, ids), ==, 4);
  g_assert_cmpmem (ids, 16, ((guint[]) { 1, 3, 2, 5 }), 16);
  g_assert_cmpuint (gptvis_labels_top (scores, 6, 5, 0.6f, ids), ==, 0);
  g_assert_cmpuint (gptvis_labels_top (scores, 1, 5, 0, ids), ==, 1);
}

static gint
by_score (gconstpointer a, gconstpointer b, gpointer user)
{
  const guint x = *(const guint *) a, y = *(const guint *) b;
  const float *scores = user;
  return scores[x] != scores[y] ? (scores[x] > scores[y] ? -1 : 1) : (x < y ? -1 : 1);
}

/* Against a full sort, with many equal scores. */
static void
test_top_random (void)
{
  float scores[300];
  guint ids[300], sorted[300];
  for (guint round = 0; round < 500; round++) {
    const guint n = g_test_rand_int_range (1, 301), k = g_test_rand_int_range (0, 310);
    const float threshold = g_test_rand_int_range (0, 12) / 10.0f;
    guint m = 0;
    for (guint i = 0; i < n; i++) {
      scores[i] = g_test_rand_int_range (0, 11) / 10.0f;
      if (scores[i] >= threshold)
        sorted[m++] = i;
    }
    g_qsort_with_data (sorted, m, sizeof sorted[0], by_score, scores);
    const guint want = k == 0 ? m : MIN (k, m);
    g_assert_cmpuint (gptvis_labels_top (scores, n, k, threshold, ids), ==, want);
    g_assert_cmpmem (ids, want * sizeof ids[0], sorted, want * sizeof ids[0]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/labels/good", test_good);
  g_test_add_func ("/labels/bad", test_bad);
  g_test_add_func ("/labels/files", test_files);
  g_test_add_func ("/labels/top", test_top);
  g_test_add_func ("/labels/top-random", test_top_random);
  return g_test_run ();
}
