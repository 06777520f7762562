//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "conformance/fixture.hpp"

using namespace strait::test;
using strait::error_code;

// Check 6: an operation that waits is work of the executor of its end and of that of its handler,
// and of no other; one that is over is none. That run() returns is what run() checks.

namespace {

struct fixture : operation_fixture {
    asio::io_context other;
    tracking_executor elsewhere{other.get_executor(), 3};

    static bool has_work(asio::io_context& which) {
        which.restart();
        which.poll();
        return !which.stopped();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(work, fixture)

BOOST_AUTO_TEST_CASE(an_end_alone_is_none) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        BOOST_TEST(!has_work(context));
    });
}

BOOST_AUTO_TEST_CASE(an_operation_that_waits_is_work_until_it_is_over) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        for (int again = 0; again != 2; ++again) {
            s.make_it_wait();
            probe p;
            s.start(p);
            BOOST_TEST(has_work(context));
            s.let_it_go();
            run();
            expect_code(p, {});
            BOOST_TEST(!has_work(context));
        }
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_operation_is_none) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        probe p;
        s.start(p);
        s.cancel();
        run();
        expect_code(p, asio::error::operation_aborted);
        BOOST_TEST(!has_work(context));
    });
}

BOOST_AUTO_TEST_CASE(it_is_work_of_the_context_of_its_handler_too) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        probe p(elsewhere);
        s.start(p);
        BOOST_TEST(has_work(context));
        BOOST_TEST(has_work(other));
        s.let_it_go();
        context.restart();
        context.poll();
        BOOST_TEST(!p.completed());
        // A receive with a time limit can still run into it. All others have nothing to do here.
        if (op.sends || !op.is_timed) BOOST_TEST(context.stopped());
        other.restart();
        other.run();
        expect_code(p, {});
        BOOST_TEST(!has_work(context));
    });
}

BOOST_AUTO_TEST_CASE(a_send_that_waits_is_no_work_of_another_copys_context) {
    for_each_operation([this](const operation& op) {
        if (!op.sends) return;
        scene s(op, first);
        strait::sender<note> copy(*s.tx, elsewhere);
        s.make_it_wait();
        probe mine;
        s.start(mine);
        BOOST_TEST(has_work(context));
        BOOST_TEST(!has_work(other));

        probe of_copy(elsewhere);
        of_copy.start([&](probe_handler h) { copy.async_send(s.value, std::move(h)); });
        BOOST_TEST(has_work(other));
        // The first context writes for both, and the second has nothing to wait for any more.
        s.let_it_go();
        run();
        expect_code(mine, {});
        BOOST_TEST(!has_work(other));
        expect_code(of_copy, {});
    });
}

BOOST_AUTO_TEST_CASE(the_time_limit_of_what_is_over_is_none) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_ready();
        probe p;
        s.start(p);
        run();
        expect_code(p, {});
        BOOST_TEST(!has_work(context));
    });
}

BOOST_AUTO_TEST_SUITE_END()
