#!/bin/sh
# Run Limbeck and PyTorch alternately, each row in a separate process as in real training. PyTorch runs as it comes, and once more
# with malloc settings like those that Limbeck makes itself. Prints the medians, and PyTorch's time divided by Limbeck's over the pairs: for each row
# beside each, and beside the best of the careful ones. Then the peak memory of both.
#   LIMBECK_PEER_SCRIPT=step_speed.py bench/side-by-side.sh [PYTHON] [PAIRS] [SCRIPT]
# The script prints one JSON line per row, like StepSpeed, and accepts --only ROWS and --steps N. Rows in bfloat16 run where the
# processor has instructions for it. Seven pairs take about half an hour on two idle cores.
# LIMBECK_ARGS and PEER_ARGS are more options of StepSpeed and of the script, such as "--student mobilenet_v2 --teacher resnet50 --size 96".
# BUSY=1 lets another process use one core all the time, as on shared machines.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${1:-python3}
pairs=${2:-7}
script=${3:-${LIMBECK_PEER_SCRIPT:-}}
# Each of Limbeck's rows with the PyTorch rows that it is compared with; kd-graph is how FasterAI does it.
careful="plain:plain plain:plain-cl kd-eager:kd-eager kd-eager:kd-cl kd-cached:kd-cached kd-cached:kd-cached-cl"
fasterai="kd-eager:kd-graph kd-cached:kd-graph"
if grep -q -E 'avx512_bf16|amx_bf16' /proc/cpuinfo; then
    careful="$careful plain-bf16:plain-cl kd-bf16:kd-bf16 kd-bf16-cached:kd-bf16-cached"
    fasterai="$fasterai kd-bf16:kd-graph kd-bf16-cached:kd-graph"
fi
table=${TABLE:-$careful $fasterai}
# The pairs whose peak memory is measured; none with PEAKS=" ".
peaks=${PEAKS:-plain:plain kd-eager:kd-cl kd-cached:kd-cached}
steps=${STEPS:-10}
if [ -z "$script" ] || [ ! -f "$script" ]; then
    echo "skipped: no peer script; name it as third argument or in LIMBECK_PEER_SCRIPT"
    exit 0
fi
if ! "$python" -c 'import torch' 2>/dev/null; then
    echo "skipped: $python cannot import torch"
    exit 0
fi
# OpenBLAS takes half of AVX-512's speed under OPENBLAS_CORETYPE=Haswell, which some machines set; PyTorch does not read it.
env | grep -E '^(OPENBLAS_CORETYPE|ONEDNN_MAX_CPU_ISA|DNNL_MAX_CPU_ISA|ATEN_CPU_CAPABILITY)=' | sed 's/$/ limits the instructions that are used/' >&2 || true
rows() { echo "$table" | tr ' ' '\n' | cut -d: -f"$1" | sort -u; }
results=$(mktemp)
busy=
if [ "${BUSY:-0}" = 1 ]; then
    sh -c 'while :; do :; done' &
    busy=$!
fi
# What Limbeck and bin/limbeck set.
tuned='MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=68719476736 MALLOC_TOP_PAD_=268435456
    GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0'
trap 'rm -f "$results"; [ -z "$busy" ] || kill "$busy"' EXIT
i=0
while [ "$i" -lt "$pairs" ]; do
    i=$((i + 1))
    for row in $(rows 1); do
        "$here/run.sh" StepSpeed --rows "$row" --steps "$steps" ${LIMBECK_ARGS:-} | grep ms_per_step | sed "s/^/$i limbeck /" >>"$results"
        LIMBECK_BUILD=no
        export LIMBECK_BUILD
    done
    for row in $(rows 2); do
        "$python" "$script" --only "$row" --steps "$steps" ${PEER_ARGS:-} | sed "s/^/$i pytorch /" >>"$results"
        env $tuned "$python" "$script" --only "$row" --steps "$steps" ${PEER_ARGS:-} | sed "s/^/$i pytorch-kept /" >>"$results"
    done
    grep "^$i " "$results" >&2
done
"$python" - "$results" "$table" <<'PY'
import json, statistics, sys
times = {}
for line in open(sys.argv[1]):
    pair, who, text = line.split(" ", 2)
    row = json.loads(text)
    times.setdefault(who, {}).setdefault(row["row"], {})[pair] = row["ms_per_step"]
def line(ours, name, them):
    us = times["limbeck"][ours]
    ratios = [them[p] / us[p] for p in us]
    print(f"| {ours} | {name} | {statistics.median(us.values()):.0f} | {statistics.median(them.values()):.0f} "
          f"| {statistics.median(ratios):.2f} | {min(ratios):.2f} | {max(ratios):.2f} |")


print("| Limbeck | PyTorch | Limbeck ms | PyTorch ms | PyTorch / Limbeck (median of pairs) | least | most |")
print("|---|---|---|---|---|---|---|")
careful = {}
for both in sys.argv[2].split():
    ours, theirs = both.split(":")
    for who, note in (("pytorch", ""), ("pytorch-kept", ", malloc keeps memory")):
        them = times[who][theirs]
        line(ours, theirs + note, them)
        if theirs != "kd-graph":
            careful.setdefault(ours, []).append((statistics.median(them.values()), theirs + note, them))
for ours, rows in careful.items():
    line(ours, "the best: " + min(rows, key=lambda row: row[0])[1], min(rows, key=lambda row: row[0])[2])
PY
for both in $peaks; do
    row=${both%%:*}
    ours=$("$here/run.sh" StepSpeed --rows "$row" --steps "$steps" ${LIMBECK_ARGS:-} | sed -n 's/.*"resident_mib": \([0-9.]*\).*/\1/p')
    peak() {
        "$python" - "$script" --only "${both#*:}" --steps "$steps" ${PEER_ARGS:-} <<'PY'
import os, resource, runpy, sys
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
out, sys.stdout = sys.stdout, open(os.devnull, "w")
runpy.run_path(sys.argv[0], run_name="__main__")
print(round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), file=out)
PY
    }
    theirs=$(peak)
    kept=$(export $tuned; peak)
    echo "peak resident memory of $row: Limbeck $ours MiB, PyTorch $theirs MiB, with tuned malloc $kept MiB"
done
