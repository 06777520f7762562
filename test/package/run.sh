#!/bin/sh
#
# Copyright (c) 2026 The strait authors
#
# Distributed under the Boost Software License, Version 1.0.
#

# Installs strait, static and shared, builds a consumer against both and against the sources as a
# subdirectory, runs them, and looks at what the shared library exports.
#
#   run.sh FOLDER     works in that folder, which it empties first

set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${1:?usage: run.sh FOLDER}
rm -rf "$work"
mkdir -p "$work"
work=$(cd "$work" && pwd)

# Runs a step quietly: what it said is shown when it fails.
step() {
    echo "package: $*"
    "$@" >"$work/log" 2>&1 || { cat "$work/log"; echo "package: failed: $*"; exit 1; }
    # The closing line, where it was a run of ctest.
    grep 'tests passed' "$work/log" || true
}

# consume NAME OPTION...: configure, build and run the consumer
consume() {
    build=$work/consumer_$1
    shift
    step cmake -G Ninja -S "$here/consumer" -B "$build" -DCMAKE_BUILD_TYPE=Debug "$@"
    step cmake --build "$build" --parallel "$(nproc)"
    step ctest --test-dir "$build" --output-on-failure --no-tests=error
}

for kind in static shared; do
    shared=OFF
    [ $kind = static ] || shared=ON
    step cmake -G Ninja -S "$root" -B "$work/$kind" -DCMAKE_BUILD_TYPE=Debug \
        -DBUILD_SHARED_LIBS=$shared -DCMAKE_INSTALL_PREFIX="$work/$kind/prefix" \
        -DSTRAIT_BUILD_TESTS=OFF -DSTRAIT_BUILD_EXAMPLES=$shared
    step cmake --build "$work/$kind" --parallel "$(nproc)"
    step cmake --install "$work/$kind"
    consume $kind -DCMAKE_PREFIX_PATH="$work/$kind/prefix"
done
# The examples use all of the interface: none of it may be hidden in the shared library.
step ctest --test-dir "$work/shared" -j 2 --output-on-failure
consume subdirectory -DSTRAIT_SUBDIRECTORY="$root"

library=$(find "$work/shared/prefix" -name 'libstrait.so' | head -n 1)
[ -n "$library" ] || { echo "package: no shared library was installed"; exit 1; }
sh "$here/symbols.sh" "$library"

# The check itself: a library that exports one name too many must not pass.
printf 'namespace strait { int own() { return 0; } }\nint surplus() { return 0; }\n' >"$work/bad.cpp"
step c++ -shared -fPIC -o "$work/bad.so" "$work/bad.cpp"
if sh "$here/symbols.sh" "$work/bad.so" >/dev/null; then
    echo "package: the check of symbols let a surplus one pass"
    exit 1
fi

echo "package: all steps passed"
