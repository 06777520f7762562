//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/inherit.hpp"
#include "process/children.hpp"
#include "support/leak_check.hpp"

#include <strait/process.hpp>
#include <strait/version.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <utility>

#include <sys/socket.h>

// What a child makes of a parent that is of another version, or none at all.

using namespace strait::test;

namespace {

using strait::error_code;
using strait::handle;

// What the role `take_anything` answers through the socket that was left for it.
std::string answer_to(std::string_view bytes) {
    descriptor_pair given = make_socket_pair();
    descriptor_pair output = make_pipe();
    error_code ec;
    child_options options = role("take_anything");
    options.descriptors = {os::placed_descriptor::of(given.theirs, 3)};
    options.added_environment = {os::inherited_variable(given.theirs, 3, ec)};
    options.standard_streams[1] = os::redirection::from(output.theirs);
    const auto sent =
        ::send(given.ours.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    BOOST_TEST(sent == static_cast<ssize_t>(bytes.size()));
    child c = start(options);
    given = {};
    output.theirs.close();
    std::string text;
    char buffer[512];
    for (;;) {
        const auto n = ::read(output.ours.native_handle(), buffer, sizeof(buffer));
        if (n <= 0) break;
        text.append(buffer, static_cast<std::size_t>(n));
    }
    BOOST_TEST(wait(c).success());
    return text;
}

std::string message_of(const error_code& ec) { return ec.message() + "||"; }

}  // namespace

STRAIT_TEST_ROLE(take_anything) {
    error_code ec;
    strait::diagnostics details;
    const strait::inherited in = strait::inherited::take(ec, details);
    const std::string text = ec.message() + '|' + details.expected + '|' + details.found;
    if (in.size() != 0) return 1;
    return ::write(1, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1;
}

BOOST_FIXTURE_TEST_SUITE(spawn_bootstrap, clean_fixture)

BOOST_AUTO_TEST_CASE(another_protocol_version_is_one_clear_error) {
    using namespace std::string_view_literals;
    const std::string expected =
        make_error_code(strait::error::version_mismatch).message() +
        "|protocol version " + std::to_string(strait::protocol_version) + "|protocol version 513";
    BOOST_TEST(answer_to("strt\x01\x02\0\0"sv) == expected);
    BOOST_TEST(answer_to("strt\x01\x02\0\0and whatever this version sends"sv) == expected);
}

BOOST_AUTO_TEST_CASE(a_parent_that_ended_too_early_is_told_apart) {
    const std::string end = message_of(boost::asio::error::eof);
    BOOST_TEST(answer_to("") == end);
    BOOST_TEST(answer_to("str") == end);
    BOOST_TEST(answer_to(std::string("strt\x01\0\0\0", 8)) == end);
}

BOOST_AUTO_TEST_CASE(a_socket_that_speaks_something_else_is_refused) {
    const std::string refused = message_of(make_error_code(strait::error::protocol_violation));
    BOOST_TEST(answer_to("GET / HTTP/1.1\r\n\r\n") == refused);
    // A frame that is none ends the link.
    const std::string preamble("strt\x01\0\0\0", 8);
    const std::string end = message_of(boost::asio::error::eof);
    BOOST_TEST(answer_to(preamble + std::string(64, '\xff')) == end);
}

BOOST_AUTO_TEST_SUITE_END()
