//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/context_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <optional>
#include <thread>

using namespace strait::test;
using strait::channel_options;
using strait::error;
using strait::error_code;
using strait::limits;
using strait::receiver;
using strait::sender;

namespace {

// A process that takes some notes and passes the receiver on to the next.
struct hop {
    receiver<note> in;
    std::uint64_t take = 0;
    sender<note> seen;
    std::optional<sender<hop>> next;
    std::vector<std::uint64_t> takes_of_others;
};

STRAIT_TEST_ROLE(c6_hop) {
    auto start = from_parent<hop>();
    hop h = start.recv();
    std::vector<note> mine;
    error_code ec;
    while (h.take == 0 || mine.size() != h.take) {
        mine.push_back(h.in.recv(ec));
        if (ec == asio::error::eof) mine.pop_back();
        if (ec) break;
    }
    if (ec && ec != asio::error::eof) return 2;
    for (note& n : mine) h.seen.send(n);
    if (!h.next) return ec == asio::error::eof ? 0 : 3;
    sender<hop> next = std::move(*h.next);
    hop onward{std::move(h.in), 0, h.seen, {}, {}};
    next.send(std::move(onward));
    return 0;
}

// Two processes that throw a receiver to and fro.
struct ball {
    std::uint64_t flights = 0;
    receiver<note> in;
};
struct court {
    receiver<ball> mine;
    sender<ball> other;
    sender<note> seen;
};

STRAIT_TEST_ROLE(c6_player) {
    auto start = from_parent<court>();
    court c = start.recv();
    error_code ec;
    for (;;) {
        ball b = c.mine.recv(ec);
        if (ec) return 0;
        note n = b.in.recv(ec);
        if (ec) return ec == asio::error::eof ? 0 : 2;
        c.seen.send(n);
        ++b.flights;
        c.other.send(std::move(b), ec);
        if (ec) return 0;
    }
}

STRAIT_TEST_ROLE(c6_producer) {
    auto start = from_parent<with_sender>();
    with_sender out = start.recv();
    for (std::uint64_t i = 0; i != 500; ++i) out.end.send(note{i, {}});
    return 0;
}

struct crate {
    std::optional<receiver<crate>> inner;
    std::optional<receiver<note>> core;
};

struct crate_handler {
    receiver<crate> outer;
    sender<note> seen;
};

STRAIT_TEST_ROLE(c6_unpacks) {
    auto start = from_parent<crate_handler>();
    crate_handler h = start.recv();
    crate c = h.outer.recv();
    while (c.inner) {
        receiver<crate> inside = std::move(*c.inner);
        c = inside.recv();
    }
    for (;;) {
        error_code ec;
        note n = c.core->recv(ec);
        if (ec) return ec == asio::error::eof ? 0 : 2;
        h.seen.send(n);
    }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c6_ends_travel, context_fixture)

// ipc-channel: embedded_senders, sender_transfer
BOOST_AUTO_TEST_CASE(a_sender_that_was_sent_is_one_more_and_the_original_stays_usable) {
    auto [tx, rx] = new_channel<note>();
    auto [carrier, carried] = new_channel<with_sender>();
    with_sender value{tx};
    carrier.send(value);
    with_sender arrived = carried.recv();
    tx.send(note{0, {}});
    arrived.end.send(note{1, {}});
    value.end.send(note{2, {}});
    expect_notes(rx, 0, 3);
}

// ipc-channel: embedded_receivers
BOOST_AUTO_TEST_CASE(
    a_receiver_moves_through_three_processes_with_everything_unread, *over_links()) {
    auto [tx, rx] = new_channel<note>();
    auto [seen_tx, seen] = new_channel<note>();
    for (std::uint64_t i = 0; i != 60; ++i) tx.send(page(i));
    expect_notes(rx, 0, 3);  // and reads ahead
    peer<hop> first("c6_hop");
    peer<hop> second("c6_hop");
    hop start{std::move(rx), 40, std::move(seen_tx), second.to(), {}};
    first.start(std::move(start));
    start = hop{};
    second.to().close();
    std::thread producer([mine = std::move(tx)]() mutable {
        for (std::uint64_t i = 60; i != 600; ++i) mine.send(page(i));
    });
    expect_notes(seen, 3, 600);
    producer.join();
    expect_end(seen);
    BOOST_TEST(first.process().wait() == exit_status{0});
    BOOST_TEST(second.process().wait() == exit_status{0});
}

// ipc-channel: receiver_transfer
BOOST_AUTO_TEST_CASE(a_receiver_that_goes_to_and_fro_loses_and_doubles_nothing, *over_links()) {
    constexpr std::uint64_t count = 800;
    auto [tx, rx] = new_channel<note>();
    auto [seen_tx, seen] = new_channel<note>();
    auto left = new_channel<ball>();
    auto right = new_channel<ball>();
    peer<court> one("c6_player");
    peer<court> two("c6_player");
    one.start({std::move(left.second), right.first, seen_tx});
    two.start({std::move(right.second), left.first, std::move(seen_tx)});
    right.first.close();
    left.first.send(ball{0, std::move(rx)});
    left.first.close();
    std::thread producer([mine = std::move(tx)]() mutable {
        for (std::uint64_t i = 0; i != count; ++i) mine.send(page(i));
    });
    expect_notes(seen, 0, count);
    expect_end(seen);
    producer.join();
}

BOOST_AUTO_TEST_CASE(a_receiver_moves_with_the_links_of_several_processes, *over_links()) {
    auto [tx, rx] = new_channel<note>();
    auto [carrier, carried] = new_channel<with_receiver>();
    std::vector<peer<with_sender>> producers;
    for (int i = 0; i != 3; ++i) {
        producers.emplace_back("c6_producer");
        producers.back().start({tx});
    }
    tx.close();
    std::vector<int> seen(500);
    for (int hops = 0;; ++hops) {
        error_code ec;
        for (int i = 0; i != 10 && !ec; ++i) {
            const note n = rx.recv(ec);
            if (!ec) ++seen[n.number];
        }
        if (ec == asio::error::eof) break;
        BOOST_REQUIRE(!ec);
        with_receiver value{std::move(rx)};
        carrier.send(std::move(value));
        rx = std::move(carried.recv().end);
        BOOST_TEST(rx.faults() == 0u);
    }
    for (const int times : seen) BOOST_TEST(times == 3);
    for (auto& p : producers) BOOST_TEST(p.process().wait() == exit_status{0});
}

// ipc-channel: cross_process_two_step_transfer_spawn
BOOST_AUTO_TEST_CASE(
    a_receiver_that_lies_in_the_queue_of_a_channel_that_moves_moves_with_it, *over_links()) {
    auto [tx, rx] = new_channel<note>();
    auto [seen_tx, seen] = new_channel<note>();
    auto inner = new_channel<crate>();
    auto middle = new_channel<crate>();
    auto outer = new_channel<crate>();
    for (std::uint64_t i = 0; i != 50; ++i) tx.send(page(i));
    expect_notes(rx, 0, 1);
    inner.first.send(crate{{}, std::move(rx)});
    // A second one behind it, so that the first is read ahead together with it.
    error_code ec;
    inner.second.try_recv(ec);
    BOOST_REQUIRE(!ec);
    tx = {};
    auto again = new_channel<note>();
    for (std::uint64_t i = 0; i != 50; ++i) again.first.send(page(i));
    inner.first.send(crate{{}, std::move(again.second)});
    middle.first.send(crate{std::move(inner.second), {}});
    outer.first.send(crate{std::move(middle.second), {}});
    peer<crate_handler> child("c6_unpacks");
    child.start({std::move(outer.second), std::move(seen_tx)});
    for (std::uint64_t i = 50; i != 70; ++i) again.first.send(page(i));
    again.first.close();
    expect_notes(seen, 0, 70);
    expect_end(seen);
    BOOST_TEST(child.process().wait() == exit_status{0});
}

BOOST_AUTO_TEST_CASE(messages_with_ends_that_were_read_ahead_move_whole) {
    auto [tx, rx] = new_channel<note>();
    auto [inside, in_queue] = new_channel<with_sender>();
    for (int i = 0; i != 20; ++i) inside.send(with_sender{tx});
    tx.close();
    in_queue.recv();  // reads some of the others ahead
    auto [carrier, carried] = new_channel<receiver<with_sender>>();
    for (int round = 0; round != 3; ++round) {
        carrier.send(in_queue);
        in_queue = carried.recv();
        in_queue.recv().end.send(note{static_cast<std::uint64_t>(round), {}});
    }
    expect_notes(rx, 0, 3);
    inside.close();
    for (int i = 4; i != 20; ++i) in_queue.recv();
    expect_end(in_queue);
    expect_end(rx);
}

BOOST_AUTO_TEST_CASE(
    a_message_of_which_a_part_was_read_moves_and_is_completed_elsewhere, *over_links()) {
    auto [tx, rx] = new_channel<note>(context, strait::channel_options(in_fragments()));
    auto [carrier, carried] = new_channel<with_receiver>(context);
    bool sent = false;
    tx.async_send(note{1, pattern(1, 2u << 20)}, [&](error_code ec) { sent = !ec; });
    error_code ec;
    for (int hops = 0; hops != 5; ++hops) {
        rx.try_recv(ec);
        BOOST_TEST(ec == asio::error::would_block);
        context.poll();
        context.restart();
        BOOST_TEST(!sent);
        // What was read is more than the carrier's socket holds: through memory.
        carrier.try_send(with_receiver{std::move(rx)}, ec);
        BOOST_TEST(!ec, ec.message());
        rx = std::move(carried.recv().end);
    }
    note got;
    rx.async_recv([&](error_code e, note n) {
        ec = e;
        got = std::move(n);
    });
    run();
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST((got.text == pattern(1, 2u << 20)));
    BOOST_TEST(sent);
}

BOOST_AUTO_TEST_CASE(receives_that_wait_on_a_receiver_that_is_sent_are_aborted) {
    auto [tx, rx] = new_channel<note>(context);
    auto [carrier, carried] = new_channel<with_receiver>(context);
    int aborted = 0;
    for (int i = 0; i != 2; ++i)
        rx.async_recv([&](error_code ec, note) {
            aborted += ec == asio::error::operation_aborted;
        });
    tx.send(note{0, {}});  // one of them may be on its way already
    with_receiver value{std::move(rx)};
    carrier.send(std::move(value));
    run();
    BOOST_TEST(aborted == 2);
    with_receiver arrived = carried.recv();
    expect_notes(arrived.end, 0, 1);
}

BOOST_AUTO_TEST_CASE(a_receiver_through_its_own_sender_is_refused_and_stays_usable) {
    struct self {
        std::optional<receiver<self>> me;
        std::uint64_t number = 0;
    };
    auto [tx, rx] = new_channel<self>(context);
    tx.send(self{{}, 1});
    tx.send(self{{}, 2});
    BOOST_TEST(rx.recv().number == 1u);
    self value{std::move(rx), 3};
    error_code ec;
    tx.send(value, ec);
    BOOST_TEST(ec == error::own_receiver);
    tx.try_send(value, ec);
    BOOST_TEST(ec == error::own_receiver);
    ec.clear();
    tx.async_send(value, [&](error_code e) { ec = e; });
    run();
    BOOST_TEST(ec == error::own_receiver);
    BOOST_REQUIRE(value.me->is_open());
    tx.send(self{{}, 4});
    BOOST_TEST(value.me->recv().number == 2u);
    BOOST_TEST(value.me->recv().number == 4u);
}

BOOST_AUTO_TEST_CASE(a_send_that_fails_leaves_receivers_and_handles_with_their_owner) {
    struct cargo {
        receiver<note> end;
        strait::handle pipe;
        std::string text;
    };
    auto [carrier, carried] = new_channel<cargo>(context);
    auto [tx, rx] = new_channel<note>(context);
    sender<note> other = tx;  // a second link, so that there is something to merge
    for (std::uint64_t i = 0; i != 30; ++i) tx.send(page(i));
    expect_notes(rx, 0, 1);

    cargo value{std::move(rx), make_pipe().read, std::string(20'000, 'c')};
    error_code ec;
    for (;;) {
        cargo filler{new_channel<note>().second, make_pipe().read, std::string(20'000, 'c')};
        carrier.try_send(filler, ec);
        if (ec) break;
        BOOST_TEST(!filler.end.is_open());
        BOOST_TEST(!filler.pipe.is_open());
    }
    BOOST_REQUIRE(ec == asio::error::would_block);
    carrier.try_send(value, ec);
    BOOST_TEST(ec == asio::error::would_block);
    BOOST_TEST(value.end.is_open());
    BOOST_TEST(value.pipe.is_open());
    expect_notes(value.end, 1, 2);

    carrier.send_for(value, std::chrono::milliseconds(5), ec);
    BOOST_TEST(ec == asio::error::timed_out);
    expect_notes(value.end, 2, 3);

    asio::cancellation_signal signal;
    carrier.async_send(
        value, asio::bind_cancellation_slot(signal.slot(), [&](error_code e) { ec = e; }));
    BOOST_TEST(!value.end.is_open());
    signal.emit(asio::cancellation_type::total);
    run();
    BOOST_TEST(ec == asio::error::operation_aborted);
    BOOST_REQUIRE(value.end.is_open());
    BOOST_TEST(value.pipe.is_open());
    expect_notes(value.end, 3, 4);

    value.pipe.close();
    carrier.send(value, ec);
    BOOST_TEST(ec == error::empty_end);
    expect_notes(value.end, 4, 30);
    tx.send(page(30));
    other.send(page(31));
    expect_notes(value.end, 30, 32);
}

BOOST_AUTO_TEST_CASE(async_send_or_return_gives_back_what_was_not_sent) {
    auto [carrier, carried] = new_channel<with_receiver>(context);
    auto [tx, rx] = new_channel<note>();
    tx.send(note{1, {}});
    tx.send(note{2, {}});
    expect_notes(rx, 1, 2);
    carried.close();
    error_code ec;
    std::optional<with_receiver> back;
    with_receiver value{std::move(rx)};
    carrier.async_send_or_return(std::move(value), [&](error_code e, std::optional<with_receiver> v) {
        ec = e;
        back = std::move(v);
    });
    run();
    BOOST_TEST(ec == asio::error::broken_pipe);
    BOOST_REQUIRE(back);
    expect_notes(back->end, 2, 3);
    tx.send(note{3, {}});
    expect_notes(back->end, 3, 4);

    auto [live, taker] = new_channel<with_receiver>(context);
    live.async_send_or_return(
        std::move(*back), [&](error_code e, std::optional<with_receiver> v) {
            ec = e;
            back = std::move(v);
        });
    run();
    BOOST_TEST(!ec);
    BOOST_TEST(!back);
    with_receiver arrived = taker.recv();
    tx.send(note{4, {}});
    expect_notes(arrived.end, 4, 5);
}

BOOST_AUTO_TEST_CASE(a_receiver_in_a_const_value_is_refused) {
    auto [carrier, carried] = new_channel<with_receiver>();
    auto [tx, rx] = new_channel<note>();
    const with_receiver value{std::move(rx)};
    error_code ec;
    carrier.send(value, ec);
    BOOST_TEST(ec == error::not_movable);
    BOOST_TEST(value.end.is_open());
    tx.send(note{1, {}});
    error_code none;
    carried.try_recv(none);
    BOOST_TEST(none == asio::error::would_block);
}

BOOST_AUTO_TEST_CASE(empty_ends_and_handles_are_refused) {
    error_code ec;
    auto [senders, s] = new_channel<with_sender>();
    senders.send(with_sender{}, ec);
    BOOST_TEST(ec == error::empty_end);
    auto [receivers, r] = new_channel<with_receiver>();
    receivers.send(with_receiver{}, ec);
    BOOST_TEST(ec == error::empty_end);
    auto [handles, h] = new_channel<with_handle>();
    handles.send(with_handle{}, ec);
    BOOST_TEST(ec == error::empty_end);
    handles.send(with_handle{make_pipe().read}, ec);
    BOOST_TEST(!ec);
    BOOST_TEST(h.recv().one.is_open());
}

// ipc-channel: multiple_paths_to_a_sender
BOOST_AUTO_TEST_CASE(one_sender_many_times_in_a_message_costs_one_link) {
    auto [tx, rx] = new_channel<note>();
    auto [carrier, carried] = new_channel<std::vector<sender<note>>>();
    std::vector<sender<note>> many(1000, tx);
    carrier.send(many);
    many.clear();
    tx.close();
    const resources before = resources::held();
    std::vector<sender<note>> arrived = carried.recv();
    BOOST_TEST_REQUIRE(arrived.size() == 1000u);
    BOOST_TEST(resources::held().descriptors.size() <= before.descriptors.size() + 1);
    arrived.front().send(note{0, {}});
    arrived[500].send(note{1, {}});
    arrived.back().send(note{2, {}});
    expect_notes(rx, 0, 3);
    while (!arrived.empty()) {
        error_code ec;
        rx.try_recv(ec);
        BOOST_REQUIRE(ec == asio::error::would_block);
        arrived.resize(arrived.size() / 2);
    }
    expect_end(rx);
}

// ipc-channel: multisender_transfer
BOOST_AUTO_TEST_CASE(several_hundred_ends_travel_in_one_message) {
    constexpr std::size_t count = 400;
    auto [carrier, carried] = new_channel<std::vector<with_receiver>>(context);
    auto [back, returned] = new_channel<std::vector<with_sender>>(context);
    std::vector<with_receiver> receivers(count);
    std::vector<with_sender> senders(count);
    for (std::size_t i = 0; i != count; ++i) {
        auto ends = new_channel<note>();
        senders[i].end = std::move(ends.first);
        receivers[i].end = std::move(ends.second);
        senders[i].end.send(note{i, {}});
    }
    carrier.send(std::move(receivers));
    receivers = carried.recv();
    back.send(senders);
    senders.clear();
    senders = returned.recv();
    BOOST_TEST_REQUIRE(receivers.size() == count);
    BOOST_TEST_REQUIRE(senders.size() == count);
    for (std::size_t i = 0; i != count; ++i) {
        senders[i].end.send(note{i + 1, {}});
        senders[i].end.close();
        expect_notes(receivers[i].end, i, i + 2);
        expect_end(receivers[i].end);
    }
}

BOOST_AUTO_TEST_CASE(a_receiver_with_more_unread_than_fits_one_message_of_its_channel_moves) {
    limits small;
    small.max_message_bytes = 4096;
    auto [tx, rx] = new_channel<note>(channel_options(small));
    auto [carrier, carried] = new_channel<with_receiver>(channel_options(small));
    for (std::uint64_t i = 0; i != 60; ++i) tx.send(page(i));
    expect_notes(rx, 0, 1);
    error_code ec;
    carrier.send(with_receiver{std::move(rx)}, ec);
    BOOST_REQUIRE_MESSAGE(!ec, ec.message());
    with_receiver arrived = carried.recv();
    expect_notes(arrived.end, 1, 60);
}

BOOST_AUTO_TEST_SUITE_END()
