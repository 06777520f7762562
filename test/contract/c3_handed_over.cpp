//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/context_fixture.hpp"

#include <boost/asio/io_context.hpp>

#include <csignal>
#include <string>

using namespace strait::test;
using strait::error_code;
using strait::handle;
using strait::receiver;
using strait::sender;

namespace {

struct gift {
    std::uint64_t number = 0;
    std::string text;
    handle pipe;
    sender<note> back;
};

struct giver {
    sender<gift> out;
};

constexpr std::uint64_t gifts = 40;

gift make_gift(std::uint64_t number, const sender<note>& back) {
    // Every tenth does not fit one write.
    return {number, pattern(number, number % 10 == 9 ? 300'000 : 500), make_pipe().read, back};
}

// Sends and is gone with the last send, not even leaving the function.
STRAIT_TEST_ROLE(c3_blocking) {
    auto start = from_parent<giver>();
    giver g = start.recv();
    auto [back, unread] = new_channel<note>();
    for (std::uint64_t i = 0; i != gifts; ++i) {
        gift next = make_gift(i, back);
        g.out.send(std::move(next));
    }
    ::kill(::getpid(), SIGKILL);
    return 1;
}

STRAIT_TEST_ROLE(c3_asynchronous) {
    asio::io_context context;
    auto start = from_parent<giver>(context.get_executor());
    giver g = start.recv();
    auto [back, unread] = new_channel<note>();
    for (std::uint64_t i = 0; i != gifts; ++i)
        g.out.async_send(make_gift(i, back), [i](error_code ec) {
            if (ec) ::_exit(2);
            if (i + 1 == gifts) ::kill(::getpid(), SIGKILL);
        });
    context.run();
    return 1;
}

// Takes a receiver with what lies in it from one sender and gives it to another.
struct relay {
    receiver<note> in;
    sender<with_receiver> out;
};

STRAIT_TEST_ROLE(c3_relay) {
    auto start = from_parent<relay>();
    relay r = start.recv();
    error_code ec;
    r.in.try_recv(ec);  // so that it has read ahead
    if (ec) return 2;
    with_receiver moved{std::move(r.in)};
    r.out.send(std::move(moved));
    ::kill(::getpid(), SIGKILL);
    return 1;
}

void expect_gifts(receiver<gift>& rx) {
    for (std::uint64_t i = 0; i != gifts; ++i) {
        error_code ec;
        const gift g = rx.recv(ec);
        BOOST_REQUIRE_MESSAGE(!ec, ec.message());
        BOOST_REQUIRE_EQUAL(g.number, i);
        BOOST_REQUIRE(g.text == pattern(i, i % 10 == 9 ? 300'000 : 500));
        BOOST_TEST(g.pipe.kind() == strait::handle_kind::pipe);
        BOOST_TEST(g.back.is_open());
    }
    expect_end(rx);
    BOOST_TEST(rx.faults() == 0u);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c3_handed_over, clean_fixture)

// ipc-channel: test_so_linger
BOOST_AUTO_TEST_CASE(
    what_was_sent_is_received_though_its_sender_was_killed_the_next_instant, *over_links()) {
    for (const char* role : {"c3_blocking", "c3_asynchronous"})
        for (int round = 0; round != 5; ++round) {
            auto [tx, rx] = new_channel<gift>();
            peer<giver> child(role);
            child.start({std::move(tx)});
            expect_gifts(rx);
            BOOST_TEST(child.process().wait().signal == SIGKILL);
        }
}

BOOST_AUTO_TEST_CASE(what_was_sent_to_a_receiver_that_lies_unread_in_a_message_is_received) {
    auto [tx, rx] = new_channel<note>();
    auto [carrier, carried] = new_channel<with_receiver>();
    with_receiver inside{std::move(rx)};
    carrier.send(std::move(inside));
    for (std::uint64_t i = 0; i != 20; ++i) tx.send(page(i));
    tx.close();
    with_receiver arrived = carried.recv();
    expect_notes(arrived.end, 0, 20);
    expect_end(arrived.end);
}

BOOST_AUTO_TEST_CASE(
    what_a_receiver_had_read_ahead_survives_the_process_that_sent_it_on, *over_links()) {
    auto [tx, rx] = new_channel<note>();
    auto [back, returned] = new_channel<with_receiver>();
    for (std::uint64_t i = 0; i != 30; ++i) tx.send(page(i));
    peer<relay> child("c3_relay");
    child.start({std::move(rx), std::move(back)});
    with_receiver home = returned.recv();
    expect_end(returned);
    BOOST_TEST(child.process().wait().signal == SIGKILL);
    tx.send(page(30));
    tx.close();
    expect_notes(home.end, 1, 31);
    expect_end(home.end);
}

BOOST_AUTO_TEST_SUITE_END()
