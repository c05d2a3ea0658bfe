#!/bin/sh
# Build the required modules, then run a benchmark like bin/limbeck does:  bench/run.sh StepSpeed --steps 20
# JAVA_OPTS are passed to the JVM; LIMBECK_BUILD=no skips the build.
exec "$(dirname "$0")/../bin/module.sh" bench \
    "StepSpeed|LossSpeed|ProcessSteps|EpochSpeed|InferenceSpeed|Peak|Scaling|MemoryFlat|KeptSpeed|AskedServer|FailedFits|DemoSeeds|ZooExports|CheckpointParity|ConvolutionShapes|DecodedPixels|TextAnswers|ServedDownload|ServedTeacher|Serving|FirstAnswer [options]" "$@"
