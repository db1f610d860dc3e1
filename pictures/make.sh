#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the README's picture, labelled.jpg: renders the street and lets the elements look at it. Needs POV-Ray
# (Debian: povray) and a build in build/. The threshold is low because the bundled model is cautious.
cd "$(dirname "$0")" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
povray +Istreet.pov +O"$work/street.png" +W960 +H540 +A0.2 +R3 -D > "$work/log" 2>&1 || {
  tail -n 5 "$work/log" >&2
  exit 1
}
GST_PLUGIN_PATH=$PWD/../build/gst GST_REGISTRY=$work/registry.bin gst-launch-1.0 -q \
  filesrc location="$work/street.png" ! pngdec ! videoconvert ! video/x-raw,format=I420 \
  ! gptvisfilter task=both threshold=0.2 ! gptvisoverlay ! jpegenc quality=88 ! filesink location=labelled.jpg
