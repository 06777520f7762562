//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "conformance/fixture.hpp"

#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <type_traits>

using namespace strait::test;
using strait::basic_receiver;
using strait::basic_sender;
using strait::error_code;
using strait::receiver;
using strait::sender;

// Check 9: moves and types.

namespace {

using context_executor = asio::io_context::executor_type;
using strand_executor = asio::strand<context_executor>;

template <template <class, class> class End>
constexpr bool has_the_types_of_an_io_object() {
    using any = End<note, asio::any_io_executor>;
    using own = End<note, context_executor>;
    static_assert(std::is_same_v<typename any::executor_type, asio::any_io_executor>);
    static_assert(std::is_same_v<typename any::value_type, note>);
    static_assert(std::is_same_v<typename any::template rebind_executor<context_executor>::other, own>);
    static_assert(noexcept(std::declval<const any&>().get_executor()));
    static_assert(noexcept(std::declval<const any&>().is_open()));
    static_assert(noexcept(std::declval<any&>().cancel()));
    static_assert(noexcept(std::declval<any&>().close()));

    static_assert(std::is_nothrow_move_constructible_v<any>);
    static_assert(std::is_nothrow_move_assignable_v<any>);
    static_assert(std::is_nothrow_move_constructible_v<own>);
    static_assert(std::is_nothrow_move_assignable_v<own>);
    static_assert(std::is_nothrow_destructible_v<any>);
    static_assert(std::is_nothrow_swappable_v<any>);
    static_assert(std::is_default_constructible_v<any>);
    static_assert(!std::is_default_constructible_v<own>);

    static_assert(std::is_constructible_v<any, asio::any_io_executor>);
    static_assert(std::is_constructible_v<any, context_executor>);
    static_assert(std::is_constructible_v<any, asio::io_context&>);
    static_assert(std::is_constructible_v<any, asio::thread_pool&>);
    static_assert(std::is_constructible_v<own, asio::io_context&>);
    static_assert(!std::is_convertible_v<asio::io_context&, any>);
    static_assert(!std::is_convertible_v<asio::any_io_executor, any>);

    static_assert(std::is_convertible_v<own, any>);
    static_assert(std::is_assignable_v<any&, own>);
    static_assert(!std::is_convertible_v<any, own>);
    static_assert(std::is_constructible_v<own, any, context_executor>);
    static_assert(!std::is_convertible_v<End<int, asio::any_io_executor>, any>);
    return true;
}

static_assert(has_the_types_of_an_io_object<basic_sender>());
static_assert(has_the_types_of_an_io_object<basic_receiver>());
static_assert(std::is_copy_constructible_v<sender<note>>);
static_assert(std::is_copy_assignable_v<sender<note>>);
static_assert(!std::is_copy_constructible_v<receiver<note>>);
static_assert(!std::is_copy_assignable_v<receiver<note>>);

}  // namespace

BOOST_FIXTURE_TEST_SUITE(moves, operation_fixture)

BOOST_AUTO_TEST_CASE(an_end_may_be_moved_while_operations_wait) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.make_it_wait();
        probe before, behind;
        s.start(before);
        s.move_end();
        s.start(behind);
        s.moved_tx.reset();
        s.moved_rx.reset();
        expect_waiting(context, before);
        while (!behind.completed()) {
            s.let_it_go();
            context.restart();
            context.run_one();
        }
        run();
        expect_code(before, {});
        expect_code(behind, {});
    });
}

BOOST_AUTO_TEST_CASE(a_moved_from_end_can_be_closed_assigned_and_destroyed) {
    for_each_operation([this](const operation& op) {
        scene s(op, first);
        s.move_end();
        if (op.sends) {
            BOOST_TEST(!s.moved_tx->is_open());
            BOOST_TEST((s.moved_tx->get_executor() == first));
            s.moved_tx->cancel();
            s.moved_tx->close();
            *s.moved_tx = std::move(*s.tx);
            s.tx.swap(s.moved_tx);
        } else {
            BOOST_TEST(!s.moved_rx->is_open());
            BOOST_TEST((s.moved_rx->get_executor() == first));
            s.moved_rx->cancel();
            s.moved_rx->close();
            *s.moved_rx = std::move(*s.rx);
            s.rx.swap(s.moved_rx);
        }
        s.make_it_ready();
        probe p;
        s.start(p);
        run();
        expect_code(p, {});
    });
}

BOOST_AUTO_TEST_CASE(ends_live_on_executors_of_their_own_type) {
    auto [any_tx, any_rx] = new_channel<note>(context);
    basic_sender<note, context_executor> tx(any_tx, context.get_executor());
    basic_receiver<note, context_executor> rx(std::move(any_rx), context.get_executor());
    BOOST_TEST(!any_rx.is_open());
    BOOST_TEST((rx.get_executor() == context.get_executor()));
    any_tx.close();

    std::uint64_t received = 0;
    error_code sent = asio::error::fault;
    rx.async_recv([&](error_code ec, note n) { received = ec ? 0 : n.number; });
    tx.async_send(note{.number = 5, .text = {}}, [&](error_code ec) { sent = ec; });
    run();
    BOOST_TEST(received == 5u);
    BOOST_TEST(!sent);

    // Back to any executor, with an operation that waits.
    rx.async_recv([&](error_code ec, note n) { received = ec ? 0 : n.number; });
    receiver<note> again(std::move(rx));
    sender<note> again_tx(tx);
    again_tx.send(note{.number = 6, .text = {}});
    run();
    BOOST_TEST(received == 6u);
}

BOOST_AUTO_TEST_CASE(an_end_on_a_strand_type_calls_in_that_strand) {
    auto [tx, any_rx] = new_channel<note>(context);
    const strand_executor strand(context.get_executor());
    basic_receiver<note, strand_executor> rx(std::move(any_rx), strand);
    bool inside = false;
    rx.async_recv([&](error_code, note) { inside = strand.running_in_this_thread(); });
    tx.send({});
    run();
    BOOST_TEST(inside);
}

// What has the executor's default token starts without one, and is still an end that may be
// unbound.
BOOST_AUTO_TEST_CASE(as_default_on_makes_an_end_of_another_executor) {
    auto [any_tx, any_rx] = new_channel<note>(context);
    auto rx = asio::use_awaitable_t<>::as_default_on(std::move(any_rx));
    using awaited = decltype(rx.async_recv());
    static_assert(std::is_same_v<awaited, asio::awaitable<note>>);

    auto unbound = asio::use_awaitable_t<>::as_default_on(receiver<note>());
    BOOST_CHECK_EXCEPTION(unbound.async_recv([](error_code, note) {}), strait::system_error,
        [](const auto& e) { return e.code() == strait::error::not_bound; });
}

BOOST_AUTO_TEST_SUITE_END()
