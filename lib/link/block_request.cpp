//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/detail/link/block_request.hpp>

#include "link/block_lender.hpp"

#include <strait/detail/link/cores.hpp>

namespace strait::detail {

block_request::~block_request() {
    if (block_ != nullptr) lender_->give_back(*block_);
}

bool block_request::begin(sender_core& through, std::size_t bytes) {
    bytes_ = bytes;
    return bytes >= through.identity().bounds.min_pooled_bytes && through.lender() != nullptr;
}

}  // namespace strait::detail
