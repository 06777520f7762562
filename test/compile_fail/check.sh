#!/bin/sh
#
# Copyright (c) 2026 The strait authors
#
# Distributed under the Boost Software License, Version 1.0.
#
# check.sh COMPILER [FLAG ...]: compiles every file beside this script, none of which may compile,
# and demands that the error says, in one line and once, what the file's first comment expects.
# FLAGs are those needed to find strait and Boost.

set -u
compiler=$1
shift
here=$(dirname "$0")
failed=0

for file in "$here"/*.cpp; do
    expected=$(sed -n 's|^// expect: ||p' "$file")
    if output=$("$compiler" -std=c++20 -fsyntax-only "$@" "$file" 2>&1); then
        echo "$file: compiled, which it must not"
        failed=1
        continue
    fi
    lines=$(printf '%s\n' "$output" | grep -c "error:.*$expected")
    errors=$(printf '%s\n' "$output" | grep -c "error:")
    if [ -z "$expected" ] || [ "$lines" -ne 1 ] || [ "$errors" -ne 1 ]; then
        echo "$file: expected one error: $expected"
        printf '%s\n' "$output" | head -20
        failed=1
    fi
done

exit $failed
