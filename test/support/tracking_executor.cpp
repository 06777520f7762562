//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/tracking_executor.hpp"

namespace strait::test {

namespace {

// The stack lies in the scopes: each remembers what was on top before it.
constinit thread_local int top = 0;

}  // namespace

int tracking_executor::current() noexcept { return top; }

tracking_executor::scope::scope(int id) noexcept : outer_(std::exchange(top, id)) {}

tracking_executor::scope::~scope() { top = outer_; }

}  // namespace strait::test
