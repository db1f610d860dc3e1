// SPDX-License-Identifier: LGPL-2.1-or-later
// Sums and maxima over a workgroup, through shared memory. All threads call them.
shared float reduced[gl_WorkGroupSize.x];

float
sum_of_all (float x)
{
  barrier ();
  reduced[gl_LocalInvocationIndex] = x;
  for (uint n = gl_WorkGroupSize.x / 2; n > 0; n /= 2) {
    barrier ();
    if (gl_LocalInvocationIndex < n)
      reduced[gl_LocalInvocationIndex] += reduced[gl_LocalInvocationIndex + n];
  }
  barrier ();
  return reduced[0];
}

float
max_of_all (float x)
{
  barrier ();
  reduced[gl_LocalInvocationIndex] = x;
  for (uint n = gl_WorkGroupSize.x / 2; n > 0; n /= 2) {
    barrier ();
    if (gl_LocalInvocationIndex < n)
      reduced[gl_LocalInvocationIndex] = max (reduced[gl_LocalInvocationIndex],
          reduced[gl_LocalInvocationIndex + n]);
  }
  barrier ();
  return reduced[0];
}
