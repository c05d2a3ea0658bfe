#!/bin/sh
# Time a JVM that classifies one image with OnnxPredictor, from its start to its end: as it comes, with an archive of its classes (AppCDS),
# and an empty Java program beside it. Medians of RUNS (15), alternating.
#   bench/first-answer.sh MODEL.onnx IMAGE [RUNS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
model=$1
image=$2
runs=${3:-15}
"$here/run.sh" FirstAnswer --model "$model" --image "$image" >/dev/null
# The jars that a service has: without LibTorch and the rest of the class path of all benchmarks.
classes=$(tr ':' '\n' <"$here/target/classpath.txt" | grep -E 'limbeck-(predict|image)|/predict/|/image/|onnxruntime|imageio|twelvemonkeys|common-(lang|io|image)|jspecify|slf4j-api' | paste -sd:)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Class archives hold jars only, no folders of classes.
(cd "$here/target/classes" && jar cf "$work/bench.jar" dev/limbeck/bench/FirstAnswer.class dev/limbeck/bench/Options.class)
jars=$work/bench.jar
for one in $(echo "$classes" | tr ':' ' '); do
    if [ -d "$one" ]; then
        name=$(echo "$one" | tr '/' '_').jar
        (cd "$one" && jar cf "$work/$name" .)
        one=$work/$name
    fi
    jars=$jars:$one
done
first() { java "$@" -cp "$jars" dev.limbeck.bench.FirstAnswer --model "$model" --image "$image"; }
cat >"$work/Empty.java" <<'JAVA'
public class Empty {
    public static void main(String[] arguments) {}
}
JAVA
javac -d "$work" "$work/Empty.java"
first -XX:ArchiveClassesAtExit="$work/app.jsa" >/dev/null 2>&1
ms() {
    begun=$(date +%s%N)
    "$@" >/dev/null
    echo $((($(date +%s%N) - begun) / 1000000))
}
for _ in $(seq "$runs"); do
    echo "empty $(ms java -Xshare:auto -XX:TieredStopAtLevel=1 -cp "$work" Empty)"
    echo "plain $(ms first)"
    echo "c1 $(ms first -XX:TieredStopAtLevel=1)"
    echo "archive $(ms first -XX:SharedArchiveFile="$work/app.jsa" -XX:TieredStopAtLevel=1)"
done >"$work/times"
for kind in empty plain c1 archive; do
    grep "^$kind " "$work/times" | cut -d' ' -f2 | sort -n |
        awk -v kind=$kind '{ v[NR] = $1 } END { print kind ": " v[int((NR + 1) / 2)] " ms (" v[1] " to " v[NR] ")" }'
done
