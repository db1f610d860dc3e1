/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of pickle-machine.h. Memory is counted in one place (take_memory), and the stack and texts have
 * fixed bounds. */
#include "pickle-machine.h"
#include "quote.h"
#include <string.h>

#define BLOCK (128u << 10)      /* bytes of memory that are taken at once */

typedef GptVisPickleValue Value;

#define fail(self, code, ...) gptvis_pickle_fail (self, code, __VA_ARGS__)

gboolean
gptvis_pickle_fail (GptVisPickleMachine *self, GptVisError code, const gchar *format, ...)
{
  va_list args;
  va_start (args, format);
  gchar *text = g_strdup_vprintf (format, args);
  va_end (args);
  gptvis_quote_error (self->error, code, "%s: the pickle %s", self->file->path, text);
  g_free (text);
  return FALSE;
}

/* ---- bytes in ---- */

const guint8 *
gptvis_pickle_take (GptVisPickleMachine *self, gsize n)
{
  if (self->end - self->first < n) {
    const gsize rest = self->end - self->first;
    const gsize more = MIN (sizeof self->window - rest, self->file->size - self->at);
    memmove (self->window, self->window + self->first, rest);
    self->first = 0;
    self->end = rest;
    if (rest + more < n) {
      fail (self, GPTVIS_ERROR_FORMAT, "ends at byte %" G_GUINT64_FORMAT ", before its last "
          "opcode: the file is damaged, or its download did not end: download it again", self->file->size);
      return NULL;
    }
    if (!gptvis_file_read (self->file, self->at, more, self->window + rest, self->error))
      return NULL;
    self->at += more;
    self->end += more;
  }
  self->first += n;
  return self->window + self->first - n;
}

/* ---- values ---- */

/* NULL after an error. Its end comes with the pickle's. */
static gpointer
take_memory (GptVisPickleMachine *self, gsize n)
{
  GptVisPickle *pickle = self->pickle;
  n = (n + 7) / 8 * 8;
  if (n > pickle->block_left) {
    const gsize block = MAX (n, BLOCK);
    if (block > GPTVIS_PICKLE_MAX_MEMORY - pickle->memory) {
      fail (self, GPTVIS_ERROR_LIMIT, "needs more memory than the %u MiB that one may have",
          GPTVIS_PICKLE_MAX_MEMORY >> 20);
      return NULL;
    }
    pickle->memory += block;
    pickle->block_left = block;
    pickle->block_at = g_malloc (block);
    g_ptr_array_add (pickle->blocks, pickle->block_at);
  }
  pickle->block_at += n;
  pickle->block_left -= n;
  return pickle->block_at - n;
}

GptVisPickleValue *
gptvis_pickle_make (GptVisPickleMachine *self, GptVisPickleKind kind)
{
  Value *value = take_memory (self, sizeof (Value));
  if (value)
    *value = (Value) { .kind = kind };
  return value;
}

gboolean
gptvis_pickle_put (GptVisPickleMachine *self, Value *value)
{
  if (self->n_stack == GPTVIS_PICKLE_MAX_STACK)
    return fail (self, GPTVIS_ERROR_LIMIT, "puts more than %u values on its stack, which weights never do",
        GPTVIS_PICKLE_MAX_STACK);
  self->stack[self->n_stack++] = value;
  return TRUE;
}

GptVisPickleValue *
gptvis_pickle_push (GptVisPickleMachine *self, GptVisPickleKind kind)
{
  Value *value = gptvis_pickle_make (self, kind);
  return value && gptvis_pickle_put (self, value) ? value : NULL;
}

gboolean
gptvis_pickle_push_number (GptVisPickleMachine *self, GptVisPickleKind kind, gint64 number)
{
  Value *value = gptvis_pickle_push (self, kind);
  if (value)
    value->number = number;
  return value != NULL;
}

gboolean
gptvis_pickle_push_bytes (GptVisPickleMachine *self, GptVisPickleKind kind, guint64 n)
{
  if (n > GPTVIS_PICKLE_MAX_TEXT)
    return fail (self, GPTVIS_ERROR_LIMIT, "has a text of %" G_GUINT64_FORMAT " bytes, where at most %u are "
        "read", n, GPTVIS_PICKLE_MAX_TEXT);
  const guint8 *bytes = gptvis_pickle_take (self, n);
  gchar *copy = bytes ? take_memory (self, n + 1) : NULL;
  Value *value = copy ? gptvis_pickle_push (self, kind) : NULL;
  if (!value)
    return FALSE;
  memcpy (copy, bytes, n);
  copy[n] = '\0';
  value->text = copy;
  value->n = n;
  return TRUE;
}

GptVisPickleValue *
gptvis_pickle_top (GptVisPickleMachine *self)
{
  Value *value = self->n_stack > 0 ? self->stack[self->n_stack - 1] : NULL;
  if (!value)
    fail (self, GPTVIS_ERROR_FORMAT, "takes a value from its stack where there is none" DAMAGED);
  return value;
}

GptVisPickleValue *
gptvis_pickle_pop (GptVisPickleMachine *self)
{
  Value *value = gptvis_pickle_top (self);
  if (value)
    self->n_stack--;
  return value;
}

gboolean
gptvis_pickle_count_marked (GptVisPickleMachine *self, guint *n)
{
  for (*n = 0; *n < self->n_stack; ++*n)
    if (!self->stack[self->n_stack - 1 - *n])
      return TRUE;
  return fail (self, GPTVIS_ERROR_FORMAT, "takes values down to a mark where there is none" DAMAGED);
}

/* How many items there is room for: a power of two, so that a list that grows is rarely copied. */
static gsize
room (gsize n)
{
  gsize size = 4;
  while (size < n)
    size *= 2;
  return n == 0 ? 0 : size;
}

gboolean
gptvis_pickle_make_room (GptVisPickleMachine *self, Value *to, gsize n)
{
  if (room (n) == room (to->n))
    return TRUE;
  const Value **items = take_memory (self, room (n) * sizeof *items);
  if (items && to->n > 0)
    memcpy (items, to->items, to->n * sizeof *items);
  if (items)
    to->items = items;
  return items != NULL;
}

gboolean
gptvis_pickle_put_inside (GptVisPickleMachine *self, Value *to, Value *value)
{
  if (to->inside || value == to)
    return fail (self, GPTVIS_ERROR_UNSUPPORTED, "changes a value that is already inside another, which no "
        "dictionary of tensors needs");
  if (value->depth >= GPTVIS_PICKLE_MAX_DEPTH)
    return fail (self, GPTVIS_ERROR_LIMIT, "nests values more than %u deep, which weights never do",
        GPTVIS_PICKLE_MAX_DEPTH);
  value->inside = TRUE;
  to->depth = MAX (to->depth, value->depth + 1);
  to->items[to->n++] = value;
  return TRUE;
}

gboolean
gptvis_pickle_gather (GptVisPickleMachine *self, Value *to, guint n)
{
  if (self->n_stack < n)
    return gptvis_pickle_top (self) && fail (self, GPTVIS_ERROR_FORMAT,
        "takes %u values from its stack, where there are fewer" DAMAGED, n);
  if (!gptvis_pickle_make_room (self, to, to->n + (gsize) n))
    return FALSE;
  Value **from = &self->stack[self->n_stack - n];
  for (guint i = 0; i < n; i++)
    if (!from[i])
      return fail (self, GPTVIS_ERROR_FORMAT, "takes a mark from its stack for a value" DAMAGED);
    else if (!gptvis_pickle_put_inside (self, to, from[i]))
      return FALSE;
  self->n_stack -= n;
  return TRUE;
}
