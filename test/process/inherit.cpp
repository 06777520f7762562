//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/inherit.hpp"
#include "process/children.hpp"

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace strait::test;

namespace {

using strait::error_code;
using strait::handle;

// Exit codes of the role below.
enum : int { taken_once = 0, nothing_there = 10, not_close_on_exec = 11, taken_twice = 12 };

int exit_code_of(const child_options& options) {
    child c = start(options);
    return wait(c).code();
}

}  // namespace

STRAIT_TEST_ROLE(take_inherited) {
    error_code ec;
    const handle socket = os::take_inherited(ec);
    if (ec) return ec == make_error_code(strait::error::no_inherited_ends) ? nothing_there : 1;
    if ((::fcntl(socket.native_handle(), F_GETFD) & FD_CLOEXEC) == 0) return not_close_on_exec;
    if (os::take_inherited(ec).is_open() ||
        ec != make_error_code(strait::error::no_inherited_ends)) {
        return taken_twice;
    }
    return ::write(socket.native_handle(), "taken", 5) == 5 ? taken_once : 1;
}

// Starts a child of its own, which sees the same environment, and hands it nothing; or, if told so,
// another socket under the same number.
STRAIT_TEST_ROLE(start_grandchild) {
    child_options options = role("take_inherited");
    options.added_environment = {
        std::string("STRAIT_INHERITED=") + std::getenv("STRAIT_INHERITED")};
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return 1;
    if (args.size() == 1) options.descriptors = {{ends[0], 3}};
    error_code ec;
    child c = child::start(options, ec);
    return ec ? 1 : c.wait(ec).code();
}

STRAIT_TEST_ROLE(has_variable) { return std::getenv("STRAIT_INHERITED") == nullptr ? 0 : 1; }

// Starts a child without a word about the environment.
STRAIT_TEST_ROLE(start_plain_grandchild) {
    error_code ec;
    child c = child::start(role("has_variable"), ec);
    return ec ? 1 : c.wait(ec).code();
}

BOOST_AUTO_TEST_SUITE(inherit)

BOOST_AUTO_TEST_CASE(a_child_takes_what_was_left_for_it_once) {
    descriptor_pair pair = make_socket_pair();
    error_code ec;
    child_options options = role("take_inherited");
    options.descriptors = {{pair.theirs.native_handle(), 3}};
    options.added_environment = {os::inherited_variable(pair.theirs, 3, ec)};
    BOOST_TEST(!ec);
    BOOST_TEST(exit_code_of(options) == taken_once);
    pair.theirs.close();
    char text[8];
    BOOST_TEST(::read(pair.ours.native_handle(), text, sizeof(text)) == 5);
}

BOOST_AUTO_TEST_CASE(without_the_variable_there_is_nothing) {
    const descriptor_pair pair = make_socket_pair();
    child_options options = role("take_inherited");
    options.descriptors = {{pair.theirs.native_handle(), 3}};
    BOOST_TEST(exit_code_of(options) == nothing_there);
}

BOOST_AUTO_TEST_CASE(a_variable_that_names_nothing_is_not_believed) {
    const descriptor_pair pair = make_socket_pair();
    error_code ec;
    const std::string good = os::inherited_variable(pair.theirs, 3, ec);
    child_options options = role("take_inherited");
    options.descriptors = {{pair.theirs.native_handle(), 3}};
    for (const std::string& bad :
         {good + '1', good + ':', good + ' ', good.substr(0, good.rfind(':')),
          std::string("STRAIT_INHERITED="), std::string("STRAIT_INHERITED=3:x:y"),
          std::string("STRAIT_INHERITED=-1:1:1"), std::string("STRAIT_INHERITED=3"),
          os::inherited_variable(pair.ours, 3, ec), os::inherited_variable(pair.theirs, 4, ec)}) {
        options.added_environment = {bad};
        BOOST_TEST_CONTEXT(bad) { BOOST_TEST(exit_code_of(options) == nothing_there); }
    }
}

BOOST_AUTO_TEST_CASE(a_grandchild_does_not_take_what_was_left_for_its_parent) {
    const descriptor_pair pair = make_socket_pair();
    error_code ec;
    child_options options = role("start_grandchild");
    options.descriptors = {{pair.theirs.native_handle(), 3}};
    options.added_environment = {os::inherited_variable(pair.theirs, 3, ec)};
    BOOST_TEST(exit_code_of(options) == nothing_there);
    options.arguments.push_back("with-another-socket");
    BOOST_TEST(exit_code_of(options) == nothing_there);
}

BOOST_AUTO_TEST_CASE(the_variable_is_not_passed_on) {
    const descriptor_pair pair = make_socket_pair();
    error_code ec;
    child_options options = role("start_plain_grandchild");
    options.descriptors = {{pair.theirs.native_handle(), 3}};
    options.added_environment = {os::inherited_variable(pair.theirs, 3, ec)};
    BOOST_TEST(exit_code_of(options) == 0);
}

BOOST_AUTO_TEST_CASE(only_a_socket_can_be_left) {
    error_code ec;
    BOOST_TEST(os::inherited_variable(handle(::open("/dev/null", O_RDONLY)), 3, ec).empty());
    BOOST_TEST(ec == make_error_code(strait::error::wrong_handle_kind));
    BOOST_TEST(os::inherited_variable(handle(), 3, ec).empty());
    BOOST_TEST(ec.value() == EBADF);
}

BOOST_AUTO_TEST_SUITE_END()
