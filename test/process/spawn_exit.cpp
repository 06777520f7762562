//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "process/started.hpp"
#include "support/checking_token.hpp"
#include "support/context_fixture.hpp"
#include "support/tracking_executor.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

using namespace strait::test;
namespace asio = boost::asio;

namespace {

using strait::error;
using strait::error_code;
using strait::exit_status;
using strait::inherited;
using strait::make_channel;
using strait::process;
using strait::process_options;
using strait::receiver;
using strait::sender;

process_options shell(const char* script) {
    process_options options("/bin/sh");
    options.arguments({"-c", script});
    return options;
}

// A child that lives until `close` or its end is called for. It has said that it runs.
struct living_child {
    process child;
    sender<std::string> to;
    receiver<std::string> from;
};

living_child start_living(asio::io_context& context, bool outlives_parent = false) {
    living_child c;
    auto [tx, rx] = make_channel<std::string>(context);
    auto [back_tx, back_rx] = make_channel<std::string>(context);
    process_options options = role_options("live");
    options.give("in", std::move(rx)).give("out", std::move(back_tx));
    options.outlives_parent(outlives_parent);
    c.child = process::start(context, options);
    c.to = std::move(tx);
    c.from = std::move(back_rx);
    BOOST_REQUIRE(c.from.recv() == "running");
    return c;
}

error_code end_of(receiver<std::string>& from) {
    error_code ec;
    from.recv(ec);
    return ec;
}

}  // namespace

// Echoes until its channel ends. "stuck" makes it stop reading.
STRAIT_TEST_ROLE(live) {
    inherited in = inherited::take();
    auto from = in.take<receiver<std::string>>("in");
    auto to = in.take<sender<std::string>>("out");
    to.send("running");
    error_code ec;
    for (std::string text = from.recv(ec); !ec; text = from.recv(ec)) {
        to.send(text);
        while (text == "stuck") ::pause();
    }
    return 7;
}

// Starts a child that uses the ends of this process, and ends when its parent says so.
STRAIT_TEST_ROLE(start_one_and_wait) {
    inherited in = inherited::take();
    process_options options = role_options("live");
    options.give("in", in.take<receiver<std::string>>("in"));
    options.give("out", in.take<sender<std::string>>("out"));
    options.outlives_parent(std::string_view(args[0]) == "outlives");
    process child = process::start(options);
    auto ready = in.take<sender<bool>>("ready");
    ready.send(true);
    for (;;) ::pause();
}

BOOST_FIXTURE_TEST_SUITE(spawn_exit, context_fixture)

BOOST_AUTO_TEST_CASE(the_exit_status_comes_to_callbacks_and_coroutines) {
    process one = process::start(context, shell("exit 3"));
    process other = process::start(context, shell("kill -TERM $$"));
    exit_status first;
    one.async_wait([&](error_code ec, exit_status status) {
        BOOST_TEST(!ec);
        first = status;
    });
    asio::co_spawn(
        context,
        [](process& p) -> asio::awaitable<void> {
            const exit_status status = co_await p.async_wait();
            BOOST_TEST(status.signal() == SIGTERM);
            // And again.
            const exit_status same = co_await p.async_wait();
            BOOST_TEST((same == status));
        }(other),
        [](std::exception_ptr e) { BOOST_TEST(!e); });
    run();
    BOOST_TEST(first.code() == 3);
    BOOST_TEST(one.wait().code() == 3);
    BOOST_TEST(one.try_wait().value().code() == 3);
}

// ipc-channel D25: there, on one system, nobody is told.
BOOST_AUTO_TEST_CASE(a_killed_child_ends_every_operation_on_its_channels) {
    living_child c = start_living(context);
    c.to.send("stuck");
    BOOST_TEST(c.from.recv() == "stuck");
    std::optional<error_code> received;
    std::optional<error_code> sent;
    std::optional<exit_status> status;
    c.from.async_recv([&](error_code ec, std::string) { received = ec; });
    // More than the channel holds.
    for (int i = 0; i < 100; ++i)
        c.to.async_send(std::string(30000, 'x'), [&](error_code ec) { sent = ec; });
    c.child.async_wait([&](error_code, exit_status s) { status = s; });
    c.child.kill();
    run();
    BOOST_TEST((received == asio::error::eof));
    BOOST_TEST((sent == asio::error::broken_pipe));
    BOOST_TEST((status == exit_status::signalled(SIGKILL)));
    error_code ec;
    c.child.terminate(ec);
    BOOST_TEST((ec == boost::system::errc::no_such_process));
}

