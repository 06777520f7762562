//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/context_fixture.hpp"

#include <boost/asio/detached.hpp>

#include <atomic>
#include <csignal>
#include <mutex>
#include <optional>
#include <thread>

using namespace strait::test;
using strait::error_code;
using strait::receiver;
using strait::sender;

namespace {

// Goes round in a ring of processes. Whoever has it sends a note of that number, then hands it on:
// each note is caused by the one before.
struct turn {
    std::uint64_t number = 0;
    std::uint64_t last = 0;
    std::optional<sender<note>> out;
};

struct seat {
    sender<note> out;
    receiver<turn> mine;
    sender<turn> next;
};

STRAIT_TEST_ROLE(c1_ring) {
    auto start = from_parent<seat>();
    seat s = start.recv();
    error_code ec;
    for (;;) {
        turn t = s.mine.recv(ec);
        if (ec) return 0;
        if (t.number == t.last) return 0;
        // Every other time by the sender that came along, whose link is a moment old.
        sender<note>& out = t.out ? *t.out : s.out;
        out.send(note{t.number, {}});
        t.out.reset();
        ++t.number;
        if (t.number % 2 == 0) t.out = s.out;
        s.next.send(std::move(t), ec);
        if (ec) return 0;
    }
}

// Sends some notes, leaves the sender to its heir and dies.
struct estate {
    std::uint64_t number = 0;
    std::optional<sender<note>> out;
    std::optional<sender<estate>> heir;
};

constexpr std::uint64_t notes_of_an_heir = 50;

STRAIT_TEST_ROLE(c1_heir) {
    auto in = from_parent<estate>();
    estate will = in.recv();
    estate mine = in.recv();
    for (std::uint64_t i = 0; i != notes_of_an_heir; ++i)
        mine.out->send(note{mine.number++, {}});
    if (will.heir) will.heir->send(std::move(mine));
    ::raise(SIGKILL);
    return 1;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c1_order, context_fixture)

BOOST_AUTO_TEST_CASE(copies_of_a_sender_share_one_order) {
    auto [tx, rx] = new_channel<note>();
    std::vector<sender<note>> copies{tx, tx};
    copies.push_back(copies.front());
    for (std::uint64_t i = 0; i != 200; ++i) {
        copies[i % copies.size()].send(note{i, {}});
        if (i % 50 == 49) copies[i / 100] = sender<note>(copies.back());
    }
    expect_notes(rx, 0, 200);
}

BOOST_AUTO_TEST_CASE(blocking_and_asynchronous_sends_are_written_in_the_order_in_which_they_began) {
    auto [tx, rx] = new_channel<note>(context);
    std::uint64_t n = fill(tx);
    const std::uint64_t full = n;
    for (int i = 0; i != 50; ++i) tx.async_send(page(n++), asio::detached);
    expect_notes(rx, 0, full);
    tx.send(page(n++));  // flushes the asynchronous ones first
    expect_notes(rx, full, n);
    run();
}

BOOST_AUTO_TEST_CASE(a_send_that_completed_in_one_thread_comes_before_one_begun_later_in_another) {
    auto [tx, rx] = new_channel<note>();
    constexpr std::uint64_t count = 8000;
    std::mutex mutex;
    std::uint64_t number = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t != 4; ++t)
        threads.emplace_back([&, mine = tx]() mutable {
            for (;;) {
                const std::lock_guard lock(mutex);
                if (number == count) return;
                mine.send(note{number++, {}});
            }
        });
    tx.close();
    expect_notes(rx, 0, count);
    for (auto& t : threads) t.join();
    expect_end(rx);
}

BOOST_AUTO_TEST_CASE(
    a_chain_of_causes_through_three_processes_is_received_in_order, *over_links()) {
    constexpr std::uint64_t count = 6000;
    auto [tx, rx] = new_channel<note>();
    std::vector<sender<turn>> turns;
    std::vector<receiver<turn>> seats;
    for (int i = 0; i != 3; ++i) {
        auto ends = new_channel<turn>();
        turns.push_back(std::move(ends.first));
        seats.push_back(std::move(ends.second));
    }
    std::vector<peer<seat>> ring;
    for (std::size_t i = 0; i != 3; ++i) {
        ring.emplace_back("c1_ring");
        ring.back().start({tx, std::move(seats[i]), turns[(i + 1) % 3]});
    }
    tx.close();
    turns[0].send(turn{0, count, {}});
    turns.clear();
    expect_notes(rx, 0, count);
    expect_end(rx);
    BOOST_TEST(rx.faults() == 0u);
    for (auto& p : ring) BOOST_TEST(p.process().wait() == exit_status{0});
}

BOOST_AUTO_TEST_CASE(
    senders_given_from_heir_to_heir_keep_the_order_though_their_givers_are_killed, *over_links()) {
    constexpr std::size_t count = 8;
    auto [tx, rx] = new_channel<note>();
    std::vector<peer<estate>> heirs;
    for (std::size_t i = 0; i != count; ++i) heirs.emplace_back("c1_heir");
    for (std::size_t i = 0; i != count; ++i) {
        estate will;
        if (i + 1 != count) will.heir = heirs[i + 1].to();
        heirs[i].to().send(std::move(will));
    }
    heirs[0].start(estate{0, std::move(tx), {}});
    expect_notes(rx, 0, count * notes_of_an_heir);
    expect_end(rx);
    BOOST_TEST(rx.faults() == 0u);
    for (auto& p : heirs) BOOST_TEST(p.process().wait().signal == SIGKILL);
}

BOOST_AUTO_TEST_SUITE_END()
