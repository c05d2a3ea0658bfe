#!/bin/sh
# Build the documentation as a static site in site/target/site/VERSION: the Markdown files, and the Javadoc of what is published.
# Needs a JDK, Maven, and Node 20 or later. Fails on a broken link or anchor. MAVEN_ARGS such as -o are passed on to Maven.
# To look at it: python3 -m http.server -d site/target/site 8000
set -eu
cd "$(dirname "$0")"
version=$(sed -n 's:.*<version>\(.*\)</version>.*:\1:p' ../bom/pom.xml | head -n 1)

npm ci --no-audit --no-fund --loglevel=error
# shellcheck disable=SC2086  # several words
mvn -q -B -f .. ${MAVEN_ARGS:-} -Prelease -pl '!extension,!examples,!bench,!fuzz,!dist' -Dmaven.javadoc.skip=false \
  compile javadoc:aggregate -DlegacyMode -Ddoclint=all,-missing -Dquiet -Dnotimestamp \
  "-Ddoctitle=Limbeck $version" "-Dwindowtitle=Limbeck $version" "-Dbottom=" \
  '-Dheader=<a href="{@docRoot}/../index.html">Documentation</a>'
node stage.mjs "$version"
node_modules/.bin/vitepress build
node --test check.test.mjs
node check.mjs target/site "$version"
