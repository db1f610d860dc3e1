#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is written of the fields of results is what their table says. Usage: described.sh FOLDER DESCRIBE-RESULT.
. "$(dirname "$0")/report.sh"
folder=$1 describe=$2
echo 1..2
for what in schema:result.schema.json page:result.md; do
  file=${what#*:}
  problems=$("$describe" "${what%:*}" | diff -u "$folder/$file" -) ||
    problems="$problems
To renew it: build/models/describe-result ${what%:*} > models/$file"
  ok "$file"
done
exit $bad
