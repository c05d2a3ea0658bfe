#!/bin/sh
# Profile a step with oneDNN's own timings: convolutions (forward, backward by data and by weights), matrix products,
# layout conversions, and the remaining time.  bench/profile.sh [PYTHON] [ROW] [more StepSpeed options except --steps]
# Takes about half a minute.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${1:-python3}
[ $# -eq 0 ] || shift
row=${1:-kd-bf16}
[ $# -eq 0 ] || shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
ONEDNN_VERBOSE=1 "$here/run.sh" StepSpeed --rows "$row" --steps 17 "$@" >"$log"
"$python" - "$log" "$row" <<'PY'
import collections, json, statistics, sys
STEPS = 20  # with the three that warm up
calls, step = collections.defaultdict(list), None
for line in open(sys.argv[1], errors="replace"):
    if line.startswith("{") and "ms_per_step" in line: step = json.loads(line)["ms_per_step"]
    if not line.startswith("onednn_verbose") or ",exec," not in line: continue
    f = line.strip().split(",")
    f = f[f.index("exec"):]
    # exec, engine, kind, implementation, direction, data, attributes, auxiliary, problem, milliseconds
    try: calls[f[2], f[4].replace("undef", ""), "bf16" if "bf16" in f[5] else "fp32", f[-2]].append(float(f[-1]))
    except (ValueError, IndexError): pass
kinds = collections.defaultdict(lambda: [0.0, 0.0])
for (kind, direction, dtype, _), times in calls.items():
    # Use the median of a problem's calls: the first creates the kernel, and other processes may have delayed one.
    kinds[f"{kind} {direction} {dtype}".replace("  ", " ")][0] += statistics.median(times) * len(times) / STEPS
    kinds[f"{kind} {direction} {dtype}".replace("  ", " ")][1] += len(times) / STEPS
print(f"| {sys.argv[2]}: operation | ms a step | calls a step | share of the median step, {step:.1f} ms |\n|---|---|---|---|")
for kind, (ms, n) in sorted(kinds.items(), key=lambda k: -k[1][0]):
    if n >= 0.5: print(f"| {kind} | {ms:.1f} | {n:.0f} | {100 * ms / step:.0f} % |")
rest = step - sum(ms for ms, _ in kinds.values())
print(f"| everything else | {rest:.1f} | | {100 * rest / step:.0f} % |")
PY
