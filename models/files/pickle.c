/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The opcodes: a table of them, each with a function of a few lines. None of them calls anything that the
 * pickle names. */
#include "pickle-machine.h"
#include <string.h>

#define LONGEST_NAME 256u       /* of a module, or of what is in it; bytes */

typedef GptVisPickleMachine Machine;
typedef GptVisPickleValue Value;

#define fail(self, code, ...) gptvis_pickle_fail (self, code, __VA_ARGS__)

/* ---- opcodes: they return FALSE after an error ---- */

static gboolean
run_proto (Machine *self, guint64 version)
{
  return (version >= 2 && version <= 5) || fail (self, GPTVIS_ERROR_UNSUPPORTED,
      "has protocol %u, where 2 to 5 are read", (guint) version);
}

/* How many bytes belong together, for who reads from a network. */
static gboolean
run_frame (Machine *self, guint64 size)
{
  return TRUE;
}

static gboolean
run_stop (Machine *self, guint64 none)
{
  Value *root = gptvis_pickle_pop (self);
  self->stopped = root != NULL;
  if (root && self->n_stack > 0)
    return fail (self, GPTVIS_ERROR_FORMAT, "ends with values left on its stack" DAMAGED);
  self->pickle->root = root;
  return self->stopped;
}

static gboolean
run_mark (Machine *self, guint64 none)
{
  return gptvis_pickle_put (self, NULL);
}

static gboolean
run_none (Machine *self, guint64 none)
{
  return gptvis_pickle_push (self, GPTVIS_PICKLE_NONE) != NULL;
}

static gboolean
run_true (Machine *self, guint64 none)
{
  return gptvis_pickle_push_number (self, GPTVIS_PICKLE_BOOLEAN, TRUE);
}

static gboolean
run_false (Machine *self, guint64 none)
{
  return gptvis_pickle_push_number (self, GPTVIS_PICKLE_BOOLEAN, FALSE);
}

static gboolean
run_integer (Machine *self, guint64 number)
{
  return gptvis_pickle_push_number (self, GPTVIS_PICKLE_INTEGER, number);
}

static gboolean
run_signed (Machine *self, guint64 number)
{
  return gptvis_pickle_push_number (self, GPTVIS_PICKLE_INTEGER, (gint32) number);
}

/* n bytes, the lowest first, of a two's complement. */
static gboolean
run_long (Machine *self, guint64 n)
{
  if (n > 8)
    return gptvis_pickle_push_bytes (self, GPTVIS_PICKLE_LONG, n);
  const guint8 *bytes = gptvis_pickle_take (self, n);
  guint64 number = bytes && n > 0 && bytes[n - 1] & 0x80 ? G_MAXUINT64 : 0;
  for (guint i = n; bytes && i-- > 0;)
    number = number << 8 | bytes[i];
  return bytes && gptvis_pickle_push_number (self, GPTVIS_PICKLE_INTEGER, number);
}

/* The one number that is stored with its highest byte first. */
static gboolean
run_real (Machine *self, guint64 bits)
{
  Value *value = gptvis_pickle_push (self, GPTVIS_PICKLE_REAL);
  bits = GUINT64_SWAP_LE_BE (bits);
  if (value)
    memcpy (&value->real, &bits, sizeof value->real);
  return value != NULL;
}

static gboolean
run_text (Machine *self, guint64 n)
{
  if (!gptvis_pickle_push_bytes (self, GPTVIS_PICKLE_TEXT, n))
    return FALSE;
  const Value *value = gptvis_pickle_top (self);
  return g_utf8_validate (value->text, value->n, NULL)
      || fail (self, GPTVIS_ERROR_FORMAT, "has a text that is not UTF-8, or has a 0 in it" DAMAGED);
}

/* Of the n values on top. */
static gboolean
make_tuple (Machine *self, guint n)
{
  Value *tuple = gptvis_pickle_make (self, GPTVIS_PICKLE_TUPLE);
  return tuple && gptvis_pickle_gather (self, tuple, n) && gptvis_pickle_put (self, tuple);
}

static gboolean
run_tuple0 (Machine *self, guint64 none)
{
  return make_tuple (self, 0);
}

