#!/bin/sh
# Train the same student with the same teacher in fp32 and in the default precision, over five paired seeds:
#   bench/precision.sh DATA TEACHER OUT
# DATA is a folder of labeled 32×32 images, train and test; TEACHER a checkpoint of cifar-resnet20. About 25 minutes.
set -eu
if [ $# -ne 3 ]; then
    echo "usage: bench/precision.sh DATA TEACHER OUT" >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
recipes=$(mktemp -d)
trap 'rm -rf "$recipes"' EXIT
data=$(cd "$1" && pwd)
teacher=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
for precision in fp32 auto; do
    cat > "$recipes/$precision.yaml" <<YAML
data: {source: '$data', image_size: 32, batch_size: 64, valid_fraction: 0.1, max_train_samples: 20000, augment: {hflip: true, pad_and_crop: 4}}
teacher: {model: '$teacher', architecture: cifar-resnet20}
student: cifar-resnet8
training: {epochs: 5, lr: 0.01, precision: $precision}
distillation: {losses: [{name: soft-target, temperature: 4}]}
YAML
done
"$root/bin/limbeck" compare "$recipes/fp32.yaml" "$recipes/auto.yaml" --seeds 5 --out "$3"
