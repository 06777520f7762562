//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "conformance/fixture.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/bind_allocator.hpp>

using namespace strait::test;
using strait::error_code;

// Check 3: an operation lies in memory of its handler's allocator, all of which is free when the
// handler is called. The latter is for the probe to find.

BOOST_FIXTURE_TEST_SUITE(memory, operation_fixture)

BOOST_AUTO_TEST_CASE(an_operation_lies_in_the_memory_of_its_handler) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        probe p;
        s.start(p);
        BOOST_TEST(p.allocations() != 0u);
        BOOST_TEST(!p.is_gone());
        s.let_it_go();
        run();
        expect_code(p, {});
    });
}

BOOST_AUTO_TEST_CASE(memory_is_free_when_a_cancelled_operation_completes) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        probe p;
        s.start(p);
        s.cancel();
        run();
        expect_code(p, asio::error::operation_aborted);
    });
}

BOOST_AUTO_TEST_CASE(memory_is_free_when_its_time_is_over) {
    for_each_operation([this](const operation& op) {
        if (!op.is_timed) return;
        scene s(op, first);
        s.make_it_wait();
        s.timeout = std::chrono::milliseconds(1);
        probe p;
        s.start(p);
        run();
        expect_code(p, asio::error::timed_out);
    });
}

BOOST_AUTO_TEST_CASE(a_handler_may_start_the_next_operation) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_ready();
        s.make_it_ready();
        probe one;
        probe two;
        one.then([&] { s.start(two); });
        s.start(one);
        run();
        expect_code(one, {});
        expect_code(two, {});
    });
}

// The allocator of an erased handler lies in the handler: with it an operation must free its memory
// before the handler goes, also when it is never called.
BOOST_AUTO_TEST_CASE(an_erased_handler_with_an_allocator_can_be_called_and_dropped) {
    for (const bool called : {true, false}) {
        const auto resource = std::make_shared<counting_resource>();
        const auto erased = [&](auto handler) {
            return asio::any_completion_handler<void(error_code, note)>(asio::bind_allocator(
                counting_allocator<std::byte>(resource), std::move(handler)));
        };
        int calls = 0;
        {
            asio::io_context here;
            auto [tx, rx] = new_channel<note>(here);
            rx.async_recv(erased([&](error_code, note) { ++calls; }));
            BOOST_TEST(resource->live_bytes() != 0u);
            if (called) {
                tx.send({});
                here.run();
            }
        }
        BOOST_TEST(calls == (called ? 1 : 0));
        BOOST_TEST(resource->live_bytes() == 0u);
    }
}

BOOST_AUTO_TEST_SUITE_END()
