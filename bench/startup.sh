#!/bin/sh
# Time startup with a warm disk cache: limbeck --help (20 times, the median), and a first training from the start of the
# program to its first step (5 times).  bench/startup.sh      Takes about a minute.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
"$root/bin/limbeck" --help >/dev/null
LIMBECK_BUILD=no
export LIMBECK_BUILD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for _ in $(seq 20); do
    t=$(date +%s%N); "$root/bin/limbeck" --help >/dev/null; echo $((($(date +%s%N) - t) / 1000000))
done | sort -n | awk '{ v[NR] = $1 } END { print "limbeck --help: " v[int((NR + 1) / 2)] " ms" }'
for i in $(seq 5); do
    t=$(date +%s%N)
    # One step is an epoch of one batch. Evaluation and saving follow, so this is more than the time to the first step.
    "$root/bin/limbeck" train --data shapes:64:8:8 --image-size 32 --batch-size 64 --arch cifar-resnet8 --epochs 1 \
        --out "$work/run$i" >/dev/null 2>&1
    echo $((($(date +%s%N) - t) / 1000000))
done | sort -n | awk '{ v[NR] = $1 } END { print "a training of one step, start to end: " v[int((NR + 1) / 2)] " ms" }'
