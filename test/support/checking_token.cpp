//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/checking_token.hpp"

#include <boost/test/unit_test.hpp>

namespace strait::test {

namespace {

constinit thread_local const void* innermost_initiation = nullptr;

}  // namespace

checked_operation::initiating::initiating(const checked_operation* operation) noexcept
    : operation_(operation), outer_(static_cast<const initiating*>(innermost_initiation)) {
    innermost_initiation = this;
}

checked_operation::initiating::~initiating() { innermost_initiation = outer_; }

bool checked_operation::initiating::contains(const checked_operation* operation) noexcept {
    const auto* at = static_cast<const initiating*>(innermost_initiation);
    while (at != nullptr && at->operation_ != operation) at = at->outer_;
    return at != nullptr;
}

void checked_operation::enter_handler() {
    const std::lock_guard lock(mutex_);
    if (++calls_ > 1) faults_.push_back("the handler was called more than once");
    if (initiating::contains(this)) {
        faults_.push_back("the handler was called within the initiating function");
    }
    const int id = tracking_executor::current();
    if (id != executor_id_) {
        faults_.push_back(
            "the handler was called on executor " + std::to_string(id) + " instead of " +
            std::to_string(executor_id_));
    }
    if (const std::size_t live = resource_->live_bytes(); live != 0) {
        faults_.push_back(
            std::to_string(live) +
            " bytes of the handler's allocator were in use when it was called");
    }
}

int checked_operation::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
}

std::vector<std::string> checked_operation::take_faults() {
    const std::lock_guard lock(mutex_);
    return std::exchange(faults_, {});
}

void report(const std::vector<std::string>& faults) {
    for (const std::string& fault : faults) BOOST_TEST_ERROR("checked operation: " << fault);
}

}  // namespace strait::test
