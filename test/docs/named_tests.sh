#!/bin/sh
#
# Copyright (c) 2026 The strait authors
#
# Distributed under the Boost Software License, Version 1.0.
#

# Looks whether every test that a page names as `folder/suite/case` or `folder/suite` exists.
#
#   named_tests.sh TESTS PAGE     prints what is missing, one line each; exits with 1 if there is any

set -eu
[ $# -eq 2 ] || { echo "usage: named_tests.sh TESTS PAGE"; exit 2; }

folders='unit|contract|conformance|process|stress|hostile'
names=$(grep -oE "\`($folders)/[a-z0-9_]+(/[a-z0-9_]+)?\`" "$2" | tr -d '`' | sort -u)
[ -n "$names" ] || { echo "$2 names no test"; exit 1; }

missing=0
for name in $names; do
    suite=$(echo "$name" | cut -d/ -f1,2)
    case=$(echo "$name" | cut -d/ -f3)
    file=$1/$suite.cpp
    if [ ! -f "$file" ]; then
        echo "no such suite: $suite"
        missing=1
    elif [ -n "$case" ] && ! grep -qE "(_TEST_CASE\(|^ +)$case[,)]" "$file"; then
        echo "no such case: $name"
        missing=1
    fi
done
exit $missing