static gboolean
run_tuple1 (Machine *self, guint64 none)
{
  return make_tuple (self, 1);
}

static gboolean
run_tuple2 (Machine *self, guint64 none)
{
  return make_tuple (self, 2);
}

static gboolean
run_tuple3 (Machine *self, guint64 none)
{
  return make_tuple (self, 3);
}

static gboolean
run_tuple (Machine *self, guint64 none)
{
  Value *tuple = gptvis_pickle_make (self, GPTVIS_PICKLE_TUPLE);
  guint n;
  if (!tuple || !gptvis_pickle_count_marked (self, &n) || !gptvis_pickle_gather (self, tuple, n))
    return FALSE;
  self->stack[self->n_stack - 1] = tuple;       /* in the mark's place */
  return TRUE;
}

static gboolean
run_list (Machine *self, guint64 none)
{
  return gptvis_pickle_push (self, GPTVIS_PICKLE_LIST) != NULL;
}

static gboolean
run_dict (Machine *self, guint64 none)
{
  return gptvis_pickle_push (self, GPTVIS_PICKLE_DICT) != NULL;
}

/* The n values on top go into the list or dictionary below them. */
static gboolean
extend (Machine *self, GptVisPickleKind kind, guint n, gboolean marked)
{
  const guint below = n + (marked ? 2 : 1);
  Value *to = self->n_stack >= below ? self->stack[self->n_stack - below] : NULL;
  if (!to || to->kind != kind)
    return fail (self, GPTVIS_ERROR_FORMAT, "adds to a %s where there is none" DAMAGED,
        kind == GPTVIS_PICKLE_LIST ? "list" : "dictionary");
  if (!gptvis_pickle_gather (self, to, n))
    return FALSE;
  self->n_stack -= marked;
  return TRUE;
}

static gboolean
run_append (Machine *self, guint64 none)
{
  return extend (self, GPTVIS_PICKLE_LIST, 1, FALSE);
}

static gboolean
run_appends (Machine *self, guint64 none)
{
  guint n;
  return gptvis_pickle_count_marked (self, &n) && extend (self, GPTVIS_PICKLE_LIST, n, TRUE);
}

static gboolean
run_set_item (Machine *self, guint64 none)
{
  return extend (self, GPTVIS_PICKLE_DICT, 2, FALSE);
}

static gboolean
run_set_items (Machine *self, guint64 none)
{
  guint n;
  if (!gptvis_pickle_count_marked (self, &n))
    return FALSE;
  if (n % 2 != 0)
    return fail (self, GPTVIS_ERROR_FORMAT, "gives a dictionary a key without a value" DAMAGED);
  return extend (self, GPTVIS_PICKLE_DICT, n, TRUE);
}

/* ---- what pickles call ---- */

static gboolean
push_global (Machine *self, const gchar *module, const gchar *name)
{
  for (guint i = 0; i < self->n_globals; i++)
    if (strcmp (module, self->globals[i].module) == 0 && strcmp (name, self->globals[i].name) == 0) {
      Value *value = gptvis_pickle_push (self, GPTVIS_PICKLE_GLOBAL);
      if (value)
        value->global = &self->globals[i];
      return value != NULL;
    }
  return fail (self, GPTVIS_ERROR_UNSUPPORTED,
      "asks Python for %s.%s, which dictionaries of plain tensors never do, so it is refused, and nothing "
      "was called: save the weights alone, with torch.save(model.state_dict(), …) or save_pretrained()",
      module, name);
}

/* Up to the end of a line. */
static gboolean
read_line (Machine *self, gchar line[LONGEST_NAME])
{
  for (guint n = 0; n < LONGEST_NAME; n++) {
    const guint8 *byte = gptvis_pickle_take (self, 1);
    if (!byte)
      return FALSE;
    line[n] = *byte == '\n' ? '\0' : *byte;
    if (line[n] == '\0')
      return TRUE;
  }
  return fail (self, GPTVIS_ERROR_LIMIT, "asks Python for a name of more than %u bytes", LONGEST_NAME);
}

static gboolean
run_global (Machine *self, guint64 none)
{
  gchar module[LONGEST_NAME], name[LONGEST_NAME];
  return read_line (self, module) && read_line (self, name) && push_global (self, module, name);
}

