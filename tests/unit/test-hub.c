/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checkpoints by name: which texts are names, and what is found of them in caches as the hub's own tools and
 * gptvis-model leave them, whole, half and hostile. */
#include "hub.h"
#include "locate.h"
#include "unit.h"
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define A "3f49326eb077187dfe1c2a2bb15fbd74e6ab91e3"
#define B "0b1c2d3e4f5061728394a5b6c7d8e9f001122334"

/* ---- names ---- */

static void
test_names (void)
{
  static const struct { const gchar *text, *repository, *revision; } good[] = {
    {"google/vit-base-patch16-224", "google/vit-base-patch16-224", NULL},
    {"gpt2", "gpt2", NULL},
    {"timm/vit_base_patch16_224.augreg2_in1k", "timm/vit_base_patch16_224.augreg2_in1k", NULL},
    {"a/b@main", "a/b", "main"},
    {"a/b@refs/pr/7", "a/b", "refs/pr/7"},
    {"a/b@v1.0", "a/b", "v1.0"},
    {"a/b@" A, "a/b", A},
  };
  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    GptVisHubName name;
    GError *error = NULL;
    g_assert_true (gptvis_hub_name_parse (good[i].text, &name, &error));
    g_assert_no_error (error);
    g_assert_cmpstr (name.repository, ==, good[i].repository);
    g_assert_cmpstr (name.revision, ==, good[i].revision);
    gchar *folder = gptvis_hub_folder (name.repository), *back = gptvis_hub_repository (folder);
    g_assert_cmpstr (back, ==, good[i].repository);
    g_free (back);
    g_free (folder);
    gptvis_hub_name_clear (&name);
  }
  static const gchar *const bad[] = { "", "/", "a/", "/a", "a/b/c", "..", "../a", "a/..", "a..b/c", "a/b--c",
    "-a/b", "a/b-", ".a/b", "a/b.", "a b/c", "a/b\n", "a/b\\c", "~/a", "a/\xff", "a:b/c",
    "https://huggingface.co/a/b" };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    GptVisHubName name;
    GError *error = NULL;
    g_assert_false (gptvis_hub_name_parse (bad[i], &name, &error));
    unit_expect_error (bad[i], error, GPTVIS_ERROR_FORMAT, "is no name of a checkpoint");
  }
  static const gchar *const revisions[] = { "a/b@", "a/b@/etc", "a/b@..", "a/b@x/../../y", "a/b@.x",
    "a/b@x/.y", "a/b@x//y", "a/b@x/", "a/b@x@y", "a/b@x y" };
  for (guint i = 0; i < G_N_ELEMENTS (revisions); i++) {
    GptVisHubName name;
    GError *error = NULL;
    g_assert_false (gptvis_hub_name_parse (revisions[i], &name, &error));
    unit_expect_error (revisions[i], error, GPTVIS_ERROR_FORMAT, "is no revision");
  }
  gchar *long_name = g_strnfill (97, 'a');
  GptVisHubName name;
  g_assert_false (gptvis_hub_name_parse (long_name, &name, NULL));
  long_name[96] = '\0';
  g_assert_true (gptvis_hub_name_parse (long_name, &name, NULL));
  gptvis_hub_name_clear (&name);
  g_free (long_name);
}

static void
test_folders (void)
{
  static const gchar *const bad[] = { "datasets--a--b", "models--", "models--a--", "models--..--a",
    "models--a--b--c", "models", "version.txt" };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_null (gptvis_hub_repository (bad[i]));
}

/* ---- caches ---- */

/* A home with both caches, in the environment for as long as it is there. */
typedef struct {
  gchar *home, *tools, *own;
} Home;

static const gchar *const variables[] = { "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME",
  "XDG_CACHE_HOME" };

static Home
home_new (void)
{
  Home self = { .home = unit_directory () };
  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    g_unsetenv (variables[i]);
  g_setenv ("XDG_CACHE_HOME", self.home, TRUE);
  self.tools = g_build_filename (self.home, "huggingface", "hub", NULL);
  self.own = g_build_filename (self.home, "gptvis", "hub", NULL);
  return self;
}

static void
home_clear (Home *self)
{
  g_free (self->tools);
  g_free (self->own);
  unit_remove (self->home);
}

/* Writes folder/below, with the directories that it is in. */
static void
put (const gchar *folder, const gchar *below, const gchar *text)
{
  gchar *path = g_build_filename (folder, below, NULL), *directory = g_path_get_dirname (path);
  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_free (directory);
  g_free (path);
}

