#!/bin/sh
# Kill `limbeck cache` with SIGKILL at 200 random moments, ten tries to a folder, let it finish there, and compare a student
# that learned from what is kept with one that learned from answers which were kept undisturbed. With a number as argument so many
# kills. Writes into a folder of its own under the temporary one.
set -eu

limbeck="$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/bin/limbeck"
work=$(mktemp -d)
data="--data shapes:2000:100:100 --image-size 32 --batch-size 100 --precision fp32"
hash() { sed -n 's/.*"model_sha256" : "\([0-9a-f]*\)".*/\1/p' "$1/run.json"; }

"$limbeck" train $data --max-train-samples 600 --arch cifar-resnet14 --epochs 1 --out "$work/teacher" 2>"$work/log"
# Features make rows of 64 KiB, so that much of the time goes into writing, which is what shall be hit.
cat >"$work/recipe.yaml" <<YAML
data: {source: 'shapes:2000:100:100', image_size: 32, batch_size: 100}
teacher: {model: $work/teacher}
student: cifar-resnet8
training: {epochs: 1, precision: fp32}
distillation: {losses: [{name: soft-target}, {name: fitnet, layers: [layer1]}]}
YAML
run="$work/recipe.yaml"
begun=$(date +%s%N)
"$limbeck" cache "$run" --cache-teacher "$work/whole" >"$work/log" 2>&1
millis=$((($(date +%s%N) - begun) / 1000000))
"$limbeck" distill "$run" --cache-teacher "$work/whole" --out "$work/taught" >"$work/log" 2>&1
expected=$(hash "$work/taught")
echo "undisturbed: $millis ms; taught by that: $expected"

equal=0
tries=0
kills=0
students=0
times=${1:-200}
while [ "$kills" -lt "$times" ]; do
  # A fresh folder after every tenth try, so that all stages of filling are met.
  folder="$work/kept-$((tries / 10))"
  tries=$((tries + 1))
  pause=$(od -An -N4 -tu4 /dev/urandom | awk -v most="$millis" '{ printf "%.3f", $1 / 4294967296 * most / 1000 }')
  setsid "$limbeck" cache "$run" --cache-teacher "$folder" >"$work/log" 2>&1 &
  sleep "$pause"
  if kill -KILL "-$!" 2>/dev/null; then kills=$((kills + 1)); fi
  wait "$!" 2>/dev/null || true
  if [ $((tries % 10)) -eq 0 ] || [ "$kills" -eq "$times" ]; then
    left=$(find "$folder" -name '*.rows' 2>/dev/null | wc -l)
    unfinished=$(find "$folder" -name '*.tmp' 2>/dev/null | wc -l)
    students=$((students + 1))
    # Teaching would compute what is missing in the student's batches, which round in another way than cache's own.
    "$limbeck" cache "$run" --cache-teacher "$folder" >"$work/log" 2>&1
    "$limbeck" distill "$run" --cache-teacher "$folder" --out "$work/student-$students" >"$work/log" 2>&1
    if [ "$(hash "$work/student-$students")" = "$expected" ]; then equal=$((equal + 1)); result=equal; else result=DIFFERENT; fi
    echo "$kills kills: $left files of rows, $unfinished unfinished; finished and taught by it: $result"
  fi
done
echo "$kills killed in $tries tries; $equal of $students students equal to the undisturbed one"
rm -r "$work"
