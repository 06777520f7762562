//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "conformance/fixture.hpp"
#include "names/hello.hpp"
#include "posix/local_socket.hpp"
#include "posix/stream.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <thread>
#include <type_traits>

using namespace strait::test;
using namespace std::chrono_literals;
using strait::diagnostics;
using strait::endpoint;
using strait::error;
using strait::error_code;
using strait::receiver;
using strait::sender;

// The ten checks for the operations that have to do with names.

namespace {

struct names_scene;

struct names_operation {
    const char* name;
    bool accepts;  // the object is a listener; otherwise there is none
    bool is_once;  // it is a one-shot server
    bool is_timed;
    void (*initiate)(names_scene&, probe_handler);
};

struct names_scene {
    names_scene(const names_operation& o, const asio::any_io_executor& ex)
        : op(o), executor(ex), names(std::in_place) {
        if (op.is_once) {
            once.emplace(executor);
            at = once->local_endpoint();
        } else {
            at = endpoint::generate();
            names->open(at);
            if (op.accepts) names->bind(executor);
        }
    }
    ~names_scene() {
        if (other_side.joinable()) other_side.join();
    }

    void start(probe& p) {
        p.start([this](probe_handler h) { op.initiate(*this, std::move(h)); });
    }

    // What the operation waits for happens.
    void let_it_go() {
        BOOST_TEST_REQUIRE(!other_side.joinable());
        other_side = std::thread([this] {
            if (op.accepts) {
                far_tx = strait::connect<note>(at);
                far_tx.send(note{.number = 5, .text = {}});
            } else {
                far_rx = names->accept().first;
            }
        });
    }
    void wait_for_other_side() { other_side.join(); }

    // A client that has connected and spoken already, and does not look at the answer.
    void make_it_ready() {
        error_code ec;
        early = strait::detail::os::connect_to(at, ec);
        strait::detail::channel_identity channel;
        channel.fingerprint = strait::detail::identity_of<note>().fingerprint;
        const auto hello =
            strait::detail::encode_greeting(strait::detail::answer_code::none, channel);
        const strait::detail::piece whole{hello.data(), hello.size()};
        BOOST_TEST(!strait::detail::os::send_some(early, {&whole, 1}, {}).ec);
    }

    void cancel() { op.is_once ? once->cancel() : names->cancel(); }
    void close() { op.is_once ? once->close() : names->close(); }
    void bind(const asio::any_io_executor& ex) { op.is_once ? once->bind(ex) : names->bind(ex); }
    void destroy() { op.is_once ? once.reset() : names.reset(); }
    void move_object() {
        if (op.is_once) {
            moved_once.emplace(std::move(*once));
            once.swap(moved_once);
        } else {
            moved_names.emplace(std::move(*names));
            names.swap(moved_names);
        }
    }

