#!/bin/sh
# Build what is needed, then run a benchmark as bin/limbeck would run it:  bench/run.sh StepSpeed --steps 20
# JAVA_OPTS are passed on to the JVM; LIMBECK_BUILD=no skips the build.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 1 ] || { echo "usage: bench/run.sh StepSpeed|MemoryFlat|EpochSpeed [options]" >&2; exit 2; }
if [ "${LIMBECK_BUILD:-yes}" != no ]; then
    (cd "$root" && mvn -q -B -pl bench -am -Dmaven.test.skip=true compile dependency:build-classpath \
        -Dmdep.outputFile=target/classpath.txt -Dmdep.includeScope=runtime) >&2
fi
# Tensors are freed and made again every step; keep their memory in the process instead of returning it each time.
if [ "$(uname -s)" = Linux ]; then
    export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_-4294967296}"
    export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_-68719476736}"
    export MALLOC_TOP_PAD_="${MALLOC_TOP_PAD_-268435456}"
fi
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY-passive}"
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
flags=
if "$java" --enable-native-access=ALL-UNNAMED -version >/dev/null 2>&1; then flags=--enable-native-access=ALL-UNNAMED; fi
name=$1
shift
exec "$java" -XX:+UseSerialGC $flags ${JAVA_OPTS:-} \
    -cp "$root/bench/target/classes:$(cat "$root/bench/target/classpath.txt")" "dev.limbeck.bench.$name" "$@"
