//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "contract/two_processes.hpp"
#include "link/cargo.hpp"
#include "support/context_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <csignal>
#include <optional>
#include <thread>

using namespace strait::test;
using strait::error_code;
using strait::handle;
using strait::receiver;
using strait::sender;

namespace {

struct both {
    std::optional<sender<note>> out;
    std::optional<receiver<note>> in;
    std::optional<sender<note>> ready;
};

// Holds what it was given until it is killed.
STRAIT_TEST_ROLE(c5_holder) {
    auto start = from_parent<both>();
    both b = start.recv();
    b.ready->send(note{});
    for (;;) ::pause();
}

struct bulky {
    std::string text;
    sender<note> end;
};

// Two receivers that are sent into each other's queues.
struct nest {
    std::optional<receiver<nest>> inner;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c5_end, context_fixture)

// ipc-channel: simple, disconnect_non_empty_channel
BOOST_AUTO_TEST_CASE(when_the_last_sender_is_gone_everything_is_received_and_then_eof_for_ever) {
    auto [tx, rx] = new_channel<note>(context);
    sender<note> copy = tx;
    for (std::uint64_t i = 0; i != 5; ++i) tx.send(note{i, {}});
    tx.close();
    expect_notes(rx, 0, 5);
    error_code ec;
    rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block);
    copy.close();
    for (int i = 0; i != 3; ++i) {
        expect_end(rx);
        rx.try_recv(ec);
        BOOST_TEST(ec == asio::error::eof);
        ec.clear();
        rx.async_recv([&](error_code e, note) { ec = e; });
        run();
        BOOST_TEST(ec == asio::error::eof);
    }
    BOOST_TEST(strait::is_fatal(ec));
    BOOST_TEST((ec == strait::condition::disconnected));
}

BOOST_AUTO_TEST_CASE(all_receives_that_wait_end_with_eof) {
    auto [tx, rx] = new_channel<note>(context);
    int ended = 0;
    for (int i = 0; i != 5; ++i)
        rx.async_recv([&](error_code ec, note) { ended += ec == asio::error::eof; });
    context.poll();
    BOOST_TEST(ended == 0);
    tx.close();
    run();
    BOOST_TEST(ended == 5);
}

BOOST_AUTO_TEST_CASE(a_sender_in_an_unread_message_keeps_its_channel_alive) {
    auto [tx, rx] = new_channel<note>();
    auto [carrier, carried] = new_channel<with_sender>();
    carrier.send(with_sender{std::move(tx)});
    error_code ec;
    rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block);
    {
        with_sender arrived = carried.recv();
        arrived.end.send(note{7, {}});
    }
    expect_notes(rx, 7, 8);
    expect_end(rx);
}

BOOST_AUTO_TEST_CASE(a_sender_in_a_message_that_is_dropped_unread_is_gone) {
    auto [tx, rx] = new_channel<note>();
    auto [carrier, carried] = new_channel<with_sender>();
    for (int i = 0; i != 3; ++i) {
        with_sender inside{tx};
        carrier.send(std::move(inside));
    }
    tx.close();
    carried.recv();  // reads the others ahead
    error_code ec;
    rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block);
    carried.close();
    expect_end(rx);
}

// ipc-channel: no_receiver_notification, no_receiver_notification_pending
BOOST_AUTO_TEST_CASE(when_the_receiver_is_gone_sending_yields_broken_pipe) {
    auto [tx, rx] = new_channel<note>(context);
    tx.send(note{});
    rx.close();
    error_code ec;
    while (!ec) tx.send(note{}, ec);
    BOOST_TEST(ec == asio::error::broken_pipe);
    BOOST_TEST(strait::is_fatal(ec));
    tx.try_send(note{}, ec);
    BOOST_TEST(ec == asio::error::broken_pipe);
    ec.clear();
    tx.async_send(note{}, [&](error_code e) { ec = e; });
    run();
    BOOST_TEST(ec == asio::error::broken_pipe);
}

// ipc-channel: no_receiver_notification_delayed
BOOST_AUTO_TEST_CASE(sends_that_wait_end_with_broken_pipe_when_the_receiver_goes) {
    auto [tx, rx] = new_channel<note>(context);
    const std::uint64_t n = fill(tx);
    int broken = 0;
    for (int i = 0; i != 4; ++i)
        tx.async_send(page(n), [&](error_code ec) { broken += ec == asio::error::broken_pipe; });
    error_code of_thread;
    std::thread blocked([&, mine = tx]() mutable { mine.send(page(n), of_thread); });
    context.poll();
    rx.close();
    blocked.join();
    run();
    BOOST_TEST(broken == 4);
    BOOST_TEST(of_thread == asio::error::broken_pipe);
}

