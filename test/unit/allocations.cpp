//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/alloc_count.hpp"
#include "support/channels.hpp"

#include <strait.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>

// A message without heap of its own costs no allocation once everything is warm.

namespace {

namespace asio = boost::asio;
using strait::test::allocations_of_this_thread;

using value = std::array<std::uint8_t, 64>;

constexpr int to_warm_up = 100;
constexpr int to_count = 1000;

struct fixture {
    asio::io_context context;
    strait::sender<value> tx;
    strait::receiver<value> rx;
    std::uint64_t spent = ~std::uint64_t(0);  // until it was counted

    fixture() { std::tie(tx, rx) = strait::test::new_channel<value>(context); }
};

asio::awaitable<void> exchange(fixture& f, int count) {
    const value v{};
    for (int i = 0; i != count; ++i) {
        co_await f.tx.async_send(v);
        co_await f.rx.async_recv();
    }
}

asio::awaitable<void> measure_awaited(fixture& f) {
    co_await exchange(f, to_warm_up);
    // Frame and all: begun before, resumed only by its operations.
    const std::uint64_t before = allocations_of_this_thread();
    co_await exchange(f, to_count);
    f.spent = allocations_of_this_thread() - before;
}

struct chain {
    fixture& f;
    int left;
    std::uint64_t before = 0;
    value v{};

    void next() {
        if (left == to_count) before = allocations_of_this_thread();
        if (left-- == 0) {
            f.spent = allocations_of_this_thread() - before;
            return;
        }
        f.tx.async_send(v, [this](strait::error_code ec) {
            BOOST_REQUIRE(!ec);
            f.rx.async_recv([this](strait::error_code ec2, const value&) {
                BOOST_REQUIRE(!ec2);
                next();
            });
        });
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(allocations, fixture)

BOOST_AUTO_TEST_CASE(blocking_calls_allocate_nothing) {
    const value v{};
    std::uint64_t before = 0;
    for (int i = 0; i != to_warm_up + to_count; ++i) {
        if (i == to_warm_up) before = allocations_of_this_thread();
        tx.send(v);
        rx.recv();
    }
    BOOST_TEST(allocations_of_this_thread() - before == 0u);
}

BOOST_AUTO_TEST_CASE(awaited_operations_allocate_nothing) {
    asio::co_spawn(context, measure_awaited(*this), asio::detached);
    context.run();
    BOOST_TEST(spent == 0u);
}

BOOST_AUTO_TEST_CASE(operations_with_callbacks_allocate_nothing) {
    chain c{*this, to_warm_up + to_count};
    c.next();
    context.run();
    BOOST_TEST(spent == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
