//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_PROCESS_CHILDREN_HPP
#define STRAIT_TEST_PROCESS_CHILDREN_HPP

#include "posix/child.hpp"
#include "support/roles.hpp"

#include <boost/test/unit_test.hpp>

#include <initializer_list>
#include <string>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

// Children for the tests of posix/child.hpp itself.

namespace strait::test {

namespace os = strait::detail::os;
using os::child;
using os::child_options;

struct descriptor_pair {
    handle ours;
    handle theirs;
};

inline descriptor_pair make_pipe() {
    int ends[2];
    BOOST_REQUIRE_EQUAL(::pipe2(ends, O_CLOEXEC), 0);
    return {handle(ends[0]), handle(ends[1])};
}

inline descriptor_pair make_socket_pair() {
    int ends[2];
    BOOST_REQUIRE_EQUAL(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    return {handle(ends[0]), handle(ends[1])};
}

inline child_options shell(const char* script) {
    child_options options;
    options.program = "/bin/sh";
    options.arguments = {"-c", script};
    return options;
}

inline child_options role(const char* name, std::initializer_list<std::string> arguments = {}) {
    child_options options;
    options.program = strait::test::self_path();
    options.arguments = {std::string("--role=") + name};
    options.arguments.insert(options.arguments.end(), arguments);
    return options;
}

inline child start(const child_options& options) {
    error_code ec;
    child c = child::start(options, ec);
    BOOST_REQUIRE_MESSAGE(!ec, ec.message());
    return c;
}

inline exit_status wait(child& c) {
    error_code ec;
    const exit_status status = c.wait(ec);
    BOOST_TEST(!ec);
    return status;
}

}  // namespace strait::test

#endif
