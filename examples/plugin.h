/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the examples find the plugin. */
#pragma once

/* A program that was not installed uses the plugin that was built beside it; one that was
 * finds it as every program does. After gst_init. */
void plugin_find (void);
