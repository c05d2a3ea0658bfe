#!/bin/sh
# Build what is needed, then run an example:  examples/run.sh Tutorial [FOLDER [WEIGHTS]]
# JAVA_OPTS are passed on to the JVM.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
if [ $# -lt 1 ]; then
    echo "usage: examples/run.sh Tutorial [FOLDER [WEIGHTS]]" >&2
    exit 2
fi
(cd "$root" && mvn -q -B -pl examples -am -Dmaven.test.skip=true compile dependency:build-classpath \
    -Dmdep.outputFile=target/classpath.txt -Dmdep.includeScope=runtime) >&2
. "$root/bin/jvm.sh"
name=$1
shift
# shellcheck disable=SC2086  # the flags are several words
exec "$java" $flags ${JAVA_OPTS:-} \
    -cp "$root/examples/target/classes:$(cat "$root/examples/target/classpath.txt")" "dev.limbeck.examples.$name" "$@"
