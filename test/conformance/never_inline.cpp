//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "conformance/fixture.hpp"

using namespace strait::test;
using strait::error_code;

// Check 1: a handler is never called within the initiating function, however soon the result is
// known. That it was not, that it was called on the end's executor, and that its memory was free is
// for the probe to find.

BOOST_FIXTURE_TEST_SUITE(never_inline, operation_fixture)

BOOST_AUTO_TEST_CASE(when_it_can_be_done_at_once) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_ready();
        probe p;
        s.start(p);
        BOOST_TEST(!p.completed());
        run();
        expect_code(p, {});
    });
}

BOOST_AUTO_TEST_CASE(when_it_had_to_wait) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        probe p;
        s.start(p);
        expect_waiting(context, p);
        s.let_it_go();
        run();
        expect_code(p, {});
    });
}

BOOST_AUTO_TEST_CASE(when_the_end_is_closed) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.close();
        probe p;
        s.start(p);
        BOOST_TEST(!p.completed());
        run();
        expect_code(p, strait::error::not_open);
    });
}

BOOST_AUTO_TEST_CASE(when_the_end_never_was_one_of_a_channel) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.replace(first);
        probe p;
        s.start(p);
        BOOST_TEST(!p.completed());
        run();
        expect_code(p, strait::error::not_open);
    });
}

BOOST_AUTO_TEST_CASE(when_the_end_was_moved_from) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.move_end();
        s.tx.swap(s.moved_tx);
        s.rx.swap(s.moved_rx);
        if (op.sends)
            s.rx.swap(s.moved_rx);
        else
            s.tx.swap(s.moved_tx);
        probe p;
        s.start(p);
        BOOST_TEST(!p.completed());
        run();
        expect_code(p, strait::error::not_open);
    });
}

BOOST_AUTO_TEST_CASE(when_the_other_end_is_gone) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        const error_code end = s.end_of_channel();
        s.destroy_peer();
        for (int again = 0; again != 2; ++again) {
            probe p;
            s.start(p);
            BOOST_TEST(!p.completed());
            run();
            expect_code(p, end);
        }
    });
}

BOOST_AUTO_TEST_CASE(when_the_other_end_goes_while_it_waits) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        const error_code end = s.end_of_channel();
        s.make_it_wait();
        probe p;
        s.start(p);
        expect_waiting(context, p);
        s.destroy_peer();
        run();
        expect_code(p, end);
    });
}

BOOST_AUTO_TEST_CASE(when_the_end_is_unbound) {
    for_each_operation([this](const operation& op) {
        scene s(op, asio::any_io_executor());
        s.make_it_ready();
        probe p(second);
        s.start(p);
        BOOST_TEST(!p.completed());
        run();
        expect_code(p, strait::error::not_bound);
    });
}

BOOST_AUTO_TEST_CASE(when_neither_end_nor_handler_has_an_executor_that_is_thrown) {
    for_each_operation([](const operation& op) {
        scene s(op, asio::any_io_executor());
        probe p;
        BOOST_CHECK_EXCEPTION(s.start(p), strait::system_error,
            [](const auto& e) { return e.code() == strait::error::not_bound; });
        BOOST_TEST(p.is_gone());
    });
}

BOOST_AUTO_TEST_CASE(when_the_value_is_too_large) {
    strait::limits bounds;
    bounds.max_message_bytes = 1000;
    for_each_operation([&](const operation& op) {
        if (!op.sends) return;
        scene s(op, first, bounds);
        s.value.text.resize(2000);
        probe p;
        s.start(p);
        BOOST_TEST(!p.completed());
        run();
        expect_code(p, strait::error::message_too_large);
    });
}

BOOST_AUTO_TEST_CASE(when_too_much_waits_already) {
    strait::limits bounds;
    bounds.max_waiting_bytes = 2000;
    for_each_operation([&](const operation& op) {
        if (!op.sends) return;
        scene s(op, first, bounds);
        s.make_it_wait();
        probe waits;
        s.start(waits);
        probe p;
        s.value.text.resize(1500);
        s.start(p);
        BOOST_TEST(!p.completed());
        context.restart();
        context.poll();
        expect_code(p, asio::error::no_buffer_space);
        BOOST_TEST(!waits.completed());
        s.let_it_go();
        run();
        expect_code(waits, {});
    });
}

BOOST_AUTO_TEST_CASE(when_its_time_is_over_before_it_begins) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        if (!op.is_timed) return;
        s.make_it_wait();
        for (const auto timeout : {std::chrono::nanoseconds(0), std::chrono::nanoseconds(-1),
                 std::chrono::nanoseconds::min()}) {
            s.timeout = timeout;
            probe p;
            s.start(p);
            BOOST_TEST(!p.completed());
            run();
            expect_code(p, asio::error::timed_out);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_time_without_end_is_no_error) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        s.timeout = std::chrono::nanoseconds::max();
        probe p;
        s.start(p);
        expect_waiting(context, p);
        s.let_it_go();
        run();
        expect_code(p, {});
    });
}

BOOST_AUTO_TEST_SUITE_END()
