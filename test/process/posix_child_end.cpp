//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "process/children.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace strait::test;

namespace {

using strait::error_code;
using strait::exit_status;
using strait::handle;

std::size_t read_some(const handle& h, std::size_t n) {
    std::size_t got = 0;
    char byte = 0;
    while (got != n && ::read(h.native_handle(), &byte, 1) == 1)
        ++got;
    return got;
}

// A child that lives until its standard input ends.
struct waiting_child {
    handle input;
    child process;
};

waiting_child start_waiting_child() {
    descriptor_pair pipe = make_pipe();
    child_options options = shell("read line; exit 3");
    options.standard_streams[0] = os::redirection::from(pipe.ours.native_handle());
    return {std::move(pipe.theirs), start(options)};
}

}  // namespace

STRAIT_TEST_ROLE(ignore_sigchld) {
    ::signal(SIGCHLD, SIG_IGN);
    error_code ec;
    for (int i = 0; i < 20; ++i) {
        child c = child::start(shell("exit 3"), ec);
        if (ec) return 1;
        if (c.wait(ec) != exit_status() || ec) return 2;
        if (c.try_wait(ec) != exit_status() || ec) return 3;
        c.send_signal(SIGTERM, ec);
        if (ec.value() != ESRCH) return 4;
    }
    // One that is killed meanwhile.
    child_options options = shell("exec sleep 1000");
    child c = child::start(options, ec);
    c.send_signal(SIGKILL, ec);
    return !ec && c.wait(ec) == exit_status() ? 0 : 5;
}

// Echoes on descriptor 3, after a greeting.
STRAIT_TEST_ROLE(echo) {
    char byte = 'c';
    do {
        if (::write(3, &byte, 1) != 1) return 1;
    } while (::read(3, &byte, 1) == 1);
    return 0;
}

// Starts an echo on its own descriptor 3, says so there, and waits to be killed.
STRAIT_TEST_ROLE(parent_of_echo) {
    child_options options = role("echo");
    options.descriptors = {{3, 3}};
    options.ends_with_parent = std::string_view(args[0]) == "ends";
    error_code ec;
    const child c = child::start(options, ec);
    if (ec || ::write(3, "p", 1) != 1) return 1;
    for (;;)
        ::pause();
}

BOOST_AUTO_TEST_SUITE(posix_child_end)

BOOST_AUTO_TEST_CASE(an_exit_is_told_from_a_signal) {
    child exiting = start(shell("exit 7"));
    const exit_status exited = wait(exiting);
    BOOST_TEST((exited == exit_status::exited(7)));
    BOOST_TEST(exited.code() == 7);
    BOOST_TEST(exited.signal() == 0);
    BOOST_TEST(!exited.success());
    child killed = start(shell("kill -TERM $$"));
    const exit_status signalled = wait(killed);
    BOOST_TEST((signalled == exit_status::signalled(SIGTERM)));
    BOOST_TEST(signalled.code() == -1);
    BOOST_TEST(signalled.signal() == SIGTERM);
    BOOST_TEST(exit_status::exited(0).success());
    BOOST_TEST(!exit_status().success());
}

BOOST_AUTO_TEST_CASE(a_running_child_has_no_status) {
    auto [input, c] = start_waiting_child();
    error_code ec;
    BOOST_TEST(!c.try_wait(ec).has_value());
    BOOST_TEST(!ec);
    const auto deadline = child::clock::now() + std::chrono::milliseconds(30);
    c.wait_until(deadline, ec);
    BOOST_TEST(ec == boost::asio::error::timed_out);
    BOOST_TEST((child::clock::now() >= deadline));
    pollfd ready{c.readiness().native_handle(), POLLIN, 0};
    BOOST_TEST(::poll(&ready, 1, 0) == 0);
    input.close();
    BOOST_TEST(c.wait_until(child::clock::now() + std::chrono::minutes(1), ec).code() == 3);
    BOOST_TEST(!ec);
    BOOST_TEST(::poll(&ready, 1, 0) == 1);
    BOOST_TEST(c.try_wait(ec)->code() == 3);
}

