//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// How long does a message take to another process and back, over strait and over what else there
// is?

#include "peers/measure.hpp"

namespace {

namespace peers = bench::peers;

void take_turn(const peers::line& on, std::size_t count, bench::samples& into) {
    // The server has begun when the first answers are there.
    constexpr std::size_t unmeasured = 5;
    const peers::glimpse expected = peers::look_at(on.message);
    const auto once = [&] { peers::require_equal(on.over.call(on.message), expected); };

    on.begin(unmeasured + count);
    bench::samples unused;
    bench::each(unused, unmeasured, once);
    bench::each(into, count, once);
    on.over.flush();
    on.wait_for_end();
}

}  // namespace

int main(int argc, char** argv) {
    if (bench::is_peer(argc, argv)) return peers::run_peer();
    const auto given = bench::parse_options(argc, argv);
    bench::report to("peers_round_trip", "what the last rows of each size show", given);
    const std::vector<std::uint64_t> sizes{8, 64, 512, 4u << 10, 32u << 10, 256u << 10, 1u << 20};
    peers::run({peers::pattern::round_trip, take_turn, sizes}, given, to);
}
