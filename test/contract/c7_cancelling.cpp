//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/values.hpp"
#include "support/context_fixture.hpp"
#include "support/sanitized.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>

using namespace std::chrono_literals;
using namespace strait::test;
using strait::error_code;
using strait::receiver;
using strait::sender;

namespace {

using asio::cancellation_type;
constexpr cancellation_type all_types[] = {
    cancellation_type::terminal, cancellation_type::partial, cancellation_type::total};

// Receives the numbers from 0 on, each wait raced against a timer that is over at about the time
// when the message comes; or before it, or long after it, or no message comes at all.
asio::awaitable<void> race(
    sender<std::uint64_t>& tx, receiver<std::uint64_t>& rx, int races, int& won, int& lost) {
    using namespace asio::experimental::awaitable_operators;
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    auto send = [&tx, &sent] { tx.send(sent++); };
    for (int i = 0; i != races; ++i) {
        if (i % 4 == 0) send();
        if (i % 4 == 1) asio::post(executor, send);
        if (i % 4 == 2) asio::post(executor, [executor, send] { asio::post(executor, send); });
        timer.expires_after(std::chrono::microseconds(i % 7 * 5 - 5));
        auto first = co_await (
            rx.async_recv(asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
        if (first.index() == 1) {
            ++lost;
            continue;
        }
        ++won;
        if (std::get<0>(first) != received++) throw std::runtime_error("lost or doubled");
        for (; sent - received > 20; ++received)
            if (rx.recv() != received) throw std::runtime_error("lost or doubled");
    }
    // What was posted last is sent before this.
    co_await asio::post(executor, asio::use_awaitable);
    co_await asio::post(executor, asio::use_awaitable);
    tx.close();
    for (; received != sent; ++received)
        if (co_await rx.async_recv(asio::use_awaitable) != received)
            throw std::runtime_error("lost or doubled");
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c7_cancelling, context_fixture)

BOOST_AUTO_TEST_CASE(a_send_cancelled_while_queued_leaves_nothing) {
    for (const cancellation_type type : all_types) {
        auto [tx, rx] = new_channel<note>(context);
        const std::uint64_t n = fill(tx);
        asio::cancellation_signal signal;
        std::optional<error_code> first;
        std::optional<error_code> second;
        tx.async_send(page(n), asio::bind_cancellation_slot(
                                   signal.slot(), [&](error_code ec) { first = ec; }));
        tx.async_send(page(n), [&](error_code ec) { second = ec; });
        signal.emit(type);
        BOOST_TEST(!first.has_value());
        context.restart();
        context.poll();
        BOOST_TEST((first == error_code(asio::error::operation_aborted)));
        BOOST_TEST(!second.has_value());
        expect_notes(rx, 0, n);
        run();
        BOOST_TEST((second == error_code()));
        expect_notes(rx, n, n + 1);
        tx.close();
        expect_end(rx);
    }
}

BOOST_AUTO_TEST_CASE(a_large_send_cancelled_when_partly_written_leaves_nothing, *over_links()) {
    for (const cancellation_type type : all_types)
        for (const bool partly_read : {false, true}) {
            auto [tx, rx] = new_channel<note>(context, strait::channel_options(in_fragments()));
            asio::cancellation_signal signal;
            std::optional<error_code> result;
            tx.async_send(note{1, pattern(1, 3u << 20)},
                asio::bind_cancellation_slot(
                    signal.slot(), [&](error_code ec) { result = ec; }));
            error_code ec;
            if (partly_read)
                for (int i = 0; i != 3; ++i) {
                    rx.try_recv(ec);
                    BOOST_TEST(ec == asio::error::would_block);
                    context.poll();
                    context.restart();
                }
            BOOST_TEST(!result.has_value());
            signal.emit(type);
            run();
            BOOST_TEST((result == error_code(asio::error::operation_aborted)));
            // The channel stays usable, for small and large ones.
            tx.async_send(note{2, pattern(2, 1u << 20)}, [&](error_code e) { result = e; });
            tx.async_send(note{3, {}}, asio::detached);
            note second;
            note third;
            rx.async_recv([&](error_code e, note n) {
                BOOST_TEST(!e);
                second = std::move(n);
            });
            rx.async_recv([&](error_code e, note n) {
                BOOST_TEST(!e);
                third = std::move(n);
            });
            run();
            BOOST_TEST((result == error_code()));
            BOOST_TEST(second.number == 2u);
            BOOST_TEST((second.text == pattern(2, 1u << 20)));
            BOOST_TEST(third.number == 3u);
            BOOST_TEST(rx.faults() == 0u);
        }
}

BOOST_AUTO_TEST_CASE(a_send_that_was_written_reports_success_though_it_is_cancelled) {
    for (const cancellation_type type : all_types) {
        auto [tx, rx] = new_channel<note>(context);
        asio::cancellation_signal signal;
        std::optional<error_code> result;
        tx.async_send(note{1, {}}, asio::bind_cancellation_slot(
                                       signal.slot(), [&](error_code ec) { result = ec; }));
        signal.emit(type);
        tx.cancel();
        run();
        BOOST_TEST((result == error_code()));
        signal.emit(type);
        expect_notes(rx, 1, 2);
    }
}

BOOST_AUTO_TEST_CASE(what_a_send_reports_is_what_was_received_at_whatever_moment_it_is_cancelled) {
    auto [tx, rx] = new_channel<note>(context);
    for (std::uint64_t round = 0; round != 300; ++round) {
        asio::cancellation_signal signal;
        std::optional<error_code> result;
        tx.async_send(note{round, pattern(round, 700'000)},
            asio::bind_cancellation_slot(signal.slot(), [&](error_code ec) { result = ec; }));
        std::optional<note> got;
        rx.async_recv([&](error_code ec, note n) {
            if (!ec) got = std::move(n);
        });
        context.restart();
        for (std::uint64_t steps = 0; steps != round % 30; ++steps) context.poll_one();
        signal.emit(cancellation_type::total);
        context.poll();
        BOOST_TEST_REQUIRE(result.has_value());
        if (!*result) {
            // Handed over: whoever receives next gets it.
            if (!got) run();
            BOOST_TEST_REQUIRE(got.has_value());
            BOOST_TEST((got->number == round && got->text == pattern(round, 700'000)));
        } else {
            tx.send(note{1'000'000 + round, {}});
            run();
            BOOST_TEST_REQUIRE(got.has_value());
            BOOST_TEST(got->number == 1'000'000 + round);
        }
    }
    BOOST_TEST(rx.faults() == 0u);
}

BOOST_AUTO_TEST_CASE(a_message_that_was_on_its_way_to_a_cancelled_receive_is_first_in_line) {
    for (const cancellation_type type : all_types) {
        auto [tx, rx] = new_channel<note>(context);
        for (std::uint64_t i = 0; i != 3; ++i) tx.send(note{i, {}});
        asio::cancellation_signal signal;
        std::optional<error_code> first;
        std::optional<std::uint64_t> second;
        // Both are complete as far as the channel goes; neither handler has run.
        rx.async_recv(asio::bind_cancellation_slot(
            signal.slot(), [&](error_code ec, note) { first = ec; }));
        rx.async_recv([&](error_code, note n) { second = n.number; });
        signal.emit(type);
        run();
        BOOST_TEST((first == error_code(asio::error::operation_aborted)));
        BOOST_TEST((second == 0u));
        expect_notes(rx, 1, 3);
    }
}

BOOST_AUTO_TEST_CASE(cancel_on_the_receiver_loses_nothing) {
    auto [tx, rx] = new_channel<note>(context);
    int aborted = 0;
    for (int round = 0; round != 3; ++round) {
        tx.send(note{static_cast<std::uint64_t>(round), {}});
        for (int i = 0; i != 5; ++i)
            rx.async_recv(
                [&](error_code ec, note) { aborted += ec == asio::error::operation_aborted; });
        rx.cancel();
        run();
    }
    BOOST_TEST(aborted == 15);
    expect_notes(rx, 0, 3);
}

BOOST_AUTO_TEST_CASE(a_receive_raced_against_a_timer_loses_nothing_in_a_hundred_thousand_races) {
    auto [tx, rx] = new_channel<std::uint64_t>(context);
    constexpr int races = is_sanitized ? 5'000 : 100'000;
    int won = 0;
    int lost = 0;
    std::exception_ptr failed;
    asio::co_spawn(
        context, race(tx, rx, races, won, lost), [&](std::exception_ptr e) { failed = e; });
    run();
    BOOST_TEST(!failed);
    BOOST_TEST(won > races / 20);
    BOOST_TEST(lost > races / 20);
    expect_end(rx);
    BOOST_TEST(rx.faults() == 0u);
}

BOOST_AUTO_TEST_CASE(a_timed_receive_that_is_over_loses_nothing) {
    auto [tx, rx] = new_channel<note>(context);
    std::uint64_t next = 0;
    for (std::uint64_t i = 0; i != 5000; ++i) {
        tx.send(note{i, {}});
        rx.async_recv_for(std::chrono::nanoseconds(i % 5 * 500), [&](error_code ec, note n) {
            if (ec == asio::error::timed_out) return;
            BOOST_TEST_REQUIRE(!ec);
            BOOST_TEST_REQUIRE(n.number == next);
            ++next;
        });
        run();
        if (i % 50 == 49)
            for (; next != i + 1; ++next) expect_notes(rx, next, next + 1);
    }
    BOOST_TEST(next == 5000u);
}

BOOST_AUTO_TEST_CASE(a_context_that_is_stopped_or_destroyed_leaves_the_message_first_in_line) {
    auto stopped = std::make_unique<asio::io_context>();
    auto [tx, rx] = new_channel<note>(*stopped);
    for (std::uint64_t i = 0; i != 4; ++i) tx.send(note{i, {}});
    int called = 0;
    for (int i = 0; i != 2; ++i) rx.async_recv([&](error_code, note) { ++called; });
    stopped->stop();
    expect_notes(rx, 0, 1);
    stopped.reset();
    BOOST_TEST(called == 0);
    expect_notes(rx, 1, 2);
    rx.bind(context.get_executor());
    std::optional<std::uint64_t> got;
    rx.async_recv([&](error_code ec, note n) {
        BOOST_TEST(!ec);
        got = n.number;
    });
    run();
    BOOST_TEST((got == 2u));
    expect_notes(rx, 3, 4);
}

BOOST_AUTO_TEST_CASE(
    a_try_send_that_does_not_fit_one_write_goes_through_memory_whole, *over_links()) {
    auto [tx, rx] = new_channel<note>(context);
    error_code ec;
    tx.try_send(note{1, pattern(1, 5u << 20)}, ec);
    BOOST_TEST(!ec, ec.message());
    tx.send_for(note{2, pattern(2, 100'000)}, 10s, ec);
    BOOST_TEST(!ec, ec.message());
    bool sent = false;
    tx.async_send_for(note{3, pattern(3, 1u << 20)}, 10s, [&](error_code e) { sent = !e; });
    run();
    BOOST_TEST(sent);
    const note first = rx.recv();
    BOOST_TEST((first.text == pattern(1, 5u << 20)));
    const note second = rx.recv();
    BOOST_TEST((second.text == pattern(2, 100'000)));
    const note third = rx.recv();
    BOOST_TEST((third.text == pattern(3, 1u << 20)));
    // A full channel takes no part of it.
    const std::uint64_t n = fill(tx);
    tx.try_send(note{4, pattern(4, 1u << 20)}, ec);
    BOOST_TEST(ec == asio::error::would_block);
    tx.close();
    expect_notes(rx, 0, n);
    expect_end(rx);
}

BOOST_AUTO_TEST_SUITE_END()
