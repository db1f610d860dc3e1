#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Pipelines as people type them: files in, files out. Usage: launch.sh SOURCE-ROOT PLUGIN-DIR SHARED-DIR.
# What needs an encoder, a clip or a checkpoint that is not there is skipped, and says so.
source=$1 shared=$3
export GST_PLUGIN_PATH="$2"
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export GST_REGISTRY="$work/registry.bin"
cd "$work" || exit 99

evidence () {
  cat log
}

has () {
  for element; do
    gst-inspect-1.0 --exists "$element" || return 1
  done
}

launch () {
  timeout 120 gst-launch-1.0 -q "$@" > log 2>&1 < /dev/null
}

frames () {     # FILE: how many frames it decodes to
  timeout 120 gst-launch-1.0 -v filesrc location="$1" ! decodebin ! identity silent=false ! fakesink 2>> log |
    grep -c 'last-message = chain' | tee -a log
}

# A line of JSON with the fields in their order.
time='([0-9]+|null)'
labels='\[(\{"label":"[^}]*","score":[01]\.[0-9]+,"id":[0-9]+\},?)*\]'
caption='\{"text":"[^"]*","score":[01]\.[0-9]+,"final":(true|false),"frame":[0-9]+'
whole='^\{"version":2,"stream":"[^"]+","frame":[0-9]+,"pts":'$time',"running-time":'$time
number='[0-9]\.[0-9]+'
region='\{"box":\['$number,$number,$number,$number'\],"labels":'$labels',"id":([0-9]+|null),'
region=$region'"source":"motion","caption":null,"since":'$time'\},?'
whole=$whole',"time":(null|"[^"]+"),"model":"[^"]+","labels":'$labels',"regions":(null|\[('$region')*\])'
whole=$whole',"caption":(null|'$caption',"pts":'$time',"running-time":'$time'\})'
whole=$whole',"answers":null,"embedding":null,"events":null,"zones":null,"clip":null'
whole=$whole',"analysis-ms":[0-9.]+,"age-ms":[0-9.]+\}$'

lines () {      # FILE N: N lines, each a whole object with the fields in their order
  [ "$(wc -l < "$1")" = "$2" ] || { echo "$1 has not $2 lines:" >> log; cat "$1" >> log; return 1; }
  wrong=$(grep -vE "$whole" "$1")
  [ -z "$wrong" ] || { echo "$wrong" >> log; return 1; }
}

test_video="videotestsrc num-buffers=30 ! video/x-raw,width=320,height=240,framerate=30/1"
: > log

# --- without any file ---

launch $test_video ! gptvisfilter interval=5 threshold=0 ! gptvisjson location=a.jsonl ! gptvisoverlay \
  ! videoconvert ! fakesink &&
  lines a.jsonl 6
ok "JSON to a file, every fifth frame"

launch $test_video ! gptvisfilter interval=5 threshold=0 ! gptvisjson repeat=true location=b.jsonl \
  ! fakesink && lines b.jsonl 30
ok "JSON of held results too"

launch $test_video ! gptvisfilter interval=10 threshold=0 ! gptvisjson ! application/x-ndjson \
  ! filesink location=c.jsonl && lines c.jsonl 3
ok "JSON on the pad"

timeout 60 gst-launch-1.0 -q $test_video ! gptvisfilter interval=10 threshold=0 ! gptvisjson \
  ! fakesink > d.jsonl 2> log && lines d.jsonl 3
ok "JSON on standard output"

# Nobody reads it: an error with a sentence and not a signal.
{ timeout 60 gst-launch-1.0 -q $test_video ! gptvisfilter threshold=0 ! gptvisjson \
  ! fakesink 2> log; echo $? > status; } | head -n 1 > /dev/null
grep -q 'Standard output has no reader any more' log && [ "$(cat status)" -lt 128 ]
ok "a reader of standard output that leaves"

launch videotestsrc num-buffers=60 ! video/x-raw,format=YUY2,width=640,height=480,framerate=30/1 \
  ! videoconvert ! gptvisfilter interval=20 \
  threshold=0 ! gptvisjson location=e.jsonl ! gptvisoverlay ! videoconvert ! fakesink && lines e.jsonl 3
ok "what a webcam gives: YUY2 640x480"

launch videotestsrc is-live=true num-buffers=20 \
  ! video/x-raw,format=YUY2,width=640,height=480,framerate=30/1 ! gptvisfilter max-rate=5 \
  threshold=0 ! gptvisjson location=live.jsonl ! gptvisoverlay ! videoconvert ! fakesink sync=true &&
  grep -q '"time":"20' live.jsonl
ok "a live source: results carry the time of day"

