//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// How many allocations and system calls does a message cost?

#include "support/batches.hpp"
#include "support/counters.hpp"

#include "support/machine.hpp"
#include "support/payload.hpp"
#include "support/peer.hpp"
#include "support/report.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace {

namespace asio = boost::asio;
using asio::awaitable;
using message = bench::bytes_64;

constexpr std::size_t batch = 256;

enum class how : std::uint8_t {
    blocking_one_way,
    coroutine_one_way,
    callbacks_one_way,
    batches_one_way,
    blocking_round_trip,
    coroutine_round_trip,
};

// Ends that were used asynchronously are not used with blocking calls as well.
struct ends {
    strait::receiver<message> blocking_in, async_in;
    strait::sender<message> blocking_out, async_out;

    void bind(const asio::any_io_executor& to) {
        async_in.bind(to);
        async_out.bind(to);
    }
};

struct setup {
    ends on;
    strait::sender<bench::counters> costs;
};

struct task {
    std::optional<setup> begin;
    how what{};
    std::uint64_t count = 0;
};

// One way, or there and back; the first process begins.

awaitable<void> send_all(ends& on, const message& value, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) co_await on.async_out.async_send(value);
}

awaitable<void> recv_all(ends& on, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) co_await on.async_in.async_recv();
}

awaitable<void> ping(ends& on, const message& value, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
        co_await on.async_out.async_send(value);
        co_await on.async_in.async_recv();
    }
}

awaitable<void> pong(ends& on, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
        const message value = co_await on.async_in.async_recv();
        co_await on.async_out.async_send(value);
    }
}

struct callback_sends {
    ends& on;
    const message& value;
    std::uint64_t left;

    void next() {
        if (left == 0) return;
        --left;
        on.async_out.async_send(value, [this](strait::error_code ec) {
            if (!ec) next();
        });
    }
};

template <class Start>
void in_context(ends& on, Start start) {
    asio::io_context context(1);
    on.bind(context.get_executor());
    start(context);
    context.run();
    on.bind({});
}

void take_part_as_first(ends& on, how what, std::uint64_t count, const message& value) {
    switch (what) {
    case how::blocking_one_way:
        for (std::uint64_t i = 0; i < count; ++i) on.blocking_out.send(value);
        break;
    case how::coroutine_one_way:
        in_context(on, [&](asio::io_context& context) {
            asio::co_spawn(context, send_all(on, value, count), asio::detached);
        });
        break;
    case how::callbacks_one_way: {
        callback_sends flow{on, value, count};
        in_context(on, [&](asio::io_context&) {
            constexpr int outstanding = 64;
            for (int i = 0; i < outstanding; ++i) flow.next();
        });
        break;
    }
    case how::batches_one_way:
        bench::send_in_batches(on.blocking_out, std::vector<message>(batch, value), count);
        break;
    case how::blocking_round_trip:
        for (std::uint64_t i = 0; i < count; ++i) {
            on.blocking_out.send(value);
            on.blocking_in.recv();
        }
        break;
    case how::coroutine_round_trip:
        in_context(on, [&](asio::io_context& context) {
            asio::co_spawn(context, ping(on, value, count), asio::detached);
        });
        break;
    }
}

void take_part_as_second(ends& on, how what, std::uint64_t count) {
    switch (what) {
    case how::blocking_one_way:
        for (std::uint64_t i = 0; i < count; ++i) on.blocking_in.recv();
        break;
    case how::coroutine_one_way:
    case how::callbacks_one_way:
        in_context(on, [&](asio::io_context& context) {
            asio::co_spawn(context, recv_all(on, count), asio::detached);
        });
        break;
    case how::batches_one_way: {
        std::array<message, batch> room;
        for (std::uint64_t left = count; left != 0;) left -= on.blocking_in.recv_some(room);
        break;
    }
    case how::blocking_round_trip:
        for (std::uint64_t i = 0; i < count; ++i) on.blocking_out.send(on.blocking_in.recv());
        break;
    case how::coroutine_round_trip:
        in_context(on, [&](asio::io_context& context) {
            asio::co_spawn(context, pong(on, count), asio::detached);
        });
        break;
    }
}

int run_peer() {
    auto tasks = bench::inherited_tasks<task>();
    setup mine = std::move(*tasks.recv().begin);
    for (strait::error_code ec;;) {
        const task t = tasks.recv(ec);
        if (ec) return 0;
        const auto before = bench::count_now();
        take_part_as_second(mine.on, t.what, t.count);
        mine.costs.send(bench::count_now() - before);
    }
}

struct session {
    ends on;
    strait::receiver<bench::counters> costs;
    bench::peer<task> other;

    session() {
        task begin;
        setup& theirs = begin.begin.emplace();
        std::tie(on.blocking_out, theirs.on.blocking_in) = strait::make_channel<message>();
        std::tie(on.async_out, theirs.on.async_in) = strait::make_channel<message>();
        std::tie(theirs.on.blocking_out, on.blocking_in) = strait::make_channel<message>();
        std::tie(theirs.on.async_out, on.async_in) = strait::make_channel<message>();
        std::tie(theirs.costs, costs) = strait::make_channel<bench::counters>();
        other.give(std::move(begin));
    }

    // What this process and the peer spend.
    std::array<bench::counters, 2> run(how what, std::uint64_t count) {
        const message value = bench::make_payload<message>(sizeof(message));
        task t;
        t.what = what;
        t.count = count;
        other.give(std::move(t));
        const auto before = bench::count_now();
        take_part_as_first(on, what, count, value);
        const auto spent = bench::count_now() - before;
        return {spent, costs.recv()};
    }
};

void add_row(bench::report& to, const std::string& what, const char* where,
    const bench::counters& c, std::uint64_t messages) {
    const auto each = [&](std::uint64_t n) {
        return static_cast<double>(n) / static_cast<double>(messages);
    };
    to.count(what, where,
        {{"allocations", each(c.allocations)}, {"send, sendmsg", each(c.sends)},
            {"recvmsg", each(c.receives)}, {"epoll_wait, poll", each(c.waits)},
            {"epoll_ctl", each(c.controls)}, {"read, write, other", each(c.others)},
            {"microseconds of CPU", each(c.cpu_ns) / 1000}});
}

}  // namespace

int main(int argc, char** argv) {
    if (bench::is_peer(argc, argv)) return run_peer();
    const auto given = bench::parse_options(argc, argv);
    bench::report to("costs", "none: these are counts for each message or round trip", given);
    struct scenario {
        how what;
        const char* name;
        const char* first;
        const char* second;
    };
    const scenario all[] = {
        {how::blocking_one_way, "one way, blocking", "sender", "receiver"},
        {how::coroutine_one_way, "one way, co_await", "sender", "receiver"},
        {how::callbacks_one_way, "one way, 64 callbacks", "sender", "receiver (co_await)"},
        {how::batches_one_way, "one way, batches of 256", "sender", "receiver"},
        {how::blocking_round_trip, "round trip, blocking", "first", "second"},
        {how::coroutine_round_trip, "round trip, co_await", "first", "second"},
    };
    const std::uint64_t count = given.smoke ? 100 : 20000;
    for (const auto where : {bench::placement::one_cpu, bench::placement::spread}) {
        bench::place(where);
        session s;
        for (const scenario& one : all) {
            if (!to.wants(one.name)) continue;
            s.run(one.what, count / 10);  // buffers are there, executors known
            const auto spent = s.run(one.what, count);
            const std::string name(one.name);
            add_row(to, name + ": " + one.first, to_string(where), spent[0], count);
            add_row(to, name + ": " + one.second, to_string(where), spent[1], count);
        }
    }
}
