#!/bin/sh
# Build what is needed, then run an example:  examples/run.sh Tutorial [FOLDER [WEIGHTS]]
# JAVA_OPTS are passed on to the JVM; LIMBECK_BUILD=no skips the build.
exec "$(dirname "$0")/../bin/module.sh" examples \
    "Tutorial [FOLDER [WEIGHTS]]" "$@"
