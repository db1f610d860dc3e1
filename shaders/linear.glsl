// SPDX-License-Identifier: LGPL-2.1-or-later
// What all shaders of linear share: bindings, and what is done with a sum before it is y. W's rows
// are floats; with F16 halves, two to a word; with INT8 signed bytes, four to a word, in parts of
// the row's largest, which follows them as a float.
layout (local_size_x_id = SPEC_THREADS) in;
layout (constant_id = SPEC_PARTS) const uint parts = 0;
layout (constant_id = SPEC_VECTORS) const uint vectors = 0;
layout (constant_id = SPEC_F) const uint act = 0;

layout (binding = LINEAR_X) readonly buffer X { float x[]; };
layout (binding = LINEAR_X) readonly buffer X4 { vec4 x4[]; };
#if defined (INT8)
layout (binding = LINEAR_W) readonly buffer W { uint w[]; };
#elif defined (F16)
layout (binding = LINEAR_W) readonly buffer W { uint w[]; };
layout (binding = LINEAR_W) readonly buffer W4 { uvec2 w4[]; };
#else
layout (binding = LINEAR_W) readonly buffer W { float w[]; };
layout (binding = LINEAR_W) readonly buffer W4 { vec4 w4[]; };
#endif
layout (binding = LINEAR_B) readonly buffer B { float b[]; };
layout (binding = LINEAR_GATE) readonly buffer Gate { float gate[]; };
layout (binding = LINEAR_SCALE) readonly buffer Scale { float scale[]; };
layout (binding = LINEAR_RESIDUAL) readonly buffer Residual { float residual[]; };
layout (binding = LINEAR_Y) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { LinearPush p; };

#include "act.glsl"
#include "half.glsl"

#define X_FLOAT(i) x[i]
#define X_FLOATS(i) x4[i]
#ifdef F16
#define W_FLOAT(i) half_of (w[(i) / 2], i)
#define W_FLOATS(i) halves (w4[i])
#else
#define W_FLOAT(i) w[i]
#define W_FLOATS(i) w4[i]
#endif

// Four of x's row, or of W's, from k on; 0 past the row's end.
#define LOAD(name, FLOAT, FLOATS) vec4 \
load_##name (uint row, uint k) \
{ \
  if (vectors != 0) \
    return k < p.inner ? FLOATS ((row * p.inner + k) / 4) : vec4 (0); \
  vec4 value = vec4 (0); \
  for (uint j = 0; j < 4; j++) \
    if (k + j < p.inner) \
      value[j] = FLOAT (row * p.inner + k + j); \
  return value; \
}
LOAD (x, X_FLOAT, X_FLOATS)
#ifdef INT8
uint
load_w_word (uint row, uint k)
{
  return k < p.inner ? w[row * ((p.inner + 3) / 4 + 1) + k / 4] : 0;
}

// The row's largest, which a byte of 127 is.
float
w_largest (uint row)
{
  const uint words = (p.inner + 3) / 4;
  return uintBitsToFloat (w[row * (words + 1) + words]);
}

vec4
load_w (uint row, uint k)
{
  return unpackSnorm4x8 (load_w_word (row, k)) * w_largest (row);
}
#else
LOAD (w, W_FLOAT, W_FLOATS)
#endif

// The same four of W as halves: as those that they are, or bytes as whole numbers.
#if defined (F16)
uvec2
load_w_words (uint row, uint k)
{
  if (vectors != 0)
    return k < p.inner ? w4[(row * p.inner + k) / 4] : uvec2 (0);
  return words_of (load_w (row, k));
}
#elif defined (INT8)
uvec2
load_w_words (uint row, uint k)
{
  return words_of (unpackSnorm4x8 (load_w_word (row, k)) * 127);
}
#endif

void
store (uint row, uint column, float sum)
{
  const uint at = row * p.y_width + column;
  if ((parts & LINEAR_HAS_B) != 0)
    sum += b[column];
  sum = activate (act, sum);
  if ((parts & LINEAR_HAS_GATE) != 0)
    sum *= gate[at];
  sum *= p.alpha;
  if ((parts & LINEAR_HAS_SCALE) != 0)
    sum *= scale[column];
  if ((parts & LINEAR_HAS_RESIDUAL) != 0)
    sum += residual[at];
  y[at] = sum;
}
