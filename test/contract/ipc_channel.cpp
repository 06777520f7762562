//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "support/context_fixture.hpp"

#include <strait/receiver_set.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <map>
#include <optional>
#include <thread>
#include <type_traits>

// What ipc-channel's own tests prove and no test of a line of the contract does. The table of all
// of them is docs/design/ipc-channel-tests.md.

using namespace strait::test;
using strait::error_code;
using strait::handle;
using strait::receiver;
using strait::receiver_set;
using strait::sender;
using strait::set_event;

namespace {

using namespace std::chrono_literals;

// ipc-channel: ipc_receiver_not_sync, ipc_sender_is_sync, receiver_not_sync, sender_is_sync.
// C++ has no such trait. What it can say: one receiver, many senders.
static_assert(!std::copyable<receiver<note>> && std::movable<receiver<note>>);
static_assert(std::copyable<sender<note>>);

struct nothing {};

struct parcel {
    std::uint64_t number = 0;
    std::string text;
    std::vector<handle> handles;
    std::optional<sender<note>> reply;
};

struct parcel_ends {
    std::optional<receiver<parcel>> in;
    std::optional<sender<note>> out;
};

bool holds_number(const handle& pipe, std::uint64_t expected) {
    std::uint64_t n = 0;
    return ::read(pipe.native_handle(), &n, sizeof(n)) == sizeof(n) && n == expected;
}

parcel make_parcel(std::uint64_t number, std::size_t bytes, std::size_t handles) {
    parcel p{number, pattern(number, bytes), {}, {}};
    for (std::uint64_t i = 0; i != handles; ++i) {
        pipe_ends ends = make_pipe();
        BOOST_REQUIRE_EQUAL(::write(ends.write.native_handle(), &i, sizeof(i)), ssize_t{sizeof(i)});
        p.handles.push_back(std::move(ends.read));
    }
    return p;
}

// Answers each parcel with what is wrong with it, by the sender in it if there is one.
STRAIT_TEST_ROLE(ipc_channel_checks_parcels) {
    auto start = from_parent<parcel_ends>();
    parcel_ends e = start.recv();
    error_code ec;
    for (parcel p = e.in->recv(ec); !ec; p = e.in->recv(ec)) {
        note answer{p.number, std::to_string(p.handles.size())};
        if (p.text != pattern(p.number, p.text.size())) answer.text += " wrong bytes";
        for (std::uint64_t i = 0; i != p.handles.size(); ++i)
            if (!holds_number(p.handles[i], i)) answer.text += " wrong handle";
        (p.reply ? *p.reply : *e.out).send(std::move(answer));
        p = parcel();
    }
    return e.in->faults() == 0 ? 0 : 1;
}

// A channel to a process that checks parcels, and one back.
struct checked_channel {
    checked_channel() : peer_("ipc_channel_checks_parcels") {
        auto to = new_channel<parcel>();
        auto back = new_channel<note>();
        tx = std::move(to.first);
        answers = std::move(back.second);
        peer_.start({std::move(to.second), std::move(back.first)});
    }

    void check(std::size_t bytes, std::size_t handles) {
        tx.send(make_parcel(++number_, bytes, handles));
        const note answer = answers.recv();
        BOOST_TEST_REQUIRE(answer.number == number_);
        BOOST_TEST_REQUIRE(answer.text == std::to_string(handles));
    }

    void finish() {
        tx.close();
        BOOST_TEST(peer_.process().wait() == exit_status{0});
    }