BOOST_AUTO_TEST_CASE(readiness_tells_the_end) {
    auto [input, c] = start_waiting_child();
    input.close();
    pollfd ready{c.readiness().native_handle(), POLLIN, 0};
    BOOST_TEST(::poll(&ready, 1, -1) == 1);
    BOOST_TEST(wait(c).code() == 3);
}

BOOST_AUTO_TEST_CASE(a_signal_reaches_a_child_until_it_ends) {
    auto [input, c] = start_waiting_child();
    error_code ec;
    c.send_signal(0, ec);
    BOOST_TEST(!ec);
    c.send_signal(SIGKILL, ec);
    BOOST_TEST(!ec);
    BOOST_TEST(wait(c).signal() == SIGKILL);
    c.send_signal(SIGKILL, ec);
    BOOST_TEST(ec.value() == ESRCH);
}

BOOST_AUTO_TEST_CASE(an_empty_child_reports_that_it_is) {
    child c;
    error_code ec;
    BOOST_TEST(!c.try_wait(ec).has_value());
    BOOST_TEST(ec == make_error_code(strait::error::not_open));
    c.wait(ec);
    BOOST_TEST(ec == make_error_code(strait::error::not_open));
    c.send_signal(SIGTERM, ec);
    BOOST_TEST(ec == make_error_code(strait::error::not_open));
}

BOOST_AUTO_TEST_CASE(a_status_that_another_took_is_unknown) {
    child c = start(shell("exit 3"));
    BOOST_TEST(::waitpid(c.pid(), nullptr, 0) == c.pid());
    BOOST_TEST((wait(c) == exit_status()));
}

BOOST_AUTO_TEST_CASE(a_program_that_ignores_sigchld_waits_without_hanging) {
    child c = start(role("ignore_sigchld"));
    BOOST_TEST(wait(c).code() == 0);
}

BOOST_AUTO_TEST_CASE(a_child_ends_with_a_killed_parent_when_asked) {
    descriptor_pair pair = make_socket_pair();
    child_options options = role("parent_of_echo", {"ends"});
    options.descriptors = {{pair.theirs.native_handle(), 3}};
    child parent = start(options);
    pair.theirs.close();
    BOOST_REQUIRE_EQUAL(read_some(pair.ours, 2), 2u);
    error_code ec;
    parent.send_signal(SIGKILL, ec);
    BOOST_TEST(wait(parent).signal() == SIGKILL);
    BOOST_TEST(read_some(pair.ours, 1) == 0u);
}

BOOST_AUTO_TEST_CASE(a_child_outlives_a_killed_parent_otherwise) {
    descriptor_pair pair = make_socket_pair();
    child_options options = role("parent_of_echo", {"outlives"});
    options.descriptors = {{pair.theirs.native_handle(), 3}};
    child parent = start(options);
    pair.theirs.close();
    BOOST_REQUIRE_EQUAL(read_some(pair.ours, 2), 2u);
    error_code ec;
    parent.send_signal(SIGKILL, ec);
    BOOST_TEST(wait(parent).signal() == SIGKILL);
    BOOST_TEST(::write(pair.ours.native_handle(), "x", 1) == 1);
    BOOST_TEST(read_some(pair.ours, 1) == 1u);
}

BOOST_AUTO_TEST_CASE(a_child_that_ends_with_its_parent_ends_with_its_object) {
    descriptor_pair pair = make_socket_pair();
    child_options options = role("echo");
    options.descriptors = {{pair.theirs.native_handle(), 3}};
    options.ends_with_parent = true;
    child c = start(options);
    const pid_t pid = c.pid();
    pair.theirs.close();
    BOOST_REQUIRE_EQUAL(read_some(pair.ours, 1), 1u);
    c = child();
    BOOST_TEST(read_some(pair.ours, 1) == 0u);
    int status = 0;
    BOOST_TEST(::waitpid(pid, &status, 0) == pid);
    BOOST_TEST(WIFSIGNALED(status));
}

BOOST_AUTO_TEST_SUITE_END()
