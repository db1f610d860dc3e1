# SPDX-License-Identifier: LGPL-2.1-or-later
# What the emulated tests of kernels have in common. Sourced, not run; whoever does so has a function
# on_processor MODEL VARIABLE=VALUE VARIABLE=VALUE PROGRAM.

# need COMMAND…: skips the test, saying so, where one is missing.
need () {
  for command; do
    command -v "$command" > /dev/null || { echo "skipped: needs $command"; exit 77; }
  done
}

# judge MODEL TIERS TESTED TEST…: runs the tests there. TIERS are those that the model must choose from, the
# best one last, so that a wrong choice fails; TESTED, with plus signs between, those that the tests walk
# (tested-tiers.h).
judge () {
  model=$1 tiers=$2 tested=$3
  shift 3
  for program; do
    out=$(on_processor "$model" GPTVIS_TEST_CASES=2 "GPTVIS_TEST_TIERS=$tested" "$program") ||
      { echo "$out"; exit 1; }
    echo "$out" | grep '^not ok' && exit 1
    case $program in
      *test-tiers)
        found=$(echo "$out" | sed -n 's/^ok [0-9]* \/tiers\/\([^/]*\)\/tile.*/\1/p' | tr '\n' ' ')
        [ "$found" = "$tiers " ] || { echo "$model ran the tiers $found, not $tiers"; exit 1; } ;;
    esac
    echo "$out" | grep -c '^ok' | sed "s/$/ ok in $(basename "$program") on $model/"
  done
}
