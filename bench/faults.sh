#!/usr/bin/env bash
# Inject every kind of fault into running commands, and print one table:
#
#   bench/faults.sh [small|large] [FAULT...]
#
# FAULT is kills, renames, signals, full-disk, repeats or script (damaged TorchScript files). small (the default) runs
# fewer of each and takes about half an hour; large is the full test and takes a day. Each fault's own script describes it
# at the top. Exits with 1 if any fault has a finding. The logs stay in a folder that is printed at the end.
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
size=${1:-small}
shift || true
case $size in
  small) kills=2; renames=4; signals=1; sizes=2; repeats=2; scripts=1000 ;;
  large) kills=100; renames=200; signals=200; sizes=12; repeats=10; scripts=100000 ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
faults=${*:-kills renames signals full-disk repeats script}
work=$(mktemp -d "${TMPDIR:-/tmp}/faults.XXXXXX")
"$root/bin/limbeck" --version >/dev/null || exit 1
found=0

echo "| fault | result | seconds |"
echo "|---|---|---|"
# Run a command with its output in a file; print a row with the output lines that match a pattern.
row() {
  local name=$1 pattern=$2 begun=$SECONDS code=0 result
  shift 2
  "$root/bench/$@" >"$work/$name.txt" 2>&1 || code=$?
  result=$(grep -E "$pattern" "$work/$name.txt" | tr '\n|' ';/' | sed 's/;$//')
  if [ "$code" != 0 ]; then found=1; result="**code $code**: ${result:-$(tail -n 1 "$work/$name.txt")}"; fi
  echo "| $name | $result | $((SECONDS - begun)) |"
}

for fault in $faults; do
  case $fault in
    kills) for kind in train distill compare sweep cache export; do
      row "kills-$kind" 'equal to the undisturbed' kills.sh "$kind" "$kills"; done ;;
    renames) for kind in train distill compare sweep cache export; do
      row "renames-$kind" 'equal to the undisturbed' kills.sh "$kind" "$renames" 1 rename; done ;;
    signals) row signals ' right, | crashed' signals.sh "$signals" ;;
    full-disk) row full-disk '^\| [a-z]+ \| [0-9]+ KiB' full-disk.sh "$sizes" ;;
    repeats) row repeats 'comparisons equal' repeats.sh "$repeats" ;;
    script) row script 'inputs in|ended' torchscript-fuzz.sh "$scripts" ;;
    *) echo "unknown fault $fault" >&2; exit 2 ;;
  esac
done
echo "texts of all: $work"
exit $found
