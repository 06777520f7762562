//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/checking_token.hpp"
#include "support/child_process.hpp"
#include "support/context_fixture.hpp"
#include "support/leak_check.hpp"
#include "support/roles.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/cstdlib.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <fcntl.h>

// Whether the fixtures and checks make a test case fail can only be seen from outside: each of
// these test cases is the only one of a child process, whose exit code tells.

using strait::test::child_process;

namespace {

using boost::system::error_code;

void open_a_file() { BOOST_TEST(::open("/dev/null", O_RDONLY | O_CLOEXEC) != -1); }

bool fixture_lives() { return !strait::test::resources::held().descriptors.empty(); }

void leave_nothing() {
    const strait::test::clean_fixture fixture;
    BOOST_TEST(fixture_lives());
}

void leave_a_descriptor() {
    const strait::test::clean_fixture fixture;
    open_a_file();
}

void leave_an_operation() {
    strait::test::context_fixture fixture;
    auto timer =
        std::make_shared<boost::asio::steady_timer>(fixture.context, std::chrono::hours(1));
    timer->async_wait([timer](error_code) {});
}

void drop_a_handler() {
    auto token = strait::test::checked(1);
    auto result = boost::asio::async_initiate<strait::test::checking_token, void(error_code)>(
        [](auto) {}, token);
    BOOST_TEST(!result.completed());
}

void call_a_handler_inline() {
    auto token = strait::test::checked(0);
    auto result = boost::asio::async_initiate<strait::test::checking_token, void(error_code)>(
        [](auto handler) { handler(error_code()); }, token);
    BOOST_TEST(result.completed());
}

const std::map<std::string, std::function<void()>> bodies{
    {"leave_nothing", leave_nothing},
    {"leave_a_descriptor", leave_a_descriptor},
    {"leave_an_operation", leave_an_operation},
    {"drop_a_handler", drop_a_handler},
    {"call_a_handler_inline", call_a_handler_inline},
};

std::string chosen;

bool add_chosen_case() {
    boost::unit_test::framework::master_test_suite().add(
        boost::unit_test::make_test_case(bodies.at(chosen), "chosen", __FILE__, __LINE__));
    return true;
}

int code_of(const std::string& body) {
    return child_process("support_failures_run", {body}).wait().code;
}

}  // namespace

STRAIT_TEST_ROLE(support_failures_run) {
    chosen = args[0];
    std::array<std::string, 4> words{
        "test", "--run_test=chosen", "--log_level=nothing", "--report_level=no"};
    std::array<char*, 5> argv{
        words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
    return boost::unit_test::unit_test_main(&add_chosen_case, 4, argv.data());
}

BOOST_AUTO_TEST_SUITE(support_failures)

BOOST_AUTO_TEST_CASE(a_test_case_that_leaves_nothing_passes) {
    BOOST_TEST(code_of("leave_nothing") == boost::exit_success);
}

BOOST_AUTO_TEST_CASE(a_descriptor_left_open_fails_the_test_case) {
    BOOST_TEST(code_of("leave_a_descriptor") == boost::exit_test_failure);
}

BOOST_AUTO_TEST_CASE(a_pending_operation_fails_the_test_case) {
    BOOST_TEST(code_of("leave_an_operation") == boost::exit_test_failure);
}

BOOST_AUTO_TEST_CASE(a_dropped_handler_fails_the_test_case) {
    BOOST_TEST(code_of("drop_a_handler") == boost::exit_test_failure);
}

BOOST_AUTO_TEST_CASE(a_fault_of_an_operation_fails_the_test_case) {
    BOOST_TEST(code_of("call_a_handler_inline") == boost::exit_test_failure);
}

BOOST_AUTO_TEST_SUITE_END()
