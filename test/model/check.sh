#!/bin/sh
#
# Copyright (c) 2026 The strait authors
#
# Distributed under the Boost Software License, Version 1.0.
#

# Searches the models beside this script with spin, and each again with one rule removed, which must
# fail: a model that cannot fail says nothing. docs/design/model.md tells what each line is about.
#
#   check.sh [WORD]     only the lines that contain the word
#
# Exits with 1 if a line is not as it must be, with 77 if spin or a C compiler is missing.

set -u
here=$(cd "$(dirname "$0")" && pwd)
only=${1-}
command -v spin >/dev/null || { echo "check.sh: no spin here"; exit 77; }
command -v cc >/dev/null || { echo "check.sh: no C compiler here"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

failed=0
lines=0
printf '%-7s %-50s %8s  %s\n' model search states result

# run MODEL FLAGS PAN_FLAGS: sets `states` and `found`, which is empty if nothing was found.
run() {
    rm -f ./*
    # shellcheck disable=SC2086
    spin -a $2 "$here/$1.pml" >spin.out 2>&1 || { cat spin.out; states=0 found="spin: an error"; return; }
    case $3 in
    *-a*) flags=-DCOLLAPSE ;;
    *) flags="-DCOLLAPSE -DSAFETY" ;;
    esac
    # Not optimised: that takes longer than the longest of these searches.
    # shellcheck disable=SC2086
    cc -O0 -w -DMEMLIM=2500 $flags -o pan pan.c || { states=0 found="cc: an error"; return; }
    # shellcheck disable=SC2086
    ./pan -m1000000 -w20 $3 >out 2>&1
    states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' out)
    found=$(sed -n 's/^pan:1: //p' out | head -1 | cut -c1-60)
    if ! grep -q 'errors: 0' out && [ -z "$found" ]; then found="not completed"; fi
    if [ -z "$found" ] && grep -q 'Search not completed' out; then found="not completed"; fi
}

line() {
    case "$2 $3" in *"$only"*) ;; *) return 1 ;; esac
    lines=$((lines + 1))
    run "$2" "$4" "$5"
    return 0
}

# holds MODEL NAME FLAGS [PAN_FLAGS]
holds() {
    line holds "$1" "$2" "$3" "${4-}" || return
    result=holds
    if [ -n "$found" ]; then
        result="FAILS: $found"
        failed=1
    fi
    printf '%-7s %-50s %8s  %s\n' "$1" "$2" "${states:-0}" "$result"
}

# breaks MODEL NAME FLAGS [PAN_FLAGS]
breaks() {
    line breaks "$1" "$2" "$3" "${4-}" || return
    case $found in
    "assertion violated"* | "invalid end state"* | "acceptance cycle"*) result="breaks: $found" ;;
    *)
        result="DOES NOT BREAK $found"
        failed=1
        ;;
    esac
    printf '%-7s %-50s %8s  %s\n' "$1" "$2" "${states:-0}" "$result"
}

. "$here/searches.sh"

[ $lines -gt 0 ] || { echo "check.sh: no line contains '$only'"; exit 1; }
exit $failed
