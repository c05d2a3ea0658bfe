#!/bin/sh
# Teach CIFAR ResNet-20 with 4,000 labeled images and the rest unlabeled, in several ways, over paired seeds:
#   bench/students.sh DATA TEACHER OUT [SEEDS]
# DATA is a folder of 32×32 images with train and test in ten classes, TEACHER a checkpoint of cifar-resnet56. The ways: alone; distilled from
# the labeled images; patient (all images, the same crops and mixed images for both, no labels in the loss), with live and with two kept views; without
# labels from the teacher's embedding, then a classifier on the labels. WAYS="patient unlabeled" chooses others: unlabeled distills from all images
# without mixing, started does so from the teacher's blocks. All take about as many steps (STEPS, 3000). Prints the accuracy of each run on the test split. Hours on two cores; a killed call continues.
set -eu
if [ $# -lt 3 ]; then
    echo "usage: bench/students.sh DATA TEACHER OUT [SEEDS]" >&2
    exit 2
fi
limbeck=$(cd "$(dirname "$0")/.." && pwd)/bin/limbeck
data=$(cd "$1" && pwd)
teacher=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
out=$3
seeds=${4:-3}
steps=${STEPS:-3000}
mkdir -p "$out/recipes"
# 4,000 labels are 31 batches of 128; all 49,000 training images are 382.
few=$(((steps + 30) / 31))
all=$(((steps + 381) / 382))
recipe() { # name, epochs, unlabeled, weight, more of augment, more of training
    cat >"$out/recipes/$1.yaml" <<YAML
data: {source: '$data', image_size: 32, batch_size: 128, valid_fraction: 0.02, labels_per_class: 400, keep_unlabeled: $3, augment: {hflip: true, pad_and_crop: 4$5}}
teacher: {model: '$teacher', architecture: cifar-resnet56}
student: cifar-resnet20
training: {epochs: $2, lr: 0.01$6}
distillation: {kd_weight: $4, losses: [{name: soft-target, temperature: 4}]}
YAML
}
recipe default "$few" false 0.5 "" ""
recipe unlabeled "$all" true 0.9 "" ""
recipe patient "$all" true 1 ", random_resized_crop: 0.5" ", mixup: 1.0"
recipe patient-kept "$all" true 1 ", random_resized_crop: 0.5, views: 2" ", mixup: 1.0"
"$limbeck" compare "$out/recipes/default.yaml" --seeds "$seeds" --out "$out/labels"
# These differ in data or task, so they are runs of their own. The labeled images of a seed are the same.
seed=0
while [ "$seed" -lt "$seeds" ]; do
    for way in ${WAYS:-patient patient-kept}; do
        from=$way
        set --
        if [ "$way" = started ]; then
            from=unlabeled
            set -- --init teacher --teacher-classes "$(ls "$data/train" | paste -sd, -)"
        fi
        [ -d "$out/$way/seed-$seed" ] || "$limbeck" distill "$out/recipes/$from.yaml" "$@" --seed "$seed" --out "$out/$way/seed-$seed"
    done
    [ -d "$out/embedding/seed-$seed" ] || "$limbeck" distill --data "$data" --image-size 32 --task embedding --valid-fraction 0.02 --batch-size 128 \
        --pad-and-crop 4 --teacher "$teacher" --teacher-arch cifar-resnet56 --arch cifar-resnet20 --epochs "$all" --lr 1e-2 --seed "$seed" --out "$out/embedding/seed-$seed"
    for way in probe tuned; do
        if [ $way = probe ]; then set -- --probe --epochs 20 --lr 1e-2; else set -- --epochs 20 --lr 3e-3; fi
        [ -d "$out/$way/seed-$seed" ] || "$limbeck" train --data "$data" --image-size 32 --valid-fraction 0.02 --labels-per-class 400 --batch-size 128 --pad-and-crop 4 \
            --arch cifar-resnet20 --weights "$out/embedding/seed-$seed" "$@" --seed "$seed" --out "$out/$way/seed-$seed"
    done
    seed=$((seed + 1))
done
for record in "$out"/labels/*/seed-*/run.json "$out"/*/seed-*/run.json; do
    awk -v run="$record" '/"results"/ {r = 1} r && /"test"/ {t = 1} t && /"accuracy"/ {print run, $3; exit}' "$record"
done
