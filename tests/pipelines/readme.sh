#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the README and the elements' pages say to type, word for word, but for what no test has: a screen, a
# camera, minutes of time. Usage: readme.sh SOURCE-ROOT BUILD-ROOT SHARED-DIR.
source=$(realpath "$1") && build=$(realpath "$2") || exit 99
shared=$(realpath "$3" 2> /dev/null)
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
pid=''
trap 'kill -9 $pid 2> /dev/null; rm -rf "$work"' EXIT
export GST_REGISTRY="$work/registry.bin" GST_PLUGIN_PATH="$build/gst" TMPDIR="$work"
cd "$work" || exit 99

evidence () {
  cat log
}

for element in x264enc mp4mux matroskamux qtdemux avdec_h264 jpegenc webvttenc textoverlay; do
  gst-inspect-1.0 --exists $element || skip "there is no $element"
done
gst-launch-1.0 -q videotestsrc num-buffers=30 ! video/x-raw,width=320,height=240,framerate=30/1 ! x264enc \
  ! mp4mux ! filesink location=in.mp4 > log 2>&1 || skip "a video cannot be made: $(head -n 1 log)"
gst-launch-1.0 -q videotestsrc num-buffers=1 ! jpegenc ! filesink location=photo.jpg > log 2>&1 ||
  skip "a photo cannot be made: $(head -n 1 log)"

# What the commands expect around them: a build, and a checkpoint as downloaded, or else one of the tests'.
ln -s "$build" build
for model in "$shared/models/vit-tiny-patch16-224" "$source/tests/golden/data/vit"; do
  [ ! -d "$model" ] || [ -e vit-tiny-patch16-224 ] || ln -s "$model" vit-tiny-patch16-224
done

blocks () {     # LANGUAGE PAGE…: the lines between its fences
  language=$1
  shift
  sed -n "/^\`\`\`$language\$/,/^\`\`\`\$/p" "$@" | grep -v '^```'
}

joined () {     # each command on one line
  sed -e ':again' -e '/\\$/N' -e 's/ *\\\n */ /' -e 't again'
}

replaced () {   # COMMAND: with what a test lacks replaced
  camera='videotestsrc is-live=true num-buffers=20 !'
  echo "$1" | sed -e 's/autovideosink/fakesink/' -e "s,rtspsrc[^!]*! decodebin !,$camera," \
    -e "s,v4l2src[^!]*!,$camera video/x-raw\,format=YUY2\,width=640\,height=480\,framerate=30/1 !,"
}

