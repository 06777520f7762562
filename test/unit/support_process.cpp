//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/child_process.hpp"
#include "support/leak_check.hpp"
#include "support/roles.hpp"
#include "support/watchdog.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <semaphore>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <unistd.h>

using strait::test::child_process;
using strait::test::exit_status;

namespace {

struct pipe_pair {
    pipe_pair() { BOOST_TEST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }
    ~pipe_pair() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    std::array<int, 2> ends{};
};

}  // namespace

STRAIT_TEST_ROLE(support_process_exit) { return std::atoi(args[0]); }

STRAIT_TEST_ROLE(support_process_throw) { throw std::runtime_error("on purpose"); }

STRAIT_TEST_ROLE(support_process_pause) {
    const char ready = 'r';
    if (::write(7, &ready, 1) != 1) return 1;
    while (true) ::pause();
}

// Swaps what it reads from descriptor 3 for what it reads from 4, and expects nothing at 5.
STRAIT_TEST_ROLE(support_process_descriptors) {
    std::array<char, 2> read{};
    if (::read(3, &read[0], 1) != 1 || ::read(4, &read[1], 1) != 1) return 1;
    if (::fcntl(5, F_GETFD) != -1) return 2;
    return read == std::array{'a', 'b'} ? 0 : 3;
}

STRAIT_TEST_ROLE(support_process_hang) {
    const strait::test::watchdog dog("a role that hangs", std::chrono::milliseconds(10));
    std::binary_semaphore never(0);
    never.acquire();
    return 0;
}

BOOST_FIXTURE_TEST_SUITE(support_process, strait::test::clean_fixture)

BOOST_AUTO_TEST_CASE(a_child_gets_its_arguments_and_returns_its_code) {
    child_process child("support_process_exit", {"42"});
    BOOST_TEST(child.wait() == (exit_status{.code = 42}));
    BOOST_TEST(child.wait() == (exit_status{.code = 42}));
}

BOOST_AUTO_TEST_CASE(an_unknown_role_and_one_that_throws_have_codes_of_their_own) {
    BOOST_TEST(child_process("support_process_no_such_role").wait().code == 127);
    BOOST_TEST(child_process("support_process_throw").wait().code == 126);
}

BOOST_AUTO_TEST_CASE(a_killed_child_reports_the_signal) {
    pipe_pair ready;
    child_process child("support_process_pause", {}, {{.from = ready.ends[1], .at = 7}});
    char byte = 0;
    BOOST_TEST_REQUIRE(::read(ready.ends[0], &byte, 1) == 1);
    child.kill(SIGKILL);
    BOOST_TEST(child.wait() == (exit_status{.signal = SIGKILL}));
}

BOOST_AUTO_TEST_CASE(a_child_that_is_not_waited_for_is_killed_and_reaped) {
    pipe_pair ready;
    pid_t pid = 0;
    {
        child_process child("support_process_pause", {}, {{.from = ready.ends[1], .at = 7}});
        pid = child.pid();
        char byte = 0;
        BOOST_TEST_REQUIRE(::read(ready.ends[0], &byte, 1) == 1);
    }
    BOOST_TEST(::kill(pid, 0) == -1);
}

// The numbers asked for are those of each other's descriptors: none may be overwritten too early.
BOOST_AUTO_TEST_CASE(descriptors_arrive_at_the_numbers_asked_for) {
    pipe_pair a;
    pipe_pair b;
    BOOST_TEST_REQUIRE(::write(a.ends[1], "a", 1) == 1);
    BOOST_TEST_REQUIRE(::write(b.ends[1], "b", 1) == 1);
    child_process child(
        "support_process_descriptors", {},
        {{.from = a.ends[0], .at = 3}, {.from = b.ends[0], .at = 4}});
    BOOST_TEST(child.wait() == (exit_status{.code = 0}));
}

BOOST_AUTO_TEST_CASE(the_watchdog_ends_what_hangs) {
    child_process child("support_process_hang");
    BOOST_TEST(child.wait() == (exit_status{.signal = SIGABRT}));
}

BOOST_AUTO_TEST_CASE(self_path_names_this_program) {
    BOOST_TEST(::access(strait::test::self_path().c_str(), X_OK) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
