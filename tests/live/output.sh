#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where lines go: descriptors that are closed, a disk that is full, a reader that does not read or leaves.
# Lines that are lost are never lost in silence. Usage: output.sh GPTVIS-CAMERAS GPTVIS-LABEL CHECK-LINES.
cameras=$(realpath "$1") && label=$(realpath "$2") && check=$(realpath "$3") || exit 99
. "$(dirname "$0")/live.sh"

evidence () {
  cat err
}

gst-launch-1.0 -q videotestsrc num-buffers=40 ! video/x-raw,width=160,height=120,framerate=20/1 ! jpegenc \
  ! avimux ! filesink location=file.avi || skip "a file to play cannot be made"

said () {       # SENTENCE: is it a line of stderr?
  grep -qxF "$1" err
}

timeout 60 "$cameras" file.avi 2> err >&-
[ $? = 1 ] && said "gptvis-cameras: Standard output is closed."
ok "gptvis-cameras: standard output closed"
timeout 60 "$label" --json file.avi 2> err >&-
[ $? = 1 ] && said "gptvis-label: Standard output is closed."
ok "gptvis-label: standard output closed"
timeout 60 "$cameras" file.avi <&- >&- 2>&-
[ $? = 1 ]
ok "all closed"
: > err
timeout 60 "$label" --json - <&- > out 2> err
[ $? = 1 ] && [ ! -s out ] && grep -q '^gptvis-label: -: ' err
ok "standard input closed, and asked for"
: > lines
"$cameras" --output lines file.avi <&- >&- 2>&- &
pid=$!
until_true $most more file.avi 0
kill -TERM $pid
wait $pid
[ $? = 0 ] && more file.avi 0
ok "lines to a file need none of them"

for option in --help --list-devices --plan; do
  timeout 60 "$label" $option 2> err >&-
  [ $? = 1 ] && said "gptvis-label: Standard output is closed or full: what was printed is lost."
  ok "gptvis-label $option: standard output closed"
done

if [ -c /dev/full ]; then
  timeout 60 "$cameras" file.avi 2> err > /dev/full
  [ $? = 1 ] && said "gptvis-cameras: Standard output cannot be written: No space left on device."
  ok "gptvis-cameras: a full disk"
  timeout 60 "$cameras" --output /dev/full file.avi > out 2> err
  [ $? = 1 ] && said "gptvis-cameras: \"/dev/full\" cannot be written: No space left on device." && [ \
    ! -s out ]
  ok "gptvis-cameras --output: a full disk"
  timeout 60 "$label" --json file.avi 2> err > /dev/full
  [ $? = 1 ] && said "gptvis-label: Standard output is full: No space left on device."
  ok "gptvis-label: a full disk"
  timeout 60 "$label" --help 2> err > /dev/full
  [ $? = 1 ] && said "gptvis-label: Standard output is closed or full: what was printed is lost."
  ok "gptvis-label --help: a full disk"
fi
timeout 60 "$cameras" --output nowhere/lines file.avi 2> err
[ $? = 1 ] && said 'gptvis-cameras: "nowhere/lines" cannot be opened for writing: No such file or directory.'
ok "a folder that is not there"
timeout 60 "$cameras" --output . file.avi 2> err
[ $? = 1 ] && said 'gptvis-cameras: "." cannot be opened for writing: Is a directory.'
ok "a folder in place of a file"
{ timeout 60 "$cameras" file.avi 2> err; echo $? > status; } | head -n 1 > out
[ "$(cat status)" = 1 ] && said "gptvis-cameras: Standard output cannot be written: Broken pipe." &&
  [ "$(wc -l < out)" = 1 ]
ok "a reader that leaves"

# A pipe that is full already: the first line waits for a reader.
mkfifo pipe
exec 3<> pipe
full () {       # COMMAND…: starts it, its lines into the pipe; sets pid
  : > err       # what the last command said is not this one's
  dd if=/dev/zero of=pipe bs=512 oflag=nonblock 2> dd-err
  : > err
  "$@" > pipe 2> err &
  pid=$!
}

analysed () {   # is there anything to write?
  grep -q '^file.avi: [0-9]* frames\?, [1-9][0-9]* analysed' err
}

ended () {      # STATUS: does it end, and so?
  until_true $most gone $pid || return 1
  wait $pid
  [ $? = "$1" ]
}

lost='^gptvis-cameras: Standard output was not read in time: [0-9]* lines\? \(is\|are\) lost\.$'
full "$cameras" --stats 1 file.avi
until_true $most analysed
kill -TERM $pid
ended 1 && grep -q "$lost" err
ok "nobody reads: it ends when it is told to, and says what is lost"
full "$cameras" --duration 2 file.avi
ended 1 && grep -q "$lost" err
ok "nobody reads: it ends when its time is over"

full "$cameras" --stats 1 file.avi
until_true $most analysed
: > lines
tr -d '\0' < pipe > lines 3>&- &
camera=$!
until_true $most more file.avi 0
kill -TERM $pid
ended 0
ok "a reader that comes late"
pid=''
exec 3>&-
wait $camera
"$check" lines > out 2> err && grep -qx "[1-9][0-9]* 1 0 file.avi" out
ok "has every line, and whole"

echo "1..$n"
exit $bad
