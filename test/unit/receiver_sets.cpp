//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/values.hpp"
#include "support/context_fixture.hpp"

#include <strait/receiver_set.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include <sys/wait.h>

using namespace strait::test;
using strait::any_receiver;
using strait::error;
using strait::error_code;
using strait::receiver;
using strait::receiver_set;
using strait::sender;
using strait::set_event;

namespace {

struct other_note {
    std::vector<int> values;
};

// All that is there, call by call, until there is nothing.
std::vector<set_event> all_of(receiver_set& set) {
    std::vector<set_event> all;
    for (error_code ec; !ec;) {
        auto some = set.try_select(ec);
        std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    return all;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(receiver_sets, context_fixture)

// ipc-channel: select
BOOST_AUTO_TEST_CASE(messages_of_several_types_are_told_apart_by_the_number_of_their_receiver) {
    receiver_set set;
    auto [tx1, rx1] = new_channel<note>();
    auto [tx2, rx2] = new_channel<other_note>();
    const auto id1 = set.add(std::move(rx1));
    const auto id2 = set.add(std::move(rx2));
    BOOST_TEST(id1 != id2);
    BOOST_TEST(!rx1.is_open());
    tx1.send(note{1, "one"});
    tx2.send(other_note{{1, 2, 3}});
    int seen = 0;
    for (set_event& e : all_of(set)) {
        BOOST_TEST_REQUIRE(e.has_message());
        if (e.id() == id1) BOOST_TEST(e.as<note>().text == "one");
        if (e.id() == id2) BOOST_TEST(e.as<other_note>().values.size() == 3u);
        ++seen;
    }
    BOOST_TEST(seen == 2);
    BOOST_TEST(set.size() == 2u);
}

// ipc-channel: try_select
BOOST_AUTO_TEST_CASE(a_set_is_empty_then_has_a_message_then_the_end_once_and_nothing_more) {
    receiver_set set;
    auto [tx, rx] = new_channel<note>();
    const auto id = set.add(std::move(rx));
    error_code ec;
    BOOST_TEST(set.try_select(ec).empty());
    BOOST_TEST(ec == asio::error::would_block);
    tx.send(note{1, {}});
    auto events = set.try_select();
    BOOST_TEST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].as<note>().number == 1u);
    BOOST_TEST(set.try_select().empty());
    tx.close();
    events = set.select();
    BOOST_TEST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].id() == id);
    BOOST_TEST(events[0].is_end());
    BOOST_TEST(!events[0].has_message());
    BOOST_TEST(!set.contains(id));
    set.try_select(ec);
    BOOST_TEST(ec == error::empty_set);
}

// ipc-channel: try_select_timeout
BOOST_AUTO_TEST_CASE(a_timed_select_waits_its_time_and_ends_early_with_an_event) {
    receiver_set set;
    auto [tx, rx] = new_channel<note>();
    set.add(std::move(rx));
    const auto begin = std::chrono::steady_clock::now();
    error_code ec;
    BOOST_TEST(set.select_for(std::chrono::milliseconds(20), ec).empty());
    BOOST_TEST(ec == asio::error::timed_out);
    BOOST_TEST((std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(20)));
    std::thread later([&, mine = std::move(tx)]() mutable { mine.send(note{5, {}}); });
    auto events = set.select_for(std::chrono::hours(1), ec);
    BOOST_TEST(!ec);
    BOOST_TEST_REQUIRE(!events.empty());
    BOOST_TEST(events[0].as<note>().number == 5u);
    later.join();
}

// ipc-channel: there it blocks for ever, panics or fails, by system.
BOOST_AUTO_TEST_CASE(a_blocking_select_on_an_empty_set_reports_it) {
    receiver_set set;
    error_code ec;
    set.select(ec);
    BOOST_TEST(ec == error::empty_set);
    set.select_for(std::chrono::hours(1), ec);
    BOOST_TEST(ec == error::empty_set);
    set.try_select(ec);
    BOOST_TEST(ec == error::empty_set);
}

