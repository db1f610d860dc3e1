#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# libgptvis as applications meet it: what it exports, once installed a program in C that is built outside this
# tree, and Python in the build tree. Usage: library.sh SOURCE-ROOT BUILD-ROOT MESON COMPILER…
source=$(realpath "$1") && build=$(realpath "$2") || exit 99
meson=$3
shift 3
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export GST_REGISTRY="$work/registry.bin"
cd "$work" || exit 99
unset LD_LIBRARY_PATH        # which Meson sets for tests

evidence () {
  cat log
}

# --- what it exports ---

exports () {    # FILE: the functions and variables that others may link to
  nm -D --defined-only "$1" | awk '{ print $3 }' | grep 'gptvis\|gst' | sort
}

cat "$source/gst/gptvis.h" "$source/models/result.h" "$source/gst/gptvis-version.h.in" |
  sed -n 's/.*GPTVIS_API .*[ *]\(gptvis_[a-z0-9_]*\) (.*/\1/p' | sort > declared
exports "$build/gst/libgptvis-1.0.so" > exported
[ -s declared ] && diff declared exported > log
ok "the library exports what its headers declare, and nothing else"

exports "$build/gst/libgstgptvis.so" > exported
printf '%s\n' gst_plugin_gptvis_get_desc gst_plugin_gptvis_register | diff - exported > log
ok "the plugin exports its two entry points"
nm -D --undefined-only "$build/gst/libgstgptvis.so" | grep -q ' gptvis_result_ref$' 2> log
ok "and links the library"

# --- installed ---

gst-launch-1.0 -q videotestsrc num-buffers=25 ! video/x-raw,width=160,height=120,framerate=25/1 ! jpegenc \
  ! avimux ! filesink location=video.avi 2> log
ok "a video is made"
"$meson" install -C "$build" --no-rebuild --destdir "$work/root" > log 2>&1
ok "it installs"
# where it was installed to is not where it is: paths of its own are said twice, those of other packages too
export PKG_CONFIG_PATH="$work/$(dirname "$(find root -name gptvis-1.0.pc)")"
prefix=$work/root$(pkg-config --variable=prefix gptvis-1.0)
pkg-config --define-variable=prefix="$prefix" --cflags --libs gptvis-1.0 > flags 2> log &&
  pkg-config --cflags --libs gptvis-1.0 >> flags 2> log &&
  "$@" "$source/examples/read-results.c" -o read-results $(cat flags) > log 2>&1
ok "pkg-config is enough to build a program"
plugin=$(find "$work/root" -name libgstgptvis.so)
ldd "$plugin" > log && grep -q "libgptvis-1.0.so.0 => $work/root" log
ok "the installed plugin finds the installed library"
GST_PLUGIN_PATH=$(dirname "$plugin") LD_LIBRARY_PATH=$(dirname "$plugin")/.. \
  GPTVIS_BUNDLED=$(find "$work/root" -type d -name bundled) \
  timeout 60 ./read-results video.avi > out 2> log && [ "$(wc -l < out)" = 3 ]
ok "the program reads results"

# --- Python ---

export GST_PLUGIN_PATH="$build/gst" LD_LIBRARY_PATH="$build/gst" GI_TYPELIB_PATH="$build/gst"
python=$(find_python)
if [ ! -e "$build/gst/GptVis-1.0.typelib" ]; then
  omit "Python reads buffers" "the build is without introspection"
elif [ -z "$python" ]; then
  omit "Python reads buffers" "no Python has GStreamer's bindings (python3-gi)"
else
  timeout 120 "$python" "$source/tests/library/buffers.py" > log 2>&1
  ok "Python reads buffers"
fi
echo "1..$n"
exit $bad