/* A file of a snapshot, a link into blobs/. */
static void
put_link (const gchar *folder, const gchar *commit, const gchar *name, const gchar *text)
{
  gchar *blob = g_strdup_printf ("blobs/%s-%s", commit, name), *to = g_strconcat ("../../", blob, NULL);
  gchar *directory = g_build_filename (folder, "snapshots", commit, NULL);
  gchar *path = g_build_filename (directory, name, NULL);
  if (text)
    put (folder, blob, text);
  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  g_assert_cmpint (symlink (to, path), ==, 0);
  g_free (path);
  g_free (directory);
  g_free (to);
  g_free (blob);
}

static void
put_snapshot (const gchar *folder, const gchar *commit)
{
  put_link (folder, commit, "config.json", "{}");
  put_link (folder, commit, "model.safetensors", "x");
}

static gchar *
folder_of (const gchar *cache, const gchar *name)
{
  return g_build_filename (cache, name, NULL);
}

static void
expect_found (const gchar *text, const gchar *folder, const gchar *commit)
{
  GError *error = NULL;
  gchar *found = gptvis_locate (text, &error), *wanted = g_build_filename (folder, "snapshots", commit, NULL);
  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, wanted);
  g_free (wanted);
  g_free (found);
}

static void
expect_absent (const gchar *text, const gchar *parts)
{
  GError *error = NULL;
  g_assert_null (gptvis_locate (text, &error));
  unit_expect_error (text, error, GPTVIS_ERROR_NOT_FOUND, parts);
}

static void
test_revisions (void)
{
  Home home = home_new ();
  gchar *folder = folder_of (home.tools, "models--google--vit");
  put_snapshot (folder, A);
  put_snapshot (folder, B);
  put (folder, "refs/main", A);
  put (folder, "refs/v2", B "\n");
  put (folder, "refs/refs/pr/3", B);
  expect_found ("google/vit", folder, A);
  expect_found ("google/vit@main", folder, A);
  expect_found ("google/vit@v2", folder, B);
  expect_found ("google/vit@refs/pr/3", folder, B);
  expect_found ("google/vit@" B, folder, B);
  expect_absent ("google/vit@v3", "no revision of a checkpoint of that name|"
      "\"gptvis-model get google/vit@v3\"");
  expect_absent ("google/vit@abcdef", "no revision");
  expect_absent ("google/deit", "google/deit: there is no such directory, and no checkpoint of that name in "
      "|/gptvis/hub or |/huggingface/hub: \"gptvis-model get google/deit\" downloads it");
  gchar *old = folder_of (home.tools, "models--gpt2");
  put_snapshot (old, A);
  expect_found ("gpt2", old, A);        /* the only one, without refs/main */
  put_snapshot (old, B);
  expect_absent ("gpt2", "no checkpoint");
  g_free (old);
  g_free (folder);
  home_clear (&home);
}

/* What stands in a ref is another's text. */
static void
test_hostile_refs (void)
{
  Home home = home_new ();
  gchar *folder = folder_of (home.tools, "models--a--b"), *outside = folder_of (home.tools, "outside");
  gchar *main_ref = g_build_filename (folder, "refs", "main", NULL), *filled = g_strnfill (100000, 'a');
  const gchar *const texts[] = { "../../../outside", "..", ".", "", "\n", "/etc", "snapshots", A "/../" A,
    A " " A, "3F49326EB077187DFE1C2A2BB15FBD74E6AB91E3", B, filled };
  put_snapshot (folder, A);
  put (outside, "config.json", "{}");
  put (outside, "model.safetensors", "x");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    put (folder, "refs/main", texts[i]);
    expect_absent ("a/b", "no checkpoint of that name");
  }
  g_assert_true (g_file_set_contents (main_ref, "3f49\0" "326e", 9, NULL));
  expect_absent ("a/b", "no checkpoint of that name");
  g_remove (main_ref);
  g_assert_cmpint (g_mkdir (main_ref, 0700), ==, 0);
  expect_absent ("a/b", "no checkpoint of that name");
  g_rmdir (main_ref);
  expect_found ("a/b", folder, A);
  g_free (filled);
  g_free (main_ref);
  g_free (outside);
  g_free (folder);
  home_clear (&home);
}