    const names_operation& op;
    asio::any_io_executor executor;
    endpoint at;
    std::optional<strait::listener<note>> names, moved_names;
    std::optional<strait::one_shot_server<note>> once, moved_once;
    std::chrono::nanoseconds timeout = 1h;
    std::thread other_side;
    sender<note> far_tx;
    receiver<note> far_rx;
    strait::handle early;
};

constexpr names_operation operations[] = {
    {"listener::async_accept", true, false, false,
        [](names_scene& s, probe_handler h) { s.names->async_accept(std::move(h)); }},
    {"listener::async_accept_for", true, false, true,
        [](names_scene& s, probe_handler h) {
            s.names->async_accept_for(s.timeout, std::move(h));
        }},
    {"one_shot_server::async_accept", true, true, false,
        [](names_scene& s, probe_handler h) { s.once->async_accept(std::move(h)); }},
    {"one_shot_server::async_accept_for", true, true, true,
        [](names_scene& s, probe_handler h) {
            s.once->async_accept_for(s.timeout, std::move(h));
        }},
    {"async_connect", false, false, false,
        [](names_scene& s, probe_handler h) {
            strait::async_connect<note>(s.executor, s.at, std::move(h));
        }},
    {"async_connect_for", false, false, true,
        [](names_scene& s, probe_handler h) {
            strait::async_connect_for<note>(s.executor, s.at, s.timeout, std::move(h));
        }},
};

template <class Body>
void for_each_name_operation(Body body) {
    for (const names_operation& op : operations) BOOST_TEST_CONTEXT(op.name) body(op);
}

// That of those with an object.
template <class Body>
void for_each_accept(Body body) {
    for_each_name_operation([&](const names_operation& op) {
        if (op.accepts) body(op);
    });
}

void expect_success(names_scene& s, probe& p) {
    expect_code(p, {});
    if (s.op.accepts)
        BOOST_TEST(p.accepted().is_open());
    else
        BOOST_TEST(p.connected().is_open());
    if (s.op.is_once) BOOST_TEST(p.value()->number == 5u);
}

using listener = strait::listener<note>;
using server = strait::one_shot_server<note>;
static_assert(std::is_nothrow_move_constructible_v<listener>);
static_assert(std::is_nothrow_move_assignable_v<listener>);
static_assert(!std::is_copy_constructible_v<listener>);
static_assert(std::is_nothrow_move_constructible_v<server>);
static_assert(std::is_nothrow_move_assignable_v<server>);
static_assert(noexcept(std::declval<const listener&>().get_executor()));
static_assert(std::is_constructible_v<listener, asio::io_context&>);
static_assert(std::is_constructible_v<listener, asio::any_io_executor>);
using on_context = listener::rebind_executor<asio::io_context::executor_type>::other;
static_assert(std::is_same_v<on_context::executor_type, asio::io_context::executor_type>);
static_assert(std::is_constructible_v<listener, on_context>);
static_assert(std::is_same_v<listener::value_type, note>);
static_assert(std::is_copy_constructible_v<strait::peer>);

struct parcel {
    int number = 0;
};

asio::awaitable<void> connect_in_coroutine(asio::io_context& context, endpoint at) {
    const sender<parcel> tx = co_await strait::async_connect<parcel>(context, at);
    BOOST_TEST(tx.is_open());
}

asio::awaitable<void> use_in_coroutine(asio::io_context& context, strait::listener<parcel>& l) {
    // deferred by default
    auto accepting = l.async_accept();
    asio::co_spawn(context, connect_in_coroutine(context, l.local_endpoint()), asio::detached);
    auto [rx, who] = co_await std::move(accepting);
    BOOST_TEST(rx.is_open());
    BOOST_TEST(who.uid() >= 0);
    auto [ec, none, nobody] = co_await l.async_accept_for(1ms, asio::as_tuple(asio::use_awaitable));
    BOOST_TEST(ec == asio::error::timed_out);
    error_code redirected;
    co_await l.async_accept_for(1ms, asio::redirect_error(asio::use_awaitable, redirected));
    BOOST_TEST(redirected == asio::error::timed_out);
    // raced against a timer
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer timer(context, 1ms);
    const auto winner =
        co_await (l.async_accept(asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
    BOOST_TEST(winner.index() == 1u);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(names, operation_fixture)

BOOST_AUTO_TEST_CASE(an_operation_waits_with_work_and_completes_when_the_other_side_comes) {
    for_each_name_operation([this](const names_operation& op) {
        names_scene s(op, first);
        probe p;
        s.start(p);
        expect_waiting(context, p);
        s.let_it_go();
        run();
        s.wait_for_other_side();
        expect_success(s, p);
    });
}

BOOST_AUTO_TEST_CASE(handlers_run_on_their_own_executors) {
    for_each_name_operation([this](const names_operation& op) {
        names_scene s(op, first);
        asio::io_context other;
        probe p(tracking_executor(other.get_executor(), 3));
        s.start(p);
        expect_waiting(context, p);
        s.let_it_go();
        // The work of the operation keeps both contexts busy.
        std::thread elsewhere([&] { other.run(); });
        run();
        elsewhere.join();
        s.wait_for_other_side();
        BOOST_TEST(p.completed());
        expect_success(s, p);
    });
}

BOOST_AUTO_TEST_CASE(what_cannot_begin_completes_later_with_its_error) {
    for_each_accept([this](const names_operation& op) {
        names_scene s(op, first);
        s.close();
        probe closed;
        s.start(closed);
        BOOST_TEST(!closed.completed());
        run();
        expect_code(closed, error::not_open);
        s.names.emplace(asio::any_io_executor(first));
        if (op.is_once) {
            server empty(std::move(*s.once));
            BOOST_TEST(!s.once->is_open());
        }
        probe none;
        s.start(none);
        run();
        expect_code(none, error::not_open);
    });
    names_scene s(operations[4], first);
    s.close();
    probe missing;
    s.start(missing);
    run();
    BOOST_TEST(!!missing.code());
    BOOST_TEST(missing.is_gone());
    // Without an executor anywhere there is nothing to complete on.
    listener unbound(endpoint::generate());
    BOOST_CHECK_THROW(
        unbound.async_accept([](error_code, receiver<note>, strait::peer) {}),
        strait::system_error);
    BOOST_CHECK_THROW(strait::async_connect<note>(asio::any_io_executor(), unbound.local_endpoint(),
                          [](error_code, sender<note>) {}),
        strait::system_error);
    unbound.async_accept(asio::bind_executor(
        context, [](error_code ec, receiver<note>, strait::peer) {
            BOOST_TEST((ec == error::not_bound));
        }));
    run();
}

BOOST_AUTO_TEST_CASE(a_client_that_is_there_already_is_accepted_later) {
    for_each_accept([this](const names_operation& op) {
        if (op.is_once) return;
        names_scene s(op, first);
        s.make_it_ready();
        probe p;
        s.start(p);
        BOOST_TEST(!p.completed());
        run();
        expect_success(s, p);
    });
}

BOOST_AUTO_TEST_CASE(every_type_of_cancellation_ends_an_operation_that_waits_and_breaks_nothing) {
    for_each_name_operation([this](const names_operation& op) {
        for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                 asio::cancellation_type::total, asio::cancellation_type::all}) {
            names_scene s(op, first);
            asio::cancellation_signal signal;
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
            if (!op.accepts) continue;  // the listener has seen a client that ended at once
            probe again;
            s.start(again);
            s.let_it_go();
            run();
            s.wait_for_other_side();
            expect_success(s, again);
        }
    });
}

// The same as for receives: what was on its way is first in line.
BOOST_AUTO_TEST_CASE(a_client_whose_accept_is_cancelled_at_the_last_moment_is_not_lost) {
    for_each_accept([this](const names_operation& op) {
        if (op.is_once) return;
        names_scene s(op, first);
        asio::io_context other;  // which does not run yet: the handler is on its way
        asio::cancellation_signal signal;
        {
            probe p(tracking_executor(other.get_executor(), 3));
            p.cancel_by(signal);
            s.make_it_ready();
            s.start(p);
            context.restart();
            context.poll();
            BOOST_TEST(!p.completed());
            signal.emit(asio::cancellation_type::total);
            other.run();
            expect_code(p, asio::error::operation_aborted);
        }
        {
            // Nor by a context that goes away.
            asio::io_context dying;
            probe p(tracking_executor(dying.get_executor(), 3));
            s.start(p);
        }
        BOOST_TEST(s.names->faults() == 0u);
        probe next;
        s.start(next);
        run();
        expect_success(s, next);
    });
}

BOOST_AUTO_TEST_CASE(cancel_close_destruction_and_bind_end_what_waits_once_and_later) {
    void (*const ends[])(names_scene&) = {[](names_scene& s) { s.cancel(); },
        [](names_scene& s) { s.close(); }, [](names_scene& s) { s.destroy(); },
        [](names_scene& s) { s.bind(asio::any_io_executor(s.executor)); }};
    for (const auto& end : ends)
        for_each_accept([&](const names_operation& op) {
            names_scene s(op, first);
            probe probes[] = {probe(), probe(second)};
            const std::size_t count = op.is_once ? 1 : 2;
            for (std::size_t i = 0; i != count; ++i) s.start(probes[i]);
            expect_waiting(context, probes[0]);
            end(s);
            for (std::size_t i = 0; i != count; ++i) BOOST_TEST(!probes[i].completed());
            run();
            for (std::size_t i = 0; i != count; ++i)
                expect_code(probes[i], asio::error::operation_aborted);
        });
}

BOOST_AUTO_TEST_CASE(an_operation_goes_on_when_its_object_moves) {
    for_each_accept([this](const names_operation& op) {
        names_scene s(op, first);
        probe p;
        s.start(p);
        expect_waiting(context, p);
        s.move_object();
        s.let_it_go();
        run();
        s.wait_for_other_side();
        expect_success(s, p);
    });
}

BOOST_AUTO_TEST_CASE(an_operation_with_a_time_limit_ends_then) {
    for_each_name_operation([this](const names_operation& op) {
        if (!op.is_timed) return;
        names_scene s(op, first);
        s.timeout = 1ms;
        probe p;
        s.start(p);
        run();
        expect_code(p, asio::error::timed_out);
    });
}

BOOST_AUTO_TEST_CASE(accepts_are_served_first_come_first_served) {
    names_scene s(operations[0], first);
    std::vector<int> order;
    probe probes[3];
    for (int i = 0; i != 3; ++i) {
        probes[i].then([&order, i] { order.push_back(i); });
        s.start(probes[i]);
    }
    std::vector<strait::handle> clients;
    for (int i = 0; i != 3; ++i) {
        s.make_it_ready();
        clients.push_back(std::move(s.early));
    }
    run();
    BOOST_TEST((order == std::vector{0, 1, 2}));
}

BOOST_AUTO_TEST_CASE(a_destroyed_context_takes_the_handlers_with_it) {
    for_each_name_operation([](const names_operation& op) {
        std::optional<asio::io_context> own(std::in_place);
        names_scene s(op, own->get_executor());
        probe probes[] = {probe(), probe(tracking_executor(own->get_executor(), 2))};
        s.start(probes[0]);
        if (!op.is_once) s.start(probes[1]);
        own->poll();
        own.reset();
        for (const probe& p : probes) {
            BOOST_TEST(p.calls() == 0);
            BOOST_TEST(p.is_gone());
        }
        // The listener itself can still be used, blocking.
        if (op.accepts && !op.is_once) {
            s.make_it_ready();
            BOOST_TEST(s.names->accept().first.is_open());
        }
    });
}

BOOST_AUTO_TEST_CASE(a_handler_that_owns_its_object_goes_with_the_context) {
    asio::io_context own;
    auto names = std::make_shared<listener>(own, endpoint::generate());
    names->async_accept([names](error_code, receiver<note>, strait::peer) {});
    auto once = std::make_shared<server>(own);
    once->async_accept([once](error_code, receiver<note>, note) {});
    own.poll();
    own.stop();
}

BOOST_AUTO_TEST_CASE(the_customary_tokens_work) {
    listener l(context, endpoint::generate());
    const endpoint at = l.local_endpoint();
    strait::listener<parcel> parcels(context, endpoint::generate());
    asio::co_spawn(
        context, use_in_coroutine(context, parcels), [](std::exception_ptr e) { BOOST_TEST(!e); });
    run();

    auto accepted = l.async_accept(asio::use_future);
    auto connected = strait::async_connect<note>(context, at, asio::use_future);
    run();
    BOOST_TEST(std::get<0>(accepted.get()).is_open());
    BOOST_TEST(connected.get().is_open());

    l.async_accept(asio::detached);
    strait::async_connect<note>(context, at, asio::detached);
    run();
    // An erased handler, and one that can only be moved.
    asio::any_completion_handler<void(error_code, receiver<note>, strait::peer)> erased(
        [own = std::make_unique<int>(1)](error_code ec, receiver<note>, strait::peer) {
            BOOST_TEST(!ec);
        });
    l.async_accept(std::move(erased));
    diagnostics details;
    strait::async_connect_for<note>(context, at, 1h, details,
        [own = std::make_unique<int>(1)](error_code ec, sender<note>) { BOOST_TEST(!ec); });
    run();
}

BOOST_AUTO_TEST_CASE(a_listener_on_another_type_of_executor) {
    on_context l(context.get_executor(), endpoint::generate());
    int calls = 0;
    l.async_accept([&](error_code ec,
                       strait::basic_receiver<note, asio::io_context::executor_type> rx,
                       strait::peer) {
        BOOST_TEST(!ec);
        BOOST_TEST(rx.is_open());
        ++calls;
    });
    strait::async_connect<note>(context, l.local_endpoint(), asio::detached);
    run();
    listener converted(std::move(l));
    converted.async_accept([&](error_code ec, receiver<note>, strait::peer) {
        BOOST_TEST(!ec);
        ++calls;
    });
    strait::async_connect<note>(context, converted.local_endpoint(), asio::detached);
    run();
    BOOST_TEST(calls == 2);
}

// For ThreadSanitizer: a listener on a strand, cancelled and closed there, and connects from all
// sides.
BOOST_AUTO_TEST_CASE(many_threads_connect_while_a_strand_accepts) {
    asio::thread_pool pool(3);
    auto strand = asio::make_strand(pool);
    listener l(strand, endpoint::generate());
    constexpr int count = 60;
    std::atomic<int> accepted{0};
    std::atomic<int> connected{0};
    std::vector<receiver<note>> kept;
    std::function<void()> next = [&] {
        l.async_accept([&](error_code ec, receiver<note> rx, strait::peer) {
            if (ec) return;
            kept.push_back(std::move(rx));
            if (++accepted == count) return l.close();
            next();
        });
    };
    asio::post(strand, [&] {
        for (int i = 0; i != 3; ++i) next();
    });
    for (int i = 0; i != count; ++i)
        strait::async_connect<note>(pool, l.local_endpoint(), [&](error_code ec, sender<note>) {
            if (!ec) ++connected;
        });
    pool.join();
    BOOST_TEST(accepted == count);
    BOOST_TEST(connected == count);
}

BOOST_AUTO_TEST_SUITE_END()
