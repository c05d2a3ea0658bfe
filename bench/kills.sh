#!/usr/bin/env bash
# Kill a command with SIGKILL repeatedly, let it finish, and compare its files with those of an uninterrupted run:
#
#   bench/kills.sh KIND [N] [SEED] [rename]
#
# KIND is train, distill (alternating between features with mixup and two teachers with mixup), compare, sweep, cache or
# export. N runs (100) are killed at random times seeded by SEED (1), every fourth a second time after resuming. With the
# word rename, one run each is killed at every rename of an uninterrupted run (by strace), at most N. A run with a
# checkpoint is resumed with --resume; otherwise the same command runs again. Runs are equal if they leave the same files
# with the same contents, except for times, and no other files. Writes to a new temporary folder, which is kept if there
# is a difference.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
limbeck="$root/bin/limbeck"
kind=${1:?"usage: bench/kills.sh train|distill|compare|sweep|cache|export [N] [SEED] [rename]"}
times=${2:-100}
RANDOM=${3:-1}
renames=${4:-}
case $kind in train | distill | compare | sweep | cache | export) ;; *) echo "unknown kind $kind" >&2; exit 2 ;; esac
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
# JIT compilation dominates a short run; C1 alone saves a third of the time.
export LIMBECK_JAVA_OPTS=${LIMBECK_JAVA_OPTS:--XX:TieredStopAtLevel=1}
"$limbeck" --version >/dev/null
export LIMBECK_BUILD=no

work=$(mktemp -d "${TMPDIR:-/tmp}/kills-$kind.XXXXXX")
log="$work/log"
data=(--data shapes:96:32:32 --image-size 16 --batch-size 16 --precision fp32 --device cpu --workers 1)
student=("${data[@]}" --arch cifar-resnet8)

"$limbeck" train "${data[@]}" --arch cifar-resnet14 --epochs 1 --out "$work/teacher" >"$log" 2>&1
"$limbeck" train "${data[@]}" --arch cifar-resnet8 --epochs 1 --seed 5 --out "$work/other" >"$log" 2>&1
taught=("${student[@]}" --teacher "$work/teacher")

# Set the array command: the command for the folder $1 in variant $2.
command_of() {
  local out="$1/out"
  case $kind in
    train) command=(train "${student[@]}" --epochs 3 --mixup 0.2 --ema-decay 0.9 --keep best --out "$out") ;;
    distill)
      if [ "$2" = 0 ]; then
        command=(distill "${taught[@]}" --epochs 3 --loss soft-target --loss fitnet:layer2 --mixup 0.2 --out "$out")
      else
        command=(distill "${taught[@]}" --teacher "$work/other" --epochs 3 --mixup 0.2 --ema-decay 0.9 --out "$out")
      fi ;;
    compare)
      # Alternate with a folder of cached outputs, which has separate views for each seed.
      command=(compare "${taught[@]}" --epochs 2 --seeds 2 --out "$out")
      if [ "$2" = 1 ]; then command+=(--augment-views 2 --data-seed 3 --cache-teacher "$1/answers"); fi ;;
    sweep)
      command=(sweep "${taught[@]}" --epochs 3 --temperatures 2,5 --kd-weights 0.5 --strategy halving --confirm 1 --out "$out") ;;
    cache) command=(cache "${taught[@]}" --augment-views 4 --cache-teacher "$out") ;;
    export) command=(export --model "$work/teacher" --format onnx,torchscript,safetensors "${data[@]}" --out "$out") ;;
  esac
}

# Print a line for each file under a folder: its name, and a hash of its contents without times.
state() {
  (cd "$1" && find . -mindepth 1 \( -type f -o -type l -o -type d -empty \) | LC_ALL=C sort | while read -r file; do
    case $file in
      *.rows) continue ;; # cut into files as it came; the rows are hashed together
      *.json)
        sum=$(sed -e "s|$1/|/|g" "$file" | jq -S 'walk(if type == "object" then del(.started, .finished, .seconds,
          .train_rows_per_second, .repeat_sha256) else . end) | if (.file | type) == "object" then del(.file) else . end' | sha256sum) ;;
      */epochs.csv) sum=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i ~ /seconds|per_second/) out[i] = 1 }
          { line = ""; for (i = 1; i <= NF; i++) if (!(i in out)) line = line "," $i; print line }' "$file" | sha256sum) ;;
      *.html | *.md) sum=text ;; # hold times
      *) sum=$(sha256sum <"$file") ;;
    esac
    echo "$file ${sum%% *}"
  done
  for folder in out answers; do
    if [ -e "$folder/facts.json" ]; then
      echo "$folder $("${java:-java}" "$root/bench/KeptRows.java" "$folder")"
    fi
  done)
}

