#!/usr/bin/env bash
# Label real images, launch a training and look up many kept outputs with Spark's own programs on this machine:
#
#   SPARK_HOME=… bench/spark.sh IMAGES CHECKPOINT ARCHITECTURE [PART…]
#
# IMAGES is a folder with one folder per class, CHECKPOINT a model for images of 32×32. Parts: label (two executors against a plain
# loop), kill (an executor ends by -9 in the middle), teach (students of both kinds of kept outputs), launch (a barrier stage against
# --nproc 2), rows (10,000,000 made-up rows, or ROWS). The default is all. Build first: mvn package -DskipTests. Works in WORK, or a new
# temporary folder.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
images=$(realpath "${1:?"usage: bench/spark.sh IMAGES CHECKPOINT ARCHITECTURE [PART…]"}")
checkpoint=$(realpath "$2")
arch=$3
shift 3
parts=${*:-label kill teach launch rows}
: "${SPARK_HOME:?"set SPARK_HOME"}"
# Spark's own scripts set the second.
export SPARK_HOME SPARK_SCALA_VERSION=2.13
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
jar=$(ls "$root"/spark/target/limbeck-spark-*-cluster.jar)
natives=$(printf '%s,' "$root"/spark/target/lib/*.jar)
opens=()
for package in java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent \
  java.util.concurrent.atomic sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar; do
  opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
done
cluster='local-cluster[2,1,1024]'

submit() { # CLASS ARGUMENTS…: spark-submit, which is a script around this class
  local class=$1
  shift
  java -Xmx1g "${opens[@]}" -cp "$SPARK_HOME/jars/*" org.apache.spark.deploy.SparkSubmit --master "$cluster" \
    --conf spark.ui.enabled=false --conf spark.executorEnv.OMP_NUM_THREADS=1 --conf spark.sql.shuffle.partitions=2 \
    --conf spark.eventLog.enabled=true --conf "spark.eventLog.dir=file://$work/events" --conf spark.eventLog.compress=false \
    ${more[@]+"${more[@]}"} --class "$class" --jars "${natives%,}" "$jar" "$@"
}

run() { OMP_NUM_THREADS=1 java -Xmx1g -cp "$root/cli/target/lib/*:$root/duckdb/target/*" "$@"; }
limbeck() { OMP_NUM_THREADS=1 LIMBECK_BUILD=no LIMBECK_CLASSPATH="$root/duckdb/target/*" "$root/bin/limbeck" "$@"; }

mkdir -p "$work/events"
teacher=(--teacher "$checkpoint" --teacher-setting "architecture=$arch" --image-size 32)
more=()
student=(--data "$images" --image-size 32 --teacher "$checkpoint" --teacher-arch "$arch" --arch cifar-resnet8 --epochs 1 --batch-size 64)

for part in $parts; do
  echo "== $part"
  case $part in
    label)
      rm -rf "$work/labels" "$work"/events/*
      submit dev.limbeck.spark.Label "${teacher[@]}" --input "$images" --out "$work/labels" 2>"$work/label.log" || { grep limbeck: "$work/label.log"; exit 1; }
      # The first stage labels; in a task are also Parquet files and Spark itself.
      python3 - "$work"/events/* <<'PY'
import json, os, sys
ends = []
for top in sys.argv[1:]:
    for name in ([os.path.join(top, f) for f in os.listdir(top)] if os.path.isdir(top) else [top]):
        with open(name) as lines:
            for line in lines:
                event = json.loads(line) if line.startswith("{") else {}
                if event.get("Event") == "SparkListenerTaskEnd" and event["Stage ID"] == 0:
                    ends.append((event["Task Info"]["Executor ID"], event["Task Metrics"]["Executor CPU Time"] / 1e9, event["Task Metrics"]["Executor Run Time"] / 1e3))
print("tasks that label (executor, processor s, s):", ends, "sum", round(sum(e[1] for e in ends), 2))
PY
      # Two executors share this machine's cores, so two loops do.
      run "$root/bench/spark/PlainLoop.java" "$checkpoint" "$arch" "$images" "$work/labels" 32 &
      sleep 1
      run "$root/bench/spark/PlainLoop.java" "$checkpoint" "$arch" "$images" "$work/labels" 32
      wait
      ;;
    kill)
      rm -rf "$work"/killed*
      more=(--conf spark.sql.files.openCostInBytes=4194304)
      submit dev.limbeck.spark.Label "${teacher[@]}" --input "$images" --out "$work/killed" >"$work/kill.out" 2>"$work/kill.log" &
      driver=$!
      until [ "$(find "$work" -path '*killed*' -name 'part-*.parquet' 2>/dev/null | wc -l)" -ge 5 ]; do
        kill -0 $driver || { tail -3 "$work/kill.log"; exit 1; }
        sleep 0.2
      done
      # The executors are the children of the driver, which is one of this shell's child.
      victim=$(ps -o pid=,args= --ppid "$(ps -o pid= --ppid $driver | xargs)" | awk '/CoarseGrainedExecutorBackend/ { print $1; exit }')
      echo "killing executor $victim after $(find "$work" -path '*killed*' -name 'part-*.parquet' | wc -l) files"
      kill -9 "$victim"
      wait $driver
      cat "$work/kill.out"
      grep -c 'Lost executor' "$work/kill.log" || true
      more=()
      run "$root/bench/spark/PlainLoop.java" "$checkpoint" "$arch" "$images" "$work/killed" 32
      ;;
    teach)
      rm -rf "$work"/by-*  "$work/kept"
      limbeck distill "${student[@]}" --cache-teacher "$work/kept" --out "$work/by-kept" 2>&1 | tail -3
      limbeck distill "${student[@]}" --cache-teacher "$work/labels" --out "$work/by-labels" 2>&1 | grep -v '^data:' | tail -4
      sha256sum "$work"/by-{kept,labels}/model.safetensors
      ;;
    launch)
      rm -rf "$work/nproc" "$work/launched"
      limbeck distill "${student[@]}" --max-train-samples 512 --nproc 2 --out "$work/nproc" 2>&1 | tail -1
      submit dev.limbeck.spark.Launch --processes 2 distill "${student[@]}" --max-train-samples 512 --out "$work/launched" 2>"$work/launch.log" | tail -1
      sha256sum "$work"/{nproc,launched}/model.safetensors
      cmp "$work"/{nproc,launched}/model.safetensors && echo "the same weights"
      submit dev.limbeck.spark.Launch --processes 2 distill "${student[@]}" --max-train-samples 512 --out "$work/launched" 2>&1 | grep '^limbeck:' || true
      ;;
    rows)
      rows=${ROWS:-10000000}
      rm -rf "$work/rows"
      # Spark sends its functions to tasks, so their classes must be files.
      javac -proc:none -d "$work/classes" -cp "$SPARK_HOME/jars/*:$jar" "$root/bench/spark/SyntheticLabels.java"
      java -Xmx4g "${opens[@]}" -cp "$work/classes:$SPARK_HOME/jars/*:$jar:$root/spark/target/lib/*" SyntheticLabels "$work/rows" "$rows" 20 4 2>"$work/rows.log"
      du -sm "$work/rows/outputs.parquet"
      OMP_NUM_THREADS=1 java -Xmx200m -cp "$root/cli/target/lib/*:$root/duckdb/target/*" \
        "$root/bench/spark/KeptLookups.java" "$work/rows" "$rows" 20
      ls -l "$work/rows/outputs.index"
      ;;
    *) echo "unknown part $part" >&2; exit 2 ;;
  esac
done
