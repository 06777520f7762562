//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/context_fixture.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <thread>

using namespace std::chrono_literals;
using namespace strait::test;
using strait::channel_options;
using strait::error;
using strait::error_code;
using strait::limits;
using strait::receiver;
using strait::sender;

namespace {

limits with_waiting_bytes(std::uint64_t bytes) {
    limits l;
    l.max_waiting_bytes = bytes;
    return l;
}

// Two processes that give each other ends over channels that are full.
struct swap {
    sender<note> end;
    std::string padding;
};

struct swap_partner {
    sender<swap> out;
    receiver<swap> in;
};

constexpr int swaps = 1500;

asio::awaitable<void> give_all(sender<swap>& out) {
    auto [tx, rx] = new_channel<note>();
    for (int i = 0; i != swaps; ++i) {
        swap s{tx, std::string(3000, 's')};
        co_await out.async_send(std::move(s), asio::use_awaitable);
    }
}

asio::awaitable<void> take_all(receiver<swap>& in, int& taken) {
    for (; taken != swaps; ++taken) co_await in.async_recv(asio::use_awaitable);
}

int swap_all(asio::io_context& context, swap_partner& p) {
    int taken = 0;
    asio::co_spawn(context, give_all(p.out), asio::detached);
    asio::co_spawn(context, take_all(p.in, taken), asio::detached);
    context.restart();
    context.run();
    return taken;
}

STRAIT_TEST_ROLE(c4_swap_partner) {
    asio::io_context context;
    auto start = from_parent<swap_partner>(context.get_executor());
    swap_partner p = start.recv();
    return swap_all(context, p) == swaps ? 0 : 1;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c4_bounded, context_fixture)

BOOST_AUTO_TEST_CASE(try_send_reports_would_block_when_the_channel_is_full_and_works_again_later) {
    auto [tx, rx] = new_channel<note>();
    std::uint64_t n = fill(tx);
    BOOST_TEST(n > 50u);
    BOOST_TEST(n < 1000u);  // bounded: 1 MiB is far more than a socket holds
    error_code ec;
    tx.try_send(page(n), ec);
    BOOST_TEST(ec == asio::error::would_block);
    BOOST_TEST(!strait::is_fatal(ec));
    BOOST_TEST(!tx.try_send(page(n)));
    expect_notes(rx, 0, n);
    BOOST_TEST(tx.try_send(page(n)));
    expect_notes(rx, n, n + 1);
}

BOOST_AUTO_TEST_CASE(async_send_waits_while_the_channel_is_full) {
    auto [tx, rx] = new_channel<note>(context);
    const std::uint64_t n = fill(tx);
    bool sent = false;
    tx.async_send(page(n), [&](error_code ec) {
        BOOST_TEST(!ec, ec.message());
        sent = true;
    });
    context.poll();
    BOOST_TEST(!sent);
    expect_notes(rx, 0, n);
    run();
    BOOST_TEST(sent);
    expect_notes(rx, n, n + 1);
}

BOOST_AUTO_TEST_CASE(send_blocks_while_the_channel_is_full) {
    auto [tx, rx] = new_channel<note>();
    constexpr std::uint64_t count = 3000;
    std::thread producer([mine = std::move(tx)]() mutable {
        for (std::uint64_t i = 0; i != count; ++i) mine.send(page(i));
    });
    expect_notes(rx, 0, count);
    producer.join();
    expect_end(rx);
}

BOOST_AUTO_TEST_CASE(timed_sends_give_up_when_the_channel_stays_full_and_leave_nothing) {
    auto [tx, rx] = new_channel<note>(context);
    const std::uint64_t n = fill(tx);
    const auto began = std::chrono::steady_clock::now();
    error_code ec;
    tx.send_for(page(n), 20ms, ec);
    BOOST_TEST(ec == asio::error::timed_out);
    BOOST_TEST((std::chrono::steady_clock::now() - began >= 20ms));
    error_code of_async;
    const auto second = std::chrono::steady_clock::now();
    tx.async_send_for(page(n), 20ms, [&](error_code e) { of_async = e; });
    run();
    BOOST_TEST(of_async == asio::error::timed_out);
    BOOST_TEST((std::chrono::steady_clock::now() - second >= 20ms));
    tx.close();
    expect_notes(rx, 0, n);
    expect_end(rx);
}

BOOST_AUTO_TEST_CASE(timed_receives_give_up_when_nothing_comes) {
    auto [tx, rx] = new_channel<note>(context);
    const auto began = std::chrono::steady_clock::now();
    error_code ec;
    rx.recv_for(20ms, ec);
    BOOST_TEST(ec == asio::error::timed_out);
    BOOST_TEST((std::chrono::steady_clock::now() - began >= 20ms));
    rx.async_recv_for(20ms, [&](error_code e, note) { ec = e; });
    ec.clear();
    run();
    BOOST_TEST(ec == asio::error::timed_out);
    tx.send(page(0));
    expect_notes(rx, 0, 1);
}

BOOST_AUTO_TEST_CASE(the_bytes_of_waiting_sends_are_limited) {
    auto [tx, rx] = new_channel<note>(context, channel_options(with_waiting_bytes(10'000)));
    std::uint64_t n = fill(tx);
    int refused = 0;
    int sent = 0;
    for (int i = 0; i != 20; ++i)
        tx.async_send(page(n + static_cast<std::uint64_t>(i)), [&](error_code ec) {
            if (!ec) ++sent;
            if (ec == asio::error::no_buffer_space) ++refused;
        });
    context.poll();
    BOOST_TEST(sent == 0);
    BOOST_TEST(refused >= 10);
    BOOST_TEST(refused < 20);
    n += static_cast<std::uint64_t>(20 - refused);
    tx.close();  // aborts those that wait
    run();
    BOOST_TEST(sent == 0);
}

BOOST_AUTO_TEST_CASE(a_message_beyond_the_limit_is_refused_by_the_sender) {
    limits l;
    l.max_message_bytes = 10'000;
    l.max_handles_per_message = 3;
    auto [tx, rx] = new_channel<note>(channel_options(l));
    error_code ec;
    tx.send(note{1, std::string(10'001, 'x')}, ec);
    BOOST_TEST(ec == error::message_too_large);
    tx.try_send(note{1, std::string(10'001, 'x')}, ec);
    BOOST_TEST(ec == error::message_too_large);
    tx.send(page(2), ec);
    BOOST_TEST(!ec);
    expect_notes(rx, 2, 3);

    auto [many, some] = new_channel<std::vector<strait::handle>>(channel_options(l));
    std::vector<strait::handle> handles;
    for (int i = 0; i != 4; ++i) handles.push_back(make_pipe().read);
    many.send(handles, ec);
    BOOST_TEST(ec == error::too_many_handles);
    BOOST_TEST(handles.front().is_open());
    handles.pop_back();
    many.send(handles, ec);
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST(some.recv().size() == 3u);
}

BOOST_AUTO_TEST_CASE(no_send_of_an_end_waits_for_the_channel_of_that_end) {
    auto [full, reader] = new_channel<note>(context);
    const std::uint64_t n = fill(full);
    bool granted = false;
    // The receiver waits, so that links are made known to it by the full link.
    reader.async_recv([&](error_code ec, note) { granted = !ec; });
    auto [tx, rx] = new_channel<with_sender>(context);
    std::vector<sender<note>> arrived;
    for (int i = 0; i != 10; ++i) {
        with_sender value{full};
        error_code ec;
        tx.try_send(std::move(value), ec);
        BOOST_TEST(!ec, ec.message());
        arrived.push_back(rx.recv().end);
    }
    run();
    BOOST_TEST(granted);
    expect_notes(reader, 1, n);
    for (auto& s : arrived) s.send(page(n));
    for (std::size_t i = 0; i != arrived.size(); ++i) BOOST_TEST(reader.recv().number == n);
}

BOOST_AUTO_TEST_CASE(
    when_there_is_no_room_to_make_an_end_known_the_send_fails_whole, *over_links()) {
    auto [full, reader] = new_channel<note>(context);
    // What the receiver waits with keeps it from taking links directly.
    asio::io_context stopped;
    reader.bind(stopped.get_executor());
    reader.async_recv([](error_code, note) {});
    fill(full);
    auto [tx, rx] = new_channel<with_sender>(context);
    error_code ec;
    int given = 0;
    for (; !ec && given != 100'000; ++given) {
        with_sender value{full};
        tx.try_send(std::move(value), ec);
        if (ec) break;
        rx.try_recv(ec);
        BOOST_REQUIRE(!ec);
    }
    BOOST_TEST(ec == asio::error::no_buffer_space, ec.message());
    BOOST_TEST(!strait::is_fatal(ec));
    rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block);
    // And there is room again when the channel was read.
    reader.cancel();
    while (reader.try_recv()) {
    }
    with_sender value{full};
    tx.try_send(std::move(value), ec);
    BOOST_TEST(!ec, ec.message());
    reader.close();
}

BOOST_AUTO_TEST_CASE(ends_that_cross_over_full_channels_do_not_deadlock, *over_links()) {
    auto [to_child, child_in] = new_channel<swap>(context);
    auto [to_us, our_in] = new_channel<swap>(context);
    peer<swap_partner> child("c4_swap_partner");
    child.start({std::move(to_us), std::move(child_in)});
    swap_partner ours{std::move(to_child), std::move(our_in)};
    BOOST_TEST(swap_all(context, ours) == swaps);
    BOOST_TEST(child.process().wait() == exit_status{0});
}

BOOST_AUTO_TEST_SUITE_END()
