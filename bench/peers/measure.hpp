//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_PEERS_MEASURE_HPP
#define STRAIT_BENCH_PEERS_MEASURE_HPP

#include "peers/session.hpp"
#include "support/machine.hpp"
#include "support/options.hpp"
#include "support/report.hpp"

#include <cstdint>
#include <vector>

namespace bench::peers {

// One transport in a session, and what is sent over it.
struct line {
    session& with;
    const transport& by;
    client& over;
    const any_bytes& message;

    // Lets the other process serve so many messages; waits until it has.
    void begin(std::size_t count) const {
        if (by.needs_server) with.serve(by, count);
    }
    void wait_for_end() const {
        if (by.needs_server) with.wait_until_served();
    }
};

// What a program measures.
struct measurement {
    pattern what = pattern::one_way;
    // One turn of so many messages.
    void (*take_turn)(const line& on, std::size_t count, samples& into) = nullptr;
    std::vector<std::uint64_t> sizes;
};

// For both placements and all sizes: one row for each transport that carries them, all in turns.
void run(const measurement& m, const options& given, report& to);

}  // namespace bench::peers

#endif
