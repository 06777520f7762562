//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_PROCESS_STARTED_HPP
#define STRAIT_TEST_PROCESS_STARTED_HPP

#include "support/roles.hpp"

#include <strait/channel.hpp>
#include <strait/process.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

// Children for the tests of process.hpp: this program in one of its roles.

namespace strait::test {

inline process_options role_options(const std::string& role) {
    process_options options(self_path());
    options.argument("--role=" + role);
    return options;
}

// The exit code of the child, at its end.
inline int code_of(process& child) {
    return child.wait().code();
}


}  // namespace strait::test

#endif
