#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# gptvis-cameras from the outside: a network camera that is killed and comes back, one that only
# falls silent, a file, and cameras that never were; each must leave the others alone.
# Usage: cameras.sh GPTVIS-CAMERAS RTSP-SERVER CHECK-LINES.
cameras=$(realpath "$1") && server=$(realpath "$2") && check=$(realpath "$3") || exit 99
. "$(dirname "$0")/live.sh"

evidence () {
  cat err seen
  grep '"event"' lines
}

now () {        # ms
  echo $(($(date +%s%N) / 1000000))
}

on_air () {     # [PORT]: starts the camera; sets camera, its process, and uri
  : > uri
  "$server" "$@" > uri 2> server-err &
  camera=$!
  until_true $most grep -q rtsp uri || skip "the test's camera does not start: $(cat server-err)"
  uri=$(cat uri)
}

back () {       # NAME BEFORE SINCE: the camera is seen again, and how long that took; 5 s are the aim
  until_true $most more "$uri" "$2"
  ok "$1"
  echo "# seen again after $(($(now) - $3)) ms"
}

tried () {      # STREAM: how often it was started again, as the newest counts have it
  grep "^$1: " err | tail -n 1 | sed 's/.*, \([0-9]*\) restarts*$/\1/'
}

tried_more () { # STREAM N
  [ "0$(tried "$1")" -gt "$2" ]
}

for element in x264enc rtph264pay rtspsrc avimux jpegenc; do
  gst-inspect-1.0 --exists $element || skip "there is no $element"
done
gst-launch-1.0 -q videotestsrc num-buffers=40 ! video/x-raw,width=160,height=120,framerate=20/1 ! jpegenc \
  ! avimux ! filesink location=file.avi || skip "a file to play cannot be made"

timeout 20 "$cameras" --model /nonexistent file.avi > out 2> err
[ $? = 2 ] && grep -q '^gptvis-cameras: .*/nonexistent' err && [ "$(wc -l < err)" = 1 ] && [ ! -s out ]
ok "a model that does not exist"

refused () {    # ARGUMENT…
  timeout 20 "$cameras" "$@" 2>> err
  [ $? = 2 ]
}
: > err
refused && refused --top-k -1 file.avi && refused gopher://camera &&
  [ "$(grep -c '^gptvis-cameras: ' err)" = 3 ]
ok "wrong use"

on_air
port=${uri##*:} port=${port%%/*}
: > lines
"$cameras" --output lines --max-rate 5 --stats 1 \
  "$uri" file.avi rtsp://user:secret@127.0.0.1:1/none missing.avi \
  > out 2> err &
pid=$!
until_true $most more "$uri" 3 && until_true $most more file.avi 3
ok "a network camera and a file are seen"

files=$(results file.avi)
kill -9 $camera
until_true $most went_down "$uri" 1
ok "a camera that is killed is down"
before=$(results "$uri")
until_true $most tried_more "$uri" "$(($(tried "$uri") + 1))" && [ "$(events up "$uri")" = 1 ] &&
  [ "$(results "$uri")" = "$before" ]
ok "and stays so, however often it is tried"
since=$(now)
on_air "$port"
back "it is seen again" "$before" "$since"
until_true $most more file.avi $((files + 8))
ok "meanwhile the file is played on"

kill -STOP $camera
until_true $most went_down "$uri" 2
ok "a camera that falls silent is down"
before=$(results "$uri")
since=$(now)
kill -CONT $camera
back "it is seen again" "$before" "$since"

kill -INT $pid
wait $pid
[ $? = 0 ] && [ ! -s out ]
ok "Ctrl-C ends it with status 0"
pid=''

"$check" lines > seen 2> fault
ok "each line is whole and a JSON object with its fields"
cat fault

grep -q "^[0-9]* 3 2 $uri\$" seen && grep -q '^[0-9]* 1 0 file.avi$' seen
ok "the file has the outages and no more"

grep -q '^0 0 1 rtsp://127.0.0.1:1/none$' seen && grep -q '^0 0 1 missing.avi$' seen &&
  ! grep -q secret lines err
ok "cameras that never were are told of once, without their password"

grep -q '^missing.avi: 0 frames, 0 analysed, [0-9]\{1,\} restarts$' err &&
  grep -q "^$uri: .* analysed, [0-9]* restarts\$" err &&
  [ "$(while read -r found _ _ stream; do
    grep "^$stream: " err | tail -n 1 | grep "^$stream: [0-9]* frames, $found analysed"
  done < seen | wc -l)" = "$(wc -l < seen)" ]
ok "the summary counts as many results as there are lines"

echo "1..$n"
exit $bad