failed=
for format in I420 YV12 NV12 NV21 NV16 YUY2 UYVY Y42B Y444 RGB BGR RGBx BGRx xRGB xBGR RGBA BGRA ARGB ABGR \
    GRAY8 P010_10LE I420_10LE; do
  launch videotestsrc num-buffers=2 ! video/x-raw,format=$format,width=322,height=242 \
    ! gptvisfilter threshold=0 \
    ! gptvisjson location=f.jsonl ! gptvisoverlay ! video/x-raw,format=$format ! fakesink &&
    lines f.jsonl 2 ||
    failed="$failed $format"
done
[ -z "$failed" ]
ok "every format through filter, JSON and overlay${failed:+: not $failed}"

failed=
for size in 1x1 2x2 7x5 33x35 64x48 1279x719 240x853; do
  launch videotestsrc num-buffers=2 ! video/x-raw,format=I420,width=${size%x*},height=${size#*x} \
    ! gptvisfilter threshold=0 \
    ! gptvisjson location=g.jsonl ! gptvisoverlay ! fakesink && lines g.jsonl 2 || failed="$failed $size"
done
[ -z "$failed" ]
ok "odd sizes${failed:+: not $failed}"

launch videotestsrc num-buffers=20 ! tee name=t \
  t. ! queue ! gptvisfilter name=left threshold=0 ! gptvisjson location=left.jsonl ! fakesink \
  t. ! queue ! videoscale ! video/x-raw,width=200 ! gptvisfilter name=right threshold=0 interval=2 \
  ! gptvisfilter name=both threshold=0 \
    ! gptvisjson location=right.jsonl ! gptvisoverlay ! fakesink &&
  lines left.jsonl 20 && lines right.jsonl 30 && grep -q '"stream":"left"' left.jsonl &&
  grep -q '"stream":"both"' right.jsonl
ok "several filters in one pipeline"

launch filesrc location=/dev/zero blocksize=230400 num-buffers=20 \
  ! video/x-raw,format=RGB,width=320,height=240,framerate=0/1 \
  ! gptvisfilter name=f interval=50 task=both f.src ! queue ! fakesink f.text ! queue ! fakesink
ok "captions of frames without times, in bytes"

timeout 60 gst-launch-1.0 $test_video ! gptvisfilter name=f interval=10 task=label f.src ! queue \
  ! fakesink f.text ! queue ! fakesink \
  > log 2>&1 < /dev/null &&
  grep -q 'Pad "text" of f is linked, but bundled writes no captions with this task; set task=both' log
ok "captions where there are none to come"

launch $test_video ! gptvisfilter model=/nonexistent ! fakesink
[ $? -ne 0 ] && grep -q '/nonexistent' log
ok "a model that does not exist"

launch $test_video ! gptvisfilter ! gptvisjson location=/nonexistent/x.jsonl ! fakesink
[ $? -ne 0 ] && grep -q 'cannot be opened for writing: No such file' log
ok "a file that cannot be written"

# --- labelled videos ---

if has x264enc mp4mux qtdemux avdec_h264; then
  launch $test_video ! gptvisfilter interval=5 threshold=0 ! gptvisoverlay ! videoconvert ! x264enc ! mp4mux \
    ! filesink location="a b.mp4" && [ "$(frames "a b.mp4")" = 30 ]
  ok "to a labelled mp4 whose name has a space"

  launch filesrc location="a b.mp4" ! decodebin ! videoconvert ! gptvisfilter interval=10 threshold=0 \
    ! gptvisoverlay position=bottom-right \
    ! videoconvert ! x264enc ! mp4mux ! filesink location=again.mp4 && [ "$(frames again.mp4)" = 30 ]
  ok "from such a file to another"

  for clip in one-by-one-person-detection.mp4 shelf.mp4 issue53_brightness_change.avi; do
    if [ ! -r "$shared/videos/$clip" ]; then
      omit "$clip to a labelled mp4" "no $shared/videos"
      continue
    fi
    launch filesrc location="$shared/videos/$clip" ! decodebin ! videoconvert \
      ! gptvisfilter interval=5 threshold=0 hold-time=18446744073709551615 \
      ! gptvisjson repeat=true location=clip.jsonl ! gptvisoverlay ! videoconvert \
      ! x264enc speed-preset=ultrafast ! mp4mux ! filesink location=out.mp4 &&
      [ "$(wc -l < clip.jsonl)" -gt 50 ] && lines clip.jsonl "$(frames out.mp4)"
    ok "$clip to a labelled mp4"
  done
else
  omit "labelled videos" "x264enc, mp4mux or a decoder is not installed"
fi

# The README's line for a webcam as it stands fails at the device alone.
if [ -e /dev/video0 ]; then
  omit "a webcam that is not there" "there is /dev/video0"
elif has v4l2src; then
  launch v4l2src device=/dev/video0 ! videoconvert ! gptvisfilter ! gptvisoverlay ! videoconvert ! fakesink
  [ $? -ne 0 ] && grep -q "/dev/video0" log && ! grep -qE 'erroneous|could not link|no element' log
  ok "a webcam that is not there"
else
  omit "a webcam that is not there" "v4l2src is not installed"
fi
echo "1..$n"
exit $bad
