#!/bin/sh
# Train the same student with the same teacher in fp32 and in the default precision, over five paired seeds:
#   bench/precision.sh DATA TEACHER OUT
# DATA is a folder of labeled 32×32 images, train and test; TEACHER a checkpoint of cifar-resnet20. About 25 minutes.
# PRECISION is the other precision, as bf16 where it is not the default; IMAGES, EPOCHS and SEEDS make it shorter.
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
other=${PRECISION:-auto}
for precision in fp32 "$other"; do
    cat > "$recipes/$precision.yaml" <<YAML
data: {source: '$data', image_size: 32, batch_size: 64, valid_fraction: 0.1, max_train_samples: ${IMAGES:-20000}, augment: {hflip: true, pad_and_crop: 4}}
teacher: {model: '$teacher', architecture: cifar-resnet20}
student: cifar-resnet8
training: {epochs: ${EPOCHS:-5}, lr: 0.01, precision: $precision}
distillation: {losses: [{name: soft-target, temperature: 4}]}
YAML
done
"$root/bin/limbeck" compare "$recipes/fp32.yaml" "$recipes/$other.yaml" --seeds "${SEEDS:-5}" --out "$3"
