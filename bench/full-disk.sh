#!/usr/bin/env bash
# Run each command on a full disk: bench/full-disk.sh [N] [KIND...]
#
# Each kind runs once with enough space, then on N (6) disks that are too small, from one page up to slightly less than it
# needs (a tmpfs in its own mount namespace). It must exit with code 1 and a one-line error, without a stack trace or a
# crash, and leave only files for resuming: a checkpoint, which the error names; finished runs of a comparison; cached
# outputs. Then space is freed, and the same command (with --resume if there is a checkpoint) must succeed and leave the
# same files as the first run. Prints a table; exits with 1 if any check fails.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
limbeck="$root/bin/limbeck"
if [ "${IN_NAMESPACE:-}" != yes ]; then
  "$limbeck" --version >/dev/null
  "$root/bench/run.sh" ServedDownload --folder "$root/bench/target/download" >/dev/null
  IN_NAMESPACE=yes LIMBECK_BUILD=no exec unshare -rm "$0" "$@"
fi
times=${1:-6}
shift || true
kinds=${*:-train tensorboard distill cache compare sweep onnx torchscript safetensors all show archive download predict explain evaluate inspect demo}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
# JIT compilation dominates a short run; C1 alone saves a third of the time.
export LIMBECK_JAVA_OPTS=${LIMBECK_JAVA_OPTS:--XX:TieredStopAtLevel=1}

work=$(mktemp -d "${TMPDIR:-/tmp}/full-disk.XXXXXX")
export LIMBECK_HOME="$work/home"
small="$work/small"
log="$work/log"
mkdir "$small"
data=(--data shapes:96:32:32 --image-size 16 --batch-size 16 --device cpu --workers 1)
student=("${data[@]}" --arch cifar-resnet8)
taught=("${student[@]}" --teacher "$work/teacher")

disk() { umount "$small" 2>/dev/null || true; mount -t tmpfs -o "size=$1" tmpfs "$small"; }

"$limbeck" train "${data[@]}" --arch cifar-resnet14 --epochs 1 --out "$work/teacher" >"$log" 2>&1
"$limbeck" show "${data[@]}" --out "$work/image.png" >"$log" 2>&1
mkdir -p "$work/images/cat" "$work/images/dog"
for i in $(seq 12); do
  cp "$work/image.png" "$work/images/cat/$i.png"
  # A different file with the same pixels: bytes after the end of a PNG are ignored.
  { cat "$work/image.png"; echo "$i"; } >"$work/images/dog/$i.png"
done
tar -C "$work" -czf "$work/images.tgz" images

# Set the program and the array command, a pattern of files that may stay after a failure, and the target of standard output.
command_of() {
  program="$limbeck"
  may_stay='^$'
  to="$log"
  case $1 in
    train) command=(train "${student[@]}" --epochs 2 --keep best --out "$small/run")
      may_stay='^run.unfinished/checkpoint.safetensors(.previous)?$' ;;
    tensorboard) command=(train "${student[@]}" --epochs 2 --tensorboard "$small/events" --out "$small/run")
      may_stay='^(run.unfinished/checkpoint.safetensors(.previous)?|events/events.out.*)$' ;;
    distill) command=(distill "${taught[@]}" --augment-views 2 --epochs 2 --cache-teacher "$small/outputs" --out "$small/run")
      may_stay='^(run.unfinished/checkpoint.safetensors(.previous)?|outputs/.*(facts.json|[.]rows))$' ;;
    cache) command=(cache "${taught[@]}" --augment-views 4 --cache-teacher "$small/outputs")
      may_stay='^outputs/.*(facts.json|[.]rows)$' ;;
    compare) command=(compare "${taught[@]}" --epochs 1 --seeds 2 --out "$small/runs")
      may_stay='^runs/([^/]*/seed-[^/]*/.*|comparison.json|teachers/[^.]*.safetensors)$' ;;
    sweep) command=(sweep "${taught[@]}" --epochs 2 --temperatures 2,5 --kd-weights 0.5 --strategy halving --confirm 1 --out "$small/runs")
      may_stay='^runs/(([^/]*/)*seed-[^/]*/.*|.*comparison.json|best.yaml|sweep.json|.*teachers/[^.]*.safetensors)$' ;;
    demo) command=(demo --quick --out "$small/demo") ;;
    onnx | torchscript | safetensors) command=(export --model "$work/teacher" --format "$1" "${data[@]}" --out "$small/export") ;;
    all) command=(export --model "$work/teacher" --format onnx,torchscript,safetensors "${data[@]}" --out "$small/export") ;;
    show) command=(show "${data[@]}" --out "$small/images.png") ;;
    archive) command=(show --data "$work/images.tgz" --image-size 16 --batch-size 16 --valid-fraction 0.2 --out "$work/images.png")
      may_stay='^data/unpacked$' # the cache's own folder, empty
      export LIMBECK_HOME="$small" ;;
    download) program="$root/bench/run.sh"; command=(ServedDownload --folder "$small/downloads")
      may_stay='^downloads/file.part$' ;; # the transfer is continued
    # These commands write their result to standard output, which the shell redirects to the small disk.
    predict) command=(predict --json --top 10 --model "$work/teacher"); for i in $(seq 8); do command+=("$work/image.png"); done; to="$small/text" ;;
    explain) command=(explain --model "$work/teacher" "$work/image.png"); to="$small/text" ;;
    evaluate) command=(evaluate --model "$work/teacher" "${data[@]}"); to="$small/text" ;;
    inspect) command=(inspect "$work/teacher"); to="$small/text" ;;
    *) echo "unknown kind $1" >&2; exit 2 ;;
  esac
}

