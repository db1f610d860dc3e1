# SPDX-License-Identifier: LGPL-2.1-or-later
# What shell tests share: their results as TAP, and how they wait: for something to be so, never for a time.
# The longest that anything may take only ends what hangs. Sourced, not run. A test defines `evidence`, which
# prints what helps to see why it failed.
n=0 bad=0

ok () {         # NAME: the result of the command before
  status=$?
  n=$((n + 1))
  if [ $status = 0 ]; then
    echo "ok $n - $1"
  else
    bad=1
    echo "not ok $n - $1 (status $status)"
    evidence 2> /dev/null | sed 's/^/# /'
  fi
}

omit () {       # NAME REASON: one result cannot be had here
  n=$((n + 1))
  echo "ok $n - $1 # SKIP $2"
}

skip () {       # REASON: none can; once tests have begun it is no reason any more
  [ $n = 0 ] || { echo "Bail out! $1"; exit 1; }
  echo "1..0 # SKIP $1"
  exit 0
}

until_true () { # TENTHS COMMAND…: waits so long for it
  left=$1
  shift
  until "$@"; do
    left=$((left - 1))
    [ $left -gt 0 ] || return 1
    sleep 0.1
  done
}

find_python () { # prints the Python that has GStreamer's bindings, or nothing
  bindings='import gi; gi.require_version("Gst", "1.0"); from gi.repository import Gst'
  for python in python3 /usr/bin/python3; do
    "$python" -c "$bindings" 2> /dev/null && echo "$python" && return
  done
}
