//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/checking_token.hpp"
#include "support/context_fixture.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <optional>

// The ten checks themselves, for every operation and every token, are in test/conformance. Here they
// are held against peers in other processes, which come, go and die as they like.

using namespace strait::test;
using strait::error_code;
using strait::receiver;
using strait::sender;

namespace {

struct echo_ends {
    std::optional<receiver<note>> in;
    std::optional<sender<note>> out;
};

STRAIT_TEST_ROLE(c8_echo) {
    auto start = from_parent<echo_ends>();
    echo_ends e = start.recv();
    error_code ec;
    for (note n = e.in->recv(ec); !ec; n = e.in->recv(ec)) e.out->send(n);
    return 0;
}

// Over an executor that knows what runs on it.
struct tracked_echo : context_fixture {
    tracking_executor tracked{context.get_executor(), 1};
    peer<echo_ends> child{"c8_echo"};
    sender<note> tx;
    receiver<note> rx;

    tracked_echo() {
        auto [out, their_in] = new_channel<note>(tracked);
        auto [their_out, in] = new_channel<note>(tracked);
        tx = std::move(out);
        rx = std::move(in);
        child.start({std::move(their_in), std::move(their_out)});
    }

    ~tracked_echo() {
        tx.close();
        rx.close();
        child.process().wait();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c8_asio_conduct, tracked_echo)

BOOST_AUTO_TEST_CASE(
    handlers_are_called_where_they_belong_while_another_process_answers, *over_links()) {
    for (std::uint64_t i = 0; i != 50; ++i) {
        auto received = rx.async_recv(checked(tracked.id()));
        auto sent = tx.async_send(page(i), checked(tracked.id()));
        run();
        BOOST_TEST(!sent.code());
        BOOST_TEST(!received.code());
        BOOST_TEST(received.value().number == i);
    }
}

BOOST_AUTO_TEST_CASE(handlers_with_executors_of_their_own_are_called_there, *over_links()) {
    tracking_executor own{context.get_executor(), 2};
    auto received = rx.async_recv(checked_on(own));
    auto sent = tx.async_send(page(1), checked_on(own));
    run();
    BOOST_TEST(!sent.code());
    BOOST_TEST(received.value().number == 1u);
}

BOOST_AUTO_TEST_CASE(
    operations_on_a_peer_that_is_killed_complete_once_and_where_they_belong, *over_links()) {
    auto received = rx.async_recv(checked(tracked.id()));
    context.poll();
    BOOST_TEST(!received.completed());
    child.process().kill(SIGKILL);
    run();
    BOOST_TEST(received.code() == asio::error::eof);
    error_code ec;
    while (!ec) {
        auto sent = tx.async_send(page(0), checked(tracked.id()));
        run();
        ec = sent.code();
    }
    BOOST_TEST(ec == asio::error::broken_pipe);
}

BOOST_AUTO_TEST_CASE(a_coroutine_talks_to_another_process_and_hears_of_its_end, *over_links()) {
    error_code at_end;
    std::uint64_t answers = 0;
    const auto talk = [](tracked_echo& t, error_code& ec, std::uint64_t& n) -> asio::awaitable<void> {
        constexpr auto with_code = asio::as_tuple(asio::use_awaitable);
        for (; n != 100; ++n) {
            note value = page(n);
            co_await t.tx.async_send(std::move(value), asio::use_awaitable);
            const note answer = co_await t.rx.async_recv(asio::use_awaitable);
            if (answer.number != n) co_return;
        }
        t.child.process().kill(SIGKILL);
        auto [code, nothing] = co_await t.rx.async_recv(with_code);
        ec = code;
    };
    asio::co_spawn(context, talk(*this, at_end, answers), asio::detached);
    run();
    BOOST_TEST(answers == 100u);
    BOOST_TEST(at_end == asio::error::eof);
}

BOOST_AUTO_TEST_SUITE_END()
