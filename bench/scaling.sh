#!/bin/sh
# Measure how a step's cost grows with batch size, image size, width and number of images. Takes about 12 minutes on
# two idle cores.
set -eu
exec "$(cd "$(dirname "$0")" && pwd)/run.sh" Scaling "$@"
