/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tune.h"
#include "commands.h"
#include "operations.h"
#include "store.h"
#include <string.h>

#define BUDGET (G_USEC_PER_SEC * 7 / 10)        /* µs, after which nothing new is begun */
#define LONG 20e6               /* ns of a run, from which on one tells enough */
#define REPEATS 4u              /* of shorter ones */
#define VERSION "gptvis tuned 1\n"

struct GptVisVulkanTuner {
  GMutex lock;                  /* guards the table */
  GHashTable *fastest;          /* guint64, the candidates and what they compute → which of them + 1 */
  gchar *path;
};

/* ---- what is known ---- */

/* FNV-1a, 64 bits. */
static guint64
add_to_key (guint64 key, const void *data, gsize size)
{
  const guint8 *bytes = data;
  for (gsize i = 0; i < size; i++)
    key = (key ^ bytes[i]) * G_GUINT64_CONSTANT (1099511628211);
  return key;
}

static guint64
key_of (const GptVisVulkanCandidates *candidates, const void *push, gsize push_size)
{
  const guint64 key = add_to_key (G_GUINT64_CONSTANT (14695981039346656037), candidates->of,
      candidates->n * sizeof candidates->of[0]);
  return add_to_key (key, push, push_size);
}

static void
set (GptVisVulkanTuner *self, guint64 key, guint which)
{
  g_hash_table_replace (self->fastest, g_memdup2 (&key, sizeof key), GUINT_TO_POINTER (which + 1));
}

/* Counted from 1; 0: not known, or no such candidate. */
static guint
look_up (GptVisVulkanTuner *self, guint64 key, guint n)
{
  g_mutex_lock (&self->lock);
  const guint found = GPOINTER_TO_UINT (g_hash_table_lookup (self->fastest, &key));
  g_mutex_unlock (&self->lock);
  return found <= n ? found : 0;
}

/* Behind the version a line for each: the key in sixteen hexadecimal digits, and which. */
static void
read_all (GptVisVulkanTuner *self)
{
  gsize size = 0;
  gchar *text = gptvis_vulkan_store_read (self->path, &size);
  if (text && g_str_has_prefix (text, VERSION)) {
    gchar **lines = g_strsplit (text + strlen (VERSION), "\n", -1);
    for (guint i = 0; lines[i]; i++) {
      gchar *end = lines[i];
      const guint64 key = g_ascii_strtoull (lines[i], &end, 16);
      if (end == lines[i] + 16 && *end == ' ' && g_ascii_isdigit (end[1]) && end[2] == 0)
        set (self, key, end[1] - '0');
    }
    g_strfreev (lines);
  }
  g_free (text);
}
G_STATIC_ASSERT (GPTVIS_VULKAN_CANDIDATES < 10);        /* one digit */

static void
write_all (GptVisVulkanTuner *self)
{
  GString *text = g_string_new (VERSION);
  GHashTableIter iter;
  gpointer key, which;
  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->fastest);
  while (g_hash_table_iter_next (&iter, &key, &which))
    g_string_append_printf (text, "%016" G_GINT64_MODIFIER "x %u\n", *(guint64 *) key,
        GPOINTER_TO_UINT (which) - 1);
  g_mutex_unlock (&self->lock);
  gptvis_vulkan_store_write (self->path, text->str, text->len);
  g_string_free (text, TRUE);
}

GptVisVulkanTuner *
gptvis_vulkan_tuner_new (const GptVisVulkanDevice *device)
{
  GptVisVulkanTuner *self = g_new0 (GptVisVulkanTuner, 1);
  const gboolean software = device->properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  if (!device->timestamps || gptvis_vulkan_disabled ("tune") || (software && !device->faults.tune))
    return self;
  g_mutex_init (&self->lock);
  self->fastest = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->path = gptvis_vulkan_store_path (device, "tuned");
  read_all (self);
  return self;
}

void
gptvis_vulkan_tuner_free (GptVisVulkanTuner *self)
{
  if (self->fastest) {
    g_hash_table_unref (self->fastest);
    g_mutex_clear (&self->lock);
  }
  g_free (self->path);
  g_free (self);
}

void
gptvis_vulkan_dispatch_candidate (GptVisVulkanRecorder *r, const GptVisVulkanCandidates *candidates,
    const GptVisVulkanRange *bindings, const void *push, gsize push_size)
{
  GptVisVulkanTuner *tuner = r->p->device->tuner;
  const guint64 key = key_of (candidates, push, push_size);
  guint which = r->candidate ? r->candidate : r->p->device->faults.tile;
  r->n_candidates = candidates->n;
  r->key = key;
  if (which == 0 && tuner->fastest)
    which = look_up (tuner, key, candidates->n);
  const guint i = which > 0 ? MIN (which, candidates->n) - 1 : candidates->best;
  const guint *groups = candidates->of[i].groups;
  if (r->candidate == 0)
    r->p->choices = add_to_key (r->p->choices ^ i, &key, sizeof key);
  if (r->candidate != GPTVIS_VULKAN_NO_CANDIDATE)
    gptvis_vulkan_dispatch (r, &candidates->of[i].variant, bindings, push, groups[0], groups[1], groups[2]);
}

/* ---- what is tried ---- */

