#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The same clip twice is the same JSON, but for what was measured and the time of day, and however many
# threads compute. Usage: same.sh PLUGIN-DIR SHARED-DIR.
export GST_PLUGIN_PATH="$1"
shared=$2
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export GST_REGISTRY="$work/registry.bin"
cd "$work" || exit 99
n=0 bad=0

# analyse NAME CLIP PROPERTY…: the results without "time" and "analysis-ms" in NAME
analyse () {
  name=$1 clip=$2
  shift 2
  timeout 240 gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videoconvert \
    ! gptvisfilter name=same policy=every threshold=0 "$@" \
    ! gptvisjson location=raw.jsonl ! fakesink > log 2>&1 < /dev/null || return 1
  sed -e 's/,"time":[^,]*,/,/' -e 's/,"analysis-ms":[0-9.]*//' raw.jsonl > "$name"
  [ -s "$name" ] || { echo "no results" > log; return 1; }
}

# same NAME CLIP PROPERTY…
same () {
  what=$1
  shift
  n=$((n + 1))
  wrong=
  for run in 1 1again 2 3; do
    analyse "$run" "$@" threads="${run%again}" || { wrong="threads=$run fails"; break; }
    cmp 1 "$run" > log 2>&1 || { wrong="threads=$run differs"; diff 1 "$run" | head -n 4 >> log; break; }
  done
  if [ -z "$wrong" ]; then
    echo "ok $n - $what ($(wc -l < 1) results)"
  else
    bad=1
    echo "not ok $n - $what: $wrong"
    sed 's/^/# /' log
  fi
}

if timeout 60 gst-launch-1.0 -q videotestsrc pattern=ball num-buffers=60 \
  ! video/x-raw,width=320,height=240,framerate=30/1 \
    ! jpegenc ! avimux ! filesink location=clip.avi > log 2>&1 < /dev/null; then
  same "a made clip on the bundled model, each frame" clip.avi
else
  n=$((n + 1))
  echo "ok $n - a made clip # SKIP it cannot be made: $(head -n 1 log)"
fi

if [ -r "$shared/videos/shelf.mp4" ] && [ -d "$shared/models/vit-tiny-patch16-224" ]; then
  same "shelf.mp4 on vit-tiny" "$shared/videos/shelf.mp4" \
    model="$shared/models/vit-tiny-patch16-224" interval=25
else
  n=$((n + 1))
  echo "ok $n - shelf.mp4 on vit-tiny # SKIP no $shared/videos or $shared/models"
fi
echo "1..$n"
exit $bad
