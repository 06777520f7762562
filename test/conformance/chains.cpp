//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "conformance/fixture.hpp"
#include "support/sanitized.hpp"

#include <stdexcept>

using namespace strait::test;
using strait::error_code;
using strait::receiver;
using strait::sender;

// Check 10: chains of operations that are done at once do not deepen the stack, and what a handler
// throws leaves everything usable.

namespace {

// Frames of 30 bytes would overflow the stack; of 500 where a sanitizer adds to each.
constexpr int chain_length = strait::test::is_sanitized ? 20'000 : 300'000;

struct chain_of_receives {
    receiver<int>& rx;
    sender<int>& tx;
    int& done;

    void operator()(error_code ec, int) const {
        if (ec || ++done == chain_length) return;
        tx.try_send(done);
        rx.async_recv(*this);
    }
};

struct chain_of_sends {
    sender<int>& tx;
    receiver<int>& rx;
    int& done;

    void operator()(error_code ec) const {
        if (ec || ++done == chain_length) return;
        rx.try_recv();
        tx.async_send(int(done), *this);
    }
};

struct chain_of_failures {
    receiver<int>& rx;
    int& done;

    void operator()(error_code ec, int) const {
        if (ec && ++done != chain_length) rx.async_recv(*this);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(chains, operation_fixture)

BOOST_AUTO_TEST_CASE(receiving_from_the_handler_of_a_receive) {
    auto [tx, rx] = new_channel<int>(context);
    int done = 0;
    tx.send(0);
    tx.send(0);  // one is always at hand
    rx.async_recv(chain_of_receives{rx, tx, done});
    run();
    BOOST_TEST(done == chain_length);
}

BOOST_AUTO_TEST_CASE(sending_from_the_handler_of_a_send) {
    auto [tx, rx] = new_channel<int>(context);
    int done = 0;
    tx.async_send(0, chain_of_sends{tx, rx, done});
    run();
    BOOST_TEST(done == chain_length);
}

BOOST_AUTO_TEST_CASE(failing_at_once_again_and_again) {
    auto [tx, rx] = new_channel<int>(context);
    int done = 0;
    rx.close();
    rx.async_recv(chain_of_failures{rx, done});
    run();
    BOOST_TEST(done == chain_length);
}

BOOST_AUTO_TEST_CASE(an_exception_leaves_run_and_the_end_usable) {
    for_each_operation([this](const operation& op) {
        for (const bool waits : {true, false}) {
            scene s(op, first);
            waits ? s.make_it_wait() : s.make_it_ready();
            probe throws;
            throws.then([] { throw std::runtime_error("handler"); });
            s.start(throws);
            if (waits) {
                expect_waiting(context, throws);
                s.let_it_go();
            }
            BOOST_CHECK_THROW(run(), std::runtime_error);
            run();
            expect_code(throws, {});
            s.drain();
            s.make_it_ready();
            probe next;
            s.start(next);
            run();
            expect_code(next, {});
        }
    });
}

BOOST_AUTO_TEST_CASE(of_several_that_complete_at_once_each_may_throw) {
    for_each_operation([this](const operation& op) {
        for (const bool cancelled : {true, false}) {
            scene s(op, first);
            s.make_it_wait();
            probe probes[3];
            for (probe& p : probes) {
                p.then([] { throw std::runtime_error("handler"); });
                s.start(p);
            }
            expect_waiting(context, probes[0]);
            if (cancelled)
                s.cancel();
            else
                for (int i = 0; i != 3; ++i) s.let_it_go();
            int thrown = 0;
            for (;;) {
                try {
                    run();
                    break;
                } catch (const std::runtime_error&) {
                    ++thrown;
                }
            }
            BOOST_TEST(thrown == 3);
            for (const probe& p : probes) {
                expect_code(p, cancelled ? asio::error::operation_aborted : error_code());
            }
            s.drain();
            s.make_it_ready();
            probe next;
            s.start(next);
            run();
            expect_code(next, {});
        }
    });
}

BOOST_AUTO_TEST_CASE(operations_complete_in_the_order_in_which_they_began) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        std::vector<int> order;
        probe probes[3];
        for (int i = 0; i != 3; ++i) {
            probes[i].then([&order, i] { order.push_back(i); });
            s.start(probes[i]);
        }
        expect_waiting(context, probes[0]);
        for (int i = 0; i != 3; ++i) s.let_it_go();
        run();
        BOOST_TEST(order == (std::vector<int>{0, 1, 2}), boost::test_tools::per_element());
    });
}

BOOST_AUTO_TEST_SUITE_END()
