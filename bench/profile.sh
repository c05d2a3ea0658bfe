#!/bin/sh
# Say where a step's time goes, by oneDNN's own clock: convolutions forward, by data and by weights, products, layouts; and what
# is left for everything else.  bench/profile.sh [ROW] [more StepSpeed options]     Takes about half a minute.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
row=${1:-kd-bf16}
[ $# -eq 0 ] || shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
ONEDNN_VERBOSE=1 "$here/run.sh" StepSpeed --rows "$row" --steps 10 "$@" >"$log"
# Thirteen steps were taken with the three that warm up; the first creates primitives, so shares are of the sum of all.
awk -F, -v row="$row" '
/^onednn_verbose.*exec/ {
    for (i = 1; i <= NF; i++) if ($i == "exec") { kind = $(i + 2); direction = $(i + 4); types = $(i + 5); break }
    type = types ~ /bf16/ ? "bf16" : "fp32"
    time[kind " " direction " " type] += $NF; count[kind " " direction " " type]++; all += $NF
}
/ms_per_step/ { match($0, /ms_per_step": [0-9.]+/); step = substr($0, RSTART + 14, RLENGTH - 14) }
END {
    printf "| %s: operation | ms a step | calls a step | share of the median step, %.1f ms |\n|---|---|---|---|\n", row, step
    for (k in time) printf "| %s | %.1f | %.0f | %.0f %% |\n", k, time[k] / 13, count[k] / 13, 100 * time[k] / 13 / step | "sort -t\"|\" -k3,3nr"
    close("sort -t\"|\" -k3,3nr")
    printf "| everything else | %.1f | | %.0f %% |\n", step - all / 13, 100 * (1 - all / 13 / step)
}' "$log"
