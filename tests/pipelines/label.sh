#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# gptvis-label from the outside: its output, its sentences, its exit status. It finds the
# plugin by itself. Usage: label.sh GPTVIS-LABEL.
label=$(realpath "$1") || exit 99
. "$(dirname "$0")/../tap.sh"
golden=$(realpath "$(dirname "$0")/../golden/data") || exit 99
work=$(mktemp -d) || exit 99
pid=''
trap 'kill -9 $pid 2> /dev/null; rm -rf "$work"' EXIT
export GST_REGISTRY="$work/registry.bin"
unset GST_PLUGIN_PATH
cd "$work" || exit 99

evidence () {
  cat out err
}

run () {        # STATUS ARGUMENT…: leaves out and err; says whether the exit status was that
  want=$1
  shift
  timeout 60 "$label" "$@" > out 2> err < /dev/null
  status=$?
  [ $status = "$want" ] || { echo "exit status $status instead of $want" >> err; return 1; }
}

streams () {    # the values of "stream", in their order
  sed 's/.*"stream":"\([^"]*\)".*/\1/' out | uniq | tr '\n' '|'
}

make () {       # PIPELINE…
  gst-launch-1.0 -q "$@" > err 2>&1 ||
    { echo "1..0 # SKIP the elements to make test files are missing: $(head -n 1 err)"; exit 0; }
}

make videotestsrc num-buffers=1 ! video/x-raw,width=300,height=200 ! jpegenc ! filesink location=photo.jpg
make videotestsrc num-buffers=1 pattern=ball ! video/x-raw,width=300,height=200 ! pngenc \
  ! filesink location="an other.png"
make videotestsrc num-buffers=25 ! video/x-raw,width=160,height=120,framerate=25/1 ! jpegenc ! avimux \
  ! filesink location=video.avi
make audiotestsrc num-buffers=10 ! wavenc ! filesink location=sound.wav
mkdir folder empty
cp photo.jpg folder/b.JPG
cp "an other.png" folder/a.png
echo text > folder/notes.txt
echo "this is no picture" > broken.jpg
head -c 700 photo.jpg > cut.jpg

run 0 photo.jpg "an other.png" video.avi && [ "$(streams)" = "photo.jpg|an other.png|video.avi|" ] &&
  [ "$(wc -l < out)" = 27 ] &&
  grep -q '^27 frames analysed in .*; 0 of 3 inputs failed' err
ok "photos and a video, in their order, and a summary"

run 0 --json --every 10 --threshold 0 --top-k 2 video.avi && [ "$(wc -l < out)" = 3 ] && [ ! -s err ] &&
  [ "$(grep -o '"label":' out | wc -l)" = 6 ] &&
  [ "$(sed 's/^[^{]*{[^{]*"frame":\([0-9]*\).*/\1/' out | tr '\n' ' ')" = "0 10 20 " ]
ok "--json, --every, --top-k, --threshold"

run 0 folder/ "file://$work/photo.jpg" &&
  [ "$(streams)" = "folder/a.png|folder/b.JPG|file://$work/photo.jpg|" ]
ok "a directory's pictures, sorted, and a URI"

run 1 photo.jpg missing.jpg broken.jpg sound.wav empty "an other.png" &&
  [ "$(streams)" = "photo.jpg|an other.png|" ] &&
  grep -q '^gptvis-label: missing.jpg: It cannot be opened: No such file or directory\.$' err &&
  grep -q '^gptvis-label: broken.jpg: ' err &&
  grep -q '^gptvis-label: sound.wav: ' err &&
  grep -q '^gptvis-label: empty: There is no photo and no video in this directory\.$' err &&
  grep -q '4 of 6 inputs failed' err
ok "what cannot be read is named, and the others go on"

pair="cut.jpg photo.jpg"
run 1 $pair $pair $pair $pair $pair $pair &&
  [ "$(grep -c photo.jpg out)" = 6 ] && [ "$(grep -c '^gptvis-label: cut.jpg: ' err)" = 6 ] && \
  ! grep -q CRITICAL err
ok "a photo cut short leaves nothing behind for the next"

timeout 60 "$label" --json - < photo.jpg > out 2> err && [ "$(streams)" = "-|" ]
ok "standard input"