BOOST_AUTO_TEST_CASE(an_asynchronous_select_on_an_empty_set_waits_for_a_receiver) {
    receiver_set set(context);
    int called = 0;
    set.async_select([&](error_code ec, std::vector<set_event> events) {
        BOOST_TEST(!ec);
        BOOST_TEST(events.size() == 1u);
        ++called;
    });
    context.poll();
    BOOST_TEST(called == 0);
    auto [tx, rx] = new_channel<note>();
    set.add(std::move(rx));
    context.restart();
    context.poll();
    BOOST_TEST(called == 0);
    tx.send(note{});
    run();
    BOOST_TEST(called == 1);
}

// ipc-channel: receiver_set_close_before_adding, receiver_set_close_after_adding
BOOST_AUTO_TEST_CASE(the_end_is_reported_whether_it_came_before_or_after_adding) {
    receiver_set set;
    auto [tx1, rx1] = new_channel<note>();
    tx1.send(note{1, {}});
    tx1.close();
    const auto id1 = set.add(std::move(rx1));
    auto [tx2, rx2] = new_channel<note>();
    const auto id2 = set.add(std::move(rx2));
    tx2.close();
    std::map<std::uint64_t, int> ends;
    int messages = 0;
    for (set_event& e : all_of(set)) e.is_end() ? ++ends[e.id()] : ++messages;
    BOOST_TEST(messages == 1);
    BOOST_TEST(ends[id1] == 1);
    BOOST_TEST(ends[id2] == 1);
    BOOST_TEST(set.empty());
}

BOOST_AUTO_TEST_CASE(what_a_receiver_had_read_ahead_is_in_the_set_and_comes_back_out_of_it) {
    auto [tx, rx] = new_channel<note>();
    for (std::uint64_t i = 0; i != 40; ++i) tx.send(note{i, {}});
    expect_notes(rx, 0, 1);
    receiver_set set;
    const auto id = set.add(std::move(rx));
    auto events = set.select();
    BOOST_TEST(events.size() == 16u);  // its turn
    std::uint64_t next = 1;
    for (set_event& e : events) BOOST_TEST(e.as<note>().number == next++);
    receiver<note> back = set.remove<note>(id);
    BOOST_TEST(!set.contains(id));
    expect_notes(back, next, 40);
    tx.send(note{40, {}});
    expect_notes(back, 40, 41);
    error_code ec;
    static_cast<void>(set.remove(id, ec));
    BOOST_TEST(ec == error::no_such_end);
}