go() { code=0; "$program" "${command[@]}" "$@" >"$to" 2>"$work/said" || code=$?; }

# List the files on the small disk; parts of names that vary between runs are replaced.
files() {
  (cd "$small" && find . -mindepth 1 \( ! -type d -o -empty \) ! -name .lock ! -name '*.lock' | sed 's|^\./||
    s|events\.out\..*|events.out|; s|[^/]*\.rows$|rows|; s|-[0-9a-f]\{12,\}|-X|' | LC_ALL=C sort -u)
}

bad=0
wrong() { problems="$problems; $1"; bad=$((bad + 1)); }

echo "| what writes | needs | disks too small | one line, code 1, nothing left | went on with room | not so |"
echo "|---|---|---|---|---|---|"
for kind in $kinds; do
  export LIMBECK_HOME="$work/home"
  command_of "$kind"
  disk 64m
  go
  if [ "$code" != 0 ]; then cat "$work/said"; exit 1; fi
  files >"$work/expected"
  needs=$(du -sk "$small" | cut -f1)
  failed=0; fine=0; went=0; all=
  for i in $(seq 0 $((times - 1))); do
    pages=$((1 + i * (needs / 4 - 1) / times))
    disk "$((pages * 4))k"
    if [ "$to" != "$log" ]; then
      # Most texts fit in a page, so another file fills the disk.
      if [ "$i" -gt 0 ]; then break; fi
      disk 4k
      head -c 4096 /dev/zero >"$small/other.lock"
    fi
    go
    if [ "$code" = 0 ]; then continue; fi
    failed=$((failed + 1))
    problems=
    said=$(grep -c '^limbeck: ' "$work/said" || true)
    line=$(grep '^limbeck: ' "$work/said" | tail -n 1 || true)
    if [ "$code" != 1 ]; then wrong "code $code"; fi
    if [ "$said" != 1 ] || grep -qE '^\s+at |Exception|SIGSEGV|terminate called' "$work/said"; then wrong "said $said lines: $(tail -n 2 "$work/said" | cut -c1-300 | tr '\n' ' ')"; fi
    case $line in *"no space left"* | *"disk is full"* | *"make room"*) ;; *) wrong "said '$line'" ;; esac
    if [ "$to" != "$log" ]; then rm "$to"; fi
    left=$(cd "$small" && find . -mindepth 1 ! -name .lock ! -name '*.lock' \( ! -type d -o -empty \) | sed 's|^\./||' | grep -vE "$may_stay" || true)
    if [ -n "$left" ]; then wrong "left $(echo "$left" | tr '\n' ' ')"; fi
    resume=()
    if ls "$small"/run.unfinished/checkpoint.safetensors* >/dev/null 2>&1; then
      resume=(--resume)
      case $(cat "$work/said") in *--resume*) ;; *) wrong "keeps a checkpoint and does not say so" ;; esac
    fi
    if [ -z "$problems" ]; then fine=$((fine + 1)); fi
    mount -o remount,size=64m "$small"
    go "${resume[@]}"
    if [ "$code" = 0 ] && files | diff "$work/expected" - >"$work/difference"; then went=$((went + 1))
    else wrong "with room: code $code $(tail -n 1 "$work/said" | cut -c1-300) $(tr '\n' ' ' <"$work/difference" 2>/dev/null)"; fi
    if [ -n "$problems" ]; then all="$all ${pages} pages$problems."; fi
  done
  echo "| $kind | $needs KiB | $failed | $fine | $went |$all |"
done
umount "$small" || true
if [ "$bad" = 0 ]; then rm -r "$work"; else echo "$bad problems; the last texts are in $work"; exit 1; fi