BOOST_AUTO_TEST_CASE(what_a_child_had_sent_is_received_after_its_end) {
    living_child c = start_living(context);
    for (int i = 0; i < 10; ++i) c.to.send(std::to_string(i));
    c.to.close();
    // It has sent all answers when it exits; what matters here is that it is gone.
    BOOST_TEST(c.child.wait().code() == 7);
    for (int i = 0; i < 10; ++i) BOOST_TEST(c.from.recv() == std::to_string(i));
    BOOST_TEST(end_of(c.from) == asio::error::eof);
}

BOOST_AUTO_TEST_CASE(waits_are_cancelled_and_the_child_goes_on) {
    living_child c = start_living(context);
    asio::cancellation_signal signal;
    std::optional<error_code> by_slot;
    std::optional<error_code> by_object;
    c.child.async_wait(asio::bind_cancellation_slot(
        signal.slot(), [&](error_code ec, exit_status) { by_slot = ec; }));
    c.child.async_wait([&](error_code ec, exit_status) { by_object = ec; });
    signal.emit(asio::cancellation_type::total);
    BOOST_TEST(!by_slot.has_value());
    context.poll();
    BOOST_TEST((by_slot == asio::error::operation_aborted));
    BOOST_TEST(!by_object.has_value());
    c.child.cancel();
    c.child.cancel();
    run();
    BOOST_TEST((by_object == asio::error::operation_aborted));
    signal.emit(asio::cancellation_type::all);

    std::optional<error_code> late;
    c.child.async_wait_for(
        std::chrono::milliseconds(10), [&](error_code ec, exit_status) { late = ec; });
    run();
    BOOST_TEST((late == asio::error::timed_out));
    error_code ec;
    c.child.wait_for(std::chrono::milliseconds(1), ec);
    BOOST_TEST(ec == asio::error::timed_out);
    BOOST_TEST(!c.child.try_wait().has_value());
    c.to.close();
    BOOST_TEST(c.child.wait_for(std::chrono::minutes(1)).code() == 7);
}

BOOST_AUTO_TEST_CASE(handlers_run_where_they_belong) {
    const tracking_executor own(context.get_executor(), 1);
    const tracking_executor other(context.get_executor(), 2);
    using tracked_process = strait::basic_process<tracking_executor>;
    tracked_process child = tracked_process::start(own, shell("exit 4"));
    auto first = child.async_wait(checked(own.id()));
    auto second = child.async_wait(checked_on(other));
    run();
    BOOST_TEST(first.value().code() == 4);
    BOOST_TEST(second.value().code() == 4);
    // At once, but not from within.
    auto third = child.async_wait(checked(own.id()));
    BOOST_TEST(!third.completed());
    run();
    BOOST_TEST(third.value().code() == 4);
    tracked_process none(own);
    auto failed = none.async_wait(checked(own.id()));
    run();
    BOOST_TEST((failed.code() == error::not_open));
}

BOOST_AUTO_TEST_CASE(a_destroyed_process_aborts_its_waits) {
    const tracking_executor own(context.get_executor(), 1);
    using tracked_process = strait::basic_process<tracking_executor>;
    std::optional<tracked_process> child = tracked_process::start(own, shell("exec sleep 1000"));
    const auto pid = static_cast<pid_t>(child->pid());
    auto wait = child->async_wait(checked(own.id()));
    tracked_process moved(std::move(*child));
    child.reset();
    context.poll();
    BOOST_TEST(!wait.completed());
    moved.close();
    BOOST_TEST(!wait.completed());
    context.restart();
    run();
    BOOST_TEST(wait.code() == asio::error::operation_aborted);
    // It was killed; whoever starts or drops the next one takes it off the process table.
    while (::kill(pid, 0) == 0) process::start(shell("exit 0")).wait();
}

