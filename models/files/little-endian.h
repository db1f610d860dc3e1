/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole numbers as files store them: the lowest byte first, at any address. */
#pragma once
#include <glib.h>
#include <string.h>

static inline guint16
gptvis_le16 (const guint8 *at)
{
  guint16 value;
  memcpy (&value, at, sizeof value);
  return GUINT16_FROM_LE (value);
}

static inline guint32
gptvis_le32 (const guint8 *at)
{
  guint32 value;
  memcpy (&value, at, sizeof value);
  return GUINT32_FROM_LE (value);
}

static inline guint64
gptvis_le64 (const guint8 *at)
{
  guint64 value;
  memcpy (&value, at, sizeof value);
  return GUINT64_FROM_LE (value);
}
