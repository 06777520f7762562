//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_CONFORMANCE_FIXTURE_HPP
#define STRAIT_TEST_CONFORMANCE_FIXTURE_HPP

#include "conformance/operations.hpp"
#include "support/channels.hpp"
#include "support/context_fixture.hpp"
#include "support/tracking_executor.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

namespace strait::test {

// Ends are made on `first`.
struct operation_fixture : context_fixture {
    tracking_executor first{context.get_executor(), 1};
    tracking_executor second{context.get_executor(), 2};
};

inline void expect_code(const probe& p, const error_code& expected) {
    BOOST_TEST_REQUIRE(p.calls() == 1);
    BOOST_TEST(p.code() == expected, p.code().message() << " instead of " << expected.message());
    BOOST_TEST(p.is_gone());
}

// Nothing of an operation that is waiting was called yet.
inline void expect_waiting(asio::io_context& context, const probe& p) {
    context.restart();
    context.poll();
    BOOST_TEST(p.calls() == 0);
    BOOST_TEST(!context.stopped());
}

}  // namespace strait::test

#endif
