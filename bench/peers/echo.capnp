# Copyright (c) 2026 The strait authors
#
# Distributed under the Boost Software License, Version 1.0.

@0xd3b1c0a97e5f4826;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("bench::peers::schema");

interface Bench {
    echo @0 (message :Data) -> (message :Data);
    put @1 (message :Data) -> stream;
    # Everything put before has arrived when this returns.
    done @2 ();
}
