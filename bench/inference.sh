#!/bin/sh
# Time inference on batches of 1 and 64 images of 64×64, alternating with PyTorch in its common form (eager,
# eval, no_grad); prints the ratios. NETWORK is resnet18 (default) or another of torchvision's, BATCHES is 1,64 (default) or others.  LIMBECK_PEER_SCRIPT=step_speed.py bench/inference.sh [PYTHON] [PAIRS]
# PyTorch's ResNet-18 is defined in resnet.py beside the peer script. Seven pairs take about two minutes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${1:-python3}
pairs=${2:-7}
script=${LIMBECK_PEER_SCRIPT:-}
if [ -z "$script" ] || ! "$python" -c 'import torch' 2>/dev/null; then
    echo "skipped: no peer; name its script in LIMBECK_PEER_SCRIPT and a python with torch"
    exit 0
fi
results=$(mktemp)
trap 'rm -f "$results"' EXIT
i=0
while [ "$i" -lt "$pairs" ]; do
    i=$((i + 1))
    "$here/run.sh" InferenceSpeed --arch "${NETWORK:-resnet18}" --batches "${BATCHES:-1,64}" | grep "^{" >>"$results"
    LIMBECK_BUILD=no
    export LIMBECK_BUILD
    "$python" - "$(dirname "$script")" "${NETWORK:-resnet18}" "${BATCHES:-1,64}" >>"$results" <<'PY'
import json, statistics, sys, time, torch
if sys.argv[2] == "resnet18":
    sys.path.insert(0, sys.argv[1])
    from resnet import resnet18
    model = resnet18(2).eval()
else:
    import torchvision
    model = getattr(torchvision.models, sys.argv[2])(num_classes=2).eval()
for batch in map(int, sys.argv[3].split(",")):
    x, times = torch.randn(batch, 3, 64, 64), []
    before, counted = (100, 100) if batch == 1 else (10, 20)
    with torch.no_grad():
        for i in range(before + counted):
            t = time.perf_counter(); model(x); times.append(time.perf_counter() - t)
    print(json.dumps({"who": "pytorch", "batch": batch, "ms": statistics.median(times[before:]) * 1e3}))
PY
done
"$python" - "$results" <<'PY'
import json, statistics, sys
times = {}
for line in open(sys.argv[1]):
    row = json.loads(line)
    times.setdefault((row["who"], row["batch"]), []).append(row["ms"])
print("| batch | network | ms | PyTorch's ms | PyTorch / Limbeck (median of pairs, least to most) |")
print("|---|---|---|---|---|")
for (who, batch), ours in times.items():
    if who == "pytorch": continue
    theirs = times["pytorch", batch]
    print(f"| {batch} | {who} | {statistics.median(ours):.1f} | {statistics.median(theirs):.1f} "
          f"| {statistics.median(t / o for o, t in zip(ours, theirs)):.2f} "
          f"({min(t / o for o, t in zip(ours, theirs)):.2f} to {max(t / o for o, t in zip(ours, theirs)):.2f}) |")
PY
