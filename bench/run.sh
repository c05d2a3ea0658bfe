#!/bin/sh
# Build the required modules, then run a benchmark like bin/limbeck does:  bench/run.sh StepSpeed --steps 20
# JAVA_OPTS are passed to the JVM; LIMBECK_BUILD=no skips the build.
# Two modules bring a logback.xml; logback would print that, line by line.
JAVA_OPTS="-Dlogback.statusListenerClass=ch.qos.logback.core.status.NopStatusListener ${JAVA_OPTS:-}"
export JAVA_OPTS
exec "$(dirname "$0")/../bin/module.sh" bench \
    "StepSpeed|LossSpeed|ProcessSteps|EpochSpeed|InferenceSpeed|Peak|Scaling|MemoryFlat|KeptSpeed|AskedServer|FailedFits|DemoSeeds|ZooExports|CheckpointParity|ConvolutionShapes|DecodedPixels|TextAnswers|ServedDownload|ServedTeacher|TeacherRuntimes|Serving|FirstAnswer [options]" "$@"
