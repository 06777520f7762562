//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_OWN_PROGRAM_HPP
#define STRAIT_LIB_POSIX_OWN_PROGRAM_HPP

#include <strait/error.hpp>

#include <string>

namespace strait::detail::os {

// A path at which the program that runs here can be started once more, also when its file was
// replaced or removed since. operation_not_supported where the system cannot tell.
std::string own_program(error_code& ec);

}  // namespace strait::detail::os

#endif
