#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each header compiles alone. Usage: headers.sh SOURCE-ROOT BUILD-ROOT COMPILER…
. "$(dirname "$0")/report.sh"
root=$1 build=$2
shift 2
cd "$root" || exit 99
packages="glib-2.0 gstreamer-1.0 gstreamer-base-1.0 gstreamer-video-1.0 json-glib-1.0 pangocairo"
flags=$(pkg-config --cflags $packages)
folders="-Ikernels -Imodels -Imodels/files -Imodels/heads -Imodels/networks -Imodels/words -Igst -Igst/scene"
folders="$folders -Ishaders"
# without volk there is no Vulkan in the build
not_built=
echo '#include <volk.h>' | "$@" -fsyntax-only -x c - 2> /dev/null || not_built='kernels/vulkan/*'
headers=$(find kernels models gst -name '*.h' ! -path 'kernels/cpu/tiers/*' ! -path "$not_built" | sort)
echo "1..$(echo "$headers" | wc -l)"
for header in $headers; do
  message=$("$@" -std=gnu17 -fsyntax-only -x c -I"$build" -I"$build/gst" $folders $flags "$header" 2>&1) &&
    message=
  problems=$(echo "$message" | head -n 5)
  ok "$header"
done
exit $bad
