/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* volk's own code, which finds libvulkan at run time. Debian gives it as source. */
#define VOLK_IMPLEMENTATION
#include <volk.h>
