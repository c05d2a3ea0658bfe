#!/bin/sh
# Mutate TorchScript files and run those that pass the check, in child processes that may crash:
#   bench/torchscript-fuzz.sh [COUNT [FIRST]]
# After a crash, or 30 s without a result, the file is saved and the next child continues after it. Prints statistics at
# the end; exits with 1 if any file was saved.
set -eu
cd "$(dirname "$0")/.."
count=${1:-100000}
first=${2:-1}
step=${STEP:-2000}
work=$(mktemp -d)
found=$work/found
mkdir "$found"
classes=$work/classpath
if [ -n "${FUZZ_CLASSPATH:-}" ]; then echo "$FUZZ_CLASSPATH" >"$classes"; else
  mvn -q -pl core -am test-compile dependency:build-classpath -Dmdep.outputFile="$classes" -Dmdep.includeScope=test
  echo "core/target/classes:core/target/test-classes:$(cat "$classes")" >"$classes"
fi
end=$((first + count))
begun=$(date +%s)
next=$first
while [ "$next" -lt "$end" ]; do
  many=$step
  if [ $((next + many)) -gt "$end" ]; then many=$((end - next)); fi
  rm -f "$work/number"
  timeout -s KILL "${LIMIT:-600}" nice java -Xmx512m -XX:-CreateCoredumpOnCrash -XX:ErrorFile=/dev/null \
    -cp "$(cat "$classes")" dev.limbeck.weights.ScriptFuzz core/src/test/resources/torchscript "$work" "$next" "$many" \
    >"$work/out" 2>"$work/err" && code=0 || code=$?
  grep '^refused' "$work/out" >>"$work/figures" || true
  if [ "$code" -eq 0 ]; then
    next=$((next + many))
  else
    # The child's notes before the input that crashed it: its number, and how many were refused, loaded and run.
    set -- $(cat "$work/number" 2>/dev/null || echo "$next" 0 0 0)
    number=$1
    echo "refused $2 loaded $3 answered $4" >>"$work/figures"
    echo "number $number ended its process with code $code"
    cp "$work/input.pt" "$found/$number.pt"
    cp "$work/out" "$found/$number.txt"
    next=$((number + 1))
  fi
done
awk -v count="$count" -v seconds="$(($(date +%s) - begun))" \
  '{r += $2; l += $4; a += $6} END {print count " inputs in " seconds " s: " r " refused, " l " loaded, " a " answered"}' "$work/figures"
kept=$(find "$found" -name '*.pt' | wc -l)
echo "$kept ended the process; kept in $found"
[ "$kept" -eq 0 ]
