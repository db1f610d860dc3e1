# SPDX-License-Identifier: LGPL-2.1-or-later
# What shell tests share: their results as TAP. Sourced, not run. A test defines `evidence`, which
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
