//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// What do handles and ends cost that travel in a message?

#include "support/machine.hpp"
#include "support/peer.hpp"
#include "support/raw.hpp"
#include "support/report.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace {

struct with_handles {
    std::vector<strait::handle> all;
};

struct with_senders {
    std::vector<strait::sender<std::uint64_t>> all;
};

enum class how : std::uint8_t { raw, handles, senders };

struct setup {
    strait::handle raw;  // also brings the answer after each message
    strait::receiver<with_handles> handles;
    strait::receiver<with_senders> senders;
};

struct task {
    std::optional<setup> begin;
    how what = how::raw;
    std::uint64_t count = 0;
};

// The peer takes each message, drops it, and says so.

int run_peer() {
    auto tasks = bench::inherited_tasks<task>();
    setup mine = std::move(*tasks.recv().begin);
    std::byte one{};
    for (strait::error_code ec;;) {
        const task t = tasks.recv(ec);
        if (ec) return 0;
        for (std::uint64_t i = 0; i < t.count; ++i) {
            if (t.what == how::raw) bench::raw::recv_with(mine.raw, {&one, 1});
            else if (t.what == how::handles) mine.handles.recv();
            else mine.senders.recv();
            bench::raw::write_all(mine.raw, {&one, 1});
        }
    }
}

// The measuring side.

struct session {
    bench::peer<task> other;
    strait::handle raw;
    strait::sender<with_handles> handles;
    strait::sender<with_senders> senders;

    session() {
        task begin;
        setup& theirs = begin.begin.emplace();
        std::tie(raw, theirs.raw) = bench::raw::socket_pair();
        std::tie(handles, theirs.handles) = strait::make_channel<with_handles>();
        std::tie(senders, theirs.senders) = strait::make_channel<with_senders>();
        other.give(std::move(begin));
    }

    void ask(how what, std::uint64_t count) {
        task t;
        t.what = what;
        t.count = count;
        other.give(std::move(t));
    }
};

void measure(session& s, std::size_t carried, const bench::options& given, bench::report& to) {
    const int rounds = given.smoke ? 1 : 40;
    const std::uint64_t count = given.smoke ? 3 : 20;
    // `after` is not measured.
    const auto timed = [&](how what, auto send, auto after) {
        return [&s, what, send, after, count](bench::samples& into) {
            s.ask(what, count);
            for (std::uint64_t i = 0; i < count; ++i) {
                bench::each(into, 1, [&] {
                    send();
                    std::byte done{};
                    bench::raw::read_all(s.raw, {&done, 1});
                });
                after();
            }
        };
    };
    const auto nothing = [] {};

    // The same socket, as often as needed.
    auto [kept, carried_one] = bench::raw::socket_pair();
    std::vector<strait::handle> riding;
    for (std::size_t i = 0; i < carried; ++i) riding.push_back(carried_one.duplicate());
    const auto raw = timed(how::raw, [&] {
        const std::byte one{1};
        bench::raw::send_with(s.raw, {&one, 1}, riding);
    }, nothing);
    // A fresh value for each message, as it is consumed. Its duplicates are made here, not in
    // what the floor has to do: the difference is `carried` times dup and close.
    const auto handles = timed(how::handles, [&] {
        with_handles value;
        value.all.reserve(carried);
        for (const strait::handle& h : riding) value.all.push_back(h.duplicate());
        s.handles.send(std::move(value));
    }, nothing);
    // Different channels: copies of one sender would travel as one link.
    std::vector<strait::receiver<std::uint64_t>> receivers;
    with_senders senders_value;
    for (std::size_t i = 0; i < carried; ++i) {
        auto [tx, rx] = strait::make_channel<std::uint64_t>();
        senders_value.all.push_back(std::move(tx));
        receivers.push_back(std::move(rx));
    }
    // The receivers hear that the peer has dropped its senders, as they would if they were used.
    const auto senders = timed(
        how::senders, [&] { s.senders.send(senders_value); },
        [&] {
            for (auto& r : receivers) r.try_recv();
        });

    const std::string n = std::to_string(carried);
    const char* where = to_string(bench::placement::one_cpu);
    bench::compare_in_turns(to, n + " handles", where, rounds, raw, handles);
    bench::compare_in_turns(to, n + " senders", where, rounds, raw, senders);
}

}  // namespace

int main(int argc, char** argv) {
    if (bench::is_peer(argc, argv)) return run_peer();
    const auto given = bench::parse_options(argc, argv);
    bench::report to("transfer", "sendmsg and recvmsg with as many descriptors, and an answer", given);
    bench::place(bench::placement::one_cpu);
    session s;
    for (const std::size_t carried : {1u, 8u, 64u}) measure(s, carried, given, to);
}
