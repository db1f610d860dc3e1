/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives that zip writers make, and one defect a case with the sentence it must give. */
#include "made-torch.h"
#include "unit.h"
#include "zip.h"
#include <string.h>

#define LONG 300000u            /* bytes: more than is inflated at once */

static guint8 text[LONG];

typedef struct {
  GptVisFile file;
  GptVisZip *zip;
  GptVisZipReader *reader;
} Opened;

/* Takes the file; leaves the zip NULL with an error. */
static Opened *
open_zip (GByteArray *file, GError **error)
{
  Opened *o = g_new (Opened, 1);        /* the others point to its file */
  GBytes *bytes = g_byte_array_free_to_bytes (file);
  gptvis_file_wrap (&o->file, "a.zip", bytes);
  g_bytes_unref (bytes);
  o->zip = gptvis_zip_open (&o->file, error);
  o->reader = gptvis_zip_reader_new (&o->file);
  return o;
}

static void
clear (Opened *o)
{
  gptvis_zip_reader_free (o->reader);
  gptvis_zip_free (o->zip);
  gptvis_file_close (&o->file);
  g_free (o);
}

static void
check_entry (Opened *o, const gchar *name, gsize size)
{
  GError *error = NULL;
  const GptVisZipEntry *e = gptvis_zip_find (o->zip, name);
  g_assert_nonnull (e);
  g_assert_cmpuint (e->size, ==, size);
  GBytes *all = gptvis_zip_reader_load (o->reader, e, LONG, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (all, NULL), g_bytes_get_size (all), text, size);
  g_bytes_unref (all);
}

static void
test_kinds (void)
{
  for (guint i = 0; i < 32; i++) {
    const gboolean later = i & 1, wide = i & 2, end = i & 4, deflated = i & 8;
    const MadeEntry entries[] = {
      {"m/", text, 0},
      {"m/short", text, 10, deflated, later, wide, 3},
      {"m/long", text, LONG, deflated, later, wide, 61},
      {"m/empty", text, 0, deflated, later, wide, 0},
    };
    GError *error = NULL;
    const gchar *comment = i & 16 ? "a comment" : NULL;
    Opened *o = open_zip (made_zip (entries, G_N_ELEMENTS (entries), comment, end), &error);
    g_assert_no_error (error);
    g_assert_cmpuint (gptvis_zip_n_entries (o->zip), ==, 4);
    g_assert_cmpstr (gptvis_zip_entry (o->zip, 2)->name, ==, "m/long");
    g_assert_null (gptvis_zip_find (o->zip, "m/other"));
    check_entry (o, "m/short", 10);
    check_entry (o, "m/long", LONG);
    check_entry (o, "m/empty", 0);
    clear (o);
  }
}

/* On and back, within an entry and from one to the other. */
static void
test_parts (void)
{
  const MadeEntry entries[] = { {"a", text, LONG, TRUE}, {"b", text, 70000, TRUE}, {"c", text, LONG} };
  GError *error = NULL;
  Opened *o = open_zip (made_zip (entries, 3, NULL, FALSE), &error);
  GRand *random = g_rand_new_with_seed (7);
  guint8 *got = g_malloc (LONG);
  for (guint i = 0; i < 200; i++) {
    const GptVisZipEntry *e = gptvis_zip_entry (o->zip, g_rand_int_range (random, 0, 3));
    const guint first = g_rand_int_range (random, 0, e->size);
    const guint n = g_rand_int_range (random, 0, e->size - first + 1);
    g_assert_true (gptvis_zip_reader_read (o->reader, e, first, n, got, &error));
    g_assert_cmpmem (got, n, text + first, n);
  }
  g_free (got);
  g_rand_free (random);
  clear (o);
}

static GByteArray *
two_entries (gboolean wide)
{
  const MadeEntry entries[] = { {"m/a", text, 1000, TRUE}, {"m/b", text, 100} };
  return made_zip (entries, 2, NULL, wide);
}

#define LOCAL "PK\3\4"
#define CENTRAL "PK\1\2"
#define END "PK\5\6"
#define WIDE "PK\6\6"
#define LOCATOR "PK\6\7"

