//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_PROCESS_DROPPED_CHILDREN_HPP
#define STRAIT_LIB_PROCESS_DROPPED_CHILDREN_HPP

#include "posix/child.hpp"

namespace strait::detail {

// A child that nobody will wait for. It is remembered, so that it does not stay a zombie for long
// after its end.
void drop_child(os::child c) noexcept;

// Takes those that have ended off the process table.
void reap_dropped_children() noexcept;

}  // namespace strait::detail

#endif
