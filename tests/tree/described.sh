#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is written of the fields of results is what their table says. Usage: described.sh FOLDER DESCRIBE-RESULT.
folder=$1 describe=$2
n=0 bad=0
echo 1..2
for what in schema:result.schema.json page:result.md; do
  n=$((n + 1))
  file=${what#*:}
  if difference=$("$describe" "${what%:*}" | diff -u "$folder/$file" -); then
    echo "ok $n - $file"
  else
    bad=1
    echo "not ok $n - $file"
    echo "$difference" | sed 's/^/# /'
    echo "# To renew it: build/models/describe-result ${what%:*} > models/$file"
  fi
done
exit $bad
