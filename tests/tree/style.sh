#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# How the code looks, room by room: no line is over 110 columns, each file of C opens with a paragraph that
# says what it is for, and pointers are written `Type *name`. The Python in models/training has longer lines.
# Usage: style.sh SOURCE-ROOT.
. "$(dirname "$0")/report.sh"
cd "$1" || exit 99
# grep counts characters, not bytes
export LC_ALL=C.UTF-8

# The rooms that are held to it.
rooms="kernels models gst shaders tests examples"

c_files () {
  find "$1" -name '*.[ch]' -o -name '*.h.in' | sort
}

code_files () {
  find "$1" -path models/training -prune -o -type f \( -name '*.[ch]' \
    -o -name '*.in' -o -name '*.inc' -o -name '*.orc' -o -name '*.comp' \
    -o -name '*.glsl' -o -name '*.sh' -o -name '*.py' -o -name meson.build \) -print | sort
}

# Outside comments: a name of a type, two stars at most and a blank, then what is declared. Names of macros
# have capitals only.
types='[A-Z]\w*[a-z]\w*|g(char|uchar|u?int(8|16|32|64)?|s?size|float|double|boolean|pointer)|\w+_t'
types="$types|void|char|int|float|double|FILE|const"
detached="^(?! *\\* )(?:(?!/\\*).)*?\\b($types) ?\\*{1,2} (?=[A-Za-z_(])"

set -- $rooms
echo "1..$(($# * 3))"
for room; do
  problems=$(code_files "$room" | xargs grep -nP '^.{111}' /dev/null | cut -d : -f 1,2)
  ok "no line of $room is over 110 columns"

  problems=$(c_files "$room" | xargs awk 'FNR == 2 && !(/^\/\* / && length > 20) {
    print FILENAME " does not say what it is for after its licence" }' /dev/null)
  ok "each file of $room opens with what it is for"

  problems=$(c_files "$room" | xargs grep -nP "$detached" /dev/null)
  ok "pointers of $room are written Type *name"
done
exit $bad
