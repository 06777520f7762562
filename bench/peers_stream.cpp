//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// How fast do messages go one way, over strait and over what else there is?

#include "peers/measure.hpp"

namespace {

namespace peers = bench::peers;

// One sample: all of them, until the other process has said that they have arrived.
void take_turn(const peers::line& on, std::size_t count, bench::samples& into) {
    on.begin(count);
    bench::together(into, count, [&](std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) on.over.send(on.message);
        on.over.flush();
        on.wait_for_end();
    });
}

}  // namespace

int main(int argc, char** argv) {
    if (bench::is_peer(argc, argv)) return peers::run_peer();
    const auto given = bench::parse_options(argc, argv);
    bench::report to("peers_stream", "what the last rows of each size show", given);
    const std::vector<std::uint64_t> sizes{8,         64,       1u << 10, 8u << 10,
                                           64u << 10, 1u << 20, 8u << 20, 64u << 20};
    peers::run({peers::pattern::one_way, take_turn, sizes}, given, to);
}
