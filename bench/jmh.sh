#!/bin/sh
# Run the JMH benchmarks of losses, transforms and the data loader:  bench/jmh.sh [PATTERN] [JMH options]
# Takes about 8 minutes.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
if [ "${LIMBECK_BUILD:-yes}" != no ]; then
    (cd "$root" && mvn -q -B -pl bench -am -Dmaven.test.skip=true compile dependency:build-classpath \
        -Dmdep.outputFile=target/classpath.txt -Dmdep.includeScope=runtime) >&2
fi
. "$root/bin/jvm.sh"
# shellcheck disable=SC2086
exec "$java" $flags -cp "$root/bench/target/classes:$(cat "$root/bench/target/classpath.txt")" org.openjdk.jmh.Main "$@"
