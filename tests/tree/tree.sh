#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tree promises: includes go gst → models → kernels → shaders and no other way, libraries
# stay in their rooms, files stay short, each opens with its licence and its purpose.
. "$(dirname "$0")/report.sh"
cd "$1" || exit 99

code () {
  find "$@" -name '*.[ch]' | sort
}

# The room of each quoted include, found beside the file or in a room.
includes_of () {      # ROOM FORBIDDEN-ROOM…
  room=$1
  shift
  for file in $(code "$room"); do
    sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p' "$file" | while read -r name; do
      [ -e "$(dirname "$file")/$name" ] && continue
      [ -e "$room/$name" ] && continue
      for other; do
        [ -e "$other/$name" ] && echo "$file includes $other/$name"
      done
    done
    # ../ must not leave the room
    sed -n 's/^ *# *include *"\(\.\.\/[^"]*\)".*/\1/p' "$file" | while read -r name; do
      case $(realpath -m "$(dirname "$file")/$name") in
        "$PWD/$room"/*) ;;
        *) echo "$file includes $name, outside its room" ;;
      esac
    done
  done
}

echo 1..9
problems=$(includes_of kernels models gst examples tests
  includes_of models gst examples tests
  includes_of gst examples tests)
ok "includes go along the arrows"

# nothing of ours but its own headers and kernels/
problems=$(for file in $(code models/files); do
  sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p' "$file" | while read -r name; do
    [ -e "models/files/$name" ] || [ -e "kernels/$name" ] || [ "$name" = config.h ] ||
      echo "$file includes $name"
  done
done)
ok "models/files/ knows neither architectures nor configurations"

problems=$(grep -lE '# *include *<(gst/|json-glib|pango|cairo|glib-object)' $(code kernels)
  grep -lE '# *include *<(gst/|glib-object|pthread|cblas|immintrin|vulkan|volk)' $(code models)
  grep -lE '# *include *<(json-glib|pthread|cblas|immintrin|vulkan|volk)' $(code gst)
  grep -lE '# *include *<(vulkan|volk)' $(code kernels) | grep -v '^kernels/vulkan/'
  grep -lE '# *include *<(gst/|glib-object)' $(code gst/scene)
  for file in $(code gst/scene); do     # nor what the rest of gst/ makes of it
    sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p' "$file" | while read -r name; do
      [ ! -e "gst/scene/$name" ] && [ -e "gst/$name" ] && echo "$file includes gst/$name"
    done
  done)
ok "GStreamer is known in gst/ but gst/scene/, JSON in models/, threads, instructions and Vulkan in kernels/"

problems=$(for file in $(code kernels models gst examples tests) $(find shaders -type f); do
  lines=$(wc -l < "$file")
  [ "$lines" -gt 700 ] && echo "$file has $lines lines"
done)
ok "no file is over 700 lines"

first="models/model.h kernels/plan.h kernels/backend.h"
lines=$(cat $first | wc -l)
[ "$lines" -lt 1200 ] || problems="$first have $lines lines together"
for file in $first; do
  grep -q "$file" README.md || problems="$problems README.md does not name $file"
done
ok "the three files to read first are under 1200 lines and named in the README"

shaders=$(find shaders -name '*.comp' -o -name '*.glsl')
problems=$(for file in $(code kernels models gst examples tests shaders) $shaders; do
  head -n 1 "$file" | grep -q 'SPDX-License-Identifier' || echo "$file does not begin with its licence"
done)
ok "each file begins with its licence"

problems=$(grep -lP '\t| +$' $(code kernels models gst examples tests) $(find shaders -type f))
ok "no tabs, no blanks at ends of lines"

problems=$(find . -path './build*' -prune -o -path ./.git -prune -o -type f -size +15M -print)
ok "no file is above 15 MB"

# Names of two suites: `meson test NAME`, and ./check with few tests built, would run both.
problems=$(grep -o '"name": "[^"]*", "workdir"' "$2/meson-info/intro-tests.json" | sort | uniq -d)
ok "no two tests have one name"
exit $bad