BOOST_AUTO_TEST_CASE(a_receiver_removed_as_another_type_stays) {
    receiver_set set;
    auto [tx, rx] = new_channel<note>();
    const auto id = set.add(std::move(rx));
    error_code ec;
    strait::diagnostics details;
    static_cast<void>(set.remove<other_note>(id, ec, details));
    BOOST_TEST(ec == error::type_mismatch);
    BOOST_TEST(details.found.find("note") != std::string::npos);
    BOOST_TEST(set.contains(id));
    tx.send(note{3, {}});
    BOOST_TEST(set.select().size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_event_decoded_as_another_type_says_so_and_keeps_its_message) {
    receiver_set set;
    auto [tx, rx] = new_channel<note>();
    set.add(std::move(rx));
    tx.send(note{3, "kept"});
    auto events = set.select();
    error_code ec;
    events[0].as<other_note>(ec);
    BOOST_TEST(ec == error::type_mismatch);
    BOOST_TEST(events[0].as<note>().text == "kept");
}

BOOST_AUTO_TEST_CASE(one_that_floods_holds_up_no_other) {
    receiver_set set;
    auto [flood, flooded] = new_channel<note>();
    const auto flooded_id = set.add(std::move(flooded));
    std::vector<sender<note>> others;
    for (int i = 0; i != 5; ++i) {
        auto [tx, rx] = new_channel<note>();
        set.add(std::move(rx));
        others.push_back(std::move(tx));
    }
    error_code ec;
    while (!ec) flood.try_send(note{1, {}}, ec);
    for (auto& tx : others) tx.send(note{2, {}});
    std::size_t of_flood = 0;
    std::size_t of_others = 0;
    for (set_event& e : set.select()) e.id() == flooded_id ? ++of_flood : ++of_others;
    BOOST_TEST(of_others == 5u);
    BOOST_TEST(of_flood <= 16u);
}

// ipc-channel D17: there it costs the messages of all.
BOOST_AUTO_TEST_CASE(what_one_peer_does_wrong_concerns_no_other_receiver) {
    receiver_set set;
    auto [tx, rx] = new_channel<std::string>();
    auto [tx2, rx2] = new_channel<note>();
    set.add(std::move(rx));
    const auto good = set.add(std::move(rx2));
    {
        // A sender of another type of the same channel, as only a liar has one.
        sender<std::vector<std::uint64_t>> liar(tx.core(), {});
        liar.send(std::vector<std::uint64_t>{~0ull, ~0ull});
        liar = {};
    }
    tx2.send(note{7, {}});
    bool seen_good = false;
    for (set_event& e : all_of(set)) {
        error_code ec;
        if (e.id() == good) {
            seen_good = e.as<note>().number == 7;
        } else if (e.has_message()) {
            e.as<std::string>(ec);
            BOOST_TEST(ec == error::bad_message);
        }
    }
    BOOST_TEST(seen_good);
    BOOST_TEST(set.contains(good));
}

// ipc-channel: receiver_set_concurrent
BOOST_AUTO_TEST_CASE(threads_send_to_the_members_and_each_keeps_its_order) {
    receiver_set set;
    std::map<std::uint64_t, std::uint64_t> next;
    std::vector<std::thread> threads;
    for (int i = 0; i != 5; ++i) {
        auto ends = new_channel<note>();
        next[set.add(std::move(ends.second))] = 0;
        threads.emplace_back([tx = std::move(ends.first), i]() mutable {
            for (std::uint64_t n = 0; n != 100; ++n)
                tx.send(note{n, std::string(n * 997 % 50'000 * (i % 2 ? 1u : 0u), 'x')});
        });
    }
    while (!set.empty())
        for (set_event& e : set.select())
            if (e.has_message()) BOOST_TEST_REQUIRE(e.as<note>().number == next[e.id()]++);
    for (const auto& [id, n] : next) BOOST_TEST(n == 100u);
    for (auto& t : threads) t.join();
}

BOOST_AUTO_TEST_CASE(a_thousand_members_and_some_of_them_active) {
    receiver_set set(context);
    std::map<std::uint64_t, sender<note>> members;
    for (int i = 0; i != 400; ++i) {
        auto [tx, rx] = new_channel<note>();
        members.emplace(set.add(std::move(rx)), std::move(tx));
    }
    for (int round = 0; round != 3; ++round) {
        std::vector<std::uint64_t> active;
        for (auto& [id, tx] : members)
            if (id % 20 == static_cast<unsigned>(round)) {
                tx.send(note{id, {}});
                active.push_back(id);
            }
        std::vector<std::uint64_t> seen;
        set.async_select([&](error_code ec, std::vector<set_event> events) {
            BOOST_TEST(!ec);
            for (set_event& e : events) seen.push_back(e.as<note>().number);
        });
        run();
        std::sort(seen.begin(), seen.end());
        BOOST_TEST(seen == active, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_member_whose_links_come_and_go_is_heard) {
    receiver_set set;
    auto [tx, rx] = new_channel<note>();
    const auto id = set.add(std::move(rx));
    auto [carrier, carried] = new_channel<with_sender>();
    for (std::uint64_t i = 0; i != 4; ++i) {
        carrier.send(with_sender{tx});
        with_sender other = carried.recv();  // one link more
        other.end.send(note{2 * i, {}});
        auto events = set.select();
        BOOST_TEST_REQUIRE(events.size() == 1u);
        BOOST_TEST(events[0].as<note>().number == 2 * i);
        tx.send(note{2 * i + 1, {}});
        events = set.select();
        BOOST_TEST_REQUIRE(events.size() == 1u);
        BOOST_TEST(events[0].as<note>().number == 2 * i + 1);
    }
    tx.close();
    BOOST_TEST(set.select()[0].is_end());
    BOOST_TEST(!set.contains(id));
}

BOOST_AUTO_TEST_CASE(a_cancelled_select_loses_nothing) {
    receiver_set set(context);
    auto [tx, rx] = new_channel<note>();
    set.add(std::move(rx));
    for (int when = 0; when != 3; ++when) {
        asio::cancellation_signal signal;
        error_code code;
        set.async_select(asio::bind_cancellation_slot(
            signal.slot(), [&](error_code ec, std::vector<set_event> events) {
                code = ec;
                BOOST_TEST(events.empty());
            }));
        if (when != 0) context.poll();
        if (when == 2) {
            tx.send(note{9, {}});
            // The select is on its way to its handler when it is cancelled.
            set.cancel();
        } else {
            signal.emit(asio::cancellation_type::total);
        }
        run();
        BOOST_TEST(code == asio::error::operation_aborted);
    }
    auto events = set.select();
    BOOST_TEST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].as<note>().number == 9u);
}

BOOST_AUTO_TEST_CASE(several_selects_take_turns) {
    receiver_set set(context);
    auto ends = new_channel<note>();  // clang 14 captures no structured bindings
    auto& tx = ends.first;
    auto& rx = ends.second;
    set.add(std::move(rx));
    std::vector<int> order;
    for (int i = 0; i != 3; ++i)
        set.async_select([&, i](error_code ec, std::vector<set_event> events) {
            BOOST_TEST(!ec);
            BOOST_TEST(events.size() == 1u);
            order.push_back(i);
            if (i != 2) tx.send(note{});
        });
    tx.send(note{});
    run();
    BOOST_TEST((order == std::vector<int>{0, 1, 2}));
}

BOOST_AUTO_TEST_CASE(a_coroutine_selects_with_a_time_limit) {
    receiver_set set(context);
    auto [tx, rx] = new_channel<note>();
    set.add(std::move(rx));
    const auto loop = [](receiver_set& s, sender<note>& out, int& seen) -> asio::awaitable<void> {
        out.send(note{1, {}});
        auto events = co_await s.async_select();
        seen += static_cast<int>(events.size());
        try {
            co_await s.async_select_for(std::chrono::milliseconds(5));
        } catch (const strait::system_error& e) {
            if (e.code() == asio::error::timed_out) seen += 10;
        }
        out.close();
        events = co_await s.async_select_for(std::chrono::hours(1));
        if (events.size() == 1 && events[0].is_end()) seen += 100;
    };
    int seen = 0;
    asio::co_spawn(context, loop(set, tx, seen), asio::detached);
    run();
    BOOST_TEST(seen == 111);
}

BOOST_AUTO_TEST_CASE(a_context_that_goes_away_leaves_the_set_usable) {
    auto [tx, rx] = new_channel<note>();
    receiver_set set;
    {
        asio::io_context mine;
        set = receiver_set(mine);
        set.add(std::move(rx));
        set.async_select([](error_code, std::vector<set_event>) { BOOST_TEST(false); });
        mine.poll();
    }
    tx.send(note{4, {}});
    BOOST_TEST(set.select()[0].as<note>().number == 4u);
}

BOOST_AUTO_TEST_CASE(closing_a_set_closes_its_receivers_and_aborts_what_waits) {
    auto [tx, rx] = new_channel<note>();
    error_code code;
    {
        receiver_set set(context);
        set.add(std::move(rx));
        set.async_select([&](error_code ec, std::vector<set_event>) { code = ec; });
        context.poll();
    }
    run();
    BOOST_TEST(code == asio::error::operation_aborted);
    error_code ec;
    while (!ec) tx.send(note{}, ec);
    BOOST_TEST(ec == asio::error::broken_pipe);
}

// ipc-channel: receiver_set_eintr
BOOST_AUTO_TEST_CASE(a_process_that_is_stopped_and_continued_inside_a_select_goes_on) {
    auto [tx, rx] = new_channel<note>();
    auto [ready, is_ready] = new_channel<note>();
    auto [out, in] = new_channel<note>();
    // A forked child may not use the ends, so that it makes none of its own here: the parent does the
    // waiting, and the child stops and continues it.
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) {
        for (int i = 0; i != 20; ++i) {
            ::kill(parent, SIGSTOP);
            ::kill(parent, SIGCONT);
        }
        ::_exit(0);
    }
    receiver_set set;
    set.add(std::move(rx));
    std::thread later([&, mine = std::move(tx)]() mutable {
        ::waitpid(child, nullptr, 0);
        mine.send(note{6, {}});
    });
    auto events = set.select();
    later.join();
    BOOST_TEST_REQUIRE(!events.empty());
    BOOST_TEST(events[0].as<note>().number == 6u);
}

BOOST_AUTO_TEST_SUITE_END()
