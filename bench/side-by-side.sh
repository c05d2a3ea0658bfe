#!/bin/sh
# Run Limbeck and PyTorch in turn and print how many times faster Limbeck's step is (medians over the pairs).
#   LIMBECK_PEER_SCRIPT=step_speed.py bench/side-by-side.sh [PYTHON] [PAIRS] [SCRIPT]
# The script prints one JSON line a row, as StepSpeed does, and takes --only ROWS and --steps N.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${1:-python3}
pairs=${2:-5}
script=${3:-${LIMBECK_PEER_SCRIPT:-}}
rows=${ROWS:-plain,kd-eager}
steps=${STEPS:-10}
if [ -z "$script" ] || [ ! -f "$script" ]; then
    echo "skipped: no peer script; name it as third argument or in LIMBECK_PEER_SCRIPT"
    exit 0
fi
if ! "$python" -c 'import torch' 2>/dev/null; then
    echo "skipped: $python cannot import torch"
    exit 0
fi
results=$(mktemp)
trap 'rm -f "$results"' EXIT
i=0
while [ "$i" -lt "$pairs" ]; do
    i=$((i + 1))
    "$here/run.sh" StepSpeed --rows "$rows" --steps "$steps" | sed "s/^/$i limbeck /" >>"$results"
    LIMBECK_BUILD=no
    export LIMBECK_BUILD
    # shellcheck disable=SC2046
    "$python" "$script" --only $(echo "$rows" | tr , ' ') --steps "$steps" | sed "s/^/$i pytorch /" >>"$results"
    grep "^$i " "$results" >&2
done
"$python" - "$results" <<'PY'
import json, statistics, sys
times = {}
for line in open(sys.argv[1]):
    pair, who, text = line.split(" ", 2)
    row = json.loads(text)
    times.setdefault(row["row"], {}).setdefault(who, {})[pair] = row["ms_per_step"]
print("| row | Limbeck ms | PyTorch ms | PyTorch / Limbeck (median of pairs) | least | most |")
print("|---|---|---|---|---|---|")
for row, by in times.items():
    ours, theirs = by["limbeck"], by["pytorch"]
    ratios = [theirs[p] / ours[p] for p in ours]
    print(f"| {row} | {statistics.median(ours.values()):.0f} | {statistics.median(theirs.values()):.0f} "
          f"| {statistics.median(ratios):.2f} | {min(ratios):.2f} | {max(ratios):.2f} |")
PY
