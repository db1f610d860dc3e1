/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Standard input, output and error of a program. */
#pragma once

/* Before anything is opened: whichever of them is closed becomes one that can be neither read nor written,
 * or the next socket would take its number and what is printed would go there. If at the end
 * of the program what was printed cannot be written, a sentence says so and its exit status is 1. */
void standard_guard (const char *program);