static gboolean
run_stack_global (Machine *self, guint64 none)
{
  const Value *name = gptvis_pickle_pop (self), *module = name ? gptvis_pickle_pop (self) : NULL;
  if (!module)
    return FALSE;
  if (name->kind != GPTVIS_PICKLE_TEXT || module->kind != GPTVIS_PICKLE_TEXT)
    return fail (self, GPTVIS_ERROR_FORMAT, "asks Python for something whose name is no text" DAMAGED);
  return push_global (self, module->text, name->text);
}

/* As Python 2 wrote an OrderedDict: with a list of its pairs. */
static gboolean
fill_from_pairs (Machine *self, Value *dict, const Value *args)
{
  const Value *list = args->n == 1 ? args->items[0] : NULL;
  if (args->n > 0 && (!list || list->kind != GPTVIS_PICKLE_LIST))
    return fail (self, GPTVIS_ERROR_FORMAT, "makes a dictionary of something other than a list" DAMAGED);
  if (!gptvis_pickle_make_room (self, dict, 2 * (list ? list->n : 0)))
    return FALSE;
  for (guint i = 0; list && i < list->n; i++) {
    const Value *pair = list->items[i];
    if ((pair->kind != GPTVIS_PICKLE_LIST && pair->kind != GPTVIS_PICKLE_TUPLE) || pair->n != 2)
      return fail (self, GPTVIS_ERROR_FORMAT, "makes a dictionary of something other than pairs" DAMAGED);
    if (!gptvis_pickle_put_inside (self, dict, (Value *) pair->items[0])
        || !gptvis_pickle_put_inside (self, dict, (Value *) pair->items[1]))
      return FALSE;
  }
  return TRUE;
}

/* "Call this with that": a dictionary is made, all else is only written down. */
static gboolean
run_reduce (Machine *self, guint64 none)
{
  Value *args = gptvis_pickle_pop (self), *function = args ? gptvis_pickle_pop (self) : NULL;
  if (!function)
    return FALSE;
  if (args->kind != GPTVIS_PICKLE_TUPLE || function->kind != GPTVIS_PICKLE_GLOBAL)
    return fail (self, GPTVIS_ERROR_UNSUPPORTED,
        "calls %s with %s, where only dictionaries of tensors are read",
        gptvis_pickle_kind_text (function), gptvis_pickle_kind_text (args));
  const GptVisPickleGlobal *global = function->global;
  if (global->use == GPTVIS_PICKLE_NAMED)
    return fail (self, GPTVIS_ERROR_UNSUPPORTED, "calls %s.%s, where only dictionaries of tensors are read",
        global->module, global->name);
  Value *made = gptvis_pickle_push (self,
      global->use == GPTVIS_PICKLE_CALLED ? GPTVIS_PICKLE_CALL : GPTVIS_PICKLE_DICT);
  if (!made || global->use == GPTVIS_PICKLE_DICTIONARY)
    return made && fill_from_pairs (self, made, args);
  return gptvis_pickle_make_room (self, made, 2) && gptvis_pickle_put_inside (self, made, function)
      && gptvis_pickle_put_inside (self, made, args);
}

/* Attributes of an object: state dictionaries have some (_metadata), which nobody needs. */
static gboolean
run_build (Machine *self, guint64 none)
{
  const Value *attributes = gptvis_pickle_pop (self), *object = attributes ? gptvis_pickle_top (self) : NULL;
  if (!object)
    return FALSE;
  return object->kind == GPTVIS_PICKLE_DICT || fail (self, GPTVIS_ERROR_UNSUPPORTED,
      "sets the attributes of %s, where only dictionaries of tensors are read",
      gptvis_pickle_kind_text (object));
}

static gboolean
run_persistent (Machine *self, guint64 none)
{
  Value *value = gptvis_pickle_make (self, GPTVIS_PICKLE_PERSISTENT);
  if (!value || !gptvis_pickle_gather (self, value, 1))
    return FALSE;
  g_ptr_array_add (self->pickle->persistents, value);
  return gptvis_pickle_put (self, value);
}

