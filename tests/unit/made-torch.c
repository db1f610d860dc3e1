/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writers of made-torch.h, which share nothing with the readers that they test. */
#define ZLIB_CONST
#include "made-torch.h"
#include <string.h>
#include <zlib.h>

static void
put (GByteArray *to, guint64 number, guint n)
{
  number = GUINT64_TO_LE (number);
  g_byte_array_append (to, (const guint8 *) &number, n);
}

void
made_bytes (GByteArray *to, gconstpointer bytes, gsize n)
{
  g_byte_array_append (to, bytes, n);
}

void
made_code (GByteArray *to, const gchar *codes)
{
  made_bytes (to, codes, strlen (codes));
}

/* ---- zip ---- */

typedef struct {
  GBytes *data;
  guint32 crc;
  guint64 offset;
} Packed;

static GBytes *
pack (const MadeEntry *e)
{
  if (!e->deflated)
    return g_bytes_new (e->data, e->size);
  z_stream stream = { .next_in = e->data, .avail_in = e->size };
  const gsize most = e->size + e->size / 8 + 64;
  guint8 *to = g_malloc (most);
  stream.next_out = to;
  stream.avail_out = most;
  g_assert_cmpint (deflateInit2 (&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
  g_assert_cmpint (deflate (&stream, Z_FINISH), ==, Z_STREAM_END);
  deflateEnd (&stream);
  return g_bytes_new_take (to, most - stream.avail_out);
}

/* What local headers and the directory have in common: from the version to the sizes of name and extra. */
static void
put_common (GByteArray *to, const MadeEntry *e, const Packed *p, gboolean known, gsize extra)
{
  put (to, 45, 2);
  put (to, e->later ? 8 : 0, 2);
  put (to, e->deflated ? 8 : 0, 2);
  put (to, 0, 4);               /* time and date */
  put (to, known ? p->crc : 0, 4);
  put (to, !known ? 0 : e->wide ? G_MAXUINT32 : g_bytes_get_size (p->data), 4);
  put (to, !known ? 0 : e->wide ? G_MAXUINT32 : e->size, 4);
  put (to, strlen (e->name), 2);
  put (to, extra, 2);
}

static void
put_local (GByteArray *to, const MadeEntry *e, Packed *p)
{
  p->offset = to->len;
  made_code (to, "PK\3\4");
  put_common (to, e, p, !e->later, e->pad);
  made_code (to, e->name);
  for (guint i = 0; i < e->pad; i++)
    put (to, 'Z', 1);
  made_bytes (to, g_bytes_get_data (p->data, NULL), g_bytes_get_size (p->data));
  if (!e->later)
    return;
  made_code (to, "PK\7\10");
  put (to, p->crc, 4);
  put (to, g_bytes_get_size (p->data), 4);
  put (to, e->size, 4);
}

static void
put_central (GByteArray *to, const MadeEntry *e, const Packed *p)
{
  made_code (to, "PK\1\2");
  put (to, 45, 2);
  put_common (to, e, p, TRUE, e->wide ? 32 : 0);
  put (to, 0, 8);               /* comment, disk, attributes */
  put (to, 0, 2);
  put (to, e->wide ? G_MAXUINT32 : p->offset, 4);
  made_code (to, e->name);
  if (!e->wide)
    return;
  put (to, 0x7777, 2);          /* a field of somebody else's */
  put (to, 0, 2);
  put (to, 1, 2);
  put (to, 24, 2);
  put (to, e->size, 8);
  put (to, g_bytes_get_size (p->data), 8);
  put (to, p->offset, 8);
}

static void
put_wide_end (GByteArray *to, guint n, guint64 size, guint64 offset)
{
  const guint64 at = to->len;
  made_code (to, "PK\6\6");
  put (to, 44, 8);
  put (to, 0x2d002d, 4);
  put (to, 0, 8);
  put (to, n, 8);
  put (to, n, 8);
  put (to, size, 8);
  put (to, offset, 8);
  made_code (to, "PK\6\7");
  put (to, 0, 4);
  put (to, at, 8);
  put (to, 1, 4);
}

GByteArray *
made_zip (const MadeEntry *entries, guint n, const gchar *comment, gboolean wide)
{
  GByteArray *to = g_byte_array_new ();
  Packed *packed = g_new0 (Packed, n + 1);
  for (guint i = 0; i < n; i++) {
    packed[i] = (Packed) { pack (&entries[i]), crc32 (0, entries[i].data, entries[i].size), 0 };
    put_local (to, &entries[i], &packed[i]);
  }
  const guint64 offset = to->len;
  for (guint i = 0; i < n; i++)
    put_central (to, &entries[i], &packed[i]);
  const guint64 size = to->len - offset;
  if (wide)
    put_wide_end (to, n, size, offset);
  made_code (to, "PK\5\6");
  put (to, 0, 4);
  put (to, wide ? G_MAXUINT16 : n, 2);
  put (to, wide ? G_MAXUINT16 : n, 2);
  put (to, wide ? G_MAXUINT32 : size, 4);
  put (to, wide ? G_MAXUINT32 : offset, 4);
  put (to, comment ? strlen (comment) : 0, 2);
  made_code (to, comment ? comment : "");
  for (guint i = 0; i < n; i++)
    g_bytes_unref (packed[i].data);
  g_free (packed);
  return to;
}

void
made_patch (GByteArray *file, const gchar *signature, guint nth, guint offset, guint64 number, guint n)
{
  guint i = 0;
  number = GUINT64_TO_LE (number);
  for (; i + 4 <= file->len; i++)
    if (memcmp (file->data + i, signature, 4) == 0 && nth-- == 0)
      break;
  g_assert_cmpuint (i + offset + n, <=, file->len);
  memcpy (file->data + i + offset, &number, n);
}

/* ---- pickles ---- */

void
made_number (GByteArray *to, gint64 number)
{
  const gboolean small = number == (gint32) number;
  made_code (to, small ? "J" : "\x8a\x08");
  put (to, number, small ? 4 : 8);
}

void
made_text (GByteArray *to, const gchar *text)
{
  made_code (to, "X");
  put (to, strlen (text), 4);
  made_code (to, text);
}

void
made_global (GByteArray *to, const gchar *module, const gchar *name)
{
  gchar *code = g_strdup_printf ("c%s\n%s\n", module, name);
  made_code (to, code);
  g_free (code);
}

static void
put_tuple (GByteArray *to, const gint64 *numbers, guint n)
{
  made_code (to, "(");
  for (guint i = 0; i < n; i++)
    made_number (to, numbers[i]);
  made_code (to, "t");
}

void
made_tensor (GByteArray *to, const MadeTensor *t, gboolean older)
{
  made_text (to, t->name);
  if (t->parameter) {
    made_global (to, "torch._utils", "_rebuild_parameter");
    made_code (to, "(");
  }
  made_global (to, "torch._utils", "_rebuild_tensor_v2");
  made_code (to, "((");
  made_text (to, "storage");
  made_global (to, "torch", t->storage);
  made_text (to, t->key);
  made_text (to, "cuda:0");
  made_number (to, t->n);
  made_code (to, older ? "NtQ" : "tQ");
  made_number (to, t->offset);
  put_tuple (to, t->size, t->n_dimensions);
  put_tuple (to, t->stride, t->n_dimensions);
  made_code (to, "\x89");
  made_global (to, "collections", "OrderedDict");
  made_code (to, ")RtR");
  if (t->parameter)
    made_code (to, "\x88}tR");
}

GByteArray *
made_dict (const MadeTensor *tensors, guint n, gboolean older)
{
  GByteArray *to = g_byte_array_new ();
  made_code (to, "\x80\2");
  made_global (to, "collections", "OrderedDict");
  made_code (to, ")R(");
  for (guint i = 0; i < n; i++)
    made_tensor (to, &tensors[i], older);
  made_code (to, "u.");
  return to;
}

/* ---- PyTorch's files ---- */

GByteArray *
made_torch (GByteArray *pickle, const MadeStorage *storages, guint n, gboolean deflated)
{
  MadeEntry *entries = g_new0 (MadeEntry, n + 2);
  entries[0] = (MadeEntry) { "m/data.pkl", pickle->data, pickle->len, .deflated = deflated };
  entries[1] = (MadeEntry) { "m/byteorder", "little", 6, .later = TRUE };
  for (guint i = 0; i < n; i++)
    entries[i + 2] = (MadeEntry) { g_strconcat ("m/data/", storages[i].key, NULL), storages[i].data,
      storages[i].size, .deflated = deflated, .pad = 5 };
  GByteArray *file = made_zip (entries, n + 2, NULL, FALSE);
  for (guint i = 0; i < n; i++)
    g_free ((gchar *) entries[i + 2].name);
  g_free (entries);
  g_byte_array_unref (pickle);
  return file;
}

GByteArray *
made_older (GByteArray *pickle, const MadeStorage *storages, guint n)
{
  GByteArray *to = g_byte_array_new ();
  made_code (to, "\x80\2\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.");
  made_code (to, "\x80\2M\xe9\3.");
  made_code (to, "\x80\2}");
  made_text (to, "little_endian");
  made_code (to, "\x88s.");
  made_bytes (to, pickle->data, pickle->len);
  made_code (to, "\x80\2](");
  for (guint i = 0; i < n; i++)
    made_text (to, storages[i].key);
  made_code (to, "e.");
  for (guint i = 0; i < n; i++) {
    put (to, storages[i].n, 8);
    made_bytes (to, storages[i].data, storages[i].size);
  }
  g_byte_array_unref (pickle);
  return to;
}
