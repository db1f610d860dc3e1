// SPDX-License-Identifier: LGPL-2.1-or-later
// Sums and maxima over a workgroup, which all threads call. With SUBGROUP each subgroup makes its
// own, and only these go through shared memory; else all do, by halves.
shared float reduced[gl_WorkGroupSize.x];

float sum_of (float a, float b) { return a + b; }
float max_of (float a, float b) { return max (a, b); }

#ifdef SUBGROUP
#define REDUCE(name, two, all, nothing) \
float \
name (float x) \
{ \
  x = all (x); \
  barrier (); \
  if (subgroupElect ()) \
    reduced[gl_SubgroupID] = x; \
  barrier (); \
  x = nothing; \
  for (uint i = gl_SubgroupInvocationID; i < gl_NumSubgroups; i += gl_SubgroupSize) \
    x = two (x, reduced[i]); \
  return all (x); \
}
#else
#define REDUCE(name, two, all, nothing) \
float \
name (float x) \
{ \
  barrier (); \
  reduced[gl_LocalInvocationIndex] = x; \
  for (uint n = gl_WorkGroupSize.x / 2; n > 0; n /= 2) { \
    barrier (); \
    if (gl_LocalInvocationIndex < n) \
      reduced[gl_LocalInvocationIndex] = two (reduced[gl_LocalInvocationIndex], \
          reduced[gl_LocalInvocationIndex + n]); \
  } \
  barrier (); \
  return reduced[0]; \
}
#endif
REDUCE (sum_of_all, sum_of, subgroupAdd, 0)
REDUCE (max_of_all, max_of, subgroupMax, -3e38)