/* ---- the memo ---- */

static gboolean
run_get (Machine *self, guint64 i)
{
  Value *value = i < self->memo->len ? g_ptr_array_index (self->memo, i) : NULL;
  return value ? gptvis_pickle_put (self, value) : fail (self, GPTVIS_ERROR_FORMAT,
      "takes value %" G_GUINT64_FORMAT
      " from its memo, where there is none" DAMAGED, i);
}

static gboolean
run_put (Machine *self, guint64 i)
{
  Value *value = gptvis_pickle_top (self);
  if (!value)
    return FALSE;
  if (i >= GPTVIS_PICKLE_MAX_MEMO)
    return fail (self, GPTVIS_ERROR_LIMIT,
        "puts a value at place %" G_GUINT64_FORMAT " of its memo, which has at "
        "most %u", i, GPTVIS_PICKLE_MAX_MEMO);
  if (i >= self->memo->len)
    g_ptr_array_set_size (self->memo, i + 1);
  g_ptr_array_index (self->memo, i) = value;
  return TRUE;
}

static gboolean
run_memoize (Machine *self, guint64 none)
{
  return run_put (self, self->memo->len);
}

/* ---- the machine ---- */

/* By their byte. width: of the number after it, in bytes, the lowest first. Without a function: known, and
 * refused by name. */
static const struct {
  const gchar *name;
  gboolean (*run) (Machine *self, guint64 number);
  guint width;
} opcodes[256] = {
  [0x80] = {"PROTO", run_proto, 1}, [0x95] = {"FRAME", run_frame, 8}, ['.'] = {"STOP", run_stop},
  ['('] = {"MARK", run_mark}, ['N'] = {"NONE", run_none}, [0x88] = {"NEWTRUE", run_true},
  [0x89] = {"NEWFALSE", run_false}, ['K'] = {"BININT1", run_integer, 1}, ['M'] = {"BININT2", run_integer, 2},
  ['J'] = {"BININT", run_signed, 4}, [0x8a] = {"LONG1", run_long, 1}, ['G'] = {"BINFLOAT", run_real, 8},
  [0x8c] = {"SHORT_BINUNICODE", run_text, 1}, ['X'] = {"BINUNICODE", run_text, 4},
  [0x8d] = {"BINUNICODE8", run_text, 8}, ['U'] = {"SHORT_BINSTRING", run_text, 1},
  ['T'] = {"BINSTRING", run_text, 4}, [')'] = {"EMPTY_TUPLE", run_tuple0}, [0x85] = {"TUPLE1", run_tuple1},
  [0x86] = {"TUPLE2", run_tuple2}, [0x87] = {"TUPLE3", run_tuple3}, ['t'] = {"TUPLE", run_tuple},
  [']'] = {"EMPTY_LIST", run_list}, ['a'] = {"APPEND", run_append}, ['e'] = {"APPENDS", run_appends},
  ['}'] = {"EMPTY_DICT", run_dict}, ['s'] = {"SETITEM", run_set_item}, ['u'] = {"SETITEMS", run_set_items},
  ['c'] = {"GLOBAL", run_global}, [0x93] = {"STACK_GLOBAL", run_stack_global}, ['R'] = {"REDUCE", run_reduce},
  ['b'] = {"BUILD", run_build}, ['Q'] = {"BINPERSID", run_persistent}, ['h'] = {"BINGET", run_get, 1},
  ['j'] = {"LONG_BINGET", run_get, 4}, ['q'] = {"BINPUT", run_put, 1}, ['r'] = {"LONG_BINPUT", run_put, 4},
  [0x94] = {"MEMOIZE", run_memoize},

  ['0'] = {"POP"}, ['1'] = {"POP_MARK"}, ['2'] = {"DUP"}, ['F'] = {"FLOAT"}, ['I'] = {"INT"},
  ['L'] = {"LONG"}, ['S'] = {"STRING"}, ['V'] = {"UNICODE"}, ['l'] = {"LIST"}, ['d'] = {"DICT"},
  ['g'] = {"GET"}, ['p'] = {"PUT"}, ['P'] = {"PERSID"}, ['i'] = {"INST"}, ['o'] = {"OBJ"},
  [0x81] = {"NEWOBJ"}, [0x92] = {"NEWOBJ_EX"},
  [0x82] = {"EXT1"}, [0x83] = {"EXT2"}, [0x84] = {"EXT4"}, [0x8b] = {"LONG4"}, ['B'] = {"BINBYTES"},
  ['C'] = {"SHORT_BINBYTES"}, [0x8e] = {"BINBYTES8"}, [0x8f] = {"EMPTY_SET"}, [0x90] = {"ADDITEMS"},
  [0x91] = {"FROZENSET"}, [0x96] = {"BYTEARRAY8"}, [0x97] = {"NEXT_BUFFER"}, [0x98] = {"READONLY_BUFFER"},
};

