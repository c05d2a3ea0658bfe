#!/bin/sh
# Build the last commit twice, in two new folders, and compare all that a release has:  dist/repeat.sh
# Needs 4 GB for temporary files. Prints the files' SHA-256 and fails where a second build differs.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for build in first second-in-a-longer-path; do
  git clone -q "$root" "$work/$build"
  (cd "$work/$build" && mvn -q -B -Prelease -Dmaven.test.skip=true -pl '!bench,!fuzz,!examples,!extension' package)
  (cd "$work/$build" && find . -path '*/target/*limbeck-*' \( -name '*.jar' -o -name '*.tar.gz' -o -name '*.zip' \) \
    | LC_ALL=C sort | xargs sha256sum) > "$work/$build.sums"
done
cat "$work/first.sums"
diff "$work/first.sums" "$work/second-in-a-longer-path.sums"
echo "$(wc -l < "$work/first.sums") files, the same in both builds"
