//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// How fast do messages go one way, from one process to another?

#include "support/machine.hpp"
#include "support/payload.hpp"
#include "support/peer.hpp"
#include "support/raw.hpp"
#include "support/report.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace {

namespace asio = boost::asio;
using asio::awaitable;

enum class how : std::uint8_t { raw, blocking, coroutine, callbacks };

template <class T>
struct receivers {
    strait::receiver<T> blocking;
    strait::receiver<T> async;  // what was used asynchronously is not used with blocking calls
};

struct setup {
    strait::handle raw;  // also brings the answer when everything has arrived
    receivers<bench::bytes_64> b64;
    receivers<bench::bytes_1k> b1k;
    receivers<bench::any_bytes> any;
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
awaitable<void> drain(strait::receiver<T>& from, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) co_await from.async_recv();
}

template <class T>
void drain_with_callbacks(strait::receiver<T>& from, std::uint64_t count) {
    if (count == 0) return;
    from.async_recv([&from, count](strait::error_code ec, const T&) {
        if (!ec) drain_with_callbacks(from, count - 1);
    });
}

void drain_raw(const strait::handle& from, std::uint64_t left) {
    std::vector<std::byte> buffer(64u << 10);
    while (left != 0) {
        const auto room = std::min<std::uint64_t>(left, buffer.size());
        left -= bench::raw::read_some(from, std::span(buffer).first(room));
    }
}

template <class T>
void serve(setup& s, const task& t) {
    auto& on = pick<T>(s);
    if (t.what == how::raw) {
        drain_raw(s.raw, t.bytes * t.count);
    } else if (t.what == how::blocking) {
        for (std::uint64_t i = 0; i < t.count; ++i) on.blocking.recv();
    } else {
        asio::io_context context(1);
        on.async.bind(context);
        if (t.what == how::coroutine)
            asio::co_spawn(context, drain(on.async, t.count), asio::detached);
        else
            drain_with_callbacks(on.async, t.count);
        context.run();
        on.async.bind(asio::any_io_executor());
    }
    const std::byte done{1};
    bench::raw::write_all(s.raw, {&done, 1});
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
struct senders {
    strait::sender<T> blocking;
    strait::sender<T> async;
};

template <class T>
senders<T> connect(receivers<T>& theirs) {
    auto [blocking, to_blocking] = strait::make_channel<T>();
    auto [async, to_async] = strait::make_channel<T>();
    theirs.blocking = std::move(to_blocking);
    theirs.async = std::move(to_async);
    return {std::move(blocking), std::move(async)};
}

template <class T>
awaitable<void> pour(strait::sender<T>& to, const T& value, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) co_await to.async_send(value);
}

// Sends that were not begun yet, of which each completed one begins the next.
template <class T>
struct callback_sends {
    strait::sender<T>& to;
    const T& value;
    std::uint64_t left;

    void next() {
        if (left == 0) return;
        --left;
        to.async_send(value, [this](strait::error_code ec) {
            if (!ec) next();
        });
    }
};

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
    void wait_for_answer() {
        std::byte done{};
        bench::raw::read_all(raw, {&done, 1});
    }
};

template <class T>
void measure(
    session& s, bench::report& to, std::uint64_t bytes, std::uint64_t count, senders<T>& on) {
    const T value = bench::make_payload<T>(bytes);
    const int rounds = s.given.smoke ? 1 : 40;
    if (s.given.smoke) count = std::max<std::uint64_t>(count / 100, 2);

    // One sample: all of them, until the answer that they have arrived.
    const auto timed = [&](how what, auto send_all) {
        return [&, what, send_all](bench::samples& into) {
            s.ask(what, bytes, count);
            bench::together(into, count, [&](std::size_t n) {
                send_all(n);
                s.wait_for_answer();
            });
        };
    };
    const auto in_context = [&](auto start) {
        asio::io_context context(1);
        on.async.bind(context);
        start(context);
        context.run();
        on.async.bind(asio::any_io_executor());
    };
    const auto raw = timed(how::raw, [&](std::size_t n) {
        const std::span bytes_of_value = std::as_bytes(std::span(value));
        for (std::size_t i = 0; i < n; ++i) bench::raw::write_all(s.raw, bytes_of_value);
    });
    const auto blocking = timed(how::blocking, [&](std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) on.blocking.send(value);
    });
    const auto coroutine = timed(how::coroutine, [&](std::size_t n) {
        in_context([&](asio::io_context& context) {
            asio::co_spawn(context, pour(on.async, value, n), asio::detached);
        });
    });
    const auto callbacks = timed(how::callbacks, [&](std::size_t n) {
        callback_sends<T> sends{on.async, value, n};
        in_context([&](asio::io_context&) {
            constexpr int outstanding = 64;
            for (int i = 0; i < outstanding; ++i) sends.next();
        });
    });

    const std::string name = bench::bytes_text(bytes);
    const char* where = to_string(s.where);
    bench::compare_in_turns(to, name + ", blocking", where, rounds, raw, blocking);
    bench::compare_in_turns(to, name + ", co_await", where, rounds, raw, coroutine);
    bench::compare_in_turns(to, name + ", 64 callbacks", where, rounds, raw, callbacks);
}

void measure_all(bench::placement where, const bench::options& given, bench::report& to) {
    bench::place(where);
    session s;
    s.where = where;
    s.given = given;
    task begin;
    setup& theirs = begin.begin.emplace();
    std::tie(s.raw, theirs.raw) = bench::raw::socket_pair();
    auto b64 = connect(theirs.b64);
    auto b1k = connect(theirs.b1k);
    auto any = connect(theirs.any);
    s.other.give(std::move(begin));
    measure(s, to, 64, 5000, b64);
    measure(s, to, 1024, 5000, b1k);
    measure(s, to, 64u << 10, 200, any);
    measure(s, to, 1u << 20, 20, any);
}

}  // namespace

int main(int argc, char** argv) {
    if (bench::is_peer(argc, argv)) return run_peer();
    const auto given = bench::parse_options(argc, argv);
    bench::report to("stream", "one write a message, read with 64 KiB of room", given);
    measure_all(bench::placement::one_cpu, given, to);
    measure_all(bench::placement::spread, given, to);
}
