//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_LAST_ERROR_HPP
#define STRAIT_LIB_POSIX_LAST_ERROR_HPP

#include <strait/error.hpp>

#include <boost/system/error_code.hpp>

#include <cerrno>

namespace strait::detail::os {

// Why the last system call failed.
inline error_code last_error() noexcept {
    return {errno, boost::system::system_category()};
}

}  // namespace strait::detail::os

#endif
