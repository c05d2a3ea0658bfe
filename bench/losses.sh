#!/bin/sh
# Compare all losses on one small problem:  bench/losses.sh DATA TEACHER OUT
# DATA is a folder of labeled 32×32 images, train and test; TEACHER a checkpoint of cifar-resnet20. The student is
# cifar-resnet8, ten epochs, three seeds. Losses on logits are used alone, losses on features together with soft-target at
# T = 4, with the scales of their authors or of the best-known code; nothing is tuned. One run takes less than a minute.
set -eu
if [ $# -ne 3 ]; then
    echo "usage: bench/losses.sh DATA TEACHER OUT" >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
recipes=$(mktemp -d)
trap 'rm -rf "$recipes"' EXIT

recipe() { # name, then the lines of its losses
    name=$1
    shift
    {
        echo "data: {source: '$data', image_size: 32, batch_size: 64, valid_fraction: 0.1, augment: {flip: true, pad_and_crop: 4}}"
        echo "teacher: {model: '$teacher', architecture: cifar-resnet20}"
        echo "student: cifar-resnet8"
        echo "training: {epochs: 10, lr: 0.01}"
        echo "distillation:"
        echo "  losses:"
        for loss in "$@"; do echo "    - {$loss}"; done
    } > "$recipes/$name.yaml"
}

feature() { # name, scale, layers
    recipe "$1" "name: soft-target, temperature: 4" "name: $1, scale: $2, layers: [$3]"
}

data=$(cd "$1" && pwd)
teacher=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
for name in soft-target soft-cross-entropy soft-cross-entropy-scaled; do
    recipe "$name" "name: $name, temperature: 4"
done
for name in logit-mse hard-label decoupled normalized dist weighted-soft-label one-for-all standardized multi-label; do
    recipe "$name" "name: $name"
done
stages="layer1, layer2, layer3"
before="layer3.0.bn2/layer3.2.bn2"
feature fitnet 1 layer3
feature attention 1000 "$stages"
feature attention-paper 1 "$stages"
feature similarity 3000 layer3
feature probabilistic 30000 layer3
feature relational-distance 25 layer3
feature relational-angle 50 layer3
feature neuron-selectivity 50 layer3
feature correlation 1 layer3
feature flow 50 auto
feature activation-boundaries 1 "$before"
feature factor-transfer 200 layer3
feature variational 1 layer3
feature overhaul 0.001 "$before"
feature channel-wise 1 layer3
feature inter-channel 1 layer3
feature review 1 "$stages"
feature contrastive 0.8 layer3
"$root/bin/limbeck" compare "$recipes"/*.yaml --seeds 3 --out "$3"