BOOST_AUTO_TEST_CASE(a_context_that_goes_away_destroys_the_handlers) {
    auto alive = std::make_shared<int>();
    std::optional<process> child;
    {
        asio::io_context short_lived;
        child = process::start(short_lived, shell("exec sleep 1000"));
        child->async_wait([kept = alive](error_code, exit_status) { BOOST_ERROR("called"); });
        BOOST_TEST(alive.use_count() == 2);
    }
    BOOST_TEST(alive.use_count() == 1);
    child->kill();
    BOOST_TEST(child->wait().signal() == SIGKILL);
}

BOOST_AUTO_TEST_CASE(an_unbound_process_blocks_and_can_be_bound) {
    process child = process::start(shell("exit 5"));
    BOOST_CHECK_EXCEPTION(child.async_wait([](error_code, exit_status) {}), strait::system_error,
        [](const auto& e) { return e.code() == error::not_bound; });
    child.bind(context);
    std::optional<exit_status> status;
    child.async_wait([&](error_code, exit_status s) { status = s; });
    run();
    BOOST_TEST((status == exit_status::exited(5)));
    process none;
    error_code ec;
    none.wait(ec);
    BOOST_TEST((ec == error::not_open));
    none.kill(ec);
    BOOST_TEST((ec == error::not_open));
    BOOST_TEST(none.pid() == -1);
}

BOOST_AUTO_TEST_CASE(a_dropped_child_ends_unless_told_otherwise) {
    living_child ends = start_living(context);
    ends.child.close();
    BOOST_TEST(end_of(ends.from) == asio::error::eof);
    living_child stays = start_living(context, true);
    const auto pid = static_cast<pid_t>(stays.child.pid());
    stays.child.close();
    stays.to.send("still there");
    BOOST_TEST(stays.from.recv() == "still there");
    stays.to.close();
    BOOST_TEST(end_of(stays.from) == asio::error::eof);
    while (::kill(pid, 0) == 0) process::start(shell("exit 0")).wait();
}

BOOST_AUTO_TEST_CASE(a_child_ends_with_its_parent_or_outlives_it) {
    for (const char* which : {"ends", "outlives"}) {
        BOOST_TEST_CONTEXT(which) {
            auto [tx, rx] = make_channel<std::string>();
            auto [back_tx, back_rx] = make_channel<std::string>();
            auto [ready_tx, ready_rx] = make_channel<bool>();
            process_options options = role_options("start_one_and_wait");
            options.argument(which);
            options.give("in", std::move(rx)).give("out", std::move(back_tx));
            options.give("ready", std::move(ready_tx));
            process parent = process::start(options);
            BOOST_TEST(ready_rx.recv());
            BOOST_TEST(back_rx.recv() == "running");
            parent.kill();
            BOOST_TEST(parent.wait().signal() == SIGKILL);
            if (std::string_view(which) == "outlives") {
                tx.send("still there");
                BOOST_TEST(back_rx.recv() == "still there");
                tx.close();
            }
            BOOST_TEST(end_of(back_rx) == asio::error::eof);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_forked_copy_can_only_be_dropped) {
    living_child c = start_living(context);
    const pid_t forked = ::fork();
    if (forked == 0) {
        error_code ec;
        c.child.kill(ec);
        if (ec != error::owner_changed) ::_exit(1);
        c.child.close();
        ::_exit(0);
    }
    int status = -1;
    BOOST_TEST(::waitpid(forked, &status, 0) == forked);
    BOOST_TEST(status == 0);
    c.to.send("still there");
    BOOST_TEST(c.from.recv() == "still there");
    c.to.close();
    BOOST_TEST(c.child.wait().code() == 7);
}

BOOST_AUTO_TEST_SUITE_END()