# Run variant $1 twice without interruption; both runs must leave the same files. Sets millis to the faster time.
undisturbed() {
  local again begun took
  for again in whole again; do
    mkdir "$work/$again-$1"
    command_of "$work/$again-$1" "$1"
    begun=$(date +%s%N)
    "$limbeck" "${command[@]}" >"$log" 2>&1 || { cat "$log"; exit 1; }
    took=$((($(date +%s%N) - begun) / 1000000))
    if [ -z "$millis" ] || [ "$took" -lt "$millis" ]; then millis=$took; fi
    state "$work/$again-$1" >"$work/$again"
  done
  mv "$work/whole" "$work/expected-$1"
  diff "$work/expected-$1" "$work/again" || { echo "two undisturbed runs differ, see $work"; exit 1; }
}

# Continue the killed run in the folder $1 as a user would; $2 is the variant.
go_on() {
  command_of "$1" "$2"
  case $kind in
    train | distill)
      if [ -e "$1/out" ]; then how=complete; "$limbeck" "${command[0]}" --resume --out "$1/out" && return 1 || return 0
      elif ls "$1"/out.unfinished/checkpoint.safetensors* >/dev/null 2>&1; then how=resumed
        "$limbeck" "${command[0]}" --resume --out "$1/out"
      else how=anew; "$limbeck" "${command[@]}" --overwrite; fi ;;
    export) if [ -e "$1/out" ]; then how=complete; else how=anew; "$limbeck" "${command[@]}"; fi ;;
    *) how=again; "$limbeck" "${command[@]}" ;;
  esac
}

# Set pause: a random time in ms. Every second one is in the later half, because a run starts by loading LibTorch.
moment() {
  local least=300
  if [ $((tries / 2 % 2)) = 0 ]; then least=$((millis / 2)); fi
  pause=$((least + (RANDOM * 32768 + RANDOM) % (millis - least)))
}

# Run in the background in a separate process group, and kill the group after pause.
kill_after() {
  moment
  setsid "$@" >"$log" 2>&1 &
  local group=$!
  sleep "$(awk -v ms="$pause" 'BEGIN { printf "%.3f", ms / 1000 }')"
  if kill -KILL "-$group" 2>/dev/null; then kills=$((kills + 1)); killed=yes; else killed=no; fi
  wait "$group" 2>/dev/null || true
}

case $kind in distill | compare) ways=2 ;; *) ways=1 ;; esac
millis=
undisturbed 0
if [ "$ways" = 2 ]; then undisturbed 1; fi
echo "$kind: undisturbed $millis ms, $(wc -l <"$work/expected-0") files"

kills=0
equal=0
tries=0

# Start a trial of variant $1.
begin() {
  tries=$((tries + 1))
  way=$1
  folder="$work/$tries"
  mkdir "$folder"
  command_of "$folder" "$way"
}

# Continue the killed run, and compare.
finish() {
  how=
  if go_on "$folder" "$way" >"$log" 2>&1; then trouble=; else trouble=" ($(tail -n 1 "$log"))"; fi
  state "$folder" >"$work/found"
  if [ -z "$trouble" ] && diff "$work/expected-$way" "$work/found" >"$work/diff-$tries"; then
    equal=$((equal + 1)); result=equal; rm -r "$folder" "$work/diff-$tries"
  else result="DIFFERENT$trouble"; fi
  echo "$tries: killed $killed, $how: $result"
}

# Kill at the first of the given system calls, then at the second, and so on until there are no more.
at_each() {
  local calls=$1 way=$2 at=0
  while [ "$tries" -lt "$times" ]; do
    at=$((at + 1))
    begin "$way"
    if { strace -f -qq -o "$work/strace" -e "trace=$calls" -e "inject=$calls:signal=KILL:when=$at" \
      "$limbeck" "${command[@]}" >"$log" 2>&1; } 2>/dev/null; then
      rm -r "$folder"
      tries=$((tries - 1))
      break
    fi
    kills=$((kills + 1))
    killed=${calls%%,*}
    killed="at ${killed#?} $at"
    finish
  done
}

if [ -n "$renames" ]; then
  for way in $(seq 0 $((ways - 1))); do
    # strace counts each system call separately; Java uses only one of those that rename.
    for calls in '?rename,?renameat,?renameat2' '?link,?linkat'; do at_each "$calls" "$way"; done
  done
else
  while [ "$tries" -lt "$times" ]; do
    begin $(((tries + 1) % ways))
    kill_after "$limbeck" "${command[@]}"
    first=$killed
    if [ $((tries % 4)) -eq 0 ]; then
      if [ "$kind" = train ] || [ "$kind" = distill ]; then
        if ls "$folder"/out.unfinished/checkpoint.safetensors* >/dev/null 2>&1; then
          kill_after "$limbeck" "${command[0]}" --resume --out "$folder/out"
          first="$first, again $killed"
        fi
      elif [ "$kind" != export ] || [ ! -e "$folder/out" ]; then
        kill_after "$limbeck" "${command[@]}"
        first="$first, again $killed"
      fi
    fi
    killed=$first
    finish
  done
fi
echo "$kind ${renames:+at renames }: $kills kills, $equal of $tries equal to the undisturbed"
if [ "$equal" = "$tries" ]; then rm -r "$work"; else echo "see $work"; exit 1; fi
