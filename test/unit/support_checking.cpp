//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/checking_token.hpp"
#include "support/context_fixture.hpp"
#include "support/tracking_executor.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using boost::system::error_code;
using strait::test::checked;
using strait::test::checked_on;
using strait::test::tracking_executor;

namespace {

using tracked_timer = asio::basic_waitable_timer<
    std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, tracking_executor>;

struct fixture : strait::test::context_fixture {
    tracking_executor first{context.get_executor(), 1};
    tracking_executor second{context.get_executor(), 2};
    tracked_timer timer{first, std::chrono::hours(0)};
};

// An operation that calls its handler as the given function does.
template <class Signature = void(error_code), class Token, class Function>
auto async_by(Token&& token, Function function) {
    return asio::async_initiate<Token, Signature>(
        [function](auto handler) mutable { function(std::move(handler)); }, token);
}

std::string only(const std::vector<std::string>& faults) {
    return faults.size() == 1 ? faults.front() : std::to_string(faults.size()) + " faults";
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(support_checking, fixture)

BOOST_AUTO_TEST_CASE(a_timer_passes_on_its_own_executor) {
    auto waited = timer.async_wait(checked(1));
    BOOST_TEST(!waited.completed());
    run();
    BOOST_TEST_REQUIRE(waited.completed());
    BOOST_TEST(!waited.code());
    BOOST_TEST(waited.memory().allocations() > 0u);
}

BOOST_AUTO_TEST_CASE(a_timer_passes_on_the_handlers_executor) {
    auto waited = timer.async_wait(checked_on(second));
    run();
    BOOST_TEST(waited.completed());
}

BOOST_AUTO_TEST_CASE(a_timer_passes_on_a_strand_and_on_another_thread) {
    asio::thread_pool pool(1);
    const tracking_executor strand(asio::make_strand(pool.get_executor()), 3);
    auto waited = timer.async_wait(checked_on(strand));
    run();
    pool.join();
    BOOST_TEST(waited.completed());
}

BOOST_AUTO_TEST_CASE(a_timer_can_be_cancelled_by_its_slot) {
    asio::cancellation_signal signal;
    timer.expires_after(std::chrono::hours(1));
    auto waited = timer.async_wait(asio::bind_cancellation_slot(signal.slot(), checked(1)));
    signal.emit(asio::cancellation_type::total);
    run();
    BOOST_TEST_REQUIRE(waited.completed());
    BOOST_TEST((waited.code() == asio::error::operation_aborted));
}

BOOST_AUTO_TEST_CASE(a_value_is_kept_even_if_it_can_only_be_moved) {
    auto result =
        async_by<void(error_code, std::unique_ptr<int>)>(checked(1), [this](auto handler) {
            asio::post(first, [handler = std::move(handler)]() mutable {
                std::move(handler)(error_code(), std::make_unique<int>(7));
            });
        });
    run();
    BOOST_TEST_REQUIRE(result.completed());
    BOOST_TEST(*result.value() == 7);
}

BOOST_AUTO_TEST_CASE(an_erased_handler_passes) {
    auto result = async_by(checked(1), [this](auto handler) {
        asio::any_completion_handler<void(error_code)> erased(std::move(handler));
        asio::post(
            first, [erased = std::move(erased)]() mutable { std::move(erased)(error_code()); });
    });
    run();
    BOOST_TEST(result.completed());
}

BOOST_AUTO_TEST_CASE(a_call_within_the_initiating_function_is_found) {
    auto result = async_by(checked(0), [](auto handler) { std::move(handler)(error_code()); });
    BOOST_TEST(
        only(result.take_faults()) == "the handler was called within the initiating function");
}

BOOST_AUTO_TEST_CASE(a_second_call_is_found) {
    auto result = async_by(checked(1), [this](auto handler) {
        asio::post(first, [handler = std::move(handler)]() mutable {
            handler(error_code());
            handler(error_code());
        });
    });
    run();
    BOOST_TEST(only(result.take_faults()) == "the handler was called more than once");
}

BOOST_AUTO_TEST_CASE(a_call_on_the_wrong_executor_is_found) {
    auto result = async_by(checked_on(second), [this](auto handler) {
        asio::post(first, [handler = std::move(handler)]() mutable { handler(error_code()); });
    });
    run();
    BOOST_TEST(only(result.take_faults()) == "the handler was called on executor 1 instead of 2");
}

BOOST_AUTO_TEST_CASE(memory_in_use_at_the_call_is_found) {
    auto result = async_by(checked(1), [this](auto handler) {
        asio::post(first, [handler = std::move(handler)]() mutable {
            auto allocator = asio::get_associated_allocator(handler);
            std::byte* memory = allocator.allocate(10);
            handler(error_code());
            allocator.deallocate(memory, 10);
        });
    });
    run();
    BOOST_TEST(
        only(result.take_faults()) ==
        "10 bytes of the handler's allocator were in use when it was called");
    BOOST_TEST(result.memory().live_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_dropped_handler_is_seen_and_can_be_allowed) {
    auto result = async_by(checked(1), [](auto) {});
    BOOST_TEST(!result.completed());
    result.allow_drop();
}

BOOST_AUTO_TEST_CASE(nested_functions_have_the_id_of_the_innermost) {
    std::vector<int> seen;
    asio::post(first, [&] {
        asio::dispatch(second, [&] { seen.push_back(tracking_executor::current()); });
        seen.push_back(tracking_executor::current());
    });
    run();
    seen.push_back(tracking_executor::current());
    BOOST_TEST(seen == (std::vector<int>{2, 1, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_erased_tracking_executor_still_tracks_and_counts_work) {
    int seen = 0;
    {
        const asio::any_io_executor erased(first);
        const auto work = asio::prefer(erased, asio::execution::outstanding_work.tracked);
        context.poll();
        BOOST_TEST(!context.stopped());
        asio::post(erased, [&] { seen = tracking_executor::current(); });
    }
    run();
    BOOST_TEST(seen == 1);
}

BOOST_AUTO_TEST_SUITE_END()
