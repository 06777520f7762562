#!/bin/sh
#
# Copyright (c) 2026 The strait authors
#
# Distributed under the Boost Software License, Version 1.0.
#

# Reads the #include lines of the tree and enforces the layers:
#
#   5 ends > 4 codec, 3 link > 2 wire > 1 platform > 0 base
#
# A file includes its own layer and lower ones; 4 and 3 do not know each other; 2 knows neither Asio
# nor the system; and above layer 1 nothing names what only a system has.
#
#   layers.sh ROOT      prints what is wrong, one line each; exits with 1 if there is any
#
# A header at an unknown place is wrong as well: the table is to be complete.

set -eu
cd "${1:?usage: layers.sh ROOT}"

set -- $(find include lib -name '*.hpp' -o -name '*.cpp' -o -name '*.ipp' | LC_ALL=C sort)
[ $# -gt 0 ] || { echo "layers.sh: no sources under $PWD"; exit 2; }

awk '
# The layer of a file by its path, without include/ or lib/; -1 if it is none of the tree.
function layer(path) {
    if (path ~ /\.\./) return -1
    if (path ~ /^strait\/(error|limits|version|endpoint|exit_status)\.hpp$/) return 0
    if (path ~ /^strait\/detail\/(config|copy|deadline|byte_buffer|payload|attachments|chunk)\.hpp$/) return 0
    if (path ~ /^base\//) return 0
    if (path ~ /^strait\/peer\.hpp$/) return 1
    if (path ~ /^strait\/(impl\/)?handle(_[a-z]+)?\.hpp$/) return 1
    if (path ~ /^(posix|windows)\//) return 1
    if (path ~ /^(wire|strait\/detail\/wire)\//) return 2
    if (path ~ /^strait\/shared_memory\.hpp$/ || path ~ /^shm\//) return 2
    if (path ~ /^(link|strait\/detail\/link)\//) return 3
    if (path ~ /^strait\/(codec|boost_archive)\.hpp$/) return 4
    if (path ~ /^(codec|strait\/detail\/codec)\//) return 4
    if (path ~ /^(ends|process|names|strait\/impl)\//) return 5
    if (path ~ /^strait\.hpp$/ || path ~ /^strait\/[a-z_0-9]+\.hpp$/) return 5
    if (path ~ /^strait\/detail\/ends\//) return 5
    return -1
}

function wrong(text) {
    print FILENAME ":" FNR ": " text
    ++count
}

FNR == 1 {
    own = FILENAME
    sub(/^(include|lib)\//, "", own)
    folder = own
    if (!sub(/\/[^\/]*$/, "", folder)) folder = ""
    mine = layer(own)
    if (mine < 0) wrong("in no layer: give it a place in layers.sh")
}

mine < 0 { next }

/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    target = $0
    sub(/^[^<"]*[<"]/, "", target)
    sub(/[>"].*/, "", target)
    quoted = $0 ~ /^[^<]*"/
    theirs = layer(target)
    # "x.hpp" next to the file itself
    if (theirs < 0 && quoted && target !~ /\//) theirs = layer(folder "/" target)
    if (theirs < 0 && quoted) wrong("includes \"" target "\", which is in no layer")
    if (theirs > mine) wrong("layer " mine " includes layer " theirs ": " target)
    if (mine == 4 && theirs == 3) wrong("the codec includes the link: " target)
    system_header = target ~ /^((sys|netinet|arpa)\/|(unistd|poll|fcntl|signal|windows)\.h$)/
    if (mine >= 2 && system_header) wrong("a system header above layer 1: " target)
    asio = target ~ /^boost\/asio[.\/]/ && target != "boost/asio/error.hpp"
    if ((mine == 0 || mine == 2) && asio) wrong("Asio in layer " mine ": " target)
    if (mine != 1 && target ~ /^boost\/interprocess\//)
        wrong("Boost.Interprocess above layer 1: " target)
    if (mine != 4 && target ~ /^boost\/(serialization|archive)\//)
        wrong("Boost.Serialization outside the codec: " target)
    next
}

mine >= 2 {
    code = $0
    sub(/\/\/.*/, "", code)
    if (code ~ /native_handle *\(/) wrong("a native handle is named above layer 1")
}

END { exit count > 0 }
' "$@"