    sender<parcel> tx;
    receiver<note> answers;

private:
    peer<parcel_ends> peer_;
    std::uint64_t number_ = 0;
};

struct way_back {
    sender<with_sender> back;
};

// Makes a channel, lets the parent have its sender, and waits for what comes of it.
STRAIT_TEST_ROLE(ipc_channel_lends_a_sender) {
    auto start = from_parent<way_back>();
    auto [tx, rx] = new_channel<note>();
    start.recv().back.send(with_sender{std::move(tx)});
    const note n = rx.recv();
    if (n.number != 42 || n.text != "to the child") return 1;
    error_code ec;
    rx.recv(ec);
    return ec == asio::error::eof ? 0 : 2;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ipc_channel, context_fixture)

// ipc-channel: cross_process_embedded_senders_spawn, cross_process_sender_transfer_spawn
BOOST_AUTO_TEST_CASE(a_sender_made_in_a_child_reaches_its_parent_and_leads_back, *over_links()) {
    auto [back, arrivals] = new_channel<with_sender>();
    peer<way_back> child("ipc_channel_lends_a_sender");
    child.start({std::move(back)});
    {
        with_sender arrived = arrivals.recv();
        arrived.end.send(note{42, "to the child"});
    }
    BOOST_TEST(child.process().wait() == exit_status{0});
    expect_end(arrivals);
}

// ipc-channel: empty, fd_only, receiver_set_empty
BOOST_AUTO_TEST_CASE(a_message_may_have_no_bytes_and_may_have_a_handle_only) {
    auto [tx, rx] = new_channel<nothing>();
    for (int i = 0; i != 4; ++i) tx.send(nothing{});
    rx.recv();
    BOOST_TEST(rx.try_recv().has_value());
    receiver_set set;
    const auto id = set.add(std::move(rx));
    std::size_t seen = 0;
    while (seen != 2)
        for (set_event& e : set.select()) {
            BOOST_TEST(e.id() == id);
            BOOST_TEST(e.has_message());
            ++seen;
        }
    tx.close();
    BOOST_TEST(set.select().at(0).is_end());

    auto [handles, got] = new_channel<with_handle>();
    pipe_ends p = make_pipe();
    handles.send(with_handle{std::move(p.write)});
    with_handle arrived = got.recv();
    BOOST_TEST(!is_at_end(p.read));
    arrived.one.close();
    BOOST_TEST(is_at_end(p.read));
}

// ipc-channel: medium_data, full_packet, full_packet_with_{1..6}_fds, overfull_packet.
// 32 KiB are what one write takes; where exactly a message becomes two of them depends on what
// else is in it, so that every size near it is tried.
BOOST_AUTO_TEST_CASE(
    messages_about_as_large_as_one_write_arrive_whole_in_another_process, *over_links()) {
    checked_channel c;
    constexpr std::size_t one_write = 32u << 10;
    for (const std::size_t handles : {0u, 1u, 6u})
        for (std::size_t bytes = one_write - 256; bytes <= one_write + 8; ++bytes)
            c.check(bytes, handles);
    for (std::size_t handles = 2; handles != 6; ++handles)
        for (std::size_t bytes = one_write - 256; bytes <= one_write + 8; bytes += 7)
            c.check(bytes, handles);
    c.finish();
}

// ipc-channel: full_packet_with_64_fds, overfull_packet_with_63_fds, big_data_with_{0..6}_fds
BOOST_AUTO_TEST_CASE(handles_keep_their_places_beside_any_number_of_bytes, *over_links()) {
    checked_channel c;
    for (const std::size_t bytes : {0u, 1u, 32'000u, 33'000u, 1u << 20})
        for (const std::size_t handles : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 63u, 64u, 253u, 254u})
            c.check(bytes, handles);
    c.finish();
}

// ipc-channel: medium_data_with_sender_transfer, big_data_with_sender_transfer
BOOST_AUTO_TEST_CASE(
    a_sender_stays_with_the_message_that_it_came_in_whatever_its_size, *over_links()) {
    checked_channel c;
    std::uint64_t number = 1000;
    for (const std::size_t bytes : {0u, 32u << 10, 1u << 20}) {
        auto [reply, replies] = new_channel<note>();
        parcel p = make_parcel(++number, bytes, 2);
        p.reply = std::move(reply);
        c.tx.send(std::move(p));
        const note answer = replies.recv();
        BOOST_TEST(answer.number == number);
        BOOST_TEST(answer.text == "2");
        expect_end(replies);
    }
    c.finish();
}

// ipc-channel: try_recv, no_senders_notification, no_senders_notification_try_recv
BOOST_AUTO_TEST_CASE(a_try_recv_tells_nothing_from_a_message_and_from_the_end) {
    auto [tx, rx] = new_channel<note>();
    error_code ec;
    rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block);
    tx.send(note{1, "one"});
    BOOST_TEST(rx.try_recv(ec).text == "one");
    BOOST_TEST(!ec);
    rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block);
    tx.close();
    for (int i = 0; i != 3; ++i) {
        rx.try_recv(ec);
        BOOST_TEST(ec == asio::error::eof);
    }
    BOOST_CHECK_THROW(rx.try_recv(), strait::system_error);
}

// ipc-channel: no_senders_notification_try_recv_delayed
BOOST_AUTO_TEST_CASE(whoever_polls_sees_the_end_once_another_thread_has_made_it) {
    auto [tx, rx] = new_channel<note>();
    std::atomic<bool> go{false};
    std::thread last_sender([&go, mine = std::move(tx)]() mutable {
        go.wait(false);
        mine.close();
    });
    error_code ec;
    for (int i = 0; i != 100; ++i) {
        rx.try_recv(ec);
        BOOST_TEST_REQUIRE(ec == asio::error::would_block);
    }
    go = true;
    go.notify_one();
    while (ec == asio::error::would_block) rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::eof);
    last_sender.join();
}

