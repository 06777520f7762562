//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_CARRIED_HPP
#define STRAIT_LIB_LINK_CARRIED_HPP

#include "link/attachment_table.hpp"
#include "link/cargo.hpp"

#include <strait/detail/link/cores.hpp>
#include <strait/detail/payload.hpp>

#include <memory>
#include <vector>

namespace strait::detail {

// One attachment of a message that stays in the process: the thing itself.
struct carried_item {
    attachment_kind kind;
    handle one;
    std::shared_ptr<sender_core> sender;
    channel_identity identity;  // of the receiver
    cargo load;
    std::shared_ptr<const region> memory;
    payload_part part;
    bool taken = false;
};

struct carried_load {
    // The message leaves the receiver in whose channel it lay; and comes back. False: its receivers
    // cannot, since that one lies in their own queues by now.
    void leave() noexcept;
    bool enter(in_process_channel& channel) noexcept;

    std::vector<carried_item> items;
};

}  // namespace strait::detail

#endif
