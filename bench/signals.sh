#!/bin/sh
# Send signals at random times to trainings, distillations from TorchScript and ONNX teachers, and servers that run a
# predictor on 8 threads. Each must exit within 5 s with the correct code, without a crash.
#   bench/signals.sh [times] [kinds] [signals], such as  bench/signals.sh 200 "train torch-server" "INT TERM"
# Prints a line for each failure, and a table. Builds first.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
times=${1:-20}
kinds=${2:-train torchscript-teacher onnx-teacher evaluate cache torch-server script-server onnx-server}
signals=${3:-INT TERM HUP}
limbeck="$root/bin/limbeck"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
data="--data shapes:600:100:100 --image-size 32 --batch-size 64"
"$limbeck" train $data --arch cifar-resnet14 --epochs 1 --out "$work/teacher" >"$work/log" 2>&1
"$limbeck" export --model "$work/teacher" --no-verify --format onnx,torchscript --out "$work/export" >"$work/log" 2>&1
# This call also builds bench.
"$root/bench/run.sh" AskedServer --model "$work/none.onnx" >/dev/null 2>&1 || true
export LIMBECK_BUILD=no

distill="$limbeck distill $data --arch cifar-resnet8 --epochs 500"
command_of() {
  case $1 in
    train) echo "$limbeck train $data --arch cifar-resnet8 --epochs 500 --out $2" ;;
    torchscript-teacher) echo "$distill --teacher $work/export/model.pt --out $2" ;;
    onnx-teacher) echo "$distill --teacher $work/export/model.onnx --out $2" ;;
    evaluate) echo "$limbeck evaluate $data --model $work/export/model.pt" ;;
    cache) echo "$limbeck cache $data --augment-views 50 --arch cifar-resnet8 --teacher $work/teacher --cache-teacher $2" ;;
    torch-server) echo "$root/bench/run.sh AskedServer --model $work/teacher" ;;
    script-server) echo "$root/bench/run.sh AskedServer --model $work/export/model.pt" ;;
    onnx-server) echo "$root/bench/run.sh AskedServer --model $work/export/model.onnx" ;;
    *) echo "unknown kind $1" >&2; exit 2 ;;
  esac
}

# Background processes inherit ignored signals from the shell; setsid and env reset them. This is not a function, because
# some shells keep a subshell for it, which would receive the signal instead of the program.
start="setsid env --default-signal=INT,HUP"

for kind in $kinds; do
  for signal in $signals; do
    number=$(kill -l "$signal" 2>/dev/null || true)
    case $signal in HUP) number=1 ;; INT) number=2 ;; TERM) number=15 ;; esac
    good=0; slow=0; crashed=0; other=0; done_before=0; longest=0
    for i in $(seq "$times"); do
      out="$work/out-$i"
      # shellcheck disable=SC2046,SC2086  # both are several words
      $start $(command_of "$kind" "$out") >"$work/o" 2>"$work/e" &
      pid=$!
      case $kind in
        *server) tries=0; while [ $tries -lt 600 ] && ! grep -q ready "$work/o"; do sleep 0.1; tries=$((tries + 1)); done; most=1 ;;
        *) most=10 ;;
      esac
      sleep "$(od -An -N4 -tu4 /dev/urandom | awk -v most=$most '{ printf "%.3f", $1 / 4294967296 * most }')"
      if ! kill -"$signal" "$pid" 2>/dev/null; then done_before=$((done_before + 1)); wait "$pid" || true; rm -rf "$out"*; continue; fi
      begun=$(date +%s%N)
      (sleep 15; kill -KILL "$pid") 2>/dev/null & guard=$!
      code=0; wait "$pid" || code=$?
      millis=$((($(date +%s%N) - begun) / 1000000))
      kill "$guard" 2>/dev/null || true
      if [ $millis -gt $longest ]; then longest=$millis; fi
      if [ "$code" = 0 ]; then done_before=$((done_before + 1))
      elif [ "$code" = 134 ] || [ "$code" = 139 ]; then crashed=$((crashed + 1)); echo "$kind $signal: crashed ($code)"; tail -n 3 "$work/e"
      elif [ $millis -gt 5000 ]; then slow=$((slow + 1)); echo "$kind $signal: $millis ms, code $code"
      elif [ "$code" != $((128 + number)) ]; then other=$((other + 1)); echo "$kind $signal: code $code: $(tail -n 1 "$work/e")"
      else good=$((good + 1)); fi
      rm -rf "$out"*
    done
    echo "$kind $signal: $good right, $crashed crashed, $slow over 5 s, $other other codes, $done_before done before, longest $longest ms"
  done
done