BOOST_AUTO_TEST_CASE(a_killed_process_ends_the_channels_whose_ends_it_held, *over_links()) {
    auto [tx, rx] = new_channel<note>();
    auto [out, in] = new_channel<note>();
    auto [ready, is_ready] = new_channel<note>();
    peer<both> child("c5_holder");
    child.start({std::move(out), std::move(rx), std::move(ready)});
    is_ready.recv();
    error_code ec;
    in.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block);
    error_code of_thread;
    std::thread blocked([&of_thread, mine = tx]() mutable {
        while (!of_thread) mine.send(page(0), of_thread);
    });
    child.process().kill(SIGKILL);
    expect_end(in);
    blocked.join();
    BOOST_TEST(of_thread == asio::error::broken_pipe);
    while (!ec || ec == asio::error::would_block) tx.try_send(page(0), ec);
    BOOST_TEST(ec == asio::error::broken_pipe);
}

BOOST_AUTO_TEST_CASE(what_is_dropped_unread_closes_every_handle_in_it) {
    auto [tx, rx] = new_channel<with_handle>();
    std::vector<pipe_ends> pipes;
    for (int i = 0; i != 6; ++i) {
        pipes.push_back(make_pipe());
        with_handle value{std::move(pipes.back().write)};
        tx.send(std::move(value));
    }
    rx.recv();  // one taken and dropped, others read ahead
    BOOST_TEST(is_at_end(pipes[0].read));
    for (std::size_t i = 1; i != pipes.size(); ++i) BOOST_TEST(!is_at_end(pipes[i].read));
    rx.close();
    for (const auto& p : pipes) BOOST_TEST(is_at_end(p.read));
}

// ipc-channel: clone_sender_after_receiver_dropped, transfer_closed_sender
BOOST_AUTO_TEST_CASE(ends_whose_other_side_is_gone_can_be_copied_and_sent) {
    auto [widow, gone] = new_channel<note>();
    gone.close();
    auto [senders, got] = new_channel<with_sender>();
    for (int i = 0; i != 3; ++i) {  // before and after it is known to be broken
        sender<note> copy = widow;
        with_sender value{copy};
        senders.send(std::move(value));
        with_sender arrived = got.recv();
        error_code ec;
        while (!ec) arrived.end.send(note{}, ec);
        BOOST_TEST(ec == asio::error::broken_pipe);
        widow.send(note{}, ec);
        BOOST_TEST(ec == asio::error::broken_pipe);
    }

    auto [lost, orphan] = new_channel<note>();
    lost.send(note{1, {}});
    lost.send(note{2, {}});
    lost.close();
    auto [carrier, carried] = new_channel<with_receiver>();
    with_receiver value{std::move(orphan)};
    carrier.send(std::move(value));
    with_receiver first = carried.recv();
    expect_notes(first.end, 1, 2);
    carrier.send(std::move(first));
    with_receiver second = carried.recv();
    expect_notes(second.end, 2, 3);
    expect_end(second.end);
    carrier.send(std::move(second));
    with_receiver third = carried.recv();
    expect_end(third.end);
}

BOOST_AUTO_TEST_CASE(receivers_that_lie_only_in_each_others_queues_are_gone, *over_links()) {
    auto [tx1, rx1] = new_channel<nest>();
    auto [tx2, rx2] = new_channel<nest>();
    nest first{std::move(rx1)};
    tx2.send(std::move(first));
    nest second{std::move(rx2)};
    tx1.send(std::move(second));
    // The system finds out when local sockets are closed.
    for (error_code ec; ec != asio::error::broken_pipe;) {
        new_channel<note>();
        tx1.try_send(nest{}, ec);
        if (ec == asio::error::would_block) ec.clear();
        BOOST_REQUIRE((!ec || ec == asio::error::broken_pipe));
    }
    for (error_code ec; ec != asio::error::broken_pipe;) tx2.try_send(nest{}, ec);
}

