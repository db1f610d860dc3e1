// SPDX-License-Identifier: LGPL-2.1-or-later
// waves: sines and cosines of boxes, of many wavelengths. Vulkan allows sin, cos and exp2 to be off
// by 5e-4 and more, so they are summed here, to 2e-7.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (binding = 0) readonly buffer X { float x[]; };
layout (binding = 1) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { WavesPush p; };

// 2^-x for x >= 0: the series of e^(-u) for the fraction.
float
two_to_minus (float x)
{
  const float whole = floor (x), u = (x - whole) * 0.69314718056;
  float sum = 0;
  for (int i = 12; i > 0; i--)
    sum = (1 + sum) * (-u / i);
  return ldexp (1 + sum, -int (whole));
}

// sin (2 pi turns)
float
wave (float turns)
{
  float t = turns - roundEven (turns);          // -0.5 to 0.5, and then a quarter at most
  if (abs (t) > 0.25)
    t = (t < 0 ? -0.5 : 0.5) - t;
  const float u = t * 6.28318530718, square = u * u;
  float sum = 0;
  for (int i = 6; i > 0; i--)
    sum = (1 + sum) * (-square / (2 * i * (2 * i + 1)));
  return u * (1 + sum);
}

void
main ()
{
  const uint k = gl_GlobalInvocationID.x;
  if (k >= p.rows * 4 * p.pairs)
    return;
  const uint pair = k % p.pairs, value = k / p.pairs % 4, row = k / p.pairs / 4;
  const uint from = value == 0 ? 1 : value == 1 ? 0 : value;    // y comes before x
  const float turns = x[4 * row + from] * two_to_minus (13.287712379549449 * pair / p.pairs);
  y[2 * k] = wave (turns);
  y[2 * k + 1] = wave (turns - roundEven (turns) + 0.25);
}
