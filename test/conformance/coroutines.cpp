//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/channels.hpp"
#include "support/context_fixture.hpp"

#include <strait.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <utility>
#include <variant>

namespace asio = boost::asio;
using strait::error_code;
using strait::receiver;
using strait::sender;
using asio::awaitable;
using asio::use_awaitable;
using namespace asio::experimental::awaitable_operators;

// Check 5: coroutines.

namespace {

struct parcel {
    std::unique_ptr<int> content;
};

parcel make_parcel(int n) { return {std::make_unique<int>(n)}; }

struct fixture : strait::test::context_fixture {
    std::pair<sender<parcel>, receiver<parcel>> ends = strait::test::new_channel<parcel>(context);
    sender<parcel>& tx = ends.first;
    receiver<parcel>& rx = ends.second;

    // Runs it, and hands on what it throws.
    void run_coroutine(awaitable<void> body) {
        auto done = asio::co_spawn(context, std::move(body), asio::use_future);
        run();
        done.get();
    }
};

awaitable<void> every_way(sender<parcel>& tx, receiver<parcel>& rx) {
    co_await tx.async_send(make_parcel(1));
    co_await tx.async_send(make_parcel(2), use_awaitable);
    parcel mine = make_parcel(3);
    co_await tx.async_send_for(mine, std::chrono::hours(1));
    auto [ec, back] = co_await tx.async_send_or_return(make_parcel(4), asio::as_tuple(use_awaitable));
    BOOST_TEST(!ec);
    BOOST_TEST(!back.has_value());

    const parcel one = co_await rx.async_recv();
    BOOST_TEST(*one.content == 1);
    const parcel two = co_await rx.async_recv(use_awaitable);
    BOOST_TEST(*two.content == 2);
    auto [ec3, three] = co_await rx.async_recv_for(std::chrono::hours(1), asio::as_tuple(asio::deferred));
    BOOST_TEST(!ec3);
    BOOST_TEST(*three.content == 3);
    error_code ec4;
    const parcel four = co_await rx.async_recv(asio::redirect_error(use_awaitable, ec4));
    BOOST_TEST(*four.content == 4);

    tx.close();
    BOOST_CHECK_EXCEPTION(co_await rx.async_recv(), strait::system_error,
        [](const auto& e) { return e.code() == asio::error::eof; });
}

awaitable<void> sum_up(receiver<parcel> rx, int& sum) {
    error_code ec;
    for (;;) {
        const parcel p = co_await rx.async_recv(asio::redirect_error(use_awaitable, ec));
        if (ec) co_return;
        sum += *p.content;
    }
}

awaitable<void> send_many(sender<parcel> tx) {
    for (int i = 0; i != 1000; ++i) co_await tx.async_send(make_parcel(1));
}

// A message that comes while a timer wins is received later.
awaitable<void> race(receiver<parcel>& rx, int rounds, int& received) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (int i = 0; received != rounds; ++i) {
        timer.expires_after(std::chrono::microseconds(i % 50));
        auto first = co_await (rx.async_recv(use_awaitable) || timer.async_wait(use_awaitable));
        if (first.index() != 0) continue;
        BOOST_TEST_REQUIRE(*std::get<0>(first).content == received);
        ++received;
    }
}

awaitable<void> send_numbers(sender<parcel>& tx, int rounds) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (int i = 0; i != rounds; ++i) {
        timer.expires_after(std::chrono::microseconds(i % 37));
        co_await timer.async_wait(use_awaitable);
        co_await tx.async_send(make_parcel(i));
    }
}

awaitable<void> exchange(sender<parcel>& tx, receiver<parcel>& rx) {
    const parcel p = co_await (
        rx.async_recv(use_awaitable) && tx.async_send(make_parcel(9), use_awaitable));
    BOOST_TEST(*p.content == 9);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(coroutines, fixture)

BOOST_AUTO_TEST_CASE(every_operation_can_be_awaited) { run_coroutine(every_way(tx, rx)); }

BOOST_AUTO_TEST_CASE(two_coroutines_over_a_channel) {
    int sum = 0;
    asio::co_spawn(context, send_many(std::move(tx)), asio::detached);
    run_coroutine(sum_up(std::move(rx), sum));
    BOOST_TEST(sum == 1000);
}

BOOST_AUTO_TEST_CASE(a_receive_raced_with_a_timer_loses_nothing) {
    constexpr int rounds = 2000;
    int received = 0;
    asio::co_spawn(context, send_numbers(tx, rounds), asio::detached);
    run_coroutine(race(rx, rounds, received));
    BOOST_TEST(received == rounds);
}

BOOST_AUTO_TEST_CASE(both_of_two_operations) { run_coroutine(exchange(tx, rx)); }

BOOST_AUTO_TEST_CASE(a_cancelled_coroutine_stops_waiting) {
    asio::cancellation_signal signal;
    std::exception_ptr thrown;
    asio::co_spawn(
        context, [&]() -> awaitable<void> { co_await rx.async_recv(); },
        asio::bind_cancellation_slot(
            signal.slot(), [&](std::exception_ptr e) { thrown = std::move(e); }));
    context.poll();
    signal.emit(asio::cancellation_type::terminal);
    run();
    BOOST_REQUIRE(thrown);
    BOOST_CHECK_EXCEPTION(std::rethrow_exception(thrown), strait::system_error,
        [](const auto& e) { return e.code() == asio::error::operation_aborted; });
}

BOOST_AUTO_TEST_CASE(as_default_on_awaits_without_a_token) {
    auto awaiting_rx = use_awaitable.as_default_on(std::move(rx));
    auto awaiting_tx = use_awaitable.as_default_on(std::move(tx));
    int got = 0;
    asio::co_spawn(context, awaiting_tx.async_send(make_parcel(3)), asio::detached);
    asio::co_spawn(context, awaiting_rx.async_recv(),
        [&](std::exception_ptr, parcel p) { got = *p.content; });
    run();
    BOOST_TEST(got == 3);
}

BOOST_AUTO_TEST_SUITE_END()
