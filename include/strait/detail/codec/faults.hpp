//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_FAULTS_HPP
#define STRAIT_DETAIL_CODEC_FAULTS_HPP

#include <strait/detail/config.hpp>
#include <strait/error.hpp>

namespace strait::detail {

// Where coding gives up. Out of line, so that the fast paths stay small; each throws system_error.

[[noreturn]] STRAIT_DECL void throw_bad_message();
[[noreturn]] STRAIT_DECL void throw_bad_attachment();
[[noreturn]] STRAIT_DECL void throw_empty_end();
[[noreturn]] STRAIT_DECL void throw_newer_class_version();
[[noreturn]] STRAIT_DECL void throw_message_too_large();
[[noreturn]] STRAIT_DECL void throw_value_without_state();

}  // namespace strait::detail

#endif
