#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# gptvis-model against a hub that behaves as the real one does, well and badly: what it downloads, what it
# says, and that whatever ends it leaves nothing broken behind.
# Usage: hub.sh GPTVIS-MODEL FAKE-HUB GPTVIS-LABEL PLUGIN-FOLDER CHECKPOINTS.
model=$(realpath "$1") && server=$(realpath "$2") && label=$(realpath "$3") && plugins=$(realpath "$4") &&
  data=$(realpath "$5") || exit 99
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
pid='' first='' second=''
trap 'kill -9 $pid $first $second 2> /dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 99
unset HF_HOME HF_HUB_CACHE HUGGINGFACE_HUB_CACHE HF_TOKEN HF_ENDPOINT HF_HUB_OFFLINE GST_PLUGIN_PATH
export XDG_CACHE_HOME="$work/cache" HOME="$work" GST_REGISTRY="$work/registry.bin" no_proxy='*' LC_ALL=C.UTF-8
cache=$work/cache/gptvis/hub
main=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

evidence () {
  cat out err
  tail -n 20 log
}

run () {        # STATUS ARGUMENT…: leaves out and err; says whether the exit status was that
  want=$1
  shift
  timeout 120 "$model" "$@" > out 2> err < /dev/null
  status=$?
  [ $status = "$want" ] || { echo "exit status $status instead of $want" >> err; return 1; }
}

with () {       # ASSIGNMENT COMMAND…: in the environment of that command alone
  (
    export "$1"
    shift
    "$@"
  )
}

says () {       # TEXT: the last sentence has it, and is one
  tail -n 1 err | grep -qF "$1" && tail -n 1 err | grep -q '^gptvis-model: '
}

folder () {     # OWNER/NAME
  echo "$cache/models--$(echo "$1" | sed 's,/,--,')"
}

snapshot () {   # OWNER/NAME
  echo "$(folder "$1")/snapshots/$main"
}

whole () {      # OWNER/NAME: its files are those of the hub, and each is a link to a blob that is there
  [ -d "$(snapshot "$1")" ] && for file in "$(snapshot "$1")"/*; do
    case $(readlink "$file") in ../../blobs/*) ;; *) echo "$file is no link" >> err; return 1 ;; esac
    cmp "$file" "hub/${1#*/}/${file##*/}" >> err 2>&1 || return 1
  done && [ -z "$(find "$(folder "$1")" -name '*.incomplete')" ]
}

unmade () {     # OWNER/NAME: nothing of it can be found by name
  [ ! -e "$(snapshot "$1")" ] && [ ! -e "$(folder "$1")/refs/main" ]
}

names () {      # OWNER/NAME
  ls -A "$(snapshot "$1")" | tr '\n' ' '
}

in_log () {     # PATTERN
  grep -q "$1" log
}

mkdir hub
cp -r "$data/vit" hub/vit
cp -r "$data/vit_bf16_sharded" hub/sharded
cp -r "$data/vit" hub/bin
mv hub/bin/model.safetensors hub/bin/pytorch_model.bin
cp -r hub/bin hub/offered
cp -r "$data/vit" hub/offered.offer
mkdir hub/none hub/diffusers
cp hub/vit/config.json hub/none
echo x > hub/none/tf_model.h5
echo '{}' > hub/diffusers/model_index.json
"$server" hub > address 2> log &
pid=$!
until_true 600 grep -q : address || skip "the test's server does not start: $(cat log)"
read -r host store < address
export HF_ENDPOINT="http://$host"

# --- what is downloaded ---

run 0 get good/vit && [ "$(cat out)" = "$(snapshot good/vit)" ] && whole good/vit &&
  [ "$(names good/vit)" = "config.json model.safetensors preprocessor_config.json " ] &&
  [ "$(cat "$(folder good/vit)/refs/main")" = $main ] && grep -q 'good/vit is here (vit, [0-9]* labels)' err
ok "what is needed, and nothing else"
in_log "^store /good/vit/resolve/$main/model.safetensors 0 none\$" && ! in_log expected
ok "weights come from where the hub redirects to"

grep -c /resolve/ log > before
run 0 get good/vit && [ "$(cat out)" = "$(snapshot good/vit)" ] &&
  [ "$(grep -c /resolve/ log)" = "$(cat before)" ]
ok "what is here is not downloaded again"

