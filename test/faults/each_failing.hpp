//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_FAULTS_EACH_FAILING_HPP
#define STRAIT_TEST_FAULTS_EACH_FAILING_HPP

#include "faults/system.hpp"
#include "support/context_fixture.hpp"

#include <strait/error.hpp>

#include <cstdint>
#include <functional>

// Fails every system call of an operation in turn.

namespace strait::test {

// How an operation ended in which one call may have failed.
struct outcome {
    error_code ec;
    bool failed = false;  // a call did
    system_call call{};
    int why = 0;

    // Whether the code is what the call said, as the system has it or as strait calls it.
    bool is_what_failed() const;
};

struct fault_fixture : context_fixture {
    std::uint64_t failures = 0;  // that were injected

    ~fault_fixture();

    // Calls `operation` with the first, second... call of each kind failing, until none is left to
    // fail.
    void each_failing(const std::function<void(std::uint64_t n)>& prepare,
        const std::function<error_code()>& operation,
        const std::function<void(std::uint64_t n, const outcome&)>& check);

    // Runs the context until it is out of work or, if that comes first, `done`. What Asio throws itself
    // out of its loop is not the operation's.
    void run_through(const std::function<bool()>& done = [] { return false; });
};

}  // namespace strait::test

#endif