static void
test_directories (void)
{
  static const struct {
    const gchar *which, *signature;
    guint nth, offset;
    guint64 number;
    guint n;
    GptVisError code;
    const gchar *parts;
  } cases[] = {
    {"no end", END, 0, 0, 0, 4, GPTVIS_ERROR_FORMAT,
        "a.zip: the file is truncated|the directory that ends one is not there|download it again"},
    {"a comment that is not there", END, 0, 20, 3, 2, GPTVIS_ERROR_FORMAT, "the file is truncated"},
    {"disks", END, 0, 4, 1, 2, GPTVIS_ERROR_UNSUPPORTED, "spread over several files"},
    {"a directory too far", END, 0, 16, 5000, 4, GPTVIS_ERROR_FORMAT, "directory would end beyond byte"},
    {"a directory too long", END, 0, 12, 5000, 4, GPTVIS_ERROR_FORMAT, "directory would end beyond byte"},
    {"a directory elsewhere", END, 0, 16, 4, 4, GPTVIS_ERROR_FORMAT,
        "directory has 0 entries|its end says 2"},
    {"too many entries", END, 0, 10, 3, 2, GPTVIS_ERROR_FORMAT, "directory has 2 entries|its end says 3"},
    {"a name beyond the directory", CENTRAL, 1, 28, 60000, 2, GPTVIS_ERROR_FORMAT, "ends within an entry"},
    {"a long name", CENTRAL, 0, 30, 49, 2, GPTVIS_ERROR_FORMAT, "lacks its sizes"},
    {"encrypted", CENTRAL, 0, 8, 1, 2, GPTVIS_ERROR_UNSUPPORTED, "entry m/a is encrypted"},
    {"bzip2", CENTRAL, 0, 10, 12, 2, GPTVIS_ERROR_UNSUPPORTED,
        "entry m/a is compressed with method 12, where 0 (stored) and 8 (deflated)"},
    {"stored in less", CENTRAL, 1, 20, 99, 4, GPTVIS_ERROR_FORMAT, "entry m/b has 100 bytes, stored as 99"},
    {"a bomb", CENTRAL, 0, 24, 0x7fffffff, 4, GPTVIS_ERROR_FORMAT,
        "entry m/a claims to inflate from|to 2147483647, which deflate cannot do"},
    {"beyond the directory", CENTRAL, 0, 20, 100000, 4, GPTVIS_ERROR_FORMAT,
        "entry m/a with its 100000 bytes would end beyond"},
    {"a header beyond the directory", CENTRAL, 1, 42, 100000, 4, GPTVIS_ERROR_FORMAT,
        "entry m/b would begin at byte 100000, beyond the directory"},
    {"a header elsewhere", CENTRAL, 1, 42, 1, 4, GPTVIS_ERROR_FORMAT, "entry m/b is not at byte 1"},
    {"another's header", CENTRAL, 1, 42, 0, 4, GPTVIS_ERROR_FORMAT, "entry m/b is not at byte 0"},
    {"another name", LOCAL, 1, 32, 'c', 1, GPTVIS_ERROR_FORMAT, "entry m/b is not at byte"},
    {"a 0 in the name", CENTRAL, 1, 47, 0, 1, GPTVIS_ERROR_LIMIT, "whose name has a 0"},
    {"sizes that are nowhere", CENTRAL, 1, 24, G_MAXUINT32, 4, GPTVIS_ERROR_FORMAT,
        "entry m/b lacks its sizes"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    GByteArray *file = two_entries (FALSE);
    made_patch (file, cases[i].signature, cases[i].nth, cases[i].offset, cases[i].number, cases[i].n);
    Opened *o = open_zip (file, &error);
    g_assert_null (o->zip);
    unit_expect_error (cases[i].which, error, cases[i].code, cases[i].parts);
    clear (o);
  }
}

static void
test_wide_ends (void)
{
  static const struct {
    const gchar *which, *signature;
    guint offset;
    guint64 number;
    guint n;
    GptVisError code;
    const gchar *parts;
  } cases[] = {
    {"disks", LOCATOR, 16, 2, 4, GPTVIS_ERROR_UNSUPPORTED, "spread over several files"},
    {"too far", LOCATOR, 8, G_MAXUINT64 - 10, 8, GPTVIS_ERROR_FORMAT, "after its locator"},
    {"elsewhere", LOCATOR, 8, 1, 8, GPTVIS_ERROR_FORMAT, "contradict each other"},
    {"two sizes", END, 12, 77, 4, GPTVIS_ERROR_FORMAT, "contradict each other"},
    {"too many", WIDE, 32, 1u << 20, 8, GPTVIS_ERROR_LIMIT, "1048576 entries|at most 100000"},
    {"a directory too long", WIDE, 40, G_MAXUINT64, 8, GPTVIS_ERROR_FORMAT, "would end beyond"},
    {"a directory too far", WIDE, 48, G_MAXUINT64, 8, GPTVIS_ERROR_FORMAT, "would end beyond"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    GByteArray *file = two_entries (TRUE);
    made_patch (file, cases[i].signature, 0, cases[i].offset, cases[i].number, cases[i].n);
    Opened *o = open_zip (file, &error);
    g_assert_null (o->zip);
    unit_expect_error (cases[i].which, error, cases[i].code, cases[i].parts);
    clear (o);
  }
}

/* Two entries of a directory for the same data: with one name, and with two. */
static void
test_shared_bytes (void)
{
  const MadeEntry same[] = { {"m/a", text, 100}, {"m/a", text, 100} };
  const MadeEntry inner[] = { {"m/b", text, 10} };
  GByteArray *within = made_zip (inner, 1, NULL, FALSE);
  const MadeEntry nested[] = { {"m/a", within->data, within->len}, {"m/b", text, 10} };
  GError *error = NULL;
  Opened *o = open_zip (made_zip (same, 2, NULL, FALSE), &error);
  g_assert_null (o->zip);
  unit_expect_error ("names", error, GPTVIS_ERROR_FORMAT, "two entries with the name m/a");
  clear (o);

  /* the second entry is made to point to what lies within the first one's data */
  GByteArray *file = made_zip (nested, 2, NULL, FALSE);
  made_patch (file, CENTRAL, 2, 42, 33, 4);
  error = NULL;
  o = open_zip (file, &error);
  g_assert_null (o->zip);
  unit_expect_error ("overlap", error, GPTVIS_ERROR_FORMAT, "entries m/a and m/b overlap");
  clear (o);
  g_byte_array_unref (within);
}

static void
expect_damage (const gchar *which, guint nth, guint offset, guint64 number, guint n, const gchar *parts)
{
  GError *error = NULL;
  GByteArray *file = two_entries (FALSE);
  made_patch (file, CENTRAL, nth, offset, number, n);
  Opened *o = open_zip (file, &error);
  g_assert_no_error (error);
  g_assert_null (gptvis_zip_reader_load (o->reader, gptvis_zip_entry (o->zip, nth), LONG, &error));
  unit_expect_error (which, error, GPTVIS_ERROR_FORMAT, parts);
  /* nothing of it stays */
  g_assert_null (gptvis_zip_reader_load (o->reader, gptvis_zip_entry (o->zip, nth), LONG, NULL));
  clear (o);
}

static void
test_damage (void)
{
  expect_damage ("deflated checksum", 0, 16, 12345, 4,
      "entry m/a is damaged: its checksum is|00003039 is right");
  expect_damage ("stored checksum", 1, 16, 12345, 4,
      "entry m/b is damaged: its checksum is|00003039 is right");
  expect_damage ("inflates to more", 0, 24, 999, 4, "entry m/a inflates to more than the 999 bytes");
  expect_damage ("inflates to less", 0, 24, 1001, 4, "entry m/a inflates to 1000 bytes|says 1001");

  GError *error = NULL;
  GByteArray *file = two_entries (FALSE);
  made_patch (file, CENTRAL, 0, 16, 0, 4);      /* no checksum */
  made_patch (file, CENTRAL, 1, 16, 0, 4);
  Opened *o = open_zip (file, &error);
  check_entry (o, "m/a", 1000);
  check_entry (o, "m/b", 100);
  g_assert_null (gptvis_zip_reader_load (o->reader, gptvis_zip_find (o->zip, "m/b"), 99, &error));
  unit_expect_error ("limit", error, GPTVIS_ERROR_LIMIT, "entry m/b has 100 bytes, where at most 99");
  clear (o);

  error = NULL;
  file = two_entries (FALSE);
  made_patch (file, LOCAL, 0, 33, 0xffffff, 3); /* deflate's first bytes: a kind of block that there is not */
  o = open_zip (file, &error);
  g_assert_null (gptvis_zip_reader_load (o->reader, gptvis_zip_find (o->zip, "m/a"), LONG, &error));
  unit_expect_error ("deflate", error, GPTVIS_ERROR_FORMAT, "entry m/a is damaged (|): download it again");
  clear (o);
}

/* Wherever the file is cut off, there is a sentence. */
static void
test_cut (void)
{
  GByteArray *whole = two_entries (TRUE);
  for (guint n = 0; n < whole->len; n++) {
    GByteArray *cut = g_byte_array_new ();
    GError *error = NULL;
    g_byte_array_append (cut, whole->data, n);
    Opened *o = open_zip (cut, &error);
    g_assert_null (o->zip);
    unit_expect_error ("cut", error, GPTVIS_ERROR_FORMAT, "the file is truncated");
    clear (o);
  }
  g_byte_array_unref (whole);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < LONG; i++)              /* some of it is worth deflating */
    text[i] = i % 251 + i / 1000 % 3 * (i * 2654435761u >> 24);
  g_test_add_func ("/zip/kinds", test_kinds);
  g_test_add_func ("/zip/parts", test_parts);
  g_test_add_func ("/zip/directories", test_directories);
  g_test_add_func ("/zip/wide-ends", test_wide_ends);
  g_test_add_func ("/zip/shared-bytes", test_shared_bytes);
  g_test_add_func ("/zip/damage", test_damage);
  g_test_add_func ("/zip/cut", test_cut);
  return g_test_run ();
}
