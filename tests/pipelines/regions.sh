#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Regions from the outside: in Python by the metadata that GStreamer itself has for them, on the command line,
# in COCO's format. A white ball flies over a still picture. Usage: regions.sh SOURCE-ROOT BUILD-ROOT.
source=$(realpath "$1") && build=$(realpath "$2") || exit 99
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
checkpoint=$("$build/tests/pipelines/made-checkpoint") || exit 99
trap 'rm -rf "$work" "$checkpoint"' EXIT
export GST_REGISTRY="$work/registry.bin" GST_PLUGIN_PATH="$build/gst"
cd "$work" || exit 99

evidence () {
  tail -n 20 out err
}

# For half a second the ball is not there yet.
size=video/x-raw,width=320,height=240,framerate=25/1
gst-launch-1.0 -q compositor name=both ! $size ! videoconvert ! jpegenc quality=95 ! avimux \
  ! filesink location=video.avi \
  videotestsrc num-buffers=75 pattern=smpte75 ! $size ! both. \
  videotestsrc num-buffers=60 pattern=ball background-color=0 timestamp-offset=600000000 \
  ! $size,format=AYUV ! both. \
  > out 2> err || skip "a video cannot be made: $(head -n 1 err)"

# As labels has it: bright, in most frames, with one number that stays.
check_regions () {
  awk '$2 == "bright" && $3 > 0.5 && $4 > 0 && $7 > 20 && $7 < 90 && $8 > 20 && $8 < 90 { n++; ids[$4] = 1 }
    END { for (id in ids) k++; exit !(n >= 30 && k == 1) }' out
}

python=$(find_python)
for meta in roi analytics; do
  [ -n "$python" ] || { omit "Python: $meta" "no Python has GStreamer's bindings (python3-gi)"; continue; }
  timeout 100 "$python" "$source/tests/pipelines/regions.py" $meta "$checkpoint" video.avi > out 2> err
  status=$?
  if [ $status = 77 ]; then
    omit "Python: $meta" "GStreamer has no GstAnalytics"
  else
    [ $status = 0 ] && check_regions
    ok "Python reads boxes, labels and ids by $meta alone"
  fi
done

label=$build/examples/gptvis-label
if [ -x "$label" ]; then
  timeout 100 "$label" --model "$checkpoint" --regions motion --every 5 video.avi > out 2> err &&
    [ "$(grep -c '"regions":\[{"box":\[' out)" -ge 8 ] && grep -q '"source":"motion"' out &&
    grep -A 1 '^regions that were followed:' err | grep -q '^ *1 × bright$'
  ok "gptvis-label --regions lists what was found"

  timeout 100 "$label" --model "$checkpoint" --regions none video.avi > out 2> err &&
    ! grep -q '"regions":\[' out && ! grep -q followed err
  ok "gptvis-label --regions none"

  timeout 100 "$label" --model "$checkpoint" --regions motion --every 5 --coco found.json missing.avi \
    video.avi > out 2> err
  [ $? = 1 ] && [ -n "$python" ] && "$python" - > err 2>&1 << 'END'
import json
found = json.load(open("found.json"))
assert type(found) is list and len(found) >= 8, len(found)
for one in found:
    assert set(one) == {"image_id", "category_id", "bbox", "score"}, one
    assert one["image_id"] >= 2000000 and one["image_id"] % 5 == 0, one
    assert one["category_id"] in (1000, 1001, 1002), one
    x, y, w, h = one["bbox"]
    assert 0 <= x and x + w <= 320.01 and 0 <= y and y + h <= 240.01 and 20 < w < 90 and 20 < h < 90, one
    assert 0 <= one["score"] <= 1, one
END
  [ $? = 0 ]
  ok "gptvis-label --coco"

  timeout 100 "$label" --regions model video.avi > out 2> err
  [ $? = 1 ] && grep -q 'regions=model needs a checkpoint that finds boxes' err && [ ! -s out ]
  ok "gptvis-label --regions model, of a checkpoint that finds none"
  timeout 100 "$label" --regions everything video.avi > out 2> err
  [ $? = 2 ] && grep -q -- '--regions cannot be "everything"' err
  ok "gptvis-label --regions that cannot be"
  timeout 100 "$label" --coco nowhere/found.json video.avi > out 2> err
  [ $? = 2 ] && grep -q -- '--coco: "nowhere/found.json" cannot be opened for writing: No such file' err
  ok "gptvis-label --coco that cannot be written"

  timeout 100 "$build/examples/gptvis-cameras" --model "$checkpoint" --regions motion --duration 8 video.avi \
    > out 2> err &&
    grep -q '"source":"motion"' out
  ok "gptvis-cameras --regions"
  timeout 100 "$build/examples/gptvis-cameras" --regions upstream video.avi > out 2> err
  [ $? = 2 ] && grep -q -- '--regions must be none, model, motion or auto' err
  ok "gptvis-cameras --regions that cannot be"
fi
echo "1..$n"
exit $bad