/* Half of one is not taken where the other cache has all of it. */
static void
test_halves (void)
{
  Home home = home_new ();
  gchar *own = folder_of (home.own, "models--a--b"), *tools = folder_of (home.tools, "models--a--b");
  put (own, "refs/main", A);
  put_link (own, A, "config.json", "{}");
  expect_absent ("a/b", "only a part of it is there, in |gptvis/hub/models--a--b/snapshots/" A
      "|\"gptvis-model get a/b\" downloads the rest");
  put_link (own, A, "model.safetensors", NULL);         /* which leads to nothing */
  put_link (own, A, "model.safetensors.index.json", "{}");
  expect_absent ("a/b", "only a part");
  put (tools, "refs/main", B);
  put_link (tools, B, "model.safetensors", "x");
  expect_absent ("a/b", "only a part");
  put_link (tools, B, "config.json", "{}");
  expect_found ("a/b", tools, B);
  gchar *blob = g_build_filename (own, "blobs", A "-model.safetensors", NULL);
  g_assert_true (g_file_set_contents (blob, "x", 1, NULL));
  expect_found ("a/b", own, A);                         /* ours comes first */
  g_free (blob);
  g_free (tools);
  g_free (own);
  home_clear (&home);
}

static void
test_environment (void)
{
  Home home = home_new ();
  gchar *other = g_build_filename (home.home, "other", NULL);
  static const struct { const gchar *variable; gboolean above; } steps[] = {
    {"HF_HOME", TRUE}, {"HUGGINGFACE_HUB_CACHE", FALSE}, {"HF_HUB_CACHE", FALSE} };
  gchar **caches = gptvis_hub_caches ();
  g_assert_cmpstr (caches[0], ==, home.own);
  g_assert_cmpstr (caches[1], ==, home.tools);
  g_strfreev (caches);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {    /* each stands above those before */
    gchar *place = g_strdup_printf ("%s%u", other, i);
    g_setenv (steps[i].variable, place, TRUE);
    gchar *wanted = steps[i].above ? g_build_filename (place, "hub", NULL) : g_strdup (place);
    caches = gptvis_hub_caches ();
    g_assert_cmpstr (caches[0], ==, home.own);
    g_assert_cmpstr (caches[1], ==, wanted);
    g_strfreev (caches);
    g_free (wanted);
    g_free (place);
  }
  g_setenv ("HF_HUB_CACHE", "~/x", TRUE);
  caches = gptvis_hub_caches ();
  g_assert_cmpstr (caches[1] + strlen (g_get_home_dir ()), ==, "/x");
  g_strfreev (caches);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    g_unsetenv (steps[i].variable);
  g_free (other);
  home_clear (&home);
}

/* A path that is there wins, and a link that leads to nothing is no name. */
static void
test_paths (void)
{
  Home home = home_new ();
  gchar *folder = folder_of (home.tools, "models--a--b"), *before = g_get_current_dir ();
  gchar *work = g_build_filename (home.home, "work", NULL), *here = g_build_filename (work, "a", "b", NULL);
  put_snapshot (folder, A);
  put (folder, "refs/main", A);
  put (work, "a/b/config.json", "{}");
  g_assert_cmpint (g_chdir (work), ==, 0);
  GError *error = NULL;
  gchar *found = gptvis_locate ("a/b", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, here);
  g_free (found);
  expect_found ("a/b@main", folder, A);
  g_assert_cmpint (symlink ("nothing", "gpt2"), ==, 0);
  expect_absent ("gpt2", "this is a link to nothing, which is not there");
  expect_found (folder, folder, A);                     /* the folder itself */
  gchar *snapshot = g_build_filename (folder, "snapshots", A, NULL), *name = gptvis_hub_name_of (snapshot);
  g_assert_cmpstr (name, ==, "a/b");
  g_free (name);
  name = gptvis_hub_name_of (here);
  g_assert_cmpstr (name, ==, "b");
  g_free (name);
  g_assert_cmpint (g_chdir (before), ==, 0);
  g_free (snapshot);
  g_free (here);
  g_free (work);
  g_free (before);
  g_free (folder);
  home_clear (&home);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hub/names", test_names);
  g_test_add_func ("/hub/folders", test_folders);
  g_test_add_func ("/hub/revisions", test_revisions);
  g_test_add_func ("/hub/hostile-refs", test_hostile_refs);
  g_test_add_func ("/hub/halves", test_halves);
  g_test_add_func ("/hub/environment", test_environment);
  g_test_add_func ("/hub/paths", test_paths);
  return g_test_run ();
}
