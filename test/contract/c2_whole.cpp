//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/context_fixture.hpp"

#include <chrono>
#include <csignal>
#include <random>
#include <thread>

using namespace strait::test;
using strait::error_code;
using strait::sender;

namespace {

constexpr std::size_t large = 3u << 20;

struct producer {
    sender<note> out;
    std::uint64_t first = 0;
};

STRAIT_TEST_ROLE(c2_large_messages) {
    auto start = from_parent<producer>();
    producer p = start.recv();
    error_code ec;
    while (!ec) {
        p.out.send(note{p.first, pattern(p.first, large)}, ec);
        ++p.first;
    }
    return 1;  // it is to be killed, not refused
}

STRAIT_TEST_ROLE(c2_small_messages) {
    auto start = from_parent<producer>();
    producer p = start.recv();
    const std::uint64_t last = p.first + 3000;
    while (p.first != last) p.out.send(note{p.first++, "small"});
    return 0;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c2_whole, clean_fixture)

// ipc-channel D9: there such a producer ends the channel of the others.
BOOST_AUTO_TEST_CASE(
    a_producer_killed_in_the_middle_of_a_message_leaves_whole_messages_only, *over_links()) {
    std::mt19937 random(20260);
    for (std::uint64_t round = 0; round != 12; ++round) {
        auto [tx, rx] = new_channel<note>();
        peer<producer> victim("c2_large_messages");
        peer<producer> other("c2_small_messages");
        const std::uint64_t small_from = 1u << 30;
        victim.start({tx, 0});
        other.start({tx, small_from});
        tx.close();

        const auto lives = random() % 4;  // large messages before the end is near
        const std::chrono::microseconds more(random() % 3000);
        std::thread killer;
        std::uint64_t larges = 0;
        std::uint64_t smalls = 0;
        for (;;) {
            if (larges == lives && !killer.joinable())
                killer = std::thread([&victim, more] {
                    // Not to wait for anything: the moment is to be any.
                    std::this_thread::sleep_for(more);
                    victim.process().kill(SIGKILL);
                });
            error_code ec;
            const note n = rx.recv(ec);
            if (ec == asio::error::eof) break;
            BOOST_REQUIRE_MESSAGE(!ec, ec.message());
            if (n.number >= small_from) {
                BOOST_REQUIRE_EQUAL(n.number, small_from + smalls++);
                BOOST_REQUIRE_EQUAL(n.text, "small");
            } else {
                BOOST_REQUIRE_EQUAL(n.number, larges);
                BOOST_REQUIRE(n.text == pattern(larges, large));
                ++larges;
            }
        }
        killer.join();
        BOOST_TEST(smalls == 3000u);
        BOOST_TEST(rx.faults() == 0u);
        BOOST_TEST(other.process().wait() == exit_status{0});
        BOOST_TEST(victim.process().wait().signal == SIGKILL);
    }
}

// ipc-channel: concurrent_senders
BOOST_AUTO_TEST_CASE(large_messages_of_several_threads_do_not_mix) {
    auto [tx, rx] = new_channel<note>();
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t != 3; ++t)
        threads.emplace_back([mine = tx, t]() mutable {
            for (std::uint64_t i = 0; i != 8; ++i) mine.send(note{t, pattern(t * 100 + i, 200'000)});
        });
    tx.close();
    std::vector<std::uint64_t> seen(3);
    for (int i = 0; i != 24; ++i) {
        const note n = rx.recv();
        BOOST_REQUIRE(n.text == pattern(n.number * 100 + seen[n.number]++, 200'000));
    }
    expect_end(rx);
    for (auto& t : threads) t.join();
}

BOOST_AUTO_TEST_SUITE_END()
