//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/channels.hpp"
#include "support/context_fixture.hpp"
#include "support/counting_resource.hpp"
#include "support/tracking_executor.hpp"

#include <strait.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/consign.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/prepend.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <tuple>
#include <utility>

namespace asio = boost::asio;
using strait::error_code;
using strait::test::tracking_executor;

// Check 5: the completion tokens that need no coroutine. The message can only be moved.

namespace {

struct parcel {
    std::unique_ptr<int> content;
};

parcel make_parcel(int n) { return {std::make_unique<int>(n)}; }

struct fixture : strait::test::context_fixture {
    std::pair<strait::sender<parcel>, strait::receiver<parcel>> ends =
        strait::test::new_channel<parcel>(context);
    strait::sender<parcel>& tx = ends.first;
    strait::receiver<parcel>& rx = ends.second;
    int got = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tokens, fixture)

BOOST_AUTO_TEST_CASE(a_handler_that_can_only_be_moved) {
    tx.async_send(make_parcel(1), [this, own = std::make_unique<int>(2)](error_code ec) {
        if (!ec) got += *own;
    });
    rx.async_recv([this, own = std::make_unique<int>(3)](error_code ec, parcel p) {
        if (!ec) got += *own * 10 + *p.content * 100;
    });
    run();
    BOOST_TEST(got == 132);
}

// A handler that is passed as an lvalue is copied, as it is by Asio.
BOOST_AUTO_TEST_CASE(a_handler_passed_as_lvalue_stays_as_it_was) {
    const auto sum = std::make_shared<int>();
    auto on_sent = [sum](error_code) { *sum += 1; };
    auto on_received = [sum](error_code, parcel) { *sum += 10; };
    auto on_returned = [sum](error_code, std::optional<parcel>) { *sum += 100; };
    const parcel none;
    parcel some = make_parcel(1);
    for (int i = 0; i != 2; ++i) {
        tx.async_send(make_parcel(1), on_sent);
        tx.async_send_for(make_parcel(1), std::chrono::hours(1), on_sent);
        tx.async_send(some, on_sent);
        tx.async_send(none, on_sent);
        tx.async_send_or_return(make_parcel(1), on_returned);
        rx.async_recv(on_received);
        rx.async_recv_for(std::chrono::hours(1), on_received);
    }
    run();
    BOOST_TEST(*sum == 2 * 4 + 2 * 20 + 2 * 100);
}

BOOST_AUTO_TEST_CASE(use_future) {
    std::future<void> sent = tx.async_send(make_parcel(4), asio::use_future);
    std::future<parcel> received = rx.async_recv(asio::use_future);
    run();
    sent.get();
    BOOST_TEST(*received.get().content == 4);

    std::future<parcel> failed = rx.async_recv(asio::use_future);
    tx.close();
    run();
    BOOST_CHECK_THROW(failed.get(), strait::system_error);
}

BOOST_AUTO_TEST_CASE(deferred_does_nothing_until_it_is_called) {
    auto send = tx.async_send(make_parcel(5), asio::deferred);
    auto receive = rx.async_recv(asio::deferred);
    context.poll();
    BOOST_TEST(!rx.try_recv());
    std::move(send)([](error_code) {});
    std::move(receive)([this](error_code, parcel p) { got = *p.content; });
    run();
    BOOST_TEST(got == 5);
}

BOOST_AUTO_TEST_CASE(a_deferred_operation_outlives_its_end) {
    auto receive = [&] {
        auto inner = std::move(rx);
        return inner.async_recv();  // deferred is the default
    }();
    error_code code;
    std::move(receive)([&](error_code ec, parcel) { code = ec; });
    run();
    BOOST_TEST((code == strait::error::not_open));
}

BOOST_AUTO_TEST_CASE(tuples_and_redirected_errors) {
    // Asio 1.26 has no as_tuple over use_future.
    std::tuple<error_code> sent(asio::error::would_block);
    std::tuple<error_code, parcel> received;
    tx.async_send(make_parcel(6), asio::as_tuple([&](auto result) { sent = result; }));
    rx.async_recv(asio::as_tuple([&](auto result) { received = std::move(result); }));
    run();
    BOOST_TEST(!std::get<0>(sent));
    BOOST_TEST(!std::get<0>(received));
    BOOST_TEST(*std::get<1>(received).content == 6);

    rx.close();
    error_code send_code;
    auto failed = tx.async_send(make_parcel(7), asio::redirect_error(asio::use_future, send_code));
    std::tuple<error_code, std::optional<parcel>> returned;
    tx.async_send_or_return(
        make_parcel(8), asio::as_tuple([&](auto result) { returned = std::move(result); }));
    run();
    failed.get();
    BOOST_TEST((send_code == asio::error::broken_pipe));
    BOOST_TEST((std::get<0>(returned) == asio::error::broken_pipe));
    BOOST_TEST_REQUIRE(std::get<1>(returned).has_value());
    BOOST_TEST(*std::get<1>(returned)->content == 8);
}

BOOST_AUTO_TEST_CASE(detached) {
    tx.async_send(make_parcel(1), asio::detached);
    tx.async_send_or_return(make_parcel(2), asio::detached);
    rx.async_recv(asio::detached);
    run();
    BOOST_TEST(*rx.recv().content == 2);
}

BOOST_AUTO_TEST_CASE(bound_executor_allocator_and_slot) {
    const tracking_executor second(context.get_executor(), 2);
    const auto resource = std::make_shared<strait::test::counting_resource>();
    asio::cancellation_signal signal;
    std::size_t live_in_handler = 1;
    error_code code;
    rx.async_recv(asio::bind_cancellation_slot(signal.slot(),
        asio::bind_allocator(strait::test::counting_allocator<std::byte>(resource),
            asio::bind_executor(second, [&](error_code ec, parcel) {
                got = tracking_executor::current();
                live_in_handler = resource->live_bytes();
                code = ec;
            }))));
    BOOST_TEST(resource->live_bytes() != 0u);
    signal.emit(asio::cancellation_type::total);
    run();
    BOOST_TEST(got == 2);
    BOOST_TEST(live_in_handler == 0u);
    BOOST_TEST((code == asio::error::operation_aborted));
}

BOOST_AUTO_TEST_CASE(appended_prepended_and_consigned) {
    const auto consigned = std::make_shared<int>();
    std::string text;
    tx.async_send(make_parcel(1),
        asio::append([&](error_code, const std::string& s) { text += s; }, std::string("a")));
    rx.async_recv(asio::prepend(
        asio::consign([&](const std::string& s, error_code, parcel) { text += s; }, consigned),
        std::string("b")));
    BOOST_TEST(consigned.use_count() == 2);
    run();
    BOOST_TEST(consigned.use_count() == 1);
    BOOST_TEST(text.size() == 2u);
}

// Its executor can be asked nothing but to execute.
BOOST_AUTO_TEST_CASE(an_erased_handler_is_never_called_inline) {
    using erased = asio::any_completion_handler<void(error_code, parcel)>;
    const auto strand = asio::make_strand(context);
    bool inside = false;
    bool in_strand = false;
    asio::post(strand, [&] {
        tx.send(make_parcel(1));
        rx.async_recv(erased(asio::bind_executor(strand, [&](error_code, parcel p) {
            got = *p.content;
            inside = true;
            in_strand = strand.running_in_this_thread();
        })));
        BOOST_TEST(!inside);
    });
    run();
    BOOST_TEST(got == 1);
    BOOST_TEST(in_strand);

    strait::receiver<parcel> unbound;
    BOOST_CHECK_THROW(
        unbound.async_recv(erased(asio::bind_executor(strand, [](error_code, parcel) {}))),
        strait::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
