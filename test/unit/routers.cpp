//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/values.hpp"
#include "support/context_fixture.hpp"

#include <strait/router.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

using namespace strait::test;
using strait::error;
using strait::error_code;
using strait::receiver;
using strait::router;
using strait::sender;
using strait::stop_mode;

BOOST_FIXTURE_TEST_SUITE(routers, context_fixture)

// ipc-channel: router_simple_global, router_multiplexing
BOOST_AUTO_TEST_CASE(each_receiver_has_its_callback) {
    router r(context);
    auto [tx1, rx1] = new_channel<note>();
    auto [tx2, rx2] = new_channel<std::string>();
    std::vector<std::uint64_t> numbers;
    std::vector<std::string> texts;
    r.add(std::move(rx1), [&](note n) { numbers.push_back(n.number); });
    r.add(std::move(rx2), [&](std::string s) { texts.push_back(std::move(s)); });
    tx1.send(note{1, {}});
    tx2.send("two");
    tx1.send(note{3, {}});
    tx1.close();
    tx2.close();
    run();
    BOOST_TEST((numbers == std::vector<std::uint64_t>{1, 3}));
    BOOST_TEST(texts == std::vector<std::string>{"two"}, boost::test_tools::per_element());
    BOOST_TEST(r.size() == 0u);
}

// ipc-channel: router_multithreaded_multiplexing
BOOST_AUTO_TEST_CASE(senders_in_threads_reach_their_routes) {
    router r(context);
    std::vector<int> sums(4);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i != sums.size(); ++i) {
        auto ends = new_channel<int>();
        r.add(std::move(ends.second), [&sum = sums[i]](int n) { sum += n; });
        threads.emplace_back([tx = std::move(ends.first)]() mutable {
            for (int n = 1; n <= 100; ++n) tx.send(n);
        });
    }
    run();
    for (auto& t : threads) t.join();
    for (const int sum : sums) BOOST_TEST(sum == 5050);
}

// ipc-channel: router_once_handler
BOOST_AUTO_TEST_CASE(a_once_route_hears_one_value_and_its_channel_stays_usable) {
    router r(context);
    auto [tx, rx] = new_channel<note>();
    const auto life = std::make_shared<int>();
    int calls = 0;
    r.add_once(std::move(rx), [&, life](note) { ++calls; });
    tx.send(note{1, {}});
    tx.send(note{2, {}});
    context.poll();
    BOOST_TEST(calls == 1);
    BOOST_TEST(life.use_count() == 1);
    error_code ec;
    for (int i = 0; i != 2000; ++i) {  // more than a channel holds
        tx.send(page(1), ec);
        context.restart();
        context.poll();
    }
    BOOST_TEST(!ec);
    BOOST_TEST(calls == 1);
    tx.close();
    run();
    BOOST_TEST(r.size() == 0u);
}

// ipc-channel: router_routing_to_new_crossbeam_receiver
BOOST_AUTO_TEST_CASE(values_go_into_a_queue_of_this_process) {
    router r(context);
    auto [tx, rx] = new_channel<note>();
    std::deque<note> queue;
    r.add_queue(std::move(rx), queue);
    for (std::uint64_t i = 0; i != 3; ++i) tx.send(note{i, {}});
    tx.close();
    run();
    BOOST_TEST_REQUIRE(queue.size() == 3u);
    BOOST_TEST(queue.back().number == 2u);
}

// ipc-channel: router_drops_callbacks_on_sender_shutdown, ..._on_cloned_sender_shutdown
BOOST_AUTO_TEST_CASE(a_callback_is_destroyed_when_its_last_sender_is_gone) {
    router r(context);
    auto [tx, rx] = new_channel<note>();
    const auto life = std::make_shared<int>();
    const auto id = r.add(std::move(rx), [life](note) {});
    sender<note> copy = tx;
    tx.close();
    context.poll();
    BOOST_TEST(life.use_count() == 2);
    BOOST_TEST(r.contains(id));
    copy.close();
    run();
    BOOST_TEST(life.use_count() == 1);
    BOOST_TEST(!r.contains(id));
}

