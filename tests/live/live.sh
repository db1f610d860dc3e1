# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of programs that run for long share: a folder to work in, and what the programs have written
# so far. Sourced, not run, with the test's own arguments.
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
pid='' camera=''
trap 'kill -9 $pid $camera 2> /dev/null; rm -rf "$work"' EXIT
export GST_REGISTRY="$work/registry.bin"
unset GST_PLUGIN_PATH
cd "$work" || exit 99

most=600        # tenths of a second that anything may take; only ends a hang

results () {    # STREAM: how many
  grep -cF "{\"version\":2,\"stream\":\"$1\"" lines
}

events () {     # EVENT STREAM: how many
  grep -cF "{\"event\":\"$1\",\"stream\":\"$2\"" lines
}

more () {       # STREAM N: has it more results than N?
  [ "$(results "$1")" -gt "$2" ]
}

went_down () {  # STREAM N: as often as N?
  [ "$(events down "$1")" -ge "$2" ]
}

gone () {       # PROCESS
  ! kill -0 "$1" 2> /dev/null
}
