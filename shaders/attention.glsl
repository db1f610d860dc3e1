// SPDX-License-Identifier: LGPL-2.1-or-later
// What both shaders of attention share: bindings, and tiles of a head's columns in shared memory,
// four to an element, which TILE makes of four floats.
layout (local_size_x_id = SPEC_THREADS) in;
layout (constant_id = SPEC_PARTS) const uint parts = 0;
layout (constant_id = SPEC_VECTORS) const uint vectors = 0;
layout (constant_id = SPEC_A) const uint queries = 16;
layout (constant_id = SPEC_B) const uint keys = 16;
layout (constant_id = SPEC_C) const uint head_width = 64;

layout (binding = 0) readonly buffer Q { float q[]; };
layout (binding = 0) readonly buffer Q4 { vec4 q4[]; };
layout (binding = 1) readonly buffer K { float k[]; };
layout (binding = 1) readonly buffer K4 { vec4 k4[]; };
layout (binding = 2) readonly buffer V { float v[]; };
layout (binding = 2) readonly buffer V4 { vec4 v4[]; };
layout (binding = 3) writeonly buffer Y { float y[]; };
layout (binding = 4) readonly buffer Bias { float bias[]; };
layout (push_constant) uniform Push { AttentionPush p; };

const uint width4 = (head_width + 3) / 4;
#define head gl_WorkGroupID.y
#define picture gl_WorkGroupID.z

// What a sum of products is as a score. Queries and keys past the last have none.
float
score_of (float products, uint query, uint key)
{
  const float score = products * p.scale;
  if ((parts & ATTENTION_HAS_BIAS) == 0 || query >= p.n_queries || key >= p.n_keys)
    return score;
  const uint window = picture % p.windows;
  uint kind = 0;
  if (p.across > 0)
    kind = uint ((window + 1) % p.across == 0) + 2 * uint (window + p.across >= p.windows);
  return score + bias[((kind * gl_NumWorkGroups.y + head) * p.n_queries + query) * p.n_keys + key];
}

// Column 4 d of the head's, of a row that begins at `at`; 0 past the head.
#define LOAD(name) vec4 \
load_##name (uint at, uint d) \
{ \
  if (vectors != 0) \
    return d < width4 ? name##4[at / 4 + d] : vec4 (0); \
  vec4 value = vec4 (0); \
  for (uint j = 0; j < 4; j++) \
    if (4 * d + j < head_width) \
      value[j] = name[at + 4 * d + j]; \
  return value; \
}
LOAD (q)
LOAD (k)
LOAD (v)

// `across` fours of each of n rows from `first` on; 0 from row `end` on.
#define LOAD_TILE(tile, name, across, n, first, end) \
  for (uint i = gl_LocalInvocationIndex; i < n * across; i += gl_WorkGroupSize.x) { \
    const uint row = first + i / across; \
    tile[i / across * stride + i % across] = TILE (row < end ? load_##name ((picture * end + row) \
        * p.name##_width + p.name##_column + head * head_width, i % across) : vec4 (0)); \
  }
