//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "conformance/fixture.hpp"

#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

using namespace strait::test;
using strait::error_code;

// Check 2: the final handler runs on its associated executor, which is that of the end by default.
// The probe finds a call on another one.

BOOST_FIXTURE_TEST_SUITE(executors, operation_fixture)

BOOST_AUTO_TEST_CASE(a_handler_runs_on_its_own_executor_however_the_operation_ends) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        probe done(second), waited(second), cancelled(second), refused(second);
        s.make_it_ready();
        s.start(done);
        run();
        expect_code(done, {});

        s.make_it_wait();
        s.start(waited);
        expect_waiting(context, waited);
        s.let_it_go();
        run();
        expect_code(waited, {});

        s.make_it_wait();
        s.start(cancelled);
        s.cancel();
        run();
        expect_code(cancelled, asio::error::operation_aborted);

        s.close();
        s.start(refused);
        run();
        expect_code(refused, strait::error::not_open);
    });
}

BOOST_AUTO_TEST_CASE(operations_that_share_a_queue_keep_their_executors) {
    const tracking_executor third(context.get_executor(), 3);
    for_each_operation([&](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        probe probes[] = {probe(second), probe(), probe(third)};
        for (probe& p : probes) s.start(p);
        for (const probe& p : probes) expect_waiting(context, p);
        while (!probes[2].completed()) {
            s.let_it_go();
            context.restart();
            context.run_one();
        }
        run();
        for (const probe& p : probes) expect_code(p, {});
    });
}

BOOST_AUTO_TEST_CASE(a_handler_runs_on_its_strand_in_another_thread) {
    for_each_operation([this](const operation& op) {
        asio::thread_pool pool(1);
        const tracking_executor strand(asio::make_strand(pool.get_executor()), 3);
        scene s(op, first);
        s.make_it_ready();
        probe done(strand);
        s.start(done);
        run();
        pool.join();
        expect_code(done, {});
    });
}

BOOST_AUTO_TEST_CASE(ends_on_a_strand_call_there) {
    const tracking_executor strand(asio::make_strand(context.get_executor()), 1);
    for_each_operation([&](const operation& op) {
        scene s(op, strand);
        s.make_it_wait();
        probe p;
        s.start(p);
        expect_waiting(context, p);
        s.let_it_go();
        run();
        expect_code(p, {});
    });
}

BOOST_AUTO_TEST_CASE(after_bind_the_new_executor_is_used) {
    for_each_operation([this](const operation& op) {
        scene s(op, second);
        s.bind(first);
        for (int again = 0; again != 2; ++again) {
            s.make_it_wait();
            probe p;
            s.start(p);
            expect_waiting(context, p);
            s.let_it_go();
            run();
            expect_code(p, {});
        }
    });
}

BOOST_AUTO_TEST_CASE(a_copy_that_writes_for_the_others_leaves_their_handlers_to_their_executors) {
    // clang 14 captures no structured bindings.
    auto ends = new_channel<note>(first);
    auto& tx = ends.first;
    auto& rx = ends.second;
    strait::sender<note> other(tx, second);
    const note page{.number = 1, .text = std::string(1000, 'p')};
    while (tx.try_send(page)) continue;
    probe on_first;
    probe on_second(second);
    on_first.start([&](probe_handler h) { tx.async_send(page, std::move(h)); });
    on_second.start([&](probe_handler h) { other.async_send(page, std::move(h)); });
    expect_waiting(context, on_first);
    while (rx.try_recv()) continue;
    run();
    expect_code(on_first, {});
    expect_code(on_second, {});
}

BOOST_AUTO_TEST_SUITE_END()
