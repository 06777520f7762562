//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// What does a request cost that carries the sender for its reply?

#include "support/machine.hpp"
#include "support/peer.hpp"
#include "support/raw.hpp"
#include "support/report.hpp"

#include <cstdint>
#include <optional>

namespace {

struct answer {
    std::uint64_t number = 0;
};

struct question {
    std::uint64_t number = 0;
    strait::sender<answer> reply;
};

// A round trip over links that both sides keep.
struct plain_question {
    std::uint64_t number = 0;
};

enum class how : std::uint8_t { raw, raw_with_existing, raw_with_fresh, kept, with_sender };

struct setup {
    strait::handle raw;
    strait::receiver<plain_question> plain_in;
    strait::sender<answer> plain_out;
    strait::receiver<question> questions;
};

struct task {
    std::optional<setup> begin;
    how what = how::raw;
    std::uint64_t count = 0;
};

constexpr std::size_t raw_bytes = sizeof(std::uint64_t);

// The peer.

void serve(setup& s, const task& t) {
    std::byte number[raw_bytes];
    for (std::uint64_t i = 0; i < t.count; ++i) {
        switch (t.what) {
        case how::raw:
            bench::raw::read_all(s.raw, number);
            bench::raw::write_all(s.raw, number);
            break;
        case how::raw_with_existing:
        case how::raw_with_fresh:
            bench::raw::write_all(bench::raw::recv_with(s.raw, number).at(0), number);
            break;
        case how::kept:
            s.plain_out.send(answer{s.plain_in.recv().number});
            break;
        case how::with_sender: {
            question q = s.questions.recv();
            q.reply.send(answer{q.number});
            break;
        }
        }
    }
}

int run_peer() {
    auto tasks = bench::inherited_tasks<task>();
    setup mine = std::move(*tasks.recv().begin);
    for (strait::error_code ec;;) {
        const task t = tasks.recv(ec);
        if (ec) return 0;
        serve(mine, t);
    }
}

// The measuring side.

struct session {
    bench::peer<task> other;
    strait::handle raw;
    strait::sender<plain_question> plain_out;
    strait::receiver<answer> plain_in;
    strait::sender<question> questions;
    bench::placement where{};

    session() {
        task begin;
        setup& theirs = begin.begin.emplace();
        std::tie(raw, theirs.raw) = bench::raw::socket_pair();
        std::tie(plain_out, theirs.plain_in) = strait::make_channel<plain_question>();
        std::tie(theirs.plain_out, plain_in) = strait::make_channel<answer>();
        std::tie(questions, theirs.questions) = strait::make_channel<question>();
        other.give(std::move(begin));
    }

    void ask(how what, std::uint64_t count) {
        task t;
        t.what = what;
        t.count = count;
        other.give(std::move(t));
    }
};

void require(bool right) {
    if (right) return;
    std::fputs("bench: wrong answer\n", stderr);
    std::abort();
}

void measure_all(bench::placement where, const bench::options& given, bench::report& to) {
    bench::place(where);
    session s;
    const int rounds = given.smoke ? 1 : 50;
    const std::uint64_t count = given.smoke ? 10 : 200;
    constexpr std::uint64_t unmeasured = 5;

    const auto timed = [&](how what, auto once) {
        return [&s, what, once, count](bench::samples& into) {
            bench::samples unused;
            s.ask(what, unmeasured + count);
            std::uint64_t number = 0;
            bench::each(unused, unmeasured, [&] { once(++number); });
            bench::each(into, count, [&] { once(++number); });
        };
    };
    const auto raw = timed(how::raw, [&](std::uint64_t) {
        std::byte bytes[raw_bytes] = {};
        bench::raw::write_all(s.raw, bytes);
        bench::raw::read_all(s.raw, bytes);
    });
    auto existing = bench::raw::socket_pair();
    const auto raw_existing = timed(how::raw_with_existing, [&](std::uint64_t) {
        std::byte bytes[raw_bytes] = {};
        bench::raw::send_with(s.raw, bytes, {&existing.second, 1});
        bench::raw::read_all(existing.first, bytes);
    });
    const auto raw_fresh = timed(how::raw_with_fresh, [&](std::uint64_t) {
        std::byte bytes[raw_bytes] = {};
        auto pair = bench::raw::socket_pair();
        bench::raw::send_with(s.raw, bytes, {&pair.second, 1});
        pair.second.close();
        bench::raw::read_all(pair.first, bytes);
    });
    const auto kept = timed(how::kept, [&](std::uint64_t number) {
        s.plain_out.send(plain_question{number});
        require(s.plain_in.recv().number == number);
    });
    auto [reply, replies] = strait::make_channel<answer>();
    const auto ask_with = [&](std::uint64_t number, const strait::sender<answer>& to_here) {
        question q;
        q.number = number;
        q.reply = to_here;
        s.questions.send(q);
    };
    const auto same_sender = timed(how::with_sender, [&](std::uint64_t number) {
        ask_with(number, reply);
        require(replies.recv().number == number);
    });
    const auto fresh_channel = timed(how::with_sender, [&](std::uint64_t number) {
        auto [tx, rx] = strait::make_channel<answer>();
        ask_with(number, tx);
        tx.close();
        require(rx.recv().number == number);
    });

    const char* at = to_string(where);
    bench::compare_in_turns(to, "kept links / raw", at, rounds, raw, kept);
    bench::compare_in_turns(to, "same reply sender / kept links", at, rounds, kept, same_sender);
    bench::compare_in_turns(to, "fresh reply channel / kept links", at, rounds, kept, fresh_channel);
    bench::compare_in_turns(
        to, "same reply sender / raw, passing a socket", at, rounds, raw_existing, same_sender);
    bench::compare_in_turns(
        to, "fresh reply channel / raw, fresh pair", at, rounds, raw_fresh, fresh_channel);
}

}  // namespace

int main(int argc, char** argv) {
    if (bench::is_peer(argc, argv)) return run_peer();
    const auto given = bench::parse_options(argc, argv);
    bench::report to("request_reply",
        "named behind the stroke: a round trip over kept links, or the raw calls", given);
    measure_all(bench::placement::one_cpu, given, to);
    measure_all(bench::placement::spread, given, to);
}