typedef struct {
  GptVisVulkanProgram *p;
  VkQueryPool times;
  gint64 end;                   /* µs: nothing is begun after that */
  gboolean grown;
} Trial;

/* The operation as often as given, each after the other. */
static void
repeat (GptVisVulkanRecorder *r, guint n)
{
  for (guint i = 0; i < n && !r->error; i++) {
    gptvis_vulkan_operation (r);
    gptvis_vulkan_barrier (r->p->device, r->recording->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
        VK_ACCESS_SHADER_WRITE_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
        VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
  }
}

/* ns of one run of the operation, the mean of n after one that does not count; 0: the device failed. */
static gdouble
time_runs (Trial *t, GptVisVulkanRecorder *r, guint n, GError **error)
{
  const GptVisVulkanDevice *d = t->p->device;
  const VkCommandBuffer commands = t->p->copies;
  GptVisVulkanRecording recording = { .commands = commands };
  guint64 ticks[2] = { 0 };
  gdouble ns = 0;
  r->recording = &recording;
  if (gptvis_vulkan_ok (t->p->device, gptvis_vulkan_sets_new (t->p->device, n + 1, &recording.pool), "vkCreateDescriptorPool",
          error) && gptvis_vulkan_begin (t->p, commands, error)) {
    d->call.vkCmdResetQueryPool (commands, t->times, 0, 2);
    repeat (r, 1);
    d->call.vkCmdWriteTimestamp (commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, t->times, 0);
    repeat (r, n);
    d->call.vkCmdWriteTimestamp (commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, t->times, 1);
    if (r->error)
      g_propagate_error (error, r->error);
    else if (gptvis_vulkan_program_copy (t->p, error)
        && gptvis_vulkan_ok (t->p->device, d->call.vkGetQueryPoolResults (d->device, t->times, 0, 2,
                sizeof ticks, ticks, sizeof ticks[0], VK_QUERY_RESULT_64_BIT), "vkGetQueryPoolResults", error))
      ns = MAX ((ticks[1] - ticks[0]) * (gdouble) d->limits.timestampPeriod / n, 1);
  }
  d->call.vkDestroyDescriptorPool (d->device, recording.pool, NULL);
  return ns;
}

/* Tries each way to make the operation for n pictures. One that takes too long ends the trial. */
static gboolean
try_operation (Trial *t, const GptVisOp *op, guint n, GError **error)
{
  GptVisVulkanRecorder r = { .p = t->p, .op = op, .n = n, .candidate = GPTVIS_VULKAN_NO_CANDIDATE };
  gdouble least = G_MAXDOUBLE;
  guint fastest = 0;
  gptvis_vulkan_operation (&r);
  if (r.error) {
    g_clear_error (&r.error);   /* which recording tells */
    return TRUE;
  }
  const guint n_candidates = r.n_candidates;
  if (n_candidates < 2 || look_up (t->p->device->tuner, r.key, n_candidates) > 0)
    return TRUE;
  for (guint i = 0; i < n_candidates; i++) {
    if (g_get_monotonic_time () > t->end)
      return TRUE;
    r.candidate = i + 1;
    gdouble ns = time_runs (t, &r, 1, error);
    if (ns > 0 && ns < LONG)
      ns = time_runs (t, &r, REPEATS, error);
    if (ns == 0)
      return FALSE;
    if (ns < least) {
      least = ns;
      fastest = i;
    }
    t->p->tries++;
  }
  g_mutex_lock (&t->p->device->tuner->lock);
  set (t->p->device->tuner, r.key, fastest);
  g_mutex_unlock (&t->p->device->tuner->lock);
  t->grown = TRUE;
  return TRUE;
}

static gboolean
try_all (Trial *t, GError **error)
{
  const GptVisPlan *plan = t->p->base.plan;
  const guint sizes[] = { 1, gptvis_plan_max_batch (plan) };
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (guint i = 0; i < gptvis_plan_step_op (plan); i++) {
      const GptVisOp *op = gptvis_plan_op (plan, i);
      if ((op->kind == GPTVIS_OP_LINEAR || op->kind == GPTVIS_OP_ATTENTION)
          && gptvis_vulkan_operation_dispatches (t->p, op) == 1 && !try_operation (t, op, sizes[s], error))
        return FALSE;
    }
  return TRUE;
}

gboolean
gptvis_vulkan_tune (GptVisVulkanProgram *p, GError **error)
{
  const GptVisVulkanDevice *d = p->device;
  const VkQueryPoolCreateInfo times = {
    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
    .queryType = VK_QUERY_TYPE_TIMESTAMP,
    .queryCount = 2,
  };
  Trial t = { .p = p, .end = d->faults.tune ? G_MAXINT64 : g_get_monotonic_time () + BUDGET };
  if (!d->tuner->fastest)
    return TRUE;
  const VkResult result = d->call.vkCreateQueryPool (d->device, &times, NULL, &t.times);
  const gboolean ok = gptvis_vulkan_ok (p->device, result, "vkCreateQueryPool", error) && try_all (&t, error);
  d->call.vkDestroyQueryPool (d->device, t.times, NULL);
  if (t.grown)
    write_all (d->tuner);
  return ok;
}
