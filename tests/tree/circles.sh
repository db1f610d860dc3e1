#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files that need each other in a circle can only be read, tested and changed together. Two kinds of circle are
# looked for: headers of a room that include each other, and objects of a library that call each other's functions
# or read each other's tables. What is found is printed as "FROM needs TO (WHY)".
# Usage: circles.sh SOURCE-ROOT NM LIBRARY…
. "$(dirname "$0")/report.sh"
root=$1 nm=$2
shift 2
cd "$root" || exit 99

# Reads lines "FROM TO WHY", and prints those from whose TO there is a way back to their FROM.
circles () {
  awk '
    function leads(here, there,   next_ones, i, n) {
      if (here == there)
        return 1
      if (seen[here]++)
        return 0
      n = split (needs[here], next_ones, " ")
      for (i = 1; i <= n; i++)
        if (leads(next_ones[i], there))
          return 1
      return 0
    }
    !(($1, $2) in why) { why[$1, $2] = $3; needs[$1] = needs[$1] " " $2 }
    END {
      for (pair in why) {
        split (pair, end, SUBSEP)
        split ("", seen)
        if (leads(end[2], end[1]))
          print end[1] " needs " end[2] " (" why[pair] ")"
      }
    }' | sort
}

# Each header that includes another of its room, found beside it or from the room.
includes_of_headers () {
  find "$1" -name '*.h' | while read -r file; do
    sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p' "$file" | while read -r name; do
      for folder in "$(dirname "$file")" "$1"; do
        [ -e "$folder/$name" ] && echo "$file $(realpath --relative-to=. "$folder/$name") $name" && break
      done
    done
  done
}

# Each object that needs a symbol of another. nm prints "…/OBJECT.c.o: ADDRESS KIND SYMBOL", without an address of
# what the object lacks.
calls_of_objects () {
  "$nm" -A "$1" | sed 's|^[^ ]*/||; s|\.c\.o:| |' | awk '
    { object = $1; kind = $(NF - 1); symbol = $NF }
    kind == "U" { lacks[++n] = object; what[n] = symbol }
    kind ~ /^[A-TV-Z]$/ { owner[symbol] = object }
    END {
      for (i = 1; i <= n; i++)
        if (what[i] in owner && owner[what[i]] != lacks[i])
          print lacks[i], owner[what[i]], what[i]
    }'
}

echo "1..$(($# + 3))"
for room in kernels models gst; do
  problems=$(includes_of_headers "$room" | circles)
  ok "no headers of $room include each other in a circle"
done
for library; do
  calls=$(calls_of_objects "$library")
  problems=$(if [ -n "$calls" ]; then echo "$calls" | circles; else echo "$nm shows no calls in $library"; fi)
  ok "no objects of $(basename "$library") need each other in a circle"
done
exit $bad
