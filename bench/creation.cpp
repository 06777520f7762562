//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// What does making a channel, and dropping it again, cost?

#include "support/machine.hpp"
#include "support/raw.hpp"
#include "support/report.hpp"

#include <strait/channel.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <vector>

namespace {

// `make` makes one; its result is kept until `count` of them are there.
template <class Make>
auto kept(std::size_t count, Make make) {
    return [=](bench::samples& into) {
        std::vector<decltype(make())> all;
        all.reserve(count);
        bench::together(into, count, [&](std::size_t n) {
            for (std::size_t i = 0; i < n; ++i) all.push_back(make());
            all.clear();
        });
    };
}

}  // namespace

int main(int argc, char** argv) {
    const auto given = bench::parse_options(argc, argv);
    bench::place(bench::placement::one_cpu);
    bench::report to("creation", "socketpair and two times close", given);
    const int rounds = given.smoke ? 1 : 300;
    const std::size_t count = given.smoke ? 2 : 100;
    const char* where = to_string(bench::placement::one_cpu);

    const auto raw = kept(count, [] { return bench::raw::socket_pair(); });
    bench::compare_in_turns(to, "make_channel, unbound", where, rounds, raw,
        kept(count, [] { return strait::make_channel<std::uint64_t>(); }));
    boost::asio::io_context context(1);
    bench::compare_in_turns(to, "make_channel, with an executor", where, rounds, raw,
        kept(count, [&] { return strait::make_channel<std::uint64_t>(context); }));
    bench::compare_in_turns(to, "make_channel, one message through it", where, rounds,
        kept(count,
            [] {
                auto pair = bench::raw::socket_pair();
                std::byte message[8] = {};
                bench::raw::write_all(pair.first, message);
                bench::raw::read_all(pair.second, message);
                return pair;
            }),
        kept(count, [] {
            auto ends = strait::make_channel<std::uint64_t>();
            ends.first.send(1);
            ends.second.recv();
            return ends;
        }));
}
