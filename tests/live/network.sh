#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Network cameras of every kind, and what is none though it was called one: either pictures come, or one
# clear sentence, and it is tried again.
# Usage: network.sh GPTVIS-CAMERAS GPTVIS-LABEL HTTP-CAMERA CHECK-LINES.
cameras=$(realpath "$1") && label=$(realpath "$2") && server=$(realpath "$3") && check=$(realpath "$4") ||
  exit 99
. "$(dirname "$0")/live.sh"

evidence () {
  cat err
  grep '"event"' lines
  sort asked | uniq -c
}

for element in souphttpsrc rtspsrc multipartdemux jpegenc v4l2src; do
  gst-inspect-1.0 --exists $element || skip "there is no $element"
done
gst-launch-1.0 -q videotestsrc num-buffers=1 ! video/x-raw,width=320,height=240 ! jpegenc \
  ! filesink location=picture.jpg ||
  skip "a picture cannot be made"
"$server" picture.jpg > address 2> asked &
camera=$!
until_true $most grep -q : address || skip "the test's server does not start: $(cat asked)"
host=$(cat address)

cat > good <<END
http://$host/motion http://$host/motion
http://$host/one http://$host/one
http://$host/three http://$host/three
http://$host/odd http://$host/odd
http://$host/bare http://$host/bare
http://$host/redirect http://$host/redirect
http://$host/snapshot http://$host/snapshot
http://user:secret@$host/basic http://$host/basic
END
connect="No connection can be made, or it is closed at once; is the address right, and is the device on?"
password="It asks for a user and a password, or for others than it was given:"
password="$password PROTOCOL://USER:PASSWORD@HOST (status 401)."
cat > bad <<END
http://user:wrong@$host/locked http://$host/locked $password
http://$host/forbidden http://$host/forbidden It refuses access (status 403).
http://$host/missing http://$host/missing It has nothing at this address (status 404).
http://$host/broken http://$host/broken It has no pictures for now (status 503).
http://$host/loop http://$host/loop It redirects without end (status 302).
http://$host/nowhere http://$host/nowhere It redirects to 127.0.0.1:1, where no connection can be made.
http://$host/reset http://$host/reset $connect
http://127.0.0.1:1/none http://127.0.0.1:1/none $connect
http://$host/html http://$host/html It sends text/html, where a stream or a picture is needed.
http://$host/json http://$host/json It sends application/json, where a stream or a picture is needed.
http://$host/text http://$host/text It is neither a photo nor a video that GStreamer knows.
http://$host/garbage http://$host/garbage It is neither a photo nor a video that GStreamer knows.
http://$host/mixed http://$host/mixed 64 MiB came without the end of a picture.
http://$host/empty http://$host/empty It is neither a photo nor a video that GStreamer knows.
http://$host/cut http://$host/cut The connection broke off.
rtsp://user:wrong@$host/locked rtsp://$host/locked $password
rtsp://$host/forbidden rtsp://$host/forbidden It refuses access (status 403).
rtsp://$host/missing rtsp://$host/missing It has nothing at this address (status 404).
rtsp://$host/broken rtsp://$host/broken It has no pictures for now (status 503).
rtsp://$host/reset rtsp://$host/reset The connection ended, or what came over it is not RTSP.
rtsp://$host/garbage rtsp://$host/garbage The connection ended, or what came over it is not RTSP.
rtsp://127.0.0.1:1/none rtsp://127.0.0.1:1/none $connect
missing.avi missing.avi There is no such file.
/dev/nothing /dev/nothing Cannot identify device '/dev/nothing'.
END
cat > silent <<END
http://$host/silent
http://$host/headers
END

refused () {    # SENTENCE CAMERA
  timeout 60 "$cameras" "$2" > out 2> err
  [ $? = 2 ] && [ ! -s out ] && [ "$(cat err)" = "gptvis-cameras: $1" ]
}

: > lines
mkdir folder
refused "A camera's URI names no host, as http://HOST/PATH does." "http://" &&
  refused "A camera's URI names no host, as rtsp://HOST/PATH does." "rtsp://user:secret@/1" &&
  refused "Nothing is installed that reads htp://." "htp://camera/1" &&
  refused 'rtsp:/camera/1 is neither a file nor, without "//", a URI: write rtsp://HOST/PATH.' \
    "rtsp:/camera/1" &&
  refused "folder is a directory, where a file, a device or a URI is needed." folder
ok "what can be no camera is refused at once"

"$cameras" --max-rate 2 --output lines $(cut -d ' ' -f 1 good bad) $(cat silent) > out 2> err &
pid=$!
while read -r _ stream; do
  until_true $most more "$stream" 0
  ok "pictures of ${stream##*/}"
done < good

fault () {      # STREAM SENTENCE: was it told so, and nothing before?
  grep -F "\"stream\":\"$1\"" lines | head -n 1 | grep -qF "\"event\":\"down\"" &&
    grep -F "\"stream\":\"$1\"" lines | head -n 1 | grep -qF "\"reason\":\"$2\"}"
}

while read -r _ stream sentence; do
  until_true $most fault "$stream" "$sentence"
  ok "${stream%%:*}: ${stream##*/}: $sentence"
done < bad
while read -r stream; do
  until_true $most fault "$stream" "No picture came for 10 seconds."
  ok "${stream##*/}: told when it has been silent"
done < silent

asked_often () { # PATH N
  [ "$(grep -cx "$1" asked)" -ge "$2" ]
}

for path in forbidden missing broken loop nowhere reset html json text garbage mixed empty cut; do
  until_true $most asked_often /$path 5 || break
done
ok "they are tried again and again${path:+: the last was $path}"
[ "$(grep -cx /locked asked)" -le 4 ]
ok "but not where a password is refused, which would lock the camera: two protocols, without it and with it"
downs=$(for path in motion odd bare; do events down "http://$host/$path"; done | tr -d '\n')
[ "$downs" = 000 ] &&
  [ "$(events down "http://$host/redirect")$(events down "http://$host/basic")" = 00 ]
ok "and those with pictures do not notice"
grep -F "\"stream\":\"http://$host/one\"" lines | grep '"pts":0,.*"time":"20' > out
[ -s out ]
ok "a picture has the time when it came"
kill -TERM $pid
until_true $most gone $pid
wait $pid
[ $? = 0 ]
ok "it ends"
pid=''
"$check" lines > out 2> err && ! grep -q -e secret -e wrong lines
ok "each line is whole, and no password in any"

: > lines
"$label" --json "http://$host/one" > lines 2> err &
pid=$!
until_true $most more "http://$host/one" 0
ok "gptvis-label: a picture without a second"
kill -9 $pid
wait $pid 2> err
pid=''

grep ^http bad | grep -v -e locked -e mixed > few
timeout 120 "$label" --json $(cut -d ' ' -f 1 few) > out 2> err
[ $? = 1 ] && [ ! -s out ] && [ "$(wc -l < err)" = "$(wc -l < few)" ] &&
  while read -r uri _ sentence; do
    grep -qxF "gptvis-label: $uri: $sentence" err || echo "not so: $uri: $sentence" >> err
  done < few && ! grep -q '^not so' err
ok "gptvis-label: the same sentences"

echo "1..$n"
exit $bad
