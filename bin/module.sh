#!/bin/sh
# Build what a module needs, then run a class of it as bin/limbeck would:  bin/module.sh MODULE USAGE CLASS [arguments]
# JAVA_OPTS are passed on to the JVM; LIMBECK_BUILD=no skips the build.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
module=$1
if [ $# -lt 3 ]; then
    echo "usage: $module/run.sh $2" >&2
    exit 2
fi
name=$3
shift 3
if [ "${LIMBECK_BUILD:-yes}" != no ]; then
    echo "limbeck: building $module and what it needs" >&2
    (cd "$root" && mvn -q -B -pl "$module" -am -Dmaven.test.skip=true compile dependency:build-classpath \
        -Dmdep.outputFile=target/classpath.txt -Dmdep.includeScope=runtime) >&2
fi
. "$root/bin/jvm.sh"
# shellcheck disable=SC2086  # the flags are several words
exec "$java" $flags ${JAVA_OPTS:-} \
    -cp "$root/$module/target/classes:$(cat "$root/$module/target/classpath.txt")" "dev.limbeck.$module.$name" "$@"
