#!/bin/sh
# Fuzz one reader or all for this many seconds each:  fuzz/run.sh [TARGET] SECONDS
# Or count inputs and print a table:                fuzz/run.sh --count INPUTS [TARGET...]
# The same in child JVMs that may die:              fuzz/run.sh --natives TARGET INPUTS
# What is found lies below fuzz/target/findings with a line beside that says what is wrong. Once it is mended, the file goes to
# fuzz/seeds/TARGET. LIMBECK_BUILD=no skips the build.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
if [ $# -lt 1 ]; then sed -n '2,6s/^# //p' "$0" >&2; exit 2; fi
if [ "${LIMBECK_BUILD:-yes}" != no ]; then (cd "$root" && mvn -q -B -pl fuzz -am -Dmaven.test.skip=true process-classes) >&2; fi
. "$root/bin/jvm.sh"
cd "$root/fuzz"
classes="target/classes:$(cat target/classpath)"
start() { "$java" $flags -Xmx1g ${JAVA_OPTS:-} -cp "$classes" "$@"; }
if [ "$1" = --count ]; then
  shift
  inputs=$1
  shift
  start dev.limbeck.fuzz.Campaign "$inputs" "${SEED:-1}" "$@"
elif [ "$1" = --natives ]; then
  start dev.limbeck.fuzz.Children "$3" "${SEED:-1}" "$2"
else
  start dev.limbeck.fuzz.Jazzers "$@"
fi
