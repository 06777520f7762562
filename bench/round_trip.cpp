//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// How long does a message take to another process and back?

#include "support/machine.hpp"
#include "support/payload.hpp"
#include "support/peer.hpp"
#include "support/raw.hpp"
#include "support/report.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <optional>

namespace {

namespace asio = boost::asio;
using asio::awaitable;

enum class how : std::uint8_t { raw, blocking, coroutine };

// The peer's ends of two channels. Those that were used asynchronously are not used with blocking
// calls as well.
template <class T>
struct ends {
    strait::receiver<T> in;
    strait::sender<T> out;
};

template <class T>
struct both_ends {
    ends<T> blocking;
    ends<T> coroutine;
};

struct setup {
    strait::handle raw;
    both_ends<bench::bytes_64> b64;
    both_ends<bench::bytes_1k> b1k;
    both_ends<bench::any_bytes> any;
};

struct task {
    std::optional<setup> begin;
    how what = how::raw;
    std::uint64_t bytes = 0;
    std::uint64_t count = 0;
};

template <class T>
auto& pick(setup& s) {
    if constexpr (std::is_same_v<T, bench::bytes_64>)
        return s.b64;
    else if constexpr (std::is_same_v<T, bench::bytes_1k>)
        return s.b1k;
    else
        return s.any;
}

// The peer.

template <class T>
awaitable<void> echo(ends<T>& on, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
        const T value = co_await on.in.async_recv();
        co_await on.out.async_send(value);
    }
}

template <class T>
void serve(setup& s, const task& t) {
    auto& on = pick<T>(s);
    if (t.what == how::blocking) {
        for (std::uint64_t i = 0; i < t.count; ++i) on.blocking.out.send(on.blocking.in.recv());
    } else if (t.what == how::coroutine) {
        asio::io_context context(1);
        on.coroutine.in.bind(context);
        on.coroutine.out.bind(context);
        asio::co_spawn(context, echo(on.coroutine, t.count), asio::detached);
        context.run();
    } else {
        std::vector<std::byte> buffer(t.bytes);
        for (std::uint64_t i = 0; i < t.count; ++i) {
            bench::raw::read_all(s.raw, buffer);
            bench::raw::write_all(s.raw, buffer);
        }
    }
}

int run_peer() {
    auto tasks = bench::inherited_tasks<task>();
    setup mine = std::move(*tasks.recv().begin);
    for (strait::error_code ec;;) {
        const task t = tasks.recv(ec);
        if (ec) return 0;
        if (t.bytes == 64) serve<bench::bytes_64>(mine, t);
        else if (t.bytes == 1024) serve<bench::bytes_1k>(mine, t);
        else serve<bench::any_bytes>(mine, t);
    }
}

// The measuring side.

template <class T>
struct measuring_ends {
    strait::sender<T> out;
    strait::receiver<T> in;
};

template <class T>
measuring_ends<T> connect(ends<T>& theirs) {
    auto [there, theirs_in] = strait::make_channel<T>();
    auto [theirs_out, back] = strait::make_channel<T>();
    theirs.in = std::move(theirs_in);
    theirs.out = std::move(theirs_out);
    return {std::move(there), std::move(back)};
}

template <class T>
awaitable<void> ping(
    measuring_ends<T>& on, const T& value, std::uint64_t count, bench::samples& into) {
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto begun = bench::samples::clock::now();
        co_await on.out.async_send(value);
        const T back = co_await on.in.async_recv();
        into.add(bench::samples::clock::now() - begun);
        bench::require_equal(back, value);
    }
}

struct session {
    bench::peer<task> other;
    strait::handle raw;
    bench::placement where{};
    bench::options given;

    void ask(how what, std::uint64_t bytes, std::uint64_t count) {
        task t;
        t.what = what;
        t.bytes = bytes;
        t.count = count;
        other.give(std::move(t));
    }
};

template <class T>
void measure(session& s, bench::report& to, std::uint64_t bytes, std::uint64_t count,
    measuring_ends<T>& blocking, measuring_ends<T>& coroutine) {
    const T value = bench::make_payload<T>(bytes);
    const int rounds = s.given.smoke ? 1 : 100;
    if (s.given.smoke) count = 10;
    // The peer has begun when the first answers are there.
    constexpr std::uint64_t unmeasured = 5;
    bench::samples unused;

    const auto raw = [&](bench::samples& into) {
        std::vector<std::byte> out(bytes);
        std::vector<std::byte> in(bytes);
        s.ask(how::raw, bytes, unmeasured + count);
        const auto once = [&] {
            bench::raw::write_all(s.raw, out);
            bench::raw::read_all(s.raw, in);
        };
        bench::each(unused, unmeasured, once);
        bench::each(into, count, once);
    };
    const auto with_blocking = [&](bench::samples& into) {
        s.ask(how::blocking, bytes, unmeasured + count);
        const auto once = [&] {
            blocking.out.send(value);
            bench::require_equal(blocking.in.recv(), value);
        };
        bench::each(unused, unmeasured, once);
        bench::each(into, count, once);
    };
    const auto with_coroutines = [&](bench::samples& into) {
        s.ask(how::coroutine, bytes, unmeasured + count);
        asio::io_context context(1);
        coroutine.out.bind(context);
        coroutine.in.bind(context);
        asio::co_spawn(context, ping(coroutine, value, unmeasured, unused), asio::detached);
        context.run();
        context.restart();
        asio::co_spawn(context, ping(coroutine, value, count, into), asio::detached);
        context.run();
        coroutine.out.bind(asio::any_io_executor());
        coroutine.in.bind(asio::any_io_executor());
    };
    const std::string name = bench::bytes_text(bytes);
    bench::compare_in_turns(
        to, name + ", blocking", to_string(s.where), rounds, raw, with_blocking);
    bench::compare_in_turns(
        to, name + ", co_await", to_string(s.where), rounds, raw, with_coroutines);
}

void measure_all(bench::placement where, const bench::options& given, bench::report& to) {
    bench::place(where);
    session s;
    s.where = where;
    s.given = given;
    task begin;
    setup& theirs = begin.begin.emplace();
    std::tie(s.raw, theirs.raw) = bench::raw::socket_pair();
    auto b64 = connect(theirs.b64.blocking);
    auto c64 = connect(theirs.b64.coroutine);
    auto b1k = connect(theirs.b1k.blocking);
    auto c1k = connect(theirs.b1k.coroutine);
    auto bany = connect(theirs.any.blocking);
    auto cany = connect(theirs.any.coroutine);
    s.other.give(std::move(begin));
    measure(s, to, 64, 200, b64, c64);
    measure(s, to, 1024, 200, b1k, c1k);
    measure(s, to, 64u << 10, 20, bany, cany);
    measure(s, to, 1u << 20, 3, bany, cany);
}

}  // namespace

int main(int argc, char** argv) {
    if (bench::is_peer(argc, argv)) return run_peer();
    const auto given = bench::parse_options(argc, argv);
    bench::report to("round_trip", "write and read on a socket pair", given);
    measure_all(bench::placement::one_cpu, given, to);
    measure_all(bench::placement::spread, given, to);
}
