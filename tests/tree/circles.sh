#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files that need each other in a circle can only be read, tested and changed together. Two kinds of circle
# are looked for, within each room and between rooms: headers that include each other, and objects of
# libraries that call each other's functions or read each other's tables. What is found is printed as "FROM
# needs TO (WHY)". Usage: circles.sh SOURCE-ROOT NM LIBRARY…; the folder of a library is its room.
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

# Each header that includes another, found beside it or in a folder of a room.
includes_of_headers () {
  folders=$(find $rooms -type d)
  find $rooms -name '*.h' | while read -r file; do
    sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p' "$file" | while read -r name; do
      for folder in "$(dirname "$file")" $folders; do
        [ -e "$folder/$name" ] && echo "$file $(realpath --relative-to=. "$folder/$name") $name" && break
      done
    done
  done
}

# Each object that needs a symbol of another. nm prints "…/ROOM/LIBRARY.a:OBJECT.c.o: ADDRESS KIND SYMBOL",
# without an address of what the object lacks; the object may have folders before it.
calls_of_objects () {
  "$nm" -A "$@" | sed -n 's|^\([^:]*/\)*\([^/:]*\)/[^/:]*:\([^:]*/\)*\([^/:]*\)\.c\.o:|\2/\4 |p' | awk '
    { object = $1; kind = $(NF - 1); symbol = $NF }
    kind == "U" { lacks[++n] = object; what[n] = symbol }
    kind ~ /^[A-TV-Z]$/ { owner[symbol] = object }
    END {
      for (i = 1; i <= n; i++)
        if (what[i] in owner && owner[what[i]] != lacks[i])
          print lacks[i], owner[what[i]], what[i]
    }'
}

within () {     # ROOM: the lines "FROM TO WHY" that stay in that room
  awk -v room="$1/" 'index ($1, room) == 1 && index ($2, room) == 1'
}

between () {    # the lines "FROM needs TO (WHY)" that lead from one room to another
  awk '{ split ($1, from, "/"); split ($3, to, "/") } from[1] != to[1]'
}

# Of lines "FROM TO WHY" those between folders of models: an object's name begins with its folder's
# ("files_json"). What lies in none is left out.
calls_of_folders () {
  within models | sed "s|models/||g" | awk '
    split ($1, from, "_") > 1 && split ($2, to, "_") > 1 && from[1] != to[1] {
      print from[1], to[1], $1 ":" $3
    }'
}

# Reads lines "FROM TO WHY", and prints each TO that begins with PREFIX and to which there is a way from
# OBJECT.
reached () {      # OBJECT PREFIX
  awk -v object="$1" -v prefix="$2" '
    { needs[$1] = needs[$1] " " $2 }
    function visit(here,   next_ones, i, n) {
      if (seen[here]++)
        return
      if (index (here, prefix) == 1)
        print object " needs " here
      n = split (needs[here], next_ones, " ")
      for (i = 1; i <= n; i++)
        visit(next_ones[i])
    }
    END {
      if (object in needs)
        visit(object)
      else
        print object " calls nothing"
    }'
}

# NAME: judges $needs, lines "FROM TO WHY" of all rooms.
judge () {
  for room in $rooms; do
    problems=$(echo "$needs" | within "$room")
    if [ -n "$problems" ]; then
      problems=$(echo "$problems" | circles)
    else
      problems="none were found to look at"
    fi
    ok "no $1 of $room need each other in a circle"
  done
  problems=$(echo "$needs" | circles | between)
  ok "no $1 of different rooms need each other in a circle"
}

rooms="kernels models gst"
echo 1..10
needs=$(includes_of_headers)
judge headers
needs=$(calls_of_objects "$@")
judge objects
problems=$(echo "$needs" | calls_of_folders | circles)
ok "no folders of models need each other in a circle"
problems=$(echo "$needs" | within models | sed "s|models/||g" | reached model heads_)
ok "models/model needs no head"
exit $bad
