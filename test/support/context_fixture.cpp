//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/context_fixture.hpp"

#include "support/watchdog.hpp"

#include <boost/test/unit_test.hpp>

namespace strait::test {

context_fixture::~context_fixture() {
    if (pending_allowed_) return;
    context.restart();
    context.poll();
    BOOST_TEST(context.stopped(), "operations are still pending at the end of the test case");
}

void context_fixture::run() {
    context.restart();
    // Before the watchdog ends the program, so that the test case says what it waited for.
    const auto limit = patience() * 5 / 6;
    context.run_for(limit);
    BOOST_TEST_REQUIRE(
        context.stopped(), "the context has still work after " << limit.count() << " seconds");
}

}  // namespace strait::test
