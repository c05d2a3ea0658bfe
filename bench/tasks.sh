#!/bin/sh
# Train multi-label classification and regression on real images:  bench/tasks.sh CIFAR10_JPEGS OUT
# CIFAR10_JPEGS has a folder per class, such as the test set of CIFAR-10 as JPEGs. The first 700 files of each class are
# for training, the others for the test. The labels are derived from the class: is it an animal, does it fly, does it have
# wheels? The regression target is the decimal logarithm of the typical mass in kilograms.
set -eu
[ $# = 2 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
images=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
table="$out/labels.csv"
if [ ! -f "$table" ]; then
  rm -rf "$out/images"
  for class in "$images"/*/; do
    name=$(basename "$class")
    mkdir -p "$out/images/train/$name" "$out/images/test/$name"
    ls "$class" | sort | head -n 700 | sed "s#^#$class#" | xargs -I{} ln -s {} "$out/images/train/$name/"
    ls "$class" | sort | tail -n +701 | sed "s#^#$class#" | xargs -I{} ln -s {} "$out/images/test/$name/"
  done
  (cd "$out/images" && find . -type l | sort) | awk -F/ '
    BEGIN {
      print "file,animal,flies,wheels,mass"
      n = split("airplane 0,1,1,4.8 automobile 0,0,1,3.1 bird 1,1,0,-0.7 cat 1,0,0,0.65 deer 1,0,0,1.9 dog 1,0,0,1.2" \
        " frog 1,0,0,-1.4 horse 1,0,0,2.7 ship 0,0,0,7.5 truck 0,0,1,3.9", words, " ")
      for (i = 1; i < n; i += 2) made[words[i]] = words[i + 1]
    }
    { print substr($0, 3) "," made[$3] }' > "$table.tmp"
  mv "$table.tmp" "$table"
fi
for task in multi-label regression; do
  columns=animal,flies,wheels
  [ $task = multi-label ] || columns=mass
  data="--data $out/images --labels $table --label-columns $columns --task $task"
  # shellcheck disable=SC2086  # options are several words
  [ -d "$out/$task-teacher" ] || "$root/bin/limbeck" train $data --arch cifar-resnet20 --epochs 20 --lr 3e-3 --keep best \
    --out "$out/$task-teacher"
  # shellcheck disable=SC2086
  "$root/bin/limbeck" compare $data --max-train-samples 1000 --teacher "$out/$task-teacher" --arch cifar-resnet8 --epochs 20 \
    --lr 3e-3 --seeds 3 --out "$out/$task"
done
