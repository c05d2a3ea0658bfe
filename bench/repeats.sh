#!/usr/bin/env bash
# Run a comparison 10 times (or the number in the first argument), with and without augmentation, and repeat every run in
# it from its run.json. Prints how many have the same hashes as the first.
set -euo pipefail

limbeck="$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/bin/limbeck"
times=${1:-10}
# JIT compilation dominates a short run; C1 alone saves a third of the time.
export LIMBECK_JAVA_OPTS=${LIMBECK_JAVA_OPTS:--XX:TieredStopAtLevel=1}
work=$(mktemp -d "${TMPDIR:-/tmp}/repeats.XXXXXX")
log="$work/log"
data=(--data shapes:96:32:32 --image-size 16 --batch-size 16)

# Print the name of each run under the folder $1 with the hashes of its record and its model.
hashes() {
  (cd "$1" && find . -name run.json | LC_ALL=C sort | while read -r record; do
    echo "$record $(jq -r .repeat_sha256 "$record") $(sha256sum <"${record%run.json}model.safetensors")"
  done)
}

"$limbeck" train "${data[@]}" --arch cifar-resnet14 --epochs 1 --out "$work/teacher" >"$log" 2>&1
export LIMBECK_BUILD=no
failed=0
for flip in --hflip --no-hflip; do
  equal=0
  for i in $(seq "$times"); do
    "$limbeck" compare "${data[@]}" "$flip" --arch cifar-resnet8 --teacher "$work/teacher" --epochs 2 --seeds 2 \
      --out "$work/$flip-$i" >"$log" 2>&1
    hashes "$work/$flip-$i" >"$work/found"
    if [ "$i" = 1 ]; then cp "$work/found" "$work/expected$flip"; fi
    if cmp -s "$work/found" "$work/expected$flip"; then equal=$((equal + 1)); fi
  done
  runs=0
  repeated=0
  for record in "$work/$flip-1"/*/seed-*/run.json; do
    runs=$((runs + 1))
    case $record in */alone/*) command=train ;; *) command=distill ;; esac
    "$limbeck" "$command" "$record" --out "$work/repeated" >"$log" 2>&1
    if [ "$(jq -r .repeat_sha256 "$record")" = "$(jq -r .repeat_sha256 "$work/repeated/run.json")" ]; then
      repeated=$((repeated + 1))
    fi
    rm -r "$work/repeated"
  done
  echo "$flip: $equal of $times comparisons equal; $repeated of $runs runs repeated from their run.json"
  if [ "$equal" != "$times" ] || [ "$repeated" != "$runs" ]; then failed=1; fi
done
if [ "$failed" = 0 ]; then rm -r "$work"; else echo "see $work"; exit 1; fi
