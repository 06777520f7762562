//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_GENERATED_PATH_HPP
#define STRAIT_LIB_POSIX_GENERATED_PATH_HPP

#include <strait/endpoint.hpp>

#include <string>
#include <string_view>

namespace strait::detail::os {

// A generated path is "<base>/strait-<32 hexadecimal digits>/s". It is told by its form, so that it
// can travel as text and be listened at in another process than the one that made it up.
inline constexpr char generated_socket[] = "/s";

// Whether a name without slashes is that of a directory of a generated path.
bool is_generated_directory(std::string_view name) noexcept;

// The directory of a generated path; empty for every other endpoint.
std::string generated_directory_of(const endpoint& e);

}  // namespace strait::detail::os

#endif
