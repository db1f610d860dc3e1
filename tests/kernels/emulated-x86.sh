#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The tests of kernels on x86 processors that this machine is not: one without AVX, one with AVX2 only, one
# with AVX-VNNI and no AVX-512, one with AVX-512 and no VNNI, one with all of it. Usage: emulated-x86.sh
# EMULATION-FOLDER MODEL TIERS TESTED TEST…
. "$(dirname "$0")/emulated.sh"
emulation=$1
shift
export CPU_TIMEOUT=1200         # s; a tenth of that on a machine with nothing else to do

on_processor () {
  "$emulation/run-on-cpu" "$@"
}

need xorriso cpio gcc
[ -x "$emulation/run-on-cpu" ] || { echo "skipped: no emulator in $emulation"; exit 77; }
judge "$@"
