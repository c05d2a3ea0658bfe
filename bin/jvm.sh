# How Limbeck's programs start Java; read by bin/limbeck and bench/run.sh. Sets java and flags.
if [ -n "${JAVA_HOME:-}" ]; then java="$JAVA_HOME/bin/java"; else java=java; fi
command -v "$java" >/dev/null || { echo "limbeck: no java found; install a JDK 17 or later" >&2; exit 1; }

# Where there is no home, ONNX Runtime leaves a note in the working directory. Limbeck itself keeps nothing in everyone's folder.
if [ ! -w "${HOME:-/nonexistent}" ]; then export HOME="${TMPDIR:-/tmp}"; fi

# In another locale Java 17 cannot name every file. A locale may be set and not installed, so what works is asked for.
if command -v locale >/dev/null; then
  if [ "$(locale charmap 2>/dev/null)" != UTF-8 ]; then
    for utf8 in C.UTF-8 C.utf8 en_US.UTF-8; do
      if [ "$(LC_ALL=$utf8 locale charmap 2>/dev/null)" = UTF-8 ]; then export LC_ALL=$utf8; break; fi
    done
  fi
else
  case "${LC_ALL:-${LC_CTYPE:-${LANG:-}}}" in
    *UTF-8* | *utf8* | *UTF8* | *utf-8*) ;;
    *) export LC_ALL=C.UTF-8 ;;
  esac
fi

# glibc gives each thread but the first an arena whose blocks are at most 64 MB. A larger one, as in a batch of 512 images, would be mapped and
# unmapped in every step, which doubles the step's time. With a single arena it is kept like any other.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}"

# glibc keeps small free blocks for each thread, and does not join them with the large ones beside them. The small ones are what aligning a tensor's
# memory leaves; without its neighbors, the tensor's block is too short for the next tensor of the same size: 40 to 60 MB of 800.
export GLIBC_TUNABLES="${GLIBC_TUNABLES:-glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0}"

# The heap begins small and grows where it must: most of what a training holds lies outside.
flags="-Djava.awt.headless=true -Dfile.encoding=UTF-8 -XX:+UseSerialGC -XX:InitialRAMPercentage=0.3"
# Asking java for its version takes as long as a start; the JDK's own note of it costs nothing.
real=$(readlink -f -- "$(command -v "$java")")
release=${real%/*}/../release
version=
if [ -r "$release" ]; then
  while IFS='="' read -r key _ value _; do
    if [ "$key" = JAVA_VERSION ]; then version=$value; fi
  done <"$release"
fi
if [ -z "$version" ]; then version=$("$java" -version 2>&1 | sed -n 's/.*version "\(.*\)".*/\1/p' | head -n 1); fi
major=${version%%[!0-9]*}
if [ "${major:-17}" -lt 17 ]; then
  echo "limbeck: found Java $version, install Java 17 or later (JAVA_HOME)" >&2
  exit 1
fi

# JDK 22 and later warn about native access unless it is granted, JDK 24 and later about JavaCPP's use of Unsafe; earlier
# ones warn about the flags, or do not know them.
case $version in
  17*|18*|19*|20*|21*) ;;
  22*|23*) flags="$flags --enable-native-access=ALL-UNNAMED" ;;
  *) flags="$flags --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow" ;;
esac
