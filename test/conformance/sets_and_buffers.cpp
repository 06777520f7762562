//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "conformance/fixture.hpp"

#include <strait/bytes.hpp>
#include <strait/receiver_set.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <array>
#include <future>
#include <thread>

using namespace strait::test;
using strait::bytes;
using strait::error_code;
using strait::receiver_set;
using strait::set_event;

// The checks for the operations that do not receive a value: those of a set, and those that fill a
// buffer.

namespace {

struct place {
    explicit place(const asio::any_io_executor& executor, bool in_set) {
        auto ends = new_channel<bytes>(executor);
        tx.emplace(std::move(ends.first));
        if (in_set) {
            set.emplace(executor);
            id = set->add(std::move(ends.second));
        } else {
            rx.emplace(std::move(ends.second));
        }
    }

    void send() { tx->send(bytes(4)); }

    // How many messages are there.
    std::size_t drain() {
        std::size_t n = 0;
        if (set)
            for (auto some = set->try_select(); !some.empty(); some = set->try_select())
                for (const set_event& e : some) n += e.has_message();
        else
            while (rx->try_recv()) ++n;
        return n;
    }

    std::optional<receiver_set> set;
    std::optional<strait::bytes_receiver> rx;
    std::optional<strait::bytes_sender> tx;
    std::uint64_t id = 0;
    std::array<std::byte, 16> room{};
    std::array<bytes, 1> values;
    std::chrono::nanoseconds timeout = std::chrono::hours(1);
};

struct row {
    const char* name;
    bool in_set;
    bool is_timed;
    void (*initiate)(place&, probe_handler);
};

constexpr row rows[] = {
    {"async_select", true, false,
        [](place& s, probe_handler h) { s.set->async_select(std::move(h)); }},
    {"async_select_for", true, true,
        [](place& s, probe_handler h) { s.set->async_select_for(s.timeout, std::move(h)); }},
    {"async_recv_into", false, false,
        [](place& s, probe_handler h) { s.rx->async_recv_into(s.room, std::move(h)); }},
    {"async_recv_some", false, false,
        [](place& s, probe_handler h) { s.rx->async_recv_some(s.values, std::move(h)); }},
    {"async_recv_view", false, false,
        [](place& s, probe_handler h) { s.rx->async_recv_view(std::move(h)); }},
};

template <class Body>
void for_each_row(Body body) {
    for (const row& r : rows) BOOST_TEST_CONTEXT(r.name) body(r);
}

void start(place& s, const row& r, probe& p) {
    p.start([&](probe_handler h) { r.initiate(s, std::move(h)); });
}

using action = void (*)(place&);
constexpr action endings[] = {
    [](place& s) { s.set ? s.set->cancel() : s.rx->cancel(); },
    [](place& s) { s.set ? s.set->close() : s.rx->close(); },
    [](place& s) {
        s.set.reset();
        s.rx.reset();
    },
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sets_and_buffers, operation_fixture)

BOOST_AUTO_TEST_CASE(a_handler_is_called_on_its_executor_and_never_inline) {
    for_each_row([this](const row& r) {
        for (const bool is_ready : {false, true}) {
            place s(first, r.in_set);
            probe of_object, own(second);
            for (probe* p : {&of_object, &own}) {
                if (is_ready) s.send();
                start(s, r, *p);
                BOOST_TEST(p->allocations() != 0u);
                if (!is_ready) {
                    expect_waiting(context, *p);
                    s.send();
                }
                run();
                BOOST_TEST(context.stopped());
                expect_code(*p, {});
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(operations_that_share_a_queue_keep_their_executors_on_other_threads_too) {
    for_each_row([this](const row& r) {
        place s(first, r.in_set);
        asio::thread_pool pool(2);
        const tracking_executor elsewhere(pool.get_executor(), 3);
        probe probes[] = {probe(elsewhere), probe(), probe(elsewhere), probe(second)};
        const auto next = [&s] { s.send(); };
        for (std::size_t i = 0; i + 1 != std::size(probes); ++i) probes[i].then(next);
        for (probe& p : probes) start(s, r, p);
        next();
        run();
        pool.join();
        for (const probe& p : probes) expect_code(p, {});
    });
}

BOOST_AUTO_TEST_CASE(members_come_and_go_while_events_are_taken_on_another_thread) {
    receiver_set set(first);
    asio::thread_pool pool(1);
    const tracking_executor elsewhere(pool.get_executor(), 3);
    for (int round = 0; round != 50; ++round) {
        auto [tx, rx] = new_channel<note>();
        const auto id = set.add(std::move(rx));
        probe p(elsewhere);
        tx.send(note{});
        p.start([&](probe_handler h) { set.async_select(std::move(h)); });
        for (int i = 0; i != 10; ++i) {
            auto [tx2, rx2] = new_channel<note>();
            static_cast<void>(set.remove(set.add(std::move(rx2))));
        }
        run();
        static_cast<void>(set.remove(id));
        set.cancel();
        run();
        std::promise<void> idle;
        asio::post(pool, [&] { idle.set_value(); });
        idle.get_future().wait();
        BOOST_TEST(p.calls() == 1);
    }
    pool.join();
}

BOOST_AUTO_TEST_CASE(cancellation_at_each_stage_loses_nothing) {
    using asio::cancellation_type;
    for_each_row([this](const row& r) {
        for (const cancellation_type type :
            {cancellation_type::terminal, cancellation_type::partial, cancellation_type::total})
            for (const bool is_ready : {false, true}) {
                place s(first, r.in_set);
                asio::cancellation_signal signal;
                probe p;
                p.cancel_by(signal);
                if (is_ready) s.send();
                start(s, r, p);
                if (!is_ready) expect_waiting(context, p);
                signal.emit(cancellation_type::none);
                signal.emit(type);
                BOOST_TEST(!p.completed());
                signal.emit(type);
                if (!is_ready) s.send();
                run();
                expect_code(p, asio::error::operation_aborted);
                signal.emit(type);
                BOOST_TEST(s.drain() == 1u);

                s.send();
                probe done;
                done.cancel_by(signal);
                done.then([&] { signal.emit(type); });
                start(s, r, done);
                run();
                signal.emit(type);
                expect_code(done, {});
            }
    });
}

BOOST_AUTO_TEST_CASE(cancelling_one_leaves_the_others) {
    for_each_row([this](const row& r) {
        place s(first, r.in_set);
        asio::cancellation_signal signal;
        probe before, cancelled, behind;
        cancelled.cancel_by(signal);
        before.then([&] { s.send(); });
        start(s, r, before);
        start(s, r, cancelled);
        start(s, r, behind);
        signal.emit(asio::cancellation_type::total);
        expect_waiting(context, behind);
        expect_code(cancelled, asio::error::operation_aborted);
        s.send();
        run();
        expect_code(before, {});
        expect_code(behind, {});
    });
}

BOOST_AUTO_TEST_CASE(what_ends_the_object_completes_what_waits_later_and_once) {
    for_each_row([this](const row& r) {
        for (const action end : endings)
            for (const bool is_ready : {false, true}) {
                place s(first, r.in_set);
                probe probes[] = {probe(), probe(second), probe()};
                if (is_ready) s.send();
                for (probe& p : probes) start(s, r, p);
                end(s);
                end(s);
                for (const probe& p : probes) BOOST_TEST(!p.completed());
                run();
                for (const probe& p : probes) expect_code(p, asio::error::operation_aborted);
            }
    });
}

BOOST_AUTO_TEST_CASE(a_handler_may_destroy_the_object) {
    for_each_row([this](const row& r) {
        place s(first, r.in_set);
        probe destroys, behind;
        destroys.then([&] { endings[2](s); });
        start(s, r, destroys);
        start(s, r, behind);
        expect_waiting(context, behind);
        s.send();
        run();
        expect_code(destroys, {});
        expect_code(behind, asio::error::operation_aborted);
    });
}

BOOST_AUTO_TEST_CASE(its_time_is_over_and_its_memory_is_free) {
    for_each_row([this](const row& r) {
        if (!r.is_timed) return;
        place s(first, r.in_set);
        s.timeout = std::chrono::milliseconds(1);
        probe p;
        start(s, r, p);
        run();
        expect_code(p, asio::error::timed_out);
        s.timeout = std::chrono::hours(1);
        s.send();
        probe next;
        start(s, r, next);
        run();
        expect_code(next, {});
    });
}

BOOST_AUTO_TEST_CASE(a_context_that_is_destroyed_takes_the_handlers_with_it) {
    for_each_row([](const row& r) {
        for (const bool is_ready : {false, true}) {
            std::optional<asio::io_context> dying(std::in_place);
            place s(dying->get_executor(), r.in_set);
            if (is_ready) s.send();
            probe probes[] = {probe(), probe(tracking_executor(dying->get_executor(), 2))};
            for (probe& p : probes) start(s, r, p);
            if (!is_ready) dying->poll();
            dying.reset();
            for (const probe& p : probes) {
                BOOST_TEST(p.calls() == 0);
                BOOST_TEST(p.is_gone());
            }
            if (!is_ready) s.send();
            BOOST_TEST(s.drain() == 1u);
        }
    });
}

BOOST_AUTO_TEST_CASE(an_object_moved_or_bound_elsewhere_while_an_operation_waits) {
    for_each_row([this](const row& r) {
        place s(first, r.in_set);
        probe p;
        start(s, r, p);
        expect_waiting(context, p);
        if (s.set) {
            receiver_set moved = std::move(*s.set);
            s.set.emplace(std::move(moved));
        } else {
            strait::bytes_receiver moved = std::move(*s.rx);
            s.rx.emplace(std::move(moved));
        }
        expect_waiting(context, p);
        s.send();
        run();
        expect_code(p, {});

        probe aborted;
        start(s, r, aborted);
        s.set ? s.set->bind(second) : s.rx->bind(second);
        run();
        expect_code(aborted, asio::error::operation_aborted);
        probe again(second);
        start(s, r, again);
        expect_waiting(context, again);
        s.send();
        run();
        expect_code(again, {});
    });
}

BOOST_AUTO_TEST_CASE(an_object_that_is_closed_refuses_later) {
    for_each_row([this](const row& r) {
        place s(first, r.in_set);
        endings[1](s);
        probe p;
        start(s, r, p);
        BOOST_TEST(!p.completed());
        run();
        expect_code(p, strait::error::not_open);
    });
}

BOOST_AUTO_TEST_CASE(long_chains_do_not_use_up_the_stack) {
    receiver_set set(context);
    auto [tx, rx] = new_channel<note>();
    set.add(std::move(rx));
    int left = 20'000;
    const auto next = [&, &out = tx](auto& self) -> void {
        out.send(note{});
        set.async_select([&](error_code ec, std::vector<set_event>) {
            if (!ec && --left != 0) self(self);
        });
    };
    next(next);
    run();
    BOOST_TEST(left == 0);
}

BOOST_AUTO_TEST_CASE(all_tokens_are_taken) {
    receiver_set set(context);
    auto [tx, rx] = new_channel<note>();
    set.add(std::move(rx));
    for (int i = 0; i != 2; ++i) {
        tx.send(note{});
        auto future = set.async_select(asio::use_future);
        run();
        BOOST_TEST(future.get().size() == 1u);
    }
    auto later = set.async_select(asio::deferred);
    tx.send(note{});
    std::size_t seen = 0;
    std::move(later)([&](error_code, std::vector<set_event> events) { seen = events.size(); });
    run();
    BOOST_TEST(seen == 1u);
    tx.send(note{});
    set.async_select(asio::detached);
    run();
    const auto both = [](receiver_set& s, std::size_t& n) -> asio::awaitable<void> {
        auto [ec, events] = co_await s.async_select(asio::as_tuple(asio::use_awaitable));
        n += events.size();
    };
    asio::co_spawn(context, both(set, seen), asio::detached);
    tx.send(note{});
    run();
    BOOST_TEST(seen == 2u);
}

BOOST_AUTO_TEST_CASE(selects_raced_against_a_timer_lose_nothing) {
    using namespace asio::experimental::awaitable_operators;
    constexpr std::uint64_t count = 5'000;
    receiver_set set(context);
    auto ends = new_channel<note>();
    set.add(std::move(ends.second));
    std::thread producer([tx = std::move(ends.first)]() mutable {
        for (std::uint64_t i = 0; i != count; ++i) tx.send(note{i, {}});
    });
    const auto race = [](receiver_set& s, std::uint64_t& next) -> asio::awaitable<void> {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        while (!s.empty()) {
            timer.expires_after(std::chrono::microseconds(next % 7));
            auto won = co_await (s.async_select(asio::use_awaitable) ||
                                 timer.async_wait(asio::use_awaitable));
            if (won.index() != 0) continue;
            for (set_event& e : std::get<0>(won))
                if (e.has_message()) BOOST_TEST_REQUIRE(e.as<note>().number == next++);
        }
    };
    std::uint64_t next = 0;
    asio::co_spawn(context, race(set, next), asio::detached);
    run();
    producer.join();
    BOOST_TEST(next == count);
}

BOOST_AUTO_TEST_SUITE_END()
