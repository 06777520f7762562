//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "process/children.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace strait::test;

namespace {

using strait::error_code;
using strait::handle;

// The twin without process descriptors leaves the child one descriptor more.
#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)
constexpr bool child_holds_watch = false;
#else
constexpr bool child_holds_watch = true;
#endif

error_code start_error(const child_options& options) {
    error_code ec;
    BOOST_TEST(!child::start(options, ec).is_open());
    return ec;
}

std::string read_to_end(const handle& h) {
    std::string text;
    std::array<char, 4096> bytes;
    for (;;) {
        const ssize_t n = ::read(h.native_handle(), bytes.data(), bytes.size());
        if (n <= 0) return text;
        text.append(bytes.data(), static_cast<std::size_t>(n));
    }
}

// What the child writes to its standard output, which succeeds.
std::string output_of(child_options options) {
    descriptor_pair pipe = make_pipe();
    options.standard_streams[1] = os::redirection::from(pipe.theirs.native_handle());
    child c = start(options);
    pipe.theirs.close();
    const std::string text = read_to_end(pipe.ours);
    BOOST_TEST(wait(c).success());
    return text;
}

}  // namespace

// The numbers of the descriptors below 64 that are open.
STRAIT_TEST_ROLE(list_descriptors) {
    std::string text;
    for (int number = 0; number < 64; ++number) {
        if (::fcntl(number, F_GETFD) != -1) text += std::to_string(number) + ' ';
    }
    return ::write(1, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1;
}

// Whether signals are as a fresh program expects them, with SIGHUP ignored as its parent does.
STRAIT_TEST_ROLE(check_signals) {
    sigset_t blocked;
    ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
    for (const int signal : {SIGTERM, SIGUSR1, SIGPIPE}) {
        if (sigismember(&blocked, signal) != 0) return 1;
    }
    const auto handler_of = [](int signal) {
        struct sigaction action {};
        ::sigaction(signal, nullptr, &action);
        return action.sa_handler;
    };
    if (handler_of(SIGPIPE) != SIG_DFL || handler_of(SIGCHLD) != SIG_DFL) return 2;
    return handler_of(SIGHUP) == SIG_IGN ? 0 : 3;
}

STRAIT_TEST_ROLE(block_signals_and_start) {
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    for (const int signal : {SIGPIPE, SIGHUP})
        ::signal(signal, SIG_IGN);
    error_code ec;
    child c = child::start(role("check_signals"), ec);
    return ec ? 9 : c.wait(ec).code();
}

BOOST_AUTO_TEST_SUITE(posix_child)

BOOST_AUTO_TEST_CASE(what_cannot_be_started_is_reported_and_leaves_no_child) {
    child_options options;
    options.program = "/nonexistent/program";
    BOOST_TEST(start_error(options).value() == ENOENT);
    options.program = "/etc/passwd";
    BOOST_TEST(start_error(options).value() == EACCES);
    options = shell("exit 0");
    options.working_directory = "/nonexistent";
    BOOST_TEST(start_error(options).value() == ENOENT);
    options = shell("exit 0");
    options.standard_streams[0] = os::redirection::from(-1);
    BOOST_TEST(start_error(options).value() == EBADF);
    options.standard_streams[0] = os::redirection::from(1 << 20);
    BOOST_TEST(start_error(options).value() == EBADF);
    BOOST_TEST(::waitpid(-1, nullptr, WNOHANG) == -1);
    BOOST_TEST(errno == ECHILD);
}

BOOST_AUTO_TEST_CASE(options_that_make_no_sense_are_refused) {
    const auto refused = [](auto change) {
        child_options options = shell("exit 0");
        change(options);
        return start_error(options) == boost::system::errc::invalid_argument;
    };
    BOOST_TEST(refused([](child_options& o) { o.program += '\0'; }));
    BOOST_TEST(refused([](child_options& o) { o.arguments.push_back(std::string(1, '\0')); }));
    BOOST_TEST(refused([](child_options& o) { o.working_directory = std::string(1, '\0'); }));
    BOOST_TEST(refused([](child_options& o) { o.added_environment = {"nothing"}; }));
    BOOST_TEST(refused([](child_options& o) { o.added_environment = {"=nothing"}; }));
    BOOST_TEST(refused([](child_options& o) { o.environment = {{"nothing"}}; }));
    BOOST_TEST(refused([](child_options& o) { o.descriptors = {{1, 2}}; }));
    BOOST_TEST(refused([](child_options& o) { o.descriptors = {{1, 1024}}; }));
    BOOST_TEST(refused([](child_options& o) { o.descriptors = {{1, 3}, {2, 3}}; }));
}

BOOST_AUTO_TEST_CASE(a_program_is_looked_for_in_the_path_when_asked) {
    child_options options;
    options.program = "sh";
    options.arguments = {"-c", "exit 5"};
    BOOST_TEST(start_error(options).value() == ENOENT);
    options.search_path = true;
    child c = start(options);
    BOOST_TEST(wait(c).code() == 5);
}

BOOST_AUTO_TEST_CASE(arguments_and_directory_arrive) {
    child_options options = shell("printf '%s|' \"$0\" \"$@\"; pwd");
    options.arguments.insert(options.arguments.end(), {"zero", "a b", "", "$HOME"});
    options.working_directory = "/usr";
    BOOST_TEST(output_of(options) == "zero|a b||$HOME|/usr\n");
}

BOOST_AUTO_TEST_CASE(the_environment_is_inherited_replaced_and_added_to) {
    child_options options = shell("echo \"$PATH|$ONE|$TWO\"");
    const std::string path = std::getenv("PATH");
    options.added_environment = {"ONE=1"};
    BOOST_TEST(output_of(options) == path + "|1|\n");
    options.added_environment = {"ONE=1", "PATH=/bin", "ONE=one", "TWO=a=b"};
    BOOST_TEST(output_of(options) == "/bin|one|a=b\n");
    options.environment = {{"PATH=/nowhere", "TWO=2"}};
    options.added_environment = {"TWO=two"};
    BOOST_TEST(output_of(options) == "/nowhere||two\n");
}

BOOST_AUTO_TEST_CASE(standard_streams_are_redirected) {
    descriptor_pair in = make_pipe();
    descriptor_pair out = make_pipe();
    child_options options = shell("cat; echo error >&2");
    options.standard_streams = {
        os::redirection::from(in.ours.native_handle()),
        os::redirection::from(out.theirs.native_handle()),
        os::redirection::from(out.theirs.native_handle())};
    child c = start(options);
    out.theirs.close();
    BOOST_TEST(::write(in.theirs.native_handle(), "in\n", 3) == 3);
    in.theirs.close();
    BOOST_TEST(read_to_end(out.ours) == "in\nerror\n");
    BOOST_TEST(wait(c).success());
}

BOOST_AUTO_TEST_CASE(standard_streams_can_be_the_null_device) {
    child_options options = shell("cat && echo gone && echo gone >&2");
    options.standard_streams.fill(os::redirection::null());
    child c = start(options);
    BOOST_TEST(wait(c).success());
}

BOOST_AUTO_TEST_CASE(nothing_is_inherited_but_what_was_given) {
    // Neither is close-on-exec; 20 lies in a gap of the given numbers, the other beyond.
    const handle low(::fcntl(1, F_DUPFD, 20));
    const handle high(::fcntl(1, F_DUPFD, 40));
    const handle null(::open("/dev/null", O_RDWR));
    child_options options = role("list_descriptors");
    BOOST_TEST(output_of(options) == (child_holds_watch ? "0 1 2 3 " : "0 1 2 "));
    options.descriptors = {{null.native_handle(), 3}, {null.native_handle(), 30}};
    BOOST_TEST(output_of(options) == (child_holds_watch ? "0 1 2 3 30 31 " : "0 1 2 3 30 "));
    options.ends_with_parent = true;
    BOOST_TEST(output_of(options) == "0 1 2 3 30 31 ");
}

BOOST_AUTO_TEST_CASE(descriptors_may_change_places) {
    // The child gets each pipe under the other's number, one of them under its own as well.
    descriptor_pair one = make_pipe();
    descriptor_pair other = make_pipe();
    const int a = one.theirs.native_handle();
    const int b = other.theirs.native_handle();
    const int own = std::max(a, b) + 1;
    BOOST_REQUIRE(::dup3(a, own, O_CLOEXEC) == own);
    handle third(own);
    child_options options;
    options.program = "/bin/sh";
    options.arguments = {
        "-c", "echo one >/dev/fd/$0; echo other >/dev/fd/$1; echo own >/dev/fd/$2",
        std::to_string(b), std::to_string(a), std::to_string(own)};
    options.descriptors = {{a, b}, {b, a}, {own, own}};
    child c = start(options);
    BOOST_TEST(wait(c).success());
    one.theirs.close();
    other.theirs.close();
    third.close();
    BOOST_TEST(read_to_end(one.ours) == "one\nown\n");
    BOOST_TEST(read_to_end(other.ours) == "other\n");
}

BOOST_AUTO_TEST_CASE(a_child_starts_with_fresh_signals) {
    child c = start(role("check_signals"));
    BOOST_TEST(wait(c).code() == 3);
    child parent = start(role("block_signals_and_start"));
    BOOST_TEST(wait(parent).success());
}

BOOST_AUTO_TEST_SUITE_END()
