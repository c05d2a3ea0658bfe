#!/bin/sh
# Run every input from public bug reports that the shared folder's generators create, and compare the messages with the
# table beside this file:  bench/cases.sh [WORK]
# Needs LIMBECK_SHARED, and PYTHON with numpy, Pillow, onnx and torch (the generators are Python; Limbeck is not).
# Prints PASS or FAIL per row; exits with 1 if any fails.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
shared=${LIMBECK_SHARED:?set it to the folder that holds cases/ and data/}
python=${PYTHON:-python3}
work=${1:-$(mktemp -d)}
mkdir -p "$work"
cd "$work" || exit 1

"$root/bin/limbeck" --version >/dev/null || exit 1
export limbeck="$root/bin/limbeck" bench="$root/bench/run.sh" shared python

if [ ! -f made ]; then
  echo "making inputs in $work" >&2
  "$python" "$shared/cases/folders.py" none folders || exit 1
  "$python" "$shared/cases/checkpoints.py" "$shared"/data/cifar10-checkpoints/resnet20-*.th checkpoints || exit 1
  "$python" "$shared/cases/onnxes.py" onnx 10 || exit 1
  "$python" "$shared/cases/profiles.py" profiles || exit 1
  mkdir -p cifar && tar xzf "$shared/data/cifar10-jpeg.tgz" -C cifar --wildcards 'test/*/00[0-4]?.jpg' || exit 1
  touch made
fi

"$bench" DecodedPixels profiles >/dev/null || exit 1
export LIMBECK_BUILD=no
passed=0
failed=0
# Columns of a row: name, exit code, expected output (an extended regular expression), command.
while IFS='	' read -r name code words command; do
  case $name in '' | '#'*) continue ;; esac
  rm -rf out
  printed=$(timeout 120 sh -c "$command" 2>&1)
  found=$?
  if [ "$found" = "$code" ] && printf '%s' "$printed" | grep -Eq -- "$words"; then
    passed=$((passed + 1))
    echo "PASS $name"
  else
    failed=$((failed + 1))
    echo "FAIL $name: exit $found, expected $code and '$words'; printed: $(printf '%s' "$printed" | tail -n 3 | tr '\n' '|')"
  fi
done <"$root/bench/cases.tsv"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
