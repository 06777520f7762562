#!/bin/sh
#
# Copyright (c) 2026 The strait authors
#
# Distributed under the Boost Software License, Version 1.0.
#

# The layer check finds each kind of fault in a tree made for it, and nothing in a right one.
#
#   layers_test.sh FOLDER     where the trees are laid; it is emptied

set -eu
layers=$(cd "$(dirname "$0")" && pwd)/layers.sh
work=${1:?usage: layers_test.sh FOLDER}
failed=0

# put FILE LINE...: a file of the tree
put() {
    file=$work/tree/$1
    shift
    mkdir -p "$(dirname "$file")"
    printf '%s\n' "$@" >"$file"
}

# fresh: a tree that is right
fresh() {
    rm -rf "$work/tree"
    put include/strait/error.hpp '#include <boost/asio/error.hpp>' '#include <strait/limits.hpp>'
    put include/strait/detail/config.hpp ''
    put include/strait/codec.hpp '#include <strait/detail/codec/archive.hpp>'
    put include/strait/detail/codec/archive.hpp '#include <boost/serialization/access.hpp>'
    put include/strait/sender.hpp \
        '#include <strait/codec.hpp>' '#include <strait/detail/link/core.hpp>'
    put include/strait/detail/link/core.hpp '#include <boost/asio/any_io_executor.hpp>'
    put lib/posix/stream.cpp '#include "stream.hpp"' '#include <sys/socket.h>'
    put lib/posix/stream.hpp '#include <strait/handle.hpp>'
    put lib/wire/frame.cpp '#include "posix/stream.hpp"' '// native_handle() in a comment'
    put lib/link/core.cpp '#include "wire/frame.hpp"' '#include <strait/detail/link/core.hpp>'
}

# expect TEXT: the check fails and says so; with no TEXT it passes and says nothing
expect() {
    code=0
    said=$(sh "$layers" "$work/tree" 2>&1) || code=$?
    if [ -z "${1-}" ]; then
        [ $code -eq 0 ] && [ -z "$said" ] && return
    else
        [ $code -eq 1 ] && case $said in *"$1"*) return ;; esac
    fi
    echo "expected: '${1-}' but the check exited with $code and said: '$said'"
    failed=1
}

fresh; expect
fresh; put lib/posix/up.cpp '#include "wire/frame.hpp"'; expect 'layer 1 includes layer 2'
fresh; put lib/link/up.cpp '  #  include <strait/sender.hpp>'; expect 'layer 3 includes layer 5'
fresh; put lib/link/side.cpp '#include <strait/codec.hpp>'; expect 'layer 3 includes layer 4'
fresh; put lib/codec/side.cpp '#include <strait/detail/link/core.hpp>'
expect 'codec includes the link'
fresh; put lib/wire/asio.cpp '#include <boost/asio/post.hpp>'; expect 'Asio in layer 2'
fresh; put lib/wire/asio.cpp '#include <boost/asio.hpp>'; expect 'Asio in layer 2'
fresh; put lib/wire/system.cpp '#include <unistd.h>'; expect 'system header above layer 1'
fresh; put lib/ends/system.cpp '#include <sys/socket.h>'; expect 'system header above layer 1'
fresh; put lib/link/fd.cpp 'int fd = h.native_handle();'; expect 'native handle is named'
fresh; put lib/link/boost.cpp '#include <boost/archive/binary_oarchive.hpp>'
expect 'outside the codec'
fresh; put lib/shm/map.cpp '#include <boost/interprocess/mapped_region.hpp>'
expect 'Boost.Interprocess above layer 1'
fresh; put lib/new/file.cpp ''; expect 'in no layer'
fresh; put lib/link/lost.cpp '#include "../wire/frame.hpp"'; expect 'which is in no layer'
fresh; put lib/link/lost.cpp '#include "elsewhere/frame.hpp"'; expect 'which is in no layer'
exit $failed
