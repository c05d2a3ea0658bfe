#!/bin/sh
# Build what is needed, then run a benchmark as bin/limbeck would run it:  bench/run.sh StepSpeed --steps 20
# JAVA_OPTS are passed on to the JVM; LIMBECK_BUILD=no skips the build.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
if [ $# -lt 1 ]; then
    echo "usage: bench/run.sh StepSpeed|LossSpeed|EpochSpeed|InferenceSpeed|Peak|Scaling|MemoryFlat|KeptSpeed|AskedServer|FailedFits|DemoSeeds|ZooExports|CheckpointParity|DecodedPixels [options]" >&2
    exit 2
fi
if [ "${LIMBECK_BUILD:-yes}" != no ]; then
    (cd "$root" && mvn -q -B -pl bench -am -Dmaven.test.skip=true compile dependency:build-classpath \
        -Dmdep.outputFile=target/classpath.txt -Dmdep.includeScope=runtime) >&2
fi
. "$root/bin/jvm.sh"
name=$1
shift
# shellcheck disable=SC2086  # the flags are several words
exec "$java" $flags ${JAVA_OPTS:-} \
    -cp "$root/bench/target/classes:$(cat "$root/bench/target/classpath.txt")" "dev.limbeck.bench.$name" "$@"
