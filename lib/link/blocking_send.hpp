//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_BLOCKING_SEND_HPP
#define STRAIT_LIB_LINK_BLOCKING_SEND_HPP

#include <strait/detail/link/operation.hpp>

namespace strait::detail {

// A send whose thread waits for it.
class blocking_send final : public send_operation {
public:
    // A message, or a request for a block.
    template <class What>
    blocking_send(What& what, const void* sender) noexcept {
        begin_with(what);
        owner = sender;
        is_blocking = true;
    }
    void finish(completion) override {}
    void hold_work() override {}
};

}  // namespace strait::detail

#endif
