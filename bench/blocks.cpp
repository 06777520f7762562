//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// From which size on do blocks of shared memory pay, and how large should their pool be?

#include "support/machine.hpp"
#include "support/payload.hpp"
#include "support/peer.hpp"
#include "support/report.hpp"

#include <strait/channel.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using message = bench::any_bytes;

// A channel of the peer, or some messages on one.
struct task {
    std::optional<strait::receiver<message>> in;
    std::optional<strait::sender<std::uint64_t>> done;
    std::uint64_t channel = 0;
    std::uint64_t bytes = 0;
    std::uint64_t count = 0;
};

int run_peer() {
    struct ends {
        strait::receiver<message> in;
        strait::sender<std::uint64_t> done;
    };
    auto tasks = bench::inherited_tasks<task>();
    std::map<std::uint64_t, ends> channels;
    for (strait::error_code ec;;) {
        task t = tasks.recv(ec);
        if (ec) return 0;
        if (t.in) {
            channels.emplace(t.channel, ends{std::move(*t.in), std::move(*t.done)});
            continue;
        }
        ends& e = channels.at(t.channel);
        const message expected = bench::make_payload<message>(t.bytes);
        for (std::uint64_t i = 0; i != t.count; ++i) {
            const message m = e.in.recv();
            if (m.size() != t.bytes || m.back() != expected.back()) return 1;
        }
        e.done.send(t.count);
    }
}

class channels {
public:
    // Messages one way over a channel of that many bytes of blocks, used from that size on.
    auto turn(std::uint32_t from, std::uint64_t pool, std::size_t bytes, std::uint64_t count) {
        const std::uint64_t number = find(from, pool);
        return [this, number, bytes, count](bench::samples& into) {
            const message value = bench::make_payload<message>(bytes);
            auto& [out, done] = all_.at(number);
            bench::together(into, count, [&](std::size_t n) {
                task t;
                t.channel = number;
                t.bytes = bytes;
                t.count = n;
                peer_.give(std::move(t));
                for (std::size_t i = 0; i != n; ++i) out.send(value);
                if (done.recv() != n) std::abort();
            });
        };
    }

private:
    std::uint64_t find(std::uint32_t from, std::uint64_t pool) {
        const auto [at, is_new] = numbers_.try_emplace({from, pool}, numbers_.size());
        if (is_new) {
            strait::limits bounds;
            bounds.min_pooled_bytes = from;
            bounds.max_pool_bytes = pool;
            auto [out, in] = strait::make_channel<message>(strait::channel_options(bounds));
            auto [told, done] = strait::make_channel<std::uint64_t>();
            task t;
            t.in = std::move(in);
            t.done = std::move(told);
            t.channel = at->second;
            peer_.give(std::move(t));
            all_.emplace(at->second, std::pair(std::move(out), std::move(done)));
        }
        return at->second;
    }

    bench::peer<task> peer_;
    std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t> numbers_;
    std::map<std::uint64_t, std::pair<strait::sender<message>, strait::receiver<std::uint64_t>>>
        all_;
};

void measure(bench::placement where, const bench::options& given, bench::report& to) {
    bench::place(where);
    constexpr std::uint64_t kib = 1024;
    constexpr std::uint64_t mib = 1024 * kib;
    const int rounds = given.smoke ? 1 : 40;
    channels all;
    const auto count_of = [&](std::size_t bytes) {
        return given.smoke ? 2 : std::max<std::uint64_t>(16, 4 * mib / bytes);
    };
    for (const std::size_t bytes : {4 * kib, 8 * kib, 16 * kib, 31 * kib, 48 * kib, 64 * kib}) {
        const std::uint64_t n = count_of(bytes);
        bench::compare_in_turns(to, std::to_string(bytes / kib) + " KiB, in blocks", to_string(where),
            rounds, all.turn(1, 0, bytes, n), all.turn(4 * kib, 16 * mib, bytes, n));
    }
    for (const std::size_t bytes : {64 * kib, mib}) {
        const std::uint64_t n = count_of(bytes);
        for (const std::uint64_t pool : {2 * mib, 4 * mib, 8 * mib})
            bench::compare_in_turns(to,
                (bytes == mib ? "1 MiB" : "64 KiB") + (", a pool of " + std::to_string(pool / mib)) + " MiB",
                to_string(where), rounds, all.turn(4 * kib, 16 * mib, bytes, n),
                all.turn(4 * kib, pool, bytes, n));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (bench::is_peer(argc, argv)) return run_peer();
    const auto given = bench::parse_options(argc, argv);
    bench::report to("blocks",
        "in blocks: the same through the socket; a pool: one of 16 MiB; vectors, one way", given);
    measure(bench::placement::one_cpu, given, to);
    measure(bench::placement::spread, given, to);
}