run 0 get -q good/sharded && whole good/sharded && [ ! -s err ] && [ "$(names good/sharded)" = "config.json \
model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json \
preprocessor_config.json " ]
ok "weights in several files; --quiet says nothing"

run 0 get good/offered &&
  cmp "$(snapshot good/offered)/model.safetensors" hub/offered.offer/model.safetensors &&
  grep -q "the hub's converter made of it are taken (refs/pr/2)" err && ! in_log 'refs%2Fpr%2F1' &&
  ! in_log 'offered/.*pytorch_model.bin'
ok "safetensors that the hub's own converter offers, and nobody else's"

run 0 get good/bin && [ "$(names good/bin)" = "config.json preprocessor_config.json pytorch_model.bin " ] &&
  whole good/bin
ok "else pytorch_model.bin"

run 0 get good/vit@v1 && [ "$(cat "$(folder good/vit)/refs/v1")" = $main ] && run 0 get good/vit@$main &&
  [ ! -e "$(folder good/vit)/refs/$main" ]
ok "a tag, a commit"

run 0 get hostile/vit && whole hostile/vit && [ -z "$(find "$work" /etc -name outside 2> /dev/null)" ]
ok "names that lead elsewhere are left out"

run 0 get relative/vit && whole relative/vit && in_log '^hub /good/vit/.*/config.json 0 none'
ok "redirections without a host"

# --- who may ---

run 1 get private/vit && says "private/vit: the hub has no checkpoint of that name, or not for everybody" &&
  says "set HF_TOKEN" && with HF_TOKEN=hf_secret run 0 get private/vit && whole private/vit
ok "a token for what is private"
in_log '^hub /private/.* token$' && ! in_log '^store .* token$' && ! grep -rq hf_secret out err cache
ok "the token goes to the hub alone, and into no output"
with HF_TOKEN=hf_wrong run 1 get private/sharded && says "not for the account of HF_TOKEN" &&
  ! grep -q hf_wrong err
ok "another token"
with HF_TOKEN="hf_
X-Evil: 1" run 1 get private/sharded && says "HF_TOKEN is no token" && ! grep -q Evil err
ok "a token that would end its header"

# --- what goes wrong ---

while read -r name sentence; do
  run 1 get "$name" && says "$sentence" && [ ! -s out ] && unmade "$name"
  ok "$name: $sentence"
done <<END
unknown/vit unknown/vit: the hub has no checkpoint of that name, or not for everybody: is it spelt right?
gated/vit gated/vit: its owner asks to agree to terms: do so on its page at $HF_ENDPOINT
nothing/vit nothing/vit: the hub has no checkpoint of that name, or not for everybody
good/vit@v3 good/vit@v3: the hub has no such revision of it (status 404)
good/none neither model.safetensors nor pytorch_model.bin, but tf_model.h5
good/diffusers no config.json in it, so it is no checkpoint of Transformers, but a pipeline of Diffusers
patient/vit and it asks to wait for 100000 s: try again then
down/vit down/vit: the server is in trouble (status 500), 5 times: try again later
odd/vit odd/vit: the server answers with status 418
loop/vit the server redirects without end (status 302)
wrong/vit model.safetensors: what came is not the file that the hub describes (its sum is another)
long/vit long/vit: model.safetensors: more came than the hub says that the file has
moved/vit the hub now has another file there than it said a moment ago: try again
otherpart/vit the server sent another part of the file than it was asked for
huge/vit the disk has
../vit is no name of a checkpoint on the Hugging Face Hub
good/vit@../x what is after "@" is no revision
END
[ ! -e "$(folder good/none)" ] && [ ! -e "$(folder unknown/vit)" ]
ok "no empty folders are left of them"
with HF_ENDPOINT=http://127.0.0.1:1 run 1 get good/other && says "http://127.0.0.1:1 cannot be reached"
ok "no connection"
with HF_ENDPOINT=ftp://127.0.0.1 run 1 get good/other && says "HF_ENDPOINT is no address of a hub"
ok "HF_ENDPOINT that is none"
# a disk that takes no more
(trap '' XFSZ && ulimit -f 80 && run 1 get full/vit && says "it cannot be written: File too large") &&
  unmade full/vit && run 0 get full/vit && whole full/vit &&
  in_log '^store /full/vit/.*model.safetensors [1-9][0-9]* none'
ok "a write that fails, and what came before it is kept"
with HF_HUB_OFFLINE=1 run 1 get good/other && says "HF_HUB_OFFLINE=1 says that nothing is to be downloaded"
ok "HF_HUB_OFFLINE"