// ipc-channel: router_big_data
BOOST_AUTO_TEST_CASE(large_values_are_routed) {
    router r(context);
    auto ends = new_channel<std::vector<std::pair<int, std::string>>>(context);  // clang 14 captures no structured bindings
    auto& tx = ends.first;
    auto& rx = ends.second;
    std::size_t got = 0;
    r.add(std::move(rx), [&](std::vector<std::pair<int, std::string>> v) { got = v.size(); });
    std::vector<std::pair<int, std::string>> big;
    for (int i = 0; i != 65536; ++i) big.emplace_back(i, "text");
    tx.async_send(big, [&](error_code ec) {
        BOOST_TEST(!ec);
        tx.close();
    });
    run();
    BOOST_TEST(got == 65536u);
}

// ipc-channel: router_shutdown
BOOST_AUTO_TEST_CASE(a_router_that_was_never_used_stops) {
    router r(context);
    r.stop(stop_mode::drain);
    r.stop(stop_mode::cancel);
    BOOST_TEST(r.is_stopped());
    error_code code = asio::error::would_block;
    r.async_stop(stop_mode::drain, [&](error_code ec) { code = ec; });
    BOOST_TEST(code == asio::error::would_block);
    run();
    BOOST_TEST(!code);
}

BOOST_AUTO_TEST_CASE(a_route_added_after_stop_is_refused_and_stays_with_its_owner) {
    router r(context);
    r.stop(stop_mode::cancel);
    auto [tx, rx] = new_channel<note>();
    error_code ec;
    const auto life = std::make_shared<int>();
    auto callback = [life](note) {};
    BOOST_TEST(r.add(std::move(rx), std::move(callback), ec) == 0u);
    BOOST_TEST(ec == error::not_open);
    BOOST_TEST(rx.is_open());
    BOOST_TEST(life.use_count() == 2);
    tx.send(note{1, {}});
    expect_notes(rx, 1, 2);
}

BOOST_AUTO_TEST_CASE(stopping_by_draining_gives_what_has_arrived) {
    router r(context);
    auto [tx, rx] = new_channel<note>();
    std::uint64_t next = 0;
    const auto life = std::make_shared<int>();
    r.add(std::move(rx), [&, life](note n) { BOOST_TEST(n.number == next++); });
    for (std::uint64_t i = 0; i != 150; ++i) tx.send(note{i, {}});
    error_code code = asio::error::would_block;
    r.async_stop(stop_mode::drain, [&](error_code ec) {
        code = ec;
        BOOST_TEST(life.use_count() == 1);
    });
    run();
    BOOST_TEST(!code);
    BOOST_TEST(next == 150u);
    error_code ec;
    while (!ec) tx.send(note{}, ec);
    BOOST_TEST(ec == asio::error::broken_pipe);
}

BOOST_AUTO_TEST_CASE(stopping_by_cancelling_gives_nothing_more) {
    router r(context);
    auto [tx, rx] = new_channel<note>();
    int calls = 0;
    r.add(std::move(rx), [&](note) { ++calls; });
    tx.send(note{});
    context.poll();
    BOOST_TEST(calls == 1);
    tx.send(note{});
    r.stop(stop_mode::cancel);
    run();
    BOOST_TEST(calls == 1);
}

