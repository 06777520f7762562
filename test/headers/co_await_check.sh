#!/bin/sh
#
# Copyright (c) 2026 The strait authors
#
# Distributed under the Boost Software License, Version 1.0.
#

# Looks for aggregates and capturing lambdas that are built inside a co_await expression: g++ 12
# destroys such temporaries twice.
#
#   co_await_check.sh FILE...     prints what it finds, one line each; exits with 1 if there is any
#
# A heuristic: it takes every brace that does not open the body of a lambda without captures for an
# aggregate. Parentheses instead of braces, a variable and std::move, or a factory function are
# right. A comment with "co_await_check: allow" on the line of the co_await lets it pass. Of
# Markdown files it reads the fenced blocks.

set -eu
[ $# -gt 0 ] || { echo "usage: co_await_check.sh FILE..."; exit 2; }

awk '
# What stands before the body of a lambda.
BEGIN { lambda_head = "([)]|\\[\\])([ \t\n]*(mutable|noexcept))*([ \t\n]*->[^(){}]*)?$" }

# One line without comments and without what is in quotes; knows block comments that go on.
function clean(line,    out, i, c, quote) {
    out = ""
    for (i = 1; i <= length(line); ++i) {
        c = substr(line, i, 1)
        if (in_comment) {
            if (substr(line, i, 2) == "*/") { in_comment = 0; ++i }
        } else if (quote != "") {
            if (c == "\\") ++i
            else if (c == quote) { quote = ""; out = out c }
        } else if (substr(line, i, 2) == "//") {
            break
        } else if (substr(line, i, 2) == "/*") {
            in_comment = 1
            ++i
        } else {
            # An apostrophe after a digit or letter separates digits.
            if (c == "\"" || (c == "\047" && out !~ /[0-9A-Za-z_]$/)) quote = c
            out = out c
        }
    }
    return out
}

# What is wrong with the text that follows a co_await, up to the end of its expression.
function fault(text,    i, c, depth, before, empty, index_of) {
    depth = 0
    for (i = 1; i <= length(text); ++i) {
        c = substr(text, i, 1)
        before = substr(text, 1, i - 1)
        sub(/[ \t\n]+$/, "", before)
        if (c ~ /[({]/) {
            if (c == "{" && depth == 0 && before ~ /\)$/) return ""
            if (c == "{" && before !~ lambda_head) return "a braced temporary"
            ++depth
        } else if (c ~ /[)}]/) {
            if (--depth < 0) return ""
        } else if (c == ";" && depth == 0) {
            return ""
        } else if (c == "[") {
            empty = substr(text, i) ~ /^\[[ \t\n]*\]/
            index_of = before ~ /[A-Za-z0-9_)\]>]$/
            if (!empty && !index_of) return "a lambda with captures"
        }
    }
    return ""
}

function finish(    i, rest, at, found) {
    for (i = 1; i <= lines; ++i) {
        if (allowed[i]) continue
        rest = text[i]
        while (match(rest, /(^|[^A-Za-z0-9_])co_await([^A-Za-z0-9_]|$)/)) {
            rest = substr(rest, RSTART + RLENGTH - (rest ~ /co_await$/ ? 0 : 1))
            at = rest
            for (j = i + 1; j <= lines && j <= i + 40; ++j) at = at "\n" text[j]
            found = fault(at)
            if (found != "") {
                print name ":" number[i] ": " found " inside a co_await expression"
                ++count
            }
        }
    }
    lines = 0
}

FNR == 1 {
    finish()
    name = FILENAME
    markdown = name ~ /\.md$/
    fenced = 0
    in_comment = 0
}

markdown && /^[ \t]*```/ { fenced = !fenced; text[++lines] = ";"; allowed[lines] = 0; next }
markdown && !fenced { next }

{
    text[++lines] = clean($0)
    number[lines] = FNR
    allowed[lines] = $0 ~ /co_await_check: allow/
}

END { finish(); exit count > 0 }
' "$@"