BOOST_AUTO_TEST_CASE(a_sender_in_a_message_that_was_withdrawn_half_written_is_gone, *over_links()) {
    auto [tx, rx] = new_channel<note>();
    auto [carrier, carried] =
        new_channel<bulky>(context, strait::channel_options(in_fragments()));
    asio::cancellation_signal signal;
    error_code ec;
    bulky value{std::string(2u << 20, 'b'), std::move(tx)};
    carrier.async_send(
        std::move(value), asio::bind_cancellation_slot(signal.slot(), [&](error_code e) { ec = e; }));
    context.poll();
    signal.emit(asio::cancellation_type::terminal);
    run();
    BOOST_TEST(ec == asio::error::operation_aborted);
    // The part that was written is read; the carrier stays open and idle.
    error_code of_try;
    for (int i = 0; i != 100; ++i) {
        carried.try_recv(of_try);
        BOOST_TEST_REQUIRE(of_try == asio::error::would_block);
        context.restart();
        context.poll();
    }
    rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::eof, ec.message());
}

// Of two receivers, each is given what keeps the other from ending, in a message that is never whole.
BOOST_AUTO_TEST_CASE(an_unfinished_message_keeps_no_channel_from_ending, *only_if(os::writes_are_whole) * over_links()) {
    wire::frame_header fragment = whole(8, 1);
    fragment.flags = 0;
    fragment.message_bytes = 100;
    const std::string unfinished[] = {
        raw_link::frame(fragment, "12345678"),
        raw_link::frame(whole(8, 1), "1234567"),
        raw_link::frame(whole(8, 1)),
        raw_link::frame(whole(8, 1)).substr(0, 1),
    };
    for (const std::string& bytes : unfinished) {
        for (const bool is_own : {true, false}) {
            contested_channel<std::uint64_t> one;
            contested_channel<std::uint64_t> other;
            one.raw.write(bytes, {is_own ? &one.raw.stream() : &other.raw.stream()});
            other.raw.write(bytes, {is_own ? &other.raw.stream() : &one.raw.stream()});
            one.raw.close();
            other.raw.close();
            for (auto* c : {&one, &other}) {
                c->honest.send(7);
                c->honest.close();
                BOOST_TEST(c->rx.recv() == 7u);
            }
            // Both must look before either can see.
            error_code ec;
            one.rx.try_recv(ec);
            expect_end(other.rx);
            expect_end(one.rx);
            BOOST_TEST(one.rx.faults() == 1u);
            if (is_own) BOOST_TEST(other.rx.faults() == 1u);
        }
    }
}

// Both sides of a connection, though the peer reads away what the receiver writes to find out.
BOOST_AUTO_TEST_CASE(both_sides_of_a_connection_keep_no_channel_from_ending, *only_if(os::writes_are_whole) * over_links()) {
    using number = std::uint64_t;
    wire::frame_header adopt;
    adopt.kind = wire::frame_kind::adopt;
    adopt.handles = 1;
    for (const bool is_same : {true, false}) {
        contested_channel<number> one;
        contested_channel<number> other;
        contested_channel<number>& second = is_same ? one : other;
        auto pair = connected_streams();
        raw_link first_copy(pair.first.duplicate());
        raw_link second_copy(pair.second.duplicate());
        error_code ec;
        one.raw.write(adopt, {}, {&pair.first});
        one.rx.try_recv(ec);
        second_copy.hear();
        second.raw.write(adopt, {}, {&pair.second});
        second.rx.try_recv(ec);
        first_copy.hear();
        BOOST_TEST(second.rx.faults() == 1u);
        for (auto* c : {&one, &other}) {
            c->raw.close();
            c->honest.close();
        }
        first_copy.close();
        second_copy.close();
        pair = {};
        expect_end(other.rx);
        expect_end(one.rx);
    }
}

// The same, in what a receiver that is sent away leaves with: it keeps one of them, whose end it sees.
BOOST_AUTO_TEST_CASE(a_receiver_keeps_but_one_side_of_a_connection_that_it_arrives_with, *only_if(os::writes_are_whole) * over_links()) {
    namespace detail = strait::detail;
    detail::cargo load;
    auto pair = connected_streams();
    for (handle* h : {&pair.first, &pair.second}) {
        auto& link = load.links.emplace_back();
        link.what = std::make_unique<detail::inbox::link>();
        link.what->stream = std::move(*h);
    }
    const auto rx = detail::link_receiver::make(first_identity<note>(), std::move(load), {});
    detail::incoming_message message;
    BOOST_TEST(rx->recv(message, {}) == asio::error::eof);
    BOOST_TEST(rx->faults() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