missing () {    # COMMAND: why it cannot be run here; fails if it can
  case $1 in
    *model*vit-tiny*) [ -e vit-tiny-patch16-224 ] || { echo "there is no checkpoint to take"; return; } ;;
  esac
  case $1 in
    build/*) [ -x "${1%% *}" ] || { echo "${1%% *} is not built"; return; } ;;
  esac
  return 1
}

keys () {       # FILE: the names of fields, each once
  grep -o '"[a-z-]*":' "$1" | sort -u
}

frames () {     # FILE: how many it plays
  gst-launch-1.0 -v filesrc location="$1" ! decodebin ! identity silent=false ! fakesink 2> log |
    grep -c 'last-message = chain'
}

results () {    # STREAM FILE: how many it has of the stream
  grep -c "\"stream\":\"$1\",\"frame\"" "$2"
}

has_some () {   # STREAM FILE
  [ -s "$2" ] && [ "$(results "$1" "$2")" -gt 0 ]
}

# A command that runs until it is interrupted is interrupted once it has seen the file.
watch () {      # COMMAND
  sh -c "exec $1" > log 2>&1 < /dev/null &
  pid=$!
  until_true 600 has_some in.mp4 seen.jsonl
  found=$?
  kill -INT $pid
  wait $pid && pid='' && [ $found = 0 ]
}

# --- shell ---

blocks sh "$source/README.md" | joined > commands
[ "$(grep -c '^gst-launch-1.0 ' commands)" -ge 5 ] && [ "$(grep -c '^build/examples/' commands)" -ge 2 ]
ok "the README has commands"
for page in "$source"/gst/*.md; do
  blocks sh "$page" | joined > of-page
  [ "$(grep -c '^gst-launch-1.0 ' of-page)" -ge 3 ]
  ok "gst/$(basename "$page") has commands"
  cat of-page >> commands
done
while read -r line; do
  why=$(missing "$line") && { omit "$line" "$why"; continue; }
  case $line in
    *gptvis-cameras*) watch "$line" ;;
    *) timeout 120 sh -c "$(replaced "$line")" > log 2>&1 < /dev/null ;;
  esac
  ok "$line"
  case $line in
    *--coco*)
      [ "$(results in.mp4 log)" = 6 ] && [ -s found.json ]
      ok "a line for each fifth frame, and COCO's file" ;;
    *gptvis-label*)
      [ "$(results photo.jpg log)" = 1 ] && [ "$(results in.mp4 log)" = 30 ]
      ok "a line for the photo and for each frame"
      blocks json "$source/README.md" > line.json
      grep '"stream":"photo.jpg"' log > photo.json
      [ "$(keys line.json)" = "$(keys photo.json)" ]
      ok "the README's line of JSON has the same fields" ;;
    *location=out.mp4*)
      [ "$(frames out.mp4)" = 30 ]
      ok "out.mp4 plays, each frame" ;;
    *location=labels.jsonl*)
      [ -s labels.jsonl ]
      ok "labels.jsonl has lines" ;;
    *location=stream.jsonl*)
      [ "$(wc -l < stream.jsonl)" = 6 ]
      ok "stream.jsonl has a line for each frame analysed" ;;
    *location=captions.mkv*)
      [ "$(frames captions.mkv)" = 30 ] && grep -aq S_TEXT/UTF8 captions.mkv
      ok "captions.mkv plays, each frame, and has a subtitle track" ;;
    *location=corner.mp4*)
      [ "$(frames corner.mp4)" = 30 ]
      ok "corner.mp4 plays, each frame" ;;
  esac
done < commands

grep -q '`gst-inspect-1.0 gptvisfilter`' "$source/README.md" && gst-inspect-1.0 gptvisfilter > log 2>&1 &&
  grep -q '^  model  ' log
ok "gst-inspect-1.0 gptvisfilter"

# --- ./demo, with the packages said to be there and the build done ---

mkdir -p tree/build tools
cp -r "$source/demo" "$source/.ci" tree/
ln -s "$build/gst" tree/build/gst
touch tree/build/build.ninja
printf '#!/bin/sh\necho install ok installed\n' > tools/dpkg-query
printf '#!/bin/sh\n' > tools/ninja
chmod +x tools/*
demo () {
  PATH="$work/tools:$PATH" timeout 120 tree/demo "$@" > log 2>&1 < /dev/null
}

demo in.mp4 && grep -qx '10 frames analysed' log && [ "$(wc -l < tree/build/labels.jsonl)" = 10 ] &&
  [ "$(frames tree/build/labelled.mp4)" = 30 ]
ok "./demo VIDEO"
demo missing.mp4
[ $? = 1 ] && grep -q '^demo: missing.mp4: no such file' log
ok "./demo of a video that is not there"

# --- benchmarks: that they run, on what is quick ---

grep -o '^| `build/tests/bench[^`]*`' "$source/tests/benchmark/README.md" | tr -d '|`' > benchmarks
[ "$(wc -l < benchmarks)" -ge 4 ]
ok "tests/benchmark/README.md has benchmarks"
while read -r line; do
  case $line in
    *bench-live*) quick="--streams=1 --seconds=1" ;;
    *--caption*) quick="small --runs=1" ;;
    *) quick="--runs=1" ;;
  esac
  timeout 120 $(echo "$line" | sed 's/vit-base/vit-tiny/') $quick > log 2>&1 < /dev/null && [ -s log ]
  ok "$line"
done < benchmarks

# --- lines of C, as a program outside sees what was installed, and of Python ---

meson install -C "$build" --no-rebuild --destdir "$work/root" > log 2>&1 &&
  [ -n "$(find root -name libgstgptvis.so)" ]
ok "meson install -C build"
PKG_CONFIG_PATH=$(dirname "$(find "$work/root" -name gptvis-1.0.pc)")
export PKG_CONFIG_PATH
prefix=$(sed -n 's/^prefix=//p' "$PKG_CONFIG_PATH/gptvis-1.0.pc")
{
  blocks c "$source/README.md" | grep '^#include'
  echo '#include <gst/gst.h>'
  echo 'void snippet (GstBuffer *buffer); void snippet (GstBuffer *buffer) {'
  blocks c "$source/README.md" | grep -v '^#include'
  echo '}'
} > snippet.c
${CC:-cc} -Wall -Werror -fsyntax-only $(pkg-config --cflags gstreamer-1.0) \
  $(pkg-config --define-variable=prefix="$work/root$prefix" --cflags gptvis-1.0) snippet.c > log 2>&1
ok "the lines of C compile"

python=$(find_python)
cat > before.py <<'END'
import gi
gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst
Gst.init(None)
loop = GLib.MainLoop()
pipeline = Gst.parse_launch("videotestsrc num-buffers=3 ! gptvisfilter threshold=0 top-k=1 policy=every ! "
                            "fakesink name=sink")
bus = pipeline.get_bus()
END
cat > after.py <<'END'
pipeline.get_by_name("sink").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, on_buffer)
bus.connect("message::eos", lambda *_: loop.quit())
bus.connect("message::error", lambda *_: loop.quit())
pipeline.set_state(Gst.State.PLAYING)
loop.run()
pipeline.set_state(Gst.State.NULL)
END
if [ -n "$python" ] && [ -e "$build/gst/GptVis-1.0.typelib" ]; then
  { cat before.py; blocks python "$source/README.md"; cat after.py; } > snippet.py
  # two threads print, so a line may have both
  LD_LIBRARY_PATH=$build/gst GI_TYPELIB_PATH=$build/gst timeout 60 "$python" snippet.py > log 2>&1 &&
    [ "$(grep -o 'gptvis-result, ' log | wc -l)" = 3 ] &&
    [ "$(grep -o '[a-z] [01]\.[0-9][0-9]' log | wc -l)" = 3 ]
  ok "the lines of Python print each result, from buffers and from messages"
else
  omit "the lines of Python" \
    "the build is without introspection, or Python without GStreamer's bindings (python3-gi)"
fi
echo "1..$n"
exit $bad
