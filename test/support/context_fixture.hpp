//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_SUPPORT_CONTEXT_FIXTURE_HPP
#define STRAIT_TEST_SUPPORT_CONTEXT_FIXTURE_HPP

#include "support/leak_check.hpp"

#include <boost/asio/io_context.hpp>

namespace strait::test {

// Base of a test's fixture: an io_context that must be out of work whenever it was run and when the
// test case is over, and a process left as it was found.
struct context_fixture : clean_fixture {
    context_fixture() = default;
    ~context_fixture();

    // Runs until there is no work left, however often. The test case ends here if work is left
    // after 100 seconds, which no test comes near.
    void run();

    // For a test case that ends with operations pending on purpose.
    void allow_pending() noexcept { pending_allowed_ = true; }

    boost::asio::io_context context;

private:
    bool pending_allowed_ = false;
};

}  // namespace strait::test

#endif
