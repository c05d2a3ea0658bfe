#!/bin/sh
# Kill a distillation with SIGKILL at 20 random moments, resume each, and compare the weights with those of the run that was
# left alone. With a number as argument so many times. Writes into a folder of its own under the temporary one.
set -eu

limbeck="$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/bin/limbeck"
work=$(mktemp -d)
data="--data shapes:600:100:100 --image-size 32 --batch-size 64"
hash() { sed -n 's/.*"model_sha256" : "\([0-9a-f]*\)".*/\1/p' "$1/run.json"; }

"$limbeck" train $data --arch cifar-resnet14 --epochs 1 --out "$work/teacher" 2>"$work/log"
run="distill $data --teacher $work/teacher --arch cifar-resnet8 --epochs 8 --mixup 0.4 --ema-decay 0.99 --keep best"
begun=$(date +%s%N)
"$limbeck" $run --out "$work/whole" >"$work/log" 2>&1
millis=$((($(date +%s%N) - begun) / 1000000))
expected=$(hash "$work/whole")
echo "undisturbed: $millis ms, $expected"

equal=0
for i in $(seq "${1:-20}"); do
  out="$work/killed-$i"
  pause=$(od -An -N4 -tu4 /dev/urandom | awk -v most="$millis" '{ printf "%.3f", $1 / 4294967296 * most / 1000 }')
  setsid "$limbeck" $run --out "$out" >"$work/log" 2>&1 &
  sleep "$pause"
  kill -KILL "-$!" 2>/dev/null || true
  wait "$!" 2>/dev/null || true
  epochs=$(grep -c '^ *[0-9] ' "$work/log" || true)
  if [ -e "$out" ]; then how="was done"
  elif [ -e "$out.unfinished/checkpoint.safetensors" ] || [ -e "$out.unfinished/checkpoint.safetensors.previous" ]; then
    how="resumed"
    "$limbeck" distill --resume --out "$out" >"$work/log" 2>&1
  else
    how="begun again"
    "$limbeck" $run --overwrite --out "$out" >"$work/log" 2>&1
  fi
  if [ "$(hash "$out")" = "$expected" ]; then equal=$((equal + 1)); result=equal; else result=DIFFERENT; fi
  echo "$i: killed after $pause s, $epochs epochs shown, $how: $result"
done
echo "$equal of ${1:-20} equal"
rm -r "$work"
