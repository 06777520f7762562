//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "conformance/fixture.hpp"

using namespace strait::test;
using strait::error_code;

// Check 4: the cancellation slot, for each type of cancellation and at each stage of an operation.

namespace {

using asio::cancellation_type;

constexpr cancellation_type types[] = {cancellation_type::terminal, cancellation_type::partial,
    cancellation_type::total, cancellation_type::all};

struct fixture : operation_fixture {
    asio::cancellation_signal signal;

    template <class Body>
    void for_each_type(Body body) {
        for_each_operation([&](const operation& op) {
            for (const cancellation_type type : types)
                BOOST_TEST_CONTEXT("type " << static_cast<int>(type)) body(op, type);
        });
    }
};

bool contains(const std::vector<std::uint64_t>& numbers, std::uint64_t number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(cancellation, fixture)

BOOST_AUTO_TEST_CASE(an_operation_that_waits_completes_with_operation_aborted) {
    for_each_type([this](const operation& op, cancellation_type type) {
        scene s(op, first);
        s.make_it_wait();
        probe p;
        p.cancel_by(signal);
        s.start(p);
        expect_waiting(context, p);
        signal.emit(type);
        BOOST_TEST(!p.completed());
        signal.emit(type);
        run();
        expect_code(p, asio::error::operation_aborted);
        signal.emit(type);
        // Nothing of it was sent, nothing was lost, and the channel works.
        BOOST_TEST(!contains(s.drain(), scene::own_number));
        s.tx->send(note{.number = 3, .text = {}});
        BOOST_TEST(s.rx->recv().number == 3u);
    });
}

BOOST_AUTO_TEST_CASE(a_message_sent_in_part_is_withdrawn, *over_links()) {
    for_each_type([this](const operation& op, cancellation_type type) {
        if (!op.by_parts) return;
        scene s(op, first, in_fragments());
        s.value.text.assign(4 << 20, 'x');
        probe p;
        p.cancel_by(signal);
        s.start(p);
        expect_waiting(context, p);
        BOOST_TEST(s.drain().empty());
        expect_waiting(context, p);
        signal.emit(type);
        signal.emit(type);
        run();
        expect_code(p, asio::error::operation_aborted);
        if (op.keeps_value) BOOST_TEST(s.value.text.size() == 4u << 20);
        BOOST_TEST(s.drain().empty());
        s.tx->send(note{.number = 3, .text = {}});
        BOOST_TEST(s.rx->recv().number == 3u);
    });
}

BOOST_AUTO_TEST_CASE(after_success_and_before_the_handler_no_message_is_lost) {
    for_each_type([this](const operation& op, cancellation_type type) {
        scene s(op, first);
        s.make_it_ready();
        probe p;
        p.cancel_by(signal);
        s.start(p);
        signal.emit(type);
        signal.emit(type);
        run();
        // A message that was written is sent. One that was not given out is first in line.
        expect_code(p, op.sends ? error_code() : asio::error::operation_aborted);
        BOOST_TEST(s.drain() == std::vector<std::uint64_t>{scene::own_number});
    });
}

BOOST_AUTO_TEST_CASE(from_the_handler_and_later_it_is_harmless) {
    for_each_type([this](const operation& op, cancellation_type type) {
        scene s(op, first);
        s.make_it_ready();
        probe p;
        p.cancel_by(signal);
        p.then([this, type] { signal.emit(type); });
        s.start(p);
        run();
        signal.emit(type);
        s.destroy();
        signal.emit(type);
        run();
        expect_code(p, {});
    });
}

BOOST_AUTO_TEST_CASE(a_slot_serves_the_next_operation_and_not_the_last) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        probe one;
        one.cancel_by(signal);
        s.make_it_ready();
        s.start(one);
        run();
        s.drain();
        s.make_it_wait();
        probe two;
        two.cancel_by(signal);
        s.start(two);
        signal.emit(cancellation_type::total);
        run();
        expect_code(one, {});
        expect_code(two, asio::error::operation_aborted);
    });
}

BOOST_AUTO_TEST_CASE(a_cancellation_of_no_type_does_nothing) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        probe p;
        p.cancel_by(signal);
        s.start(p);
        signal.emit(cancellation_type::none);
        expect_waiting(context, p);
        s.let_it_go();
        run();
        expect_code(p, {});
    });
}

BOOST_AUTO_TEST_CASE(it_ends_its_own_operation_and_no_other) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        probe before, cancelled, behind;
        cancelled.cancel_by(signal);
        s.start(before);
        s.start(cancelled);
        s.start(behind);
        signal.emit(cancellation_type::total);
        expect_waiting(context, before);
        expect_waiting(context, behind);
        expect_code(cancelled, asio::error::operation_aborted);
        while (!behind.completed()) {
            s.let_it_go();
            context.run_one();
        }
        run();
        expect_code(before, {});
        expect_code(behind, {});
    });
}

BOOST_AUTO_TEST_CASE(the_slot_is_free_when_nothing_could_be_started) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.close();
        probe p;
        p.cancel_by(signal);
        s.start(p);
        signal.emit(cancellation_type::all);
        run();
        expect_code(p, strait::error::not_open);
    });
}

BOOST_AUTO_TEST_SUITE_END()