// ipc-channel D19: there it waits for its own thread.
BOOST_AUTO_TEST_CASE(stop_may_be_called_from_a_callback) {
    for (const stop_mode how : {stop_mode::drain, stop_mode::cancel}) {
        router r(context);
        auto [tx, rx] = new_channel<note>();
        int calls = 0;
        r.add(std::move(rx), [&, big = std::string(1000, 'b')](note) {
            ++calls;
            r.stop(how);
            BOOST_TEST(big.size() == 1000u);  // the callback is still there
        });
        for (int i = 0; i != 5; ++i) tx.send(note{});
        run();
        BOOST_TEST(calls == (how == stop_mode::drain ? 5 : 1));
        BOOST_TEST(r.size() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_callback_may_remove_its_route_or_destroy_the_router) {
    auto [tx, rx] = new_channel<note>();
    auto r = std::make_optional<router>(context);
    int calls = 0;
    strait::any_receiver back;
    std::uint64_t id = 0;
    id = r->add(std::move(rx), [&](note) {
        ++calls;
        back = r->remove(id);
    });
    tx.send(note{1, {}});
    tx.send(note{2, {}});
    run();
    BOOST_TEST(calls == 1);
    auto typed = back.into<note>();
    expect_notes(typed, 2, 3);

    r->add(std::move(typed), [&, big = std::string(1000, 'b')](note) {
        ++calls;
        r.reset();
        BOOST_TEST(big.size() == 1000u);
    });
    tx.send(note{3, {}});
    tx.send(note{4, {}});
    run();
    BOOST_TEST(calls == 2);
}

// ipc-channel D18: there it ends the router, and the process with it.
BOOST_AUTO_TEST_CASE(a_callback_that_throws_stops_nothing) {
    router r(context);
    auto [tx1, rx1] = new_channel<note>();
    auto [tx2, rx2] = new_channel<note>();
    int thrown = 0;
    int calls = 0;
    r.on_exception([&](std::exception_ptr e) {
        BOOST_CHECK_THROW(std::rethrow_exception(e), std::runtime_error);
        ++thrown;
    });
    r.add(std::move(rx1), [](note) { throw std::runtime_error("callback"); });
    r.add(std::move(rx2), [&](note) { ++calls; });
    for (int i = 0; i != 3; ++i) {
        tx1.send(note{});
        tx2.send(note{});
    }
    tx1.close();
    tx2.close();
    run();
    BOOST_TEST(thrown == 3);
    BOOST_TEST(calls == 3);
    BOOST_TEST(r.exceptions() == 3u);
}

BOOST_AUTO_TEST_CASE(what_a_decode_error_does_is_the_choice_of_the_callback) {
    router r(context);
    std::vector<error_code> heard;
    int values = 0;
    for (const bool hears : {false, true}) {
        auto [tx, rx] = new_channel<std::string>();
        if (hears)
            r.add(std::move(rx), [&](error_code ec, std::string) { heard.push_back(ec); });
        else
            r.add(std::move(rx), [&](std::string) { ++values; });
        {
            // A sender of another type of the same channel, as only a liar has one.
            sender<std::uint64_t> liar(tx.core(), {});
            liar.send(~0ull);
            liar = {};
        }
    }
    run();
    BOOST_TEST(values == 0);
    BOOST_TEST_REQUIRE(heard.size() == 2u);
    BOOST_TEST(heard[0] == error::bad_message);
    BOOST_TEST(heard[1] == asio::error::eof);
}

// ipc-channel: router_flood
BOOST_AUTO_TEST_CASE(many_routes_come_and_go) {
    router r(context);
    int calls = 0;
    for (int i = 0; i != 3000; ++i) {
        auto [tx, rx] = new_channel<int>();
        r.add(std::move(rx), [&](int) { ++calls; });
        tx.send(i);
        tx.close();
        run();
    }
    BOOST_TEST(calls == 3000);
    BOOST_TEST(r.size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_stop_that_is_waited_for_can_be_cancelled) {
    router r(context);
    auto ends = new_channel<note>();  // clang 14 captures no structured bindings
    auto& tx = ends.first;
    auto& rx = ends.second;
    r.add(std::move(rx), [&](note) {
        tx.send(note{});  // there is always one more
    });
    tx.send(note{});
    asio::cancellation_signal signal;
    error_code code;
    r.async_stop(stop_mode::drain,
        asio::bind_cancellation_slot(signal.slot(), [&](error_code ec) { code = ec; }));
    for (int i = 0; i != 5; ++i) context.poll_one();
    signal.emit(asio::cancellation_type::total);
    for (int i = 0; i != 5; ++i) context.poll_one();
    BOOST_TEST(code == asio::error::operation_aborted);
    r.stop(stop_mode::cancel);
    run();
    BOOST_TEST(r.size() == 0u);
}

BOOST_AUTO_TEST_CASE(what_the_exception_handler_throws_goes_to_the_context_and_stops_nothing) {
    for (const bool draining : {false, true}) {
        router r(context);
        auto [tx, rx] = new_channel<note>();
        int calls = 0;
        r.on_exception([](std::exception_ptr e) { std::rethrow_exception(e); });
        r.add(std::move(rx), [&](note) {
            ++calls;
            throw std::runtime_error("callback");
        });
        for (int i = 0; i != 3; ++i) tx.send(note{});
        tx.close();
        bool stopped = false;
        if (draining) r.async_stop(stop_mode::drain, [&](error_code ec) { stopped = !ec; });
        context.restart();
        for (int i = 0; i != 3; ++i) BOOST_CHECK_THROW(context.run(), std::runtime_error);
        run();
        BOOST_TEST(calls == 3);
        BOOST_TEST(r.size() == 0u);
        BOOST_TEST(stopped == draining);
    }
}

BOOST_AUTO_TEST_CASE(a_fault_handler_that_throws_does_not_end_a_drain) {
    router r(context);
    auto [tx, rx] = new_channel<std::string>();
    rx.on_fault([](const strait::fault&) { throw std::runtime_error("fault handler"); });
    std::vector<std::string> heard;
    r.add(std::move(rx), [&](std::string s) { heard.push_back(std::move(s)); });
    {
        sender<std::uint64_t> liar(tx.core(), {});
        liar.send(~0ull);
        sender<std::string>(tx.core(), {}).send("good");
        liar = {};
    }
    bool stopped = false;
    r.async_stop(stop_mode::drain, [&](error_code ec) { stopped = !ec; });
    BOOST_CHECK_THROW(context.run(), std::runtime_error);
    run();
    BOOST_TEST(heard == std::vector<std::string>{"good"}, boost::test_tools::per_element());
    BOOST_TEST(stopped);
}

BOOST_AUTO_TEST_CASE(an_exception_handler_may_set_another) {
    router r(context);
    auto [tx, rx] = new_channel<note>();
    int first = 0;
    int second = 0;
    r.on_exception([&, big = std::string(1000, 'b')](std::exception_ptr) {
        r.on_exception([&](std::exception_ptr) { ++second; });
        first += big.size() == 1000;
    });
    r.add(std::move(rx), [](note) { throw std::runtime_error("callback"); });
    tx.send(note{});
    tx.send(note{});
    tx.close();
    run();
    BOOST_TEST(first == 1);
    BOOST_TEST(second == 1);
}

BOOST_AUTO_TEST_CASE(a_router_may_outlive_its_context) {
    for (const bool stopping : {false, true}) {
        auto [tx, rx] = new_channel<note>();
        const auto life = std::make_shared<int>();
        std::optional<asio::io_context> mine(std::in_place);
        router r(*mine);
        r.add(std::move(rx), [life](note) {});
        if (stopping) r.async_stop(stop_mode::drain, [life](error_code) { BOOST_TEST(false); });
        mine.reset();
        BOOST_TEST(life.use_count() == 2);
        r.stop(stop_mode::cancel);
        BOOST_TEST(life.use_count() == 1);
        BOOST_TEST(r.size() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(stopping_twice_completes_twice) {
    router r(context);
    auto [tx, rx] = new_channel<note>();
    r.add(std::move(rx), [](note) {});
    tx.send(note{});
    int stopped = 0;
    r.async_stop(stop_mode::drain, [&](error_code ec) { stopped += !ec; });
    r.async_stop(stop_mode::cancel, [&](error_code ec) { stopped += !ec; });
    run();
    r.async_stop(stop_mode::drain, [&](error_code ec) { stopped += !ec; });
    run();
    BOOST_TEST(stopped == 3);
}

BOOST_AUTO_TEST_SUITE_END()
