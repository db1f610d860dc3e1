# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tree's checks share: each result as TAP, with what was found wrong. Sourced, not run.
n=0 bad=0

# ok NAME: reports one check; $problems is what was found wrong
ok () {
  n=$((n + 1))
  if [ -z "$problems" ]; then
    echo "ok $n - $1"
  else
    bad=1
    echo "not ok $n - $1"
    echo "$problems" | sed 's/^/# /'
  fi
  problems=
}
