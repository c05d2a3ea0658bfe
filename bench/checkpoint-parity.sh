#!/bin/sh
# Compare the outputs of networks, loaded from checkpoints in 60 formats, with PyTorch's; prints a table.
#   bench/checkpoint-parity.sh [PYTHON] [ARCHITECTURE…]    a python with torch and torchvision
# The largest networks are tested in every sixth format, so that 3 GB of disk space are enough.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${1:-python3}
[ $# -eq 0 ] || shift
"$python" -c 'import torch, numpy' 2>/dev/null || { echo "skipped: no python with torch and torchvision"; exit 0; }
[ $# -gt 0 ] || set -- resnet18 resnet50 mobilenet_v2 mobilenet_v3_small mobilenet_v3_large efficientnet_b0 \
    shufflenet_v2_x1_0 vgg11_bn
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "| architecture | forms within 1e-5 | largest difference, of the largest output |"
echo "|---|---|---|"
failed=0
for arch in "$@"; do
    case $arch in vgg*|vit*) forms=::6 ;; *) forms=: ;; esac
    "$python" -W ignore "$here/checkpoint-forms.py" "$arch" "$work/$arch" "$forms"
    "$here/run.sh" CheckpointParity --arch "$arch" --folder "$work/$arch" || failed=1
    export LIMBECK_BUILD=no
    rm -rf "${work:?}/$arch"
done
exit $failed
