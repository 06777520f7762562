//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "contract/values.hpp"
#include "support/context_fixture.hpp"

#include <strait/receiver_set.hpp>

#include <boost/asio/bind_executor.hpp>

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>

using namespace strait::test;
using strait::error;
using strait::error_code;
using strait::receiver;
using strait::receiver_set;
using strait::sender;
using strait::set_event;

// Who is heard when, and what a set does while it calls what is not its own.

namespace {

void break_link(raw_link& raw) {
    raw.write("this is no frame at all, and long enough for a header");
}

std::size_t messages_in(const std::vector<set_event>& events) {
    std::size_t n = 0;
    for (const set_event& e : events) n += e.has_message();
    return n;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(receiver_set_turns, context_fixture)

BOOST_AUTO_TEST_CASE(one_that_always_has_more_does_not_hide_those_that_begin_later) {
    receiver_set set(context);
    auto [flood, flooded] = new_channel<note>();
    auto [late, late_rx] = new_channel<note>();
    const auto flooded_id = set.add(std::move(flooded));
    const auto late_id = set.add(std::move(late_rx));
    const auto fill = [&tx = flood] {
        for (error_code ec; !ec;) tx.try_send(note{1, {}}, ec);
    };
    fill();
    for (set_event& e : set.select()) BOOST_TEST(e.id() == flooded_id);
    late.send(note{2, {}});
    int calls = 0;
    for (bool heard = false; !heard && calls != 100; ++calls) {
        fill();
        for (set_event& e : set.select()) heard |= e.id() == late_id;
    }
    BOOST_TEST(calls == 1);

    late.send(note{3, {}});
    bool heard = false;
    for (calls = 0; !heard && calls != 100; ++calls) {
        fill();
        set.async_select([&](error_code ec, std::vector<set_event> events) {
            BOOST_TEST(!ec);
            for (set_event& e : events) heard |= e.id() == late_id;
        });
        run();
    }
    BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(what_a_blocking_call_leaves_goes_to_the_select_that_waits) {
    receiver_set set(context);
    auto [tx, rx] = new_channel<note>();
    set.add(std::move(rx));
    std::size_t seen = 0;
    set.async_select([&](error_code ec, std::vector<set_event> events) {
        BOOST_TEST(!ec);
        seen = events.size();
    });
    context.poll();
    for (std::uint64_t i = 0; i != 20; ++i) tx.send(note{i, {}});
    BOOST_TEST(set.try_select().size() == 16u);
    run();
    BOOST_TEST(seen == 4u);
}

BOOST_AUTO_TEST_CASE(a_select_whose_context_goes_away_leaves_its_turn_to_the_next) {
    auto [tx, rx] = new_channel<note>();
    receiver_set set(context);
    set.add(std::move(rx));
    std::optional<asio::io_context> dying(std::in_place);
    set.async_select(asio::bind_executor(
        dying->get_executor(), [](error_code, std::vector<set_event>) { BOOST_TEST(false); }));
    std::size_t seen = 0;
    set.async_select([&](error_code ec, std::vector<set_event> events) {
        BOOST_TEST(!ec);
        seen = events.size();
    });
    tx.send(note{1, {}});
    context.poll();
    BOOST_TEST(seen == 0u);
    dying.reset();
    run();
    BOOST_TEST(seen == 1u);
}

BOOST_AUTO_TEST_CASE(a_receive_whose_context_goes_away_leaves_its_turn_to_the_next) {
    auto [tx, rx] = new_channel<note>(context);
    std::optional<asio::io_context> dying(std::in_place);
    rx.async_recv(
        asio::bind_executor(dying->get_executor(), [](error_code, note) { BOOST_TEST(false); }));
    int seen = 0;
    rx.async_recv([&](error_code ec, note) {
        BOOST_TEST(!ec);
        ++seen;
    });
    tx.send(note{1, {}});
    context.poll();
    BOOST_TEST(seen == 0);
    dying.reset();
    run();
    BOOST_TEST(seen == 1);
}

BOOST_AUTO_TEST_CASE(a_fault_handler_that_throws_costs_no_event) {
    for (const bool asynchronous : {false, true}) {
        receiver_set set(context);
        auto [tx, rx] = new_channel<note>();
        contested_channel<note> c;
        std::map<std::uint64_t, std::size_t> seen;
        auto [ended_tx, ended] = new_channel<note>();
        c.rx.on_fault([](const strait::fault&) { throw std::runtime_error("handler"); });
        const auto first = set.add(std::move(rx));
        const auto contested = set.add(std::move(c.rx));
        const auto over = set.add(std::move(ended));
        tx.send(note{1, {}});
        c.honest.send(note{2, {}});
        c.honest.send(note{3, {}});
        ended_tx.close();
        break_link(c.raw);
        const auto count = [&](std::vector<set_event> events) {
            for (set_event& e : events) seen[e.id()] += e.has_message() || e.is_end();
        };
        if (asynchronous) {
            set.async_select(
                [&](error_code, std::vector<set_event> events) { count(std::move(events)); });
            BOOST_CHECK_THROW(context.run(), std::runtime_error);
            run();
        } else {
            BOOST_CHECK_THROW(set.select(), std::runtime_error);
        }
        error_code ec;
        while (!ec) count(set.try_select(ec));
        BOOST_TEST(seen[first] == 1u);
        BOOST_TEST(seen[contested] == 2u);
        BOOST_TEST(seen[over] == 1u);
        BOOST_TEST(!set.contains(over));
    }
}

BOOST_AUTO_TEST_CASE(a_fault_handler_may_remove_its_receiver) {
    for (const bool asynchronous : {false, true}) {
        receiver_set set(context);
        contested_channel<note> c;
        auto [tx, rx] = new_channel<note>();
        std::uint64_t id = 0;
        receiver<note> back;
        c.rx.on_fault([&](const strait::fault&) { back = set.remove<note>(id); });
        id = set.add(std::move(c.rx));
        set.add(std::move(rx));
        tx.send(note{1, {}});
        c.honest.send(note{2, {}});
        c.honest.close();
        break_link(c.raw);
        c.raw.close();
        std::size_t seen = 0;
        if (asynchronous) {
            set.async_select(
                [&](error_code, std::vector<set_event> events) { seen = messages_in(events); });
            run();
        } else {
            seen = messages_in(set.select());
        }
        BOOST_TEST(seen == 2u);
        BOOST_TEST(!set.contains(id));
    }
}

BOOST_AUTO_TEST_CASE(a_fault_handler_may_close_or_destroy_the_set) {
    for (const bool asynchronous : {false, true})
        for (const bool destroys : {false, true}) {
            auto set = std::make_optional<receiver_set>(context);
            contested_channel<note> c;
            auto [tx, rx] = new_channel<note>();
            auto [tx2, rx2] = new_channel<note>();
            c.rx.on_fault([&, destroys](const strait::fault&) {
                if (destroys)
                    set.reset();
                else
                    set->close();
            });
            set->add(std::move(rx));
            set->add(std::move(c.rx));
            set->add(std::move(rx2));
            break_link(c.raw);
            error_code code;
            if (asynchronous) {
                set->async_select(
                    [&](error_code ec, std::vector<set_event>) { code = ec; });
                run();
                BOOST_TEST(code == asio::error::operation_aborted);
            } else {
                receiver_set& s = *set;
                s.select(code);
                BOOST_TEST(code == error::not_open);
            }
        }
}

BOOST_AUTO_TEST_CASE(a_select_granted_elsewhere_does_not_wait_on_a_context_that_is_gone) {
    auto [tx, rx] = new_channel<note>();
    std::optional<asio::io_context> dying(std::in_place);
    receiver_set set(*dying);
    set.add(std::move(rx));
    error_code code;
    set.async_select(asio::bind_executor(
        context.get_executor(), [&](error_code ec, std::vector<set_event>) { code = ec; }));
    tx.send(note{1, {}});
    dying->poll();
    dying.reset();
    BOOST_TEST(set.try_select().size() == 1u);
    run();
    BOOST_TEST(code == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(a_select_that_waits_outlives_the_last_receiver) {
    receiver_set set(context);
    auto [tx, rx] = new_channel<note>();
    const auto id = set.add(std::move(rx));
    std::size_t seen = 0;
    set.async_select([&](error_code ec, std::vector<set_event> events) {
        BOOST_TEST(!ec);
        seen = events.size();
    });
    context.poll();
    receiver<note> back = set.remove<note>(id);
    context.restart();
    context.poll();
    BOOST_TEST(!context.stopped());
    set.add(std::move(back));
    tx.send(note{1, {}});
    run();
    BOOST_TEST(seen == 1u);
}

BOOST_AUTO_TEST_CASE(ends_in_messages_get_the_executor_of_the_set) {
    receiver_set set(context);
    auto [tx, rx] = new_channel<with_sender>();
    auto [inner, inner_rx] = new_channel<note>();
    set.add(std::move(rx));
    tx.send(with_sender{inner});
    auto events = set.select();
    auto got = events.at(0).as<with_sender>();
    BOOST_TEST((got.end.get_executor() == asio::any_io_executor(context.get_executor())));
}

BOOST_AUTO_TEST_SUITE_END()