// ipc-channel: try_recv_timeout
BOOST_AUTO_TEST_CASE(a_timed_receive_waits_its_time_for_nothing_and_not_for_a_message_or_the_end) {
    auto [tx, rx] = new_channel<note>();
    error_code ec;
    const auto begin = std::chrono::steady_clock::now();
    rx.recv_for(30ms, ec);
    BOOST_TEST(ec == asio::error::timed_out);
    BOOST_TEST((std::chrono::steady_clock::now() - begin >= 30ms));
    tx.send(note{1, {}});
    // A wait of an hour would run into the watchdog.
    BOOST_TEST(rx.recv_for(1h, ec).number == 1u);
    BOOST_TEST(!ec);
    tx.close();
    rx.recv_for(1h, ec);
    BOOST_TEST(ec == asio::error::eof);
}

// ipc-channel: try_recv_large, try_recv_large_delayed
BOOST_AUTO_TEST_CASE(polling_while_threads_send_large_messages_gives_whole_ones_only) {
    for (const std::uint64_t senders : {1u, 3u, 10u}) {
        auto [tx, rx] = new_channel<note>();
        std::vector<std::thread> threads;
        for (std::uint64_t t = 0; t != senders; ++t)
            threads.emplace_back([t, mine = tx]() mutable {
                for (std::uint64_t i = 0; i != 3; ++i)
                    mine.send(note{t, pattern(t * 10 + i, (512u << 10) + 50'000 * t)});
            });
        tx.close();
        std::map<std::uint64_t, std::uint64_t> seen;
        std::uint64_t empty = 0;
        error_code ec;
        for (;;) {
            const note n = rx.try_recv(ec);
            if (ec == asio::error::eof) break;
            if (ec == asio::error::would_block) {
                ++empty;
                continue;
            }
            BOOST_TEST_REQUIRE(!ec);
            BOOST_TEST_REQUIRE(n.text.size() == (512u << 10) + 50'000 * n.number);
            BOOST_REQUIRE(n.text == pattern(n.number * 10 + seen[n.number]++, n.text.size()));
        }
        BOOST_TEST(seen.size() == senders);
        for (const auto& [t, count] : seen) BOOST_TEST(count == 3u);
        BOOST_TEST(rx.faults() == 0u);
        for (auto& t : threads) t.join();
    }
}

// ipc-channel D8: there a try_recv and a select wait for the rest of a message that was begun.
BOOST_AUTO_TEST_CASE(the_rest_of_a_message_that_was_begun_is_not_waited_for) {
    contested_channel<note> c;
    wire::frame_header begun;
    begun.payload_bytes = 1000;
    begun.message_bytes = 1'000'000;
    c.raw.write(begun, std::string(1000, 'b'));
    error_code ec;
    c.rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::would_block);
    c.rx.recv_for(1ms, ec);
    BOOST_TEST(ec == asio::error::timed_out);
    c.honest.send(note{1, {}});
    expect_notes(c.rx, 1, 2);

    receiver_set set;
    const auto id = set.add(std::move(c.rx));
    auto [other, other_rx] = new_channel<note>();
    const auto other_id = set.add(std::move(other_rx));
    BOOST_TEST(set.try_select().empty());
    c.raw.write(begun, std::string(1000, 'b'));
    set.select_for(1ms, ec);
    BOOST_TEST(ec == asio::error::timed_out);
    other.send(note{2, {}});
    auto events = set.select();
    BOOST_TEST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].id() == other_id);
    c.honest.send(note{3, {}});
    events = set.select();
    BOOST_TEST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].id() == id);
    BOOST_TEST(events[0].as<note>().number == 3u);
}

// ipc-channel: receiver_set_medium_data, receiver_set_big_data
BOOST_AUTO_TEST_CASE(a_set_gives_messages_of_every_size) {
    receiver_set set;
    auto [tx1, rx1] = new_channel<note>();
    auto [tx2, rx2] = new_channel<note>();
    const auto id1 = set.add(std::move(rx1));
    const auto id2 = set.add(std::move(rx2));
    const std::vector<std::size_t> sizes{0, 32'700, 32'768, 1u << 20, 3, 4u << 20};
    const auto send_all = [&sizes](sender<note>& tx, std::uint64_t seed) {
        for (const std::size_t bytes : sizes) tx.send(note{bytes, pattern(seed + bytes, bytes)});
        tx.close();
    };
    std::thread one([&, mine = std::move(tx1)]() mutable { send_all(mine, 1); });
    std::thread two([&, mine = std::move(tx2)]() mutable { send_all(mine, 2); });
    std::map<std::uint64_t, std::vector<std::size_t>> seen;
    while (!set.empty())
        for (set_event& e : set.select()) {
            if (e.is_end()) continue;
            const note n = e.as<note>();
            BOOST_TEST((n.text == pattern((e.id() == id1 ? 1 : 2) + n.number, n.number)));
            seen[e.id()].push_back(n.number);
        }
    BOOST_TEST(seen[id1] == sizes, boost::test_tools::per_element());
    BOOST_TEST(seen[id2] == sizes, boost::test_tools::per_element());
    one.join();
    two.join();
}

BOOST_AUTO_TEST_SUITE_END()
