#!/bin/sh
# Build what is needed, then run an example:  examples/run.sh Tutorial [FOLDER [WEIGHTS]], or Series, or Serve MODEL.onnx [PORT]
# JAVA_OPTS are passed on to the JVM; LIMBECK_BUILD=no skips the build.
exec "$(dirname "$0")/../bin/module.sh" examples \
    "Tutorial [FOLDER [WEIGHTS]]|Series [FOLDER]|Serve MODEL.onnx [PORT]" "$@"
