#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The examples that are read rather than used: each prints a line for every frame analysed, and says so when
# it cannot. (gptvis-label and gptvis-cameras have tests of their own.)
# Usage: examples.sh SOURCE-ROOT BUILD-ROOT.
source=$(realpath "$1") && build=$(realpath "$2") || exit 99
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export GST_REGISTRY="$work/registry.bin" GST_PLUGIN_PATH="$build/gst"
cd "$work" || exit 99

evidence () {
  cat out err
}

gst-launch-1.0 -q videotestsrc num-buffers=25 ! video/x-raw,width=160,height=120,framerate=25/1 ! jpegenc \
  ! avimux ! filesink location=video.avi 2> err || skip "a video cannot be made: $(head -n 1 err)"
echo "this is no video" > broken.avi

# The video has 25 frames, of which each tenth is analysed.
check () {      # NAME COMMAND…
  name=$1
  shift
  timeout 60 "$@" video.avi > out 2> err && [ "$(wc -l < out)" = 3 ] &&
    [ "$(grep -cE '^[ 0-9:]*[0-9]\.[0-9]+' out)" = 3 ]
  ok "$name: a line for each frame analysed, with its time"
  timeout 60 "$@" broken.avi > out 2> err
  [ $? = 1 ] && [ ! -s out ] && [ -s err ]
  ok "$name: a file that is no video"
  timeout 60 "$@" > out 2> err
  [ $? != 0 ] && grep -q '^Usage: ' err
  ok "$name: no file"
}

check read-results "$build/examples/read-results"
python=$(find_python)
if [ -n "$python" ]; then
  check read-results.py "$python" "$source/examples/read-results.py"
else
  omit read-results.py "no Python has GStreamer's bindings (python3-gi)"
fi
if [ -n "$python" ] && [ -e "$build/gst/GptVis-1.0.typelib" ]; then
  export LD_LIBRARY_PATH="$build/gst" GI_TYPELIB_PATH="$build/gst"
  check read-buffers.py "$python" "$source/examples/read-buffers.py"
else
  omit read-buffers.py \
    "the build is without introspection, or Python without GStreamer's bindings (python3-gi)"
fi
echo "1..$n"
exit $bad
