//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/transport.hpp"

#include <stdexcept>

namespace bench::peers {

const std::vector<transport>& transports() {
    static const std::vector<transport> all{
        strait_blocking(),
        strait_into_one_vector(),
        strait_small_pool(),
        strait_callbacks(),
        strait_batches(),
        strait_bytes(),
        strait_loans(),
        strait_loans_in_place(),
        strait_shared_memory(),
        message_queue(),
#ifdef STRAIT_BENCH_ZEROMQ
        zeromq(),
#endif
#ifdef STRAIT_BENCH_NNG
        nng(),
#endif
#ifdef STRAIT_BENCH_DBUS
        dbus(),
#endif
#ifdef STRAIT_BENCH_CAPNPROTO
        capnproto(),
#endif
#ifdef STRAIT_BENCH_ICEORYX
        iceoryx(),
#endif
        socket_pair(),
        socket_pair_batches(),
        futex(),
        shared_block(),
        memory_copy(),
    };
    return all;
}

const transport& transport_by_name(const std::string& name) {
    for (const transport& t : transports())
        if (t.name == name) return t;
    throw std::invalid_argument("no such transport: " + name);
}

}  // namespace bench::peers
