#!/bin/sh
#
# Copyright (c) 2026 The strait authors
#
# Distributed under the Boost Software License, Version 1.0.
#

# What a shared library of strait exports: its own names, and of templates and inline functions of
# others only what a compiler has to make visible so that types and statics are the same everywhere.
#
#   symbols.sh LIBRARY     prints the surplus symbols; exits with 1 if there are any

set -eu
library=${1:?usage: symbols.sh LIBRARY}
defined=$(nm -DC --defined-only "$library")

# Third column on: the name. V, W, u: may be defined by anybody, the linker keeps one.
surplus=$(printf '%s\n' "$defined" | awk '
    { kind = $2; name = $0; sub(/^[0-9a-f]* *[A-Za-z] /, "", name) }
    name ~ /^(strait::|(typeinfo|typeinfo name|vtable|guard variable|VTT) for strait::)/ { next }
    name ~ /^(non-virtual thunk|virtual thunk) to strait::/ { next }
    kind ~ /^[VWu]$/ && name ~ /(std|boost|__gnu_cxx|strait)::|boost_asio_/ { next }
    { print }')
own=$(printf '%s\n' "$defined" | grep -c ' T strait::' || true)

if [ -n "$surplus" ]; then
    echo "exported beyond strait's interface:"
    printf '%s\n' "$surplus"
    exit 1
fi
[ "$own" -gt 0 ] || { echo "no function of strait is exported"; exit 1; }
echo "package: $own functions of strait are exported, and nothing else of weight"
