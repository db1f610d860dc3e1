// SPDX-License-Identifier: LGPL-2.1-or-later
// Activations, as shared.h numbers them. The argument of exp is kept below 80, so that no
// driver meets an infinity.

// erf within 1.5e-7: Abramowitz and Stegun 7.1.26.
float
erf (float x)
{
  const float t = 1 / (1 + 0.3275911 * abs (x));
  const float sum = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t
      + 0.254829592) * t;
  return sign (x) * (1 - sum * exp (-min (x * x, 80)));
}

float
logistic (float x)
{
  return 1 / (1 + exp (min (-x, 80)));
}

float
activate (uint kind, float x)
{
  switch (kind) {
    case ACT_GELU:
      return 0.5 * x * (1 + erf (x * 0.70710678));
    case ACT_GELU_TANH:         // (1 + tanh u) / 2 is logistic (2 u)
      return x * logistic (1.5957691 * (x + 0.044715 * x * x * x));
    case ACT_QUICK_GELU:
      return x * logistic (1.702 * x);
    case ACT_RELU:
      return max (x, 0);
    case ACT_SILU:
      return x * logistic (x);
    case ACT_TANH:
      return 2 * logistic (2 * x) - 1;
    default:
      return x;
  }
}
