//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/context_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>

namespace strait::test {

context_fixture::~context_fixture() {
    if (pending_allowed_) return;
    context.restart();
    context.poll();
    BOOST_TEST(context.stopped(), "operations are still pending at the end of the test case");
}

void context_fixture::run() {
    context.restart();
    context.run_for(std::chrono::seconds(100));
    BOOST_TEST_REQUIRE(context.stopped(), "the context has still work after 100 seconds");
}

}  // namespace strait::test