static gboolean
run_opcode (Machine *self)
{
  const guint8 *byte = gptvis_pickle_take (self, 1);
  if (!byte)
    return FALSE;
  const guint8 code = *byte;
  if (!opcodes[code].name)
    return fail (self, GPTVIS_ERROR_FORMAT, "has the byte 0x%02x where an opcode is needed" DAMAGED, code);
  if (!opcodes[code].run)
    return fail (self, GPTVIS_ERROR_UNSUPPORTED,
        "uses the opcode %s, which no dictionary of tensors needs: what torch.save(model.state_dict(), …) or "
        "save_pretrained() writes is needed", opcodes[code].name);
  guint64 number = 0;
  if (opcodes[code].width > 0) {
    const guint8 *bytes = gptvis_pickle_take (self, opcodes[code].width);
    if (!bytes)
      return FALSE;
    memcpy (&number, bytes, opcodes[code].width);
  }
  return opcodes[code].run (self, GUINT64_FROM_LE (number));
}

static gboolean
run (Machine *self)
{
  while (!self->stopped)
    if (!run_opcode (self))
      return FALSE;
  return TRUE;
}

GptVisPickle *
gptvis_pickle_load (const GptVisFile *file, guint64 *at, const GptVisPickleGlobal *globals, guint n_globals,
    GError **error)
{
  GptVisPickle *pickle = g_new0 (GptVisPickle, 1);
  Machine *machine = g_new0 (Machine, 1);       /* too large for a thread's stack */
  pickle->blocks = g_ptr_array_new_with_free_func (g_free);
  pickle->persistents = g_ptr_array_new ();
  machine->pickle = pickle;
  machine->globals = globals;
  machine->n_globals = n_globals;
  machine->file = file;
  machine->at = *at;
  machine->memo = g_ptr_array_new ();
  machine->error = error;
  const gboolean ok = run (machine);
  *at = machine->at - (machine->end - machine->first);
  g_ptr_array_unref (machine->memo);
  g_free (machine);
  if (ok)
    return pickle;
  gptvis_pickle_free (pickle);
  return NULL;
}

void
gptvis_pickle_free (GptVisPickle *self)
{
  if (!self)
    return;
  g_ptr_array_unref (self->persistents);
  g_ptr_array_unref (self->blocks);
  g_free (self);
}

const GptVisPickleValue *
gptvis_pickle_root (const GptVisPickle *self)
{
  return self->root;
}

const GptVisPickleValue *const *
gptvis_pickle_persistents (const GptVisPickle *self, guint *n)
{
  *n = self->persistents->len;
  return (const GptVisPickleValue *const *) self->persistents->pdata;
}

const GptVisPickleValue *
gptvis_pickle_lookup (const GptVisPickleValue *dict, const gchar *key)
{
  for (guint i = dict->kind == GPTVIS_PICKLE_DICT ? dict->n : 0; i >= 2; i -= 2) {
    const Value *k = dict->items[i - 2];
    if (k->kind == GPTVIS_PICKLE_TEXT && strcmp (k->text, key) == 0)
      return dict->items[i - 1];
  }
  return NULL;
}

const gchar *
gptvis_pickle_kind_text (const GptVisPickleValue *value)
{
  static const gchar *const texts[] = { "None", "a truth value", "a number", "a number", "a number", "a text",
    "a tuple", "a list", "a dictionary", "a name of Python's", "what a call gives", "a storage" };
  return texts[value->kind];
}