# --- answers that are no listings ---

file='"rfilename": "config.json", "size": 2, "blobId": "0123456789abcdef0123456789abcdef01234567"'
k=0
while read -r parts text; do
  k=$((k + 1))
  mkdir hub/raw$k
  echo "$text" | sed "s/MAIN/\"sha\": \"$main\"/; s/FILE/$file/" > hub/raw$k/listing.json
  run 1 get raw/raw$k && says "raw/raw$k: " && [ "$(wc -l < err)" = 1 ] && grep -q "$parts" err &&
    unmade raw/raw$k
  ok "an answer that is no listing: $text"
done <<END
empty
object <!DOCTYPE html><html></html>
no.listing {}
object []
no.listing {"sha": "main", "siblings": []}
no.listing {"sha": "../../../../../../../../../../../../etc", "siblings": []}
no.listing {MAIN}
siblings {MAIN, "siblings": {}}
objects {MAIN, "siblings": [7]}
no.config.json {MAIN, "siblings": []}
no.config.json {MAIN, "siblings": [{"rfilename": "a/config.json", "size": 1}, {"rfilename": 7}]}
the.size.or.the.sum {MAIN, "siblings": [{"rfilename": "config.json"}]}
the.size.or.the.sum {MAIN, "siblings": [{"rfilename": "config.json", "size": -1, "blobId": "00"}]}
the.size.or.the.sum {MAIN, "siblings": [{"rfilename": "config.json", "size": 1, "blobId": "../../x"}]}
the.size.or.the.sum {MAIN, "siblings": [{"rfilename": "config.json", "size": 1e30, "lfs": {"size": 1}}]}
twice {MAIN, "sha": "x", "siblings": []}
no.weights {MAIN, "siblings": [{FILE}]}
END

# --- what passes ---

for name in busy/vit tired/vit norange/vit expired/vit cut/vit; do
  run 0 get $name && whole $name && grep -q 'trying again in 1 s$' err
  ok "$name: it is tried again"
done
[ "$(grep -c '^store /cut/vit/.*model.safetensors' log)" -ge 3 ] &&
  in_log '^store /cut/vit/.*model.safetensors [1-9][0-9]* none' && ! grep -q 'cut short\|sum' err
ok "a connection that breaks off: only what is missing is asked for"

# --- killed, and two at once ---

holds () {      # OWNER/NAME
  in_log "^held /$1/"
}

"$model" get held/vit > out 2> err &
first=$!
until_true 600 holds held/vit
part=$(find "$(folder held/vit)" -name '*.incomplete')
until_true 600 [ -s "$part" ]
run 0 list && ! grep -q held out
ok "what is under way is not in the list"
"$model" get held/vit > out2 2> err2 &
second=$!
until_true 600 grep -q 'another gptvis-model is at .*; waiting for it' err2
ok "a second one waits"
kill -9 $first
wait $first 2> /dev/null
first=''
wait $second
status=$?
second=''
[ $status = 0 ] && whole held/vit && [ "$(cat out2)" = "$(snapshot held/vit)" ]
ok "after kill -9 it goes on"
in_log '^store /held/vit/.*model.safetensors [1-9][0-9]* none'
ok "where the first stopped"

"$model" get held/sharded > out 2> err &
first=$!
until_true 600 holds held/sharded
until_true 600 [ -n "$(find "$(folder held/sharded)" -name '*.incomplete' -size +0)" ]
kill -9 $first
wait $first 2> /dev/null
first=''
unmade held/sharded && timeout 60 "$label" --model held/sharded "$data/vit/pictures/0.png" > out 2> err
[ $? = 2 ] && grep -q 'held/sharded.*"gptvis-model get held/sharded"' err
ok "half of it is not found by name"
spoilt=$(find "$(folder held/sharded)" -name '*.incomplete')
size=$(stat -c %s "$spoilt") && head -c "$size" /dev/zero > "$spoilt"
run 0 get held/sharded && whole held/sharded
ok "what was spoilt on the disk in between is downloaded again"

for name in both/vit both/sharded; do
  "$model" get -q $name > out 2> err &
  first=$!
  "$model" get -q $name > out2 2> err2 &
  second=$!
  wait $first && wait $second && whole $name && [ "$(cat out out2 | sort -u)" = "$(snapshot $name)" ]
  ok "$name: two at once"
  first='' second=''
