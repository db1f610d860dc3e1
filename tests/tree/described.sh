#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is written of the fields of results is what their table says, and the page of each element says what
# the element has. Usage: described.sh SOURCE-ROOT DESCRIBE-RESULT DESCRIBE-ELEMENT.
. "$(dirname "$0")/report.sh"
result=$(realpath "$2") && element=$(realpath "$3") && cd "$1" || exit 99

# The plugin registers each element by name.
elements=$(sed -n 's/.*GST_ELEMENT_REGISTER (\([a-z]*\),.*/\1/p' gst/plugin.c)
echo "1..$(($(echo "$elements" | wc -w) + 3))"

for what in schema:result.schema.json page:result.md; do
  file=models/${what#*:}
  problems=$("$result" "${what%:*}" | diff -u "$file" -) ||
    problems="$problems
To renew it: build/models/describe-result ${what%:*} > $file"
  ok "$file"
done

for name in $elements; do
  page=gst/$name.md
  problems=$({ "$element" "$page" || echo "describe-element fails"; } 2>&1 | diff -u "$page" - 2>&1) ||
    problems="$problems
To renew it: build/gst/describe-element $page > page && mv page $page"
  ok "$page"
done

problems=$(for page in gst/*.md; do
  echo "$elements" | grep -qx "$(basename "$page" .md)" || echo "$page is of no element"
done)
ok "each page is of an element"
exit $bad
