#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The tests of kernels on processors that this machine is not: one without AVX, one with AVX2 only, one with
# AVX-VNNI and no AVX-512, one with AVX-512 and no VNNI, one with all of it. Usage: emulated.sh EMULATION-FOLDER MODEL TIERS TEST…
# TIERS are the tiers that the model must choose from, so that a wrong choice fails.
emulation=$1 model=$2 tiers=$3
shift 3
export CPU_TIMEOUT=1200         # s; a tenth of that on a machine with nothing else to do
for need in xorriso cpio gcc; do
  command -v $need > /dev/null || { echo "skipped: needs $need"; exit 77; }
done
[ -x "$emulation/run-on-cpu" ] || { echo "skipped: no emulator in $emulation"; exit 77; }
for program; do
  out=$("$emulation/run-on-cpu" "$model" GPTVIS_TEST_CASES=2 "$program") || { echo "$out"; exit 1; }
  echo "$out" | grep '^not ok' && exit 1
  case $program in
    *test-tiers)
      found=$(echo "$out" | sed -n 's/^ok [0-9]* \/tiers\/\([^/]*\)\/tile.*/\1/p' | tr '\n' ' ')
      [ "$found" = "$tiers " ] || { echo "$model ran the tiers $found, not $tiers"; exit 1; } ;;
  esac
  echo "$out" | grep -c '^ok' | sed "s/$/ ok in $(basename "$program") on $model/"
done