done
[ "$(grep -c "^store /both/vit/" log)" = 1 ]
ok "each file came once"

# --- what is here ---

if gst-inspect-1.0 --exists pngdec; then
  GST_PLUGIN_PATH=$plugins timeout 60 gst-launch-1.0 -q filesrc location="$data/vit/pictures/0.png" ! pngdec \
    ! videoconvert ! gptvisfilter model=good/vit ! gptvisjson location=line ! fakesink > out 2> err &&
    grep -q '"model":"good/vit","labels":\[{"label"' line
  ok "a pipeline with model=good/vit"
else
  omit "a pipeline with model=good/vit" "there is no pngdec"
fi
timeout 60 "$label" --json --model good/vit "$data/vit/pictures/0.png" > out 2> err &&
  grep -q '"model":"good/vit"' out
ok "gptvis-label --model good/vit"
timeout 60 "$label" --model good/absent "$data/vit/pictures/0.png" > out 2> err
[ $? = 2 ] && grep -qF "good/absent: there is no such directory, and no checkpoint of that name in $cache" \
  err && grep -qF '"gptvis-model get good/absent" downloads it' err
ok "gptvis-label --model good/absent: the sentence says the command"

mkdir -p cache/huggingface/hub/models--other--vit/snapshots cache/huggingface/hub/version.d
cp -r hub/vit cache/huggingface/hub/models--other--vit/snapshots/$main
run 0 list && grep -qx "$cache" out && grep -qx "$work/cache/huggingface/hub" out &&
  grep -q '^  good/vit  *8[0-9.]*.*kB  opens: vit, [0-9]* label' out &&
  grep -q '^  other/vit .*opens: vit' out && ! grep -q '@' out
ok "list"
echo '{}' > cache/huggingface/hub/models--other--vit/snapshots/$main/config.json
run 0 list && grep -q '^  other/vit .* does not open: .*config.json' out
ok "list says what does not open"

run 0 check good/vit && grep -q '^good/vit$' out && grep -q '^  vit, .*ViTForImageClassification$' out &&
  grep -q '^  [0-9.]* ms a picture of 640×480, on cpu' out
ok "check NAME"
run 0 check hub/sharded && grep -qx sharded out && run 1 check hub/none && says "hub/none" &&
  run 1 check nowhere
ok "check DIRECTORY"

rm -r cache/huggingface/hub/models--other--vit
cp -r "$(folder good/vit)" cache/huggingface/hub/models--other--vit
grep -c /resolve/ log > before
run 0 get other/vit && [ "$(cat out)" = "$work/cache/huggingface/hub/models--other--vit/snapshots/$main" ] &&
  [ "$(grep -c /resolve/ log)" = "$(cat before)" ] && [ ! -e "$(folder other/vit)" ]
ok "what the hub's own tools have is not downloaded again"
run 1 remove other/vit && says "it is in the cache of the hub's own tools" &&
  [ -d cache/huggingface/hub/models--other--vit ]
ok "remove leaves the other cache alone"
run 0 remove good/sharded && [ ! -e "$(folder good/sharded)" ] && run 1 remove good/sharded &&
  says "good/sharded: it is not in $cache"
ok "remove"
ln -s "$work/hub" "$(snapshot good/bin)/link"
other=$(folder good/bin)/snapshots/cccccccccccccccccccccccccccccccccccccccc
mkdir "$other" && cp -P "$(snapshot good/bin)/config.json" "$other/"
run 0 remove good/bin@main && [ ! -e "$(snapshot good/bin)" ] && [ ! -e "$(folder good/bin)/refs/main" ] &&
  [ -s "$other/config.json" ] && [ "$(ls "$(folder good/bin)/blobs" | wc -l)" = 1 ] &&
  [ -e hub/vit/config.json ]
ok "remove of a revision leaves what others need"

run 2 && grep -q '^Usage:' err && run 2 get && run 2 list more && run 2 gett good/vit && run 2 --nothing get x
ok "wrong use"
run 0 --help && grep -q 'get NAME\[@REVISION\]' out && grep -q HF_TOKEN out
ok "--help"

if command -v script > /dev/null; then
  script -qec "$model get terminal/vit" /dev/null > out 2> err < /dev/null
  grep -q '100 %  .* of .*' out && whole terminal/vit
  ok "progress on a terminal"
else
  omit "progress on a terminal" "there is no script"
fi
echo "1..$n"
exit $bad