one_embedding () {      # numbers; their squares add up to 1
  sed -n 's/.*"embedding":\[\([^]]*\)\].*/\1/p' out | tr ',' '\n' |
    awk -v n="$1" '{ sum += $1 * $1 } END { exit !(NR == n && sum > 0.9999 && sum < 1.0001) }'
}
run 0 --embedding photo.jpg && one_embedding 192 && grep -q '"label":' out &&
  run 0 photo.jpg && grep -q '"embedding":null' out &&
  run 0 --model "$golden/vit_headless" photo.jpg && one_embedding 14 && grep -q '"labels":\[\]' out &&
  run 2 --model "$golden/yolos" --embedding photo.jpg && grep -q 'the embedding is asked for' err
ok "--embedding, and a checkpoint that gives nothing else"

run 2 --model /nonexistent photo.jpg && grep -q '^gptvis-label: .*/nonexistent' err && [ ! -s out ]
ok "a model that does not exist"

run 2 --backend abacus photo.jpg && grep -q -- '--backend cannot be "abacus"' err &&
  run 2 --every 0 photo.jpg && run 2 --threads many photo.jpg &&
  run 2 --threshold 1.5 photo.jpg && run 2 --unknown photo.jpg
ok "settings that cannot be"

run 0 --list-devices && grep -q '^cpu 0: processor (' out && grep -q '^vulkan' out
ok "what there is to compute on"

if grep -q '^vulkan 0' out; then
  run 0 --backend vulkan --device 0 --top-k 1 photo.jpg && mv out gpu &&
    run 0 --backend cpu --top-k 1 photo.jpg &&
    [ "$(grep -o '"label":"[^"]*"' gpu)" = "$(grep -o '"label":"[^"]*"' out)" ] &&
    run 2 --backend vulkan --device 77 photo.jpg &&
    grep -q '^gptvis-label: there is no device "77", only 0: ' err
else
  run 2 --backend vulkan photo.jpg && grep -q '^gptvis-label: .*ulkan' err
fi
ok "a photo on a GPU, or why not"

run 2 && grep -q 'FILE|DIRECTORY|URI|DEVICE' err && [ ! -s out ]
ok "no argument at all"

run 0 --help && grep -q 'Exit status: 0' out
ok "--help"

run 0 --caption --caption-threshold 0 photo.jpg &&
  grep -q '"labels":\[\],"regions":null,"caption":{"text":"[a-z]' out && grep -q '^caption: [a-z]' err
ok "--caption: a sentence and no labels"

run 0 --caption --caption-threshold 1 photo.jpg &&
  grep -q '"labels":\[\],"regions":null,"caption":null' out &&
  ! grep -q '^caption: [a-z]' err
ok "--caption: no sentence where none is likely enough"

printf 'zero\none\n' > few.txt
run 2 --labels-file few.txt photo.jpg && grep -q 'few.txt' err
ok "a label file too short"

run 0 --plan && grep -q linear out && grep -q attention out
ok "--plan prints the plan"

run 2 --plan --model /nonexistent && grep -q /nonexistent err
ok "--plan of nothing"

{ timeout 60 "$label" --json video.avi video.avi 2> err; echo $? > status; } | head -n 1 > out
grep -q 'Standard output has no reader any more' err && [ "$(wc -l < err)" = 1 ] && [ "$(cat status)" = 1 ]
ok "standard output that is closed ends it"

mkfifo silent folder/silent.mkv
run 1 --patience 1 photo.jpg silent folder "an other.png" &&
  [ "$(streams)" = "photo.jpg|folder/a.png|folder/b.JPG|an other.png|" ] &&
  [ "$(grep -c 'silent.*: No picture came for 1 seconds (--patience)\.$' err)" = 2 ] &&
  grep -q '2 of 6 inputs failed' err
ok "pipes that nobody writes to do not hold up the others"

# The photo before it says that the pipe's turn has come.
: > out         # which still has the lines of the run before
"$label" --patience 100 photo.jpg silent > out 2> err < /dev/null &
pid=$!
until_true 600 [ -s out ] && cat photo.jpg > silent
wait $pid && pid='' && [ "$(streams)" = "photo.jpg|silent|" ]
ok "a pipe that is written to later"

run 2 --patience -1 photo.jpg && grep -q -- '--patience must be from 0 to 86400 seconds' err &&
  run 0 --patience 0 photo.jpg
ok "patience that cannot be, and without end"

mkfifo endless
: > out
"$label" photo.jpg endless > out 2> err < /dev/null &
pid=$!
until_true 600 [ -s out ]
kill -INT $pid
wait $pid
[ $? = 130 ] && grep -q '^1 frame.* analysed' err
ok "Ctrl-C ends it with a summary"
echo "1..$n"
exit $bad
